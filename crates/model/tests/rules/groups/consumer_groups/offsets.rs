//! Commits and fetches of members.

use fencepost_wire::messages::DeleteGroupsRequest;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};

use super::*;

#[test]
fn g848_28_commits_are_fenced_by_the_member_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [0]);
    assert_eq!(commit_as(&mut world, client, 9, who(2, "A"), offsets), [113]);
    assert_eq!(commit_as(&mut world, client, 9, who(1, "B"), offsets), [25]);
    assert_eq!(commit_as(&mut world, client, 8, who(1, "A"), offsets), [35]);
    assert_eq!(commit_as(&mut world, client, 9, NOBODY, offsets), [25]);
    let mut txn = |identity| {
        let request = txn_commit_request((7, 0), identity, offsets);
        txn_commit_errors(Some(world.call(client, 3, request)))
    };
    assert_eq!(txn(who(1, "A")), [0]);
    assert_eq!(txn(who(0, "A")), [22], "TXOFF-28");
    assert_eq!(txn(who(1, "B")), [25]);
    assert_eq!(txn(NOBODY), [0]);
}

#[test]
fn g848_28_a_deleted_group_is_unknown_to_its_members() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let delete = |world: &mut World| {
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group(GROUP)]);
        match world.call(client, 2, request) {
            Response::DeleteGroups(response) => response.results[0].error_code,
            other => panic!("not a DeleteGroups response: {other:?}"),
        }
    };
    assert_eq!(delete(&mut world), 68, "TXOFF-65");
    beat(&mut world, client, quiet("A", -1));
    assert_eq!(delete(&mut world), 0);
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [69]);
    let request = txn_commit_request((7, 0), who(1, "A"), offsets);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [22]);
    check(&mut world, client, quiet("A", 1), Err(69));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 1), Err(69));
}

#[test]
fn txoff_52_a_fetch_is_fenced_by_the_member_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut fetch = |member: Option<&str>, epoch: i32| {
        let topics = OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let asked = OffsetFetchRequestGroup::default()
            .with_group_id(group(GROUP))
            .with_member_id(member.map(text))
            .with_member_epoch(epoch)
            .with_topics(Some(vec![topics]));
        let request = OffsetFetchRequest::default().with_groups(vec![asked]);
        match world.call(client, 9, request) {
            Response::OffsetFetch(response) => {
                (response.groups[0].error_code, response.groups[0].topics.len())
            }
            other => panic!("not an OffsetFetch response: {other:?}"),
        }
    };
    assert_eq!(fetch(Some("A"), 1), (0, 1));
    assert_eq!(fetch(Some("A"), 2), (113, 0));
    assert_eq!(fetch(Some("B"), 1), (25, 0));
    assert_eq!(fetch(None, -1), (0, 1));
}

/// G848-30: what a client can do about a stale epoch: a consumer commits again with the epoch of its
/// next heartbeat; a producer is told that its generation is old, and its transaction ends.
#[test]
fn g848_30_a_stale_commit_passes_with_the_epoch_of_the_next_heartbeat() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [0], "G848-29");
    let owned = owning(&mut world, client, &[0, 1]);
    let request = quiet("A", 1).with_topic_partitions(Some(owned));
    let (epoch, _) = shown(&beat(&mut world, client, request)).unwrap();
    assert_eq!(epoch, 2);
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [113]);
    assert_eq!(commit_as(&mut world, client, 9, who(epoch, "A"), offsets), [0]);
    let request = txn_commit_request((7, 0), who(1, "A"), offsets);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [22]);
}

/// TXOFF-28, TXOFF-58: a group whose members left takes commits without an epoch.
#[test]
fn txoff_58_an_empty_consumer_group_takes_commits_without_an_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    let txn = |world: &mut World, who| {
        let request = txn_commit_request((7, 0), who, offsets);
        txn_commit_errors(Some(world.call(client, 5, request)))
    };
    assert_eq!(commit_as(&mut world, client, 9, NOBODY, offsets), [25]);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, offsets), [25]);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    for version in [8, 9] {
        assert_eq!(commit_as(&mut world, client, version, NOBODY, offsets), [0]);
        assert_eq!(commit_as(&mut world, client, version, who(-1, "A"), offsets), [0]);
        assert_eq!(commit_as(&mut world, client, version, who(1, "A"), offsets), [25]);
    }
    // Version 5 would add to a transaction, of which there is none.
    assert_eq!(txn(&mut world, NOBODY), [15]);
    let request = txn_commit_request((7, 0), who(1, "A"), offsets);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [25]);
}
