//! Describing, listing and deleting groups and offsets; expiry.

use fencepost_wire::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use fencepost_wire::messages::{
    DeleteGroupsRequest, DeleteTopicsRequest, DescribeGroupsRequest, ListGroupsRequest,
    OffsetDeleteRequest,
};

use super::*;

/// Version 0 of a consumer's subscription to topic `t`.
const SUBSCRIBED_TO_T: &[u8] = b"\x00\x00\x00\x00\x00\x01\x00\x01t\xff\xff\xff\xff";

/// A Stable group whose member is subscribed to `t`: its id.
pub(super) fn subscribed(world: &mut World, client: Client) -> String {
    let pending = world.send(client, 3, join_request("", None, SUBSCRIBED_TO_T));
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    world.call(client, 5, sync_request(who(1, &member), &[(&member, b"a")]));
    member
}

pub(super) fn delete_groups_request(names: &[&str]) -> DeleteGroupsRequest {
    let names = names.iter().map(|name| group(name)).collect();
    DeleteGroupsRequest::default().with_groups_names(names)
}

pub(super) fn delete_groups(world: &mut World, client: Client, names: &[&str]) -> Vec<i16> {
    let request = delete_groups_request(names);
    let Response::DeleteGroups(response) = world.call(client, 2, request) else {
        panic!("not a DeleteGroups response")
    };
    response.results.iter().map(|result| result.error_code).collect()
}

/// `(id, protocol type, state, type)` of each group listed.
pub(super) fn list(
    world: &mut World,
    client: Client,
    request: ListGroupsRequest,
) -> Vec<[String; 4]> {
    let Response::ListGroups(response) = world.call(client, 5, request) else {
        panic!("not a ListGroups response")
    };
    let groups = response.groups.into_iter().map(|group| {
        [&group.group_id.0, &group.protocol_type, &group.group_state, &group.group_type]
            .map(ToString::to_string)
    });
    groups.collect()
}

#[test]
fn grp_42_describe_tells_protocol_and_members_of_a_stable_group() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    let mut describe = |version, name: &str| {
        let request = DescribeGroupsRequest::default().with_groups(vec![group(name)]);
        let Response::DescribeGroups(mut response) = world.call(client, version, request) else {
            panic!("not a DescribeGroups response")
        };
        response.groups.remove(0)
    };
    let known = describe(5, GROUP);
    assert_eq!((known.error_code, &*known.group_state), (0, "Stable"));
    assert_eq!((&*known.protocol_type, &*known.protocol_data), ("consumer", "range"));
    let described = &known.members[0];
    assert_eq!((&*described.member_id, &*described.client_id), (&*member, "test"));
    assert_eq!(&*described.client_host, "/127.0.0.1", "GRP-05");
    assert_eq!(&described.member_assignment[..], b"all");
    let dead = describe(5, "nope");
    assert_eq!((dead.error_code, &*dead.group_state), (0, "Dead"));
    let unknown = describe(6, "nope");
    assert_eq!((unknown.error_code, &*unknown.group_state), (69, "Dead"));
    assert_eq!(unknown.error_message.as_deref(), Some("Group nope not found."));
}

#[test]
fn grp_03_and_grp_43_groups_are_listed_and_filtered() {
    let mut world = world(1);
    let client = world.connect(0);
    stable(&mut world, client);
    let simple = commit_request(NOBODY, &[("t", 0, 1)]).with_group_id(group("simple"));
    assert_eq!(commit_errors(Some(world.call(client, 8, simple))), [0]);
    let stable_group = ["g", "consumer", "Stable", "classic"].map(str::to_owned);
    let simple_group = ["simple", "", "Empty", "classic"].map(str::to_owned);
    let all = list(&mut world, client, ListGroupsRequest::default());
    assert_eq!(all, [stable_group.clone(), simple_group.clone()]);
    let by_state = ListGroupsRequest::default().with_states_filter(vec![text("eMPTY")]);
    assert_eq!(list(&mut world, client, by_state), [simple_group]);
    for (types, count) in [("classic", 2), ("consumer", 0), ("nope", 0)] {
        let by_type = ListGroupsRequest::default().with_types_filter(vec![text(types)]);
        assert_eq!(list(&mut world, client, by_type).len(), count, "{types}");
    }
}

