//! Listing and describing.

use fencepost_wire::messages::consumer_group_describe_response as described_group;
use fencepost_wire::messages::{DescribeGroupsRequest, ListGroupsRequest};

use super::*;

#[test]
fn g848_03_a_group_is_listed_by_its_type_and_state() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut listed = |kind: &str| {
        let request = ListGroupsRequest::default().with_types_filter(vec![text(kind)]);
        match world.call(client, 5, request) {
            Response::ListGroups(response) => response
                .groups
                .iter()
                .map(|listed| {
                    let parts = [&listed.protocol_type, &listed.group_state, &listed.group_type];
                    parts.map(|part| part.to_string())
                })
                .collect::<Vec<_>>(),
            other => panic!("not a ListGroups response: {other:?}"),
        }
    };
    let expected = ["consumer", "Stable", "consumer"].map(str::to_owned);
    assert_eq!(listed("consumer"), [expected]);
    assert_eq!(listed("classic").len(), 0);
}

#[test]
fn g848_31_what_a_description_shows() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = joining("A").with_instance_id(Some(text("i"))).with_rack_id(Some(text("r")));
    beat(&mut world, client, request);
    let shown = describe(&mut world, client, GROUP).groups.remove(0);
    assert_eq!((shown.error_code, shown.assignor_name.as_str()), (0, "uniform"));
    let member = &shown.members[0];
    assert_eq!(member.instance_id.as_deref(), Some("i"));
    assert_eq!(member.rack_id.as_deref(), Some("r"));
    assert_eq!(member.client_id.as_str(), "test");
    assert_eq!(member.client_host.as_str(), "/127.0.0.1");
    assert_eq!(member.subscribed_topic_names, [topic("t")]);
    assert_eq!(member.subscribed_topic_regex.as_deref(), Some(""));
    assert_eq!(member.member_type, 1);
    for assignment in [&member.assignment, &member.target_assignment] {
        assert_eq!(assignment.topic_partitions[0].topic_name, topic("t"));
        assert_eq!(assignment.topic_partitions[0].partitions, [0, 1, 2]);
    }
    assert_eq!(describe(&mut world, client, "").groups[0].error_code, 24);
    let unknown = describe(&mut world, client, "never-seen").groups.remove(0);
    assert_eq!(unknown.error_code, 69);
    assert!(unknown.error_message.is_some());
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(classic) = world.call(client, 6, request) else {
        panic!("not a DescribeGroups response")
    };
    assert_eq!(classic.groups[0].error_code, 69);
}

/// G848-02, G848-31: what a group knows of itself and of each member, in the middle of a move.
#[test]
fn g848_02_a_group_shows_its_epochs_and_both_assignments() {
    let mut world = world(1);
    let client = world.connect(0);
    let a = joining("A")
        .with_instance_id(Some(text("i")))
        .with_rack_id(Some(text("r")))
        .with_server_assignor(Some(text("range")));
    check(&mut world, client, a, Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    check(
        &mut world,
        client,
        quiet("A", 1).with_instance_id(Some(text("i"))),
        Ok((1, Some(vec![0, 1]))),
    );
    let id = topic_id(&mut world, client).topic_id;
    let described = describe(&mut world, client, GROUP).groups.remove(0);
    assert_eq!(
        (&*described.group_state, described.group_epoch, described.assignment_epoch),
        ("Reconciling", 2, 2)
    );
    assert_eq!(&*described.assignor_name, "range");
    let shown: Vec<_> = described
        .members
        .iter()
        .map(|member| {
            let partitions = |topics: &[described_group::TopicPartitions]| -> Vec<i32> {
                assert!(topics.iter().all(|of| of.topic_id == id && &*of.topic_name.0 == "t"));
                topics.iter().flat_map(|topic| topic.partitions.clone()).collect()
            };
            (
                member.member_id.to_string(),
                member.instance_id.as_deref().map(str::to_owned),
                member.rack_id.as_deref().map(str::to_owned),
                member.member_epoch,
                partitions(&member.assignment.topic_partitions),
                partitions(&member.target_assignment.topic_partitions),
            )
        })
        .collect();
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(
        shown,
        [
            ("A".to_owned(), name("i"), name("r"), 1, vec![0, 1], vec![0, 1]),
            ("B".to_owned(), None, None, 2, vec![], vec![2]),
        ]
    );
    for member in &described.members {
        assert_eq!((&*member.client_id, &*member.client_host), ("test", "/127.0.0.1"));
        assert_eq!(member.subscribed_topic_names, [topic("t")]);
    }
}
