//! How groups of both protocols are shown.

use super::*;

#[test]
fn grp_65_a_group_with_classic_members_is_a_consumer_group() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(classic_state(&mut world, client), Err(69));
    let expected = BTreeMap::from([("A".to_owned(), 1), (member, 0)]);
    assert_eq!(member_types(&mut world, client), expected);
    let Response::ListGroups(response) = world.call(client, 5, ListGroupsRequest::default()) else {
        panic!("not a ListGroups response")
    };
    let listed = &response.groups[0];
    assert_eq!((&*listed.protocol_type, &*listed.group_type), ("consumer", "consumer"));
    assert_eq!(&*listed.group_state, "Stable");
}

#[test]
fn grp_65_a_group_of_the_other_kind_is_told_by_name() {
    let mut world = world(1);
    let client = world.connect(0);
    let of_kind = |world: &mut World| {
        let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
        let Response::DescribeGroups(response) = world.call(client, 6, request) else {
            panic!("not a DescribeGroups response")
        };
        let classic = response.groups[0].error_message.as_deref().unwrap_or_default().to_owned();
        let consumer = describe(world, client, GROUP).groups[0].error_message.clone();
        (classic, consumer.as_deref().unwrap_or_default().to_owned())
    };
    classic_group(&mut world, client);
    assert_eq!(of_kind(&mut world), (String::new(), "Group g is not a consumer group.".to_owned()));
    beat(&mut world, client, joining("A"));
    assert_eq!(of_kind(&mut world), ("Group g is not a classic group.".to_owned(), String::new()));
}