#[test]
fn txoff_65_and_grp_44_only_empty_groups_are_deleted_with_all_their_offsets() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    assert_eq!(delete_groups(&mut world, client, &[GROUP, "never", GROUP]), [68, 69]);
    world.advance(10_000);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 25);
    commit(&mut world, client, 5);
    txn_commit(&mut world, client, 7, 9);
    assert_eq!(delete_groups(&mut world, client, &[GROUP]), [0]);
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
    assert_eq!(list(&mut world, client, ListGroupsRequest::default()).len(), 0);
    let rejoin = join(&mut world, client, &member);
    assert_eq!(joined(world.answer(rejoin)).error_code, 25, "GRP-08");
}

pub(super) fn delete_offsets_request(offsets: &[(&str, i32)]) -> OffsetDeleteRequest {
    let topics = offsets.iter().map(|(name, partition)| {
        let partition = OffsetDeleteRequestPartition::default().with_partition_index(*partition);
        OffsetDeleteRequestTopic::default().with_name(topic(name)).with_partitions(vec![partition])
    });
    OffsetDeleteRequest::default().with_group_id(group(GROUP)).with_topics(topics.collect())
}

/// The top-level error and those of the partitions `(topic, partition)`.
pub(super) fn delete_offsets(
    world: &mut World,
    client: Client,
    offsets: &[(&str, i32)],
) -> (i16, Vec<i16>) {
    let request = delete_offsets_request(offsets);
    let Response::OffsetDelete(response) = world.call(client, 0, request) else {
        panic!("not an OffsetDelete response")
    };
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    (response.error_code, partitions.map(|partition| partition.error_code).collect())
}

#[test]
fn txoff_62_offsets_of_subscribed_topics_are_kept() {
    let mut world = world(1);
    let client = world.connect(0);
    assert_eq!(delete_offsets(&mut world, client, &[("t", 0), ("t", 9)]), (69, vec![]));
    assert_eq!(delete_offsets(&mut world, client, &[("nope", 0)]), (69, vec![]));
    let member = subscribed(&mut world, client);
    let offsets = [("t", 0, 5), ("u", 0, 6)];
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &offsets), [0, 0]);
    let asked = [("t", 0), ("u", 0), ("t", 9)];
    assert_eq!(delete_offsets(&mut world, client, &asked), (0, vec![3, 86, 0]));
    let (_, rows) = fetched(Some(world.call(client, 7, fetch_request(None, true))));
    assert_eq!(rows, [("t".to_owned(), 0, 5, 0)]);
}

#[test]
fn txoff_63_and_64_a_deletion_kills_pending_offsets_and_a_later_commit_counts() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 10);
    assert_eq!(delete_offsets(&mut world, client, &[("t", 0)]), (0, vec![0]));
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
    txn_commit(&mut world, client, 7, 11);
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(11));
}

#[test]
fn txoff_66_the_offsets_of_a_deleted_topic_go_with_it() {
    let mut world = world(1);
    let client = world.connect(0);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &[("t", 0, 7), ("u", 0, 8)]), [0, 0]);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic("t")]);
    world.call(client, 1, request);
    let (_, rows) = fetched(Some(world.call(client, 7, fetch_request(None, true))));
    assert_eq!(rows, [("u".to_owned(), 0, 8, 0)]);
}

pub(super) const DAY_MS: i64 = 86_400_000;

#[test]
fn txoff_67_to_69_old_offsets_expire_and_their_group_goes() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    txn_commit(&mut world, client, 7, 9);
    world.advance(8 * DAY_MS);
    assert_eq!(fetch(&mut world, client, false), Ok(5), "a transaction is open on it");
    marker(&mut world, client, 7, End::Abort);
    world.advance(600_000);
    assert_eq!(fetch(&mut world, client, false), Ok(-1));
    assert_eq!(list(&mut world, client, ListGroupsRequest::default()).len(), 0);
}

#[test]
fn txoff_69_a_group_with_only_pending_offsets_is_not_removed() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 9);
    world.advance(600_000);
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(9));
}

