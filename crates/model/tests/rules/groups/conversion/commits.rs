//! Commits and fetches of classic members of a KIP-848 group.

use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};

use super::*;

#[test]
fn grp_64_a_commit_carries_the_member_epoch_as_its_generation_in_any_version() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    for version in [2, 8, 9] {
        let mut commit = |who| commit_as(&mut world, client, version, who, &[("t", 0, 5)]);
        assert_eq!(commit(who(2, &member)), [0], "version {version}");
        assert_eq!(commit(who(1, &member)), [22], "version {version}");
        assert_eq!(commit(who(2, "nobody")), [25], "version {version}");
        assert_eq!(commit(NOBODY), [25], "version {version}");
    }
    assert_eq!(commit_as(&mut world, client, 8, who(2, "A"), &[("t", 0, 5)]), [35]);
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]), [113]);
}

#[test]
fn grp_64_a_commit_stays_allowed_while_the_member_must_rejoin_and_ends_when_it_has() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    beat(&mut world, client, joining("B"));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    assert_eq!(admit(&mut world, client, classic(&member)).1, 2);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 6)]), [22]);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn grp_64_a_commit_does_not_renew_the_session() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    world.advance(9_000);
    assert_eq!(commit_as(&mut world, client, 8, who(2, &member), &[("t", 0, 5)]), [0]);
    world.advance(1_000);
    assert_eq!(commit_as(&mut world, client, 8, who(2, &member), &[("t", 0, 6)]), [25]);
}

#[test]
fn grp_64_transactional_commits_are_fenced_alike() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    let mut commit = |who| {
        let request = txn_commit_request((7, 0), who, &[("t", 0, 5)]);
        txn_commit_errors(Some(world.call(client, 3, request)))
    };
    assert_eq!(commit(who(1, &member)), [22]);
    assert_eq!(commit(who(2, "nobody")), [25]);
    assert_eq!(commit(who(2, &member)), [0]);
    assert_eq!(commit(NOBODY), [0]);
}

#[test]
fn grp_64_a_fetch_at_another_epoch_answers_22() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    let mut fetch = |member: &str, epoch| {
        let topics = OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(group(GROUP))
            .with_member_id(Some(text(member)))
            .with_member_epoch(epoch)
            .with_topics(Some(vec![topics]));
        let request = OffsetFetchRequest::default().with_groups(vec![group]);
        match world.call(client, 9, request) {
            Response::OffsetFetch(response) => response.groups[0].error_code,
            other => panic!("not an OffsetFetch response: {other:?}"),
        }
    };
    assert_eq!((fetch(&member, 2), fetch(&member, 1), fetch("A", 1)), (0, 22, 113));
}