/// Every answer is written in the version of its request (the world checks that), so that a field
/// of another version shows here.
#[test]
fn grp_06_grp_33_and_txoff_44_every_version_has_its_shape() {
    for version in 0..=9 {
        let mut world = world(1);
        let (client, other) = (world.connect(0), world.connect(0));
        let instance = (version >= 5).then_some("i");
        let joining = world.send(client, version, join_request("", instance, SUBSCRIBED_TO_T));
        if version == 4 {
            assert_eq!(joined(world.answer(joining)).error_code, 79);
            continue;
        }
        world.advance(0);
        let response = joined(world.answer(joining));
        assert_eq!(response.protocol_name.as_deref(), Some("range"));
        assert_eq!(response.protocol_type.is_some(), version >= 7);
        let member = response.member_id.to_string();
        let me = Who { instance, ..who(1, &member) };
        let sync = sync_request(me, &[(&member, b"a")]);
        assert_eq!(synced(Some(world.call(client, version.min(5), sync))).0, 0);
        if version >= 2 {
            let offsets = [("t", 0, 5), ("nope", 0, 5)];
            assert_eq!(commit_as(&mut world, client, version, me, &offsets), [3, 0]);
        }
        let asked = fetch_request(Some(&[("t", 0)]), version >= 7);
        let old = world.call(other, version.clamp(1, 7), asked);
        assert_eq!(fetched(Some(old)).1[0].2, if version >= 2 { 5 } else { -1 });
        let request = DescribeGroupsRequest::default()
            .with_groups(vec![group(GROUP), group("nope")])
            .with_include_authorized_operations(version >= 3);
        world.call(other, version.min(6), request);
        world.call(other, version.min(5), ListGroupsRequest::default());
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group("nope")]);
        world.call(other, version.min(2), request);
        let refused = world.send(other, version, join_request("m9", None, b""));
        let refused = joined(world.answer(refused));
        assert_eq!(refused.error_code, 25);
        assert_eq!(refused.protocol_name.is_none(), version >= 7, "GRP-22");
    }
}

#[test]
fn grp_42_assignments_are_told_in_a_rebalance_as_well() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    world.send(client, 3, join_request("", None, SUBSCRIBED_TO_T));
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(response) = world.call(client, 5, request) else {
        panic!("not a DescribeGroups response")
    };
    let described = &response.groups[0];
    assert_eq!(&*described.group_state, "PreparingRebalance");
    let old = described.members.iter().find(|row| *row.member_id == *member).expect("a member");
    assert!(old.member_metadata.is_empty());
    assert!(!old.member_assignment.is_empty());
}

/// TXOFF-62: a group of another kind than consumers is not taken apart while it has members, a
/// consumer group is asked for its subscriptions, and the group's refusal stands alone.
#[test]
fn txoff_62_whose_offsets_may_be_deleted() {
    let mut world = world(2);
    let client = world.connect(0);
    let request = join_request("", None, b"").with_protocol_type(text("connect"));
    let pending = world.send(client, 3, request);
    world.advance(0);
    assert_eq!(joined(world.answer(pending)).error_code, 0);
    assert_eq!(delete_offsets(&mut world, client, &[("t", 0), ("t", 9)]), (68, vec![]));
    let elsewhere = world.connect(1);
    assert_eq!(delete_offsets(&mut world, elsewhere, &[("t", 0)]), (16, vec![]));
    world.advance(360_000);
    assert_eq!(delete_offsets(&mut world, client, &[("t", 0), ("t", 9)]), (0, vec![3, 0]));

    let nameless = OffsetDeleteRequest::default().with_group_id(group(""));
    let Response::OffsetDelete(response) = world.call(client, 0, nameless) else {
        panic!("not an OffsetDelete response")
    };
    assert_eq!(response.error_code, 24);
}

/// TXOFF-66: committed or pending, of every group, and of that topic alone.
#[test]
fn txoff_66_pending_offsets_of_a_deleted_topic_go_as_well() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 9);
    let others = commit_request(NOBODY, &[("t", 1, 3), ("u", 0, 4)]).with_group_id(group("h"));
    assert_eq!(commit_errors(Some(world.call(client, 8, others))), [0, 0]);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic("t")]);
    world.call(client, 1, request);
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
    let of_h = fetch_request(None, true).with_group_id(group("h"));
    let (_, rows) = fetched(Some(world.call(client, 7, of_h)));
    assert_eq!(rows, [("u".to_owned(), 0, 4, 0)]);
}

/// TXOFF-67, TXOFF-68: in a group at work the offsets of topics that it reads do not expire, and the
/// others do.
#[test]
fn txoff_67_what_expires_of_a_group_at_work() {
    let settings =
        [("offsets.retention.minutes", "1"), ("offsets.retention.check.interval.ms", "1000")];
    let mut world = world_with(1, &settings);
    let client = world.connect(0);
    let member = subscribed(&mut world, client);
    let offsets = [("t", 0, 5), ("u", 0, 6)];
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &offsets), [0, 0]);
    let left =
        |world: &mut World| fetched(Some(world.call(client, 7, fetch_request(None, true)))).1.len();
    for _ in 0..11 {
        world.advance(5000);
        assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    }
    assert_eq!(left(&mut world), 2, "younger than a minute");
    world.advance(6000);
    assert_eq!(left(&mut world), 1);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}
