//! How a group begins, survives its coordinator, and gives way to the other protocol.

use fencepost_model::Channel;
use fencepost_wire::Release;
use fencepost_wire::messages::ListGroupsRequest;

use super::*;

#[test]
fn g848_07_only_a_member_that_joins_makes_a_group() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 3), Err(69));
    check(&mut world, client, quiet("A", -1), Err(69));
    let groups = |world: &mut World| match world.call(client, 5, ListGroupsRequest::default()) {
        Response::ListGroups(response) => response.groups.len(),
        other => panic!("not a ListGroups response: {other:?}"),
    };
    assert_eq!(groups(&mut world), 0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    assert_eq!(groups(&mut world), 1);
}

#[test]
fn g848_07_an_empty_classic_group_gives_way_and_its_offsets_stay() {
    let mut world = world(3);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn grp_08_an_empty_consumer_group_gives_way_to_a_classic_member() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]), [0]);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let member = stable(&mut world, client);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(describe(&mut world, client, GROUP).groups[0].error_code, 69);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn g848_04_a_failover_keeps_epochs_and_assignments_and_starts_sessions_anew() {
    let mut world = world(3);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    world.advance(40_000);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    let (state, epoch, assignment_epoch, members) = described(&mut world, client);
    assert_eq!((&*state, epoch, assignment_epoch), ("Reconciling", 2, 2));
    assert_eq!(members, BTreeMap::from([("A".to_owned(), 1), ("B".to_owned(), 2)]));
    world.advance(44_000);
    let owned = owning(&mut world, client, &[0, 1]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    check(&mut world, client, quiet("B", 2), Ok((2, Some(vec![2]))));
}

#[test]
fn g848_04_an_answer_waits_until_what_it_tells_is_replicated() {
    let mut world = world(3);
    let client = world.connect(0);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 1, joining("A"));
    assert!(world.waits(pending));
    world.release();
    assert_eq!(shown(&answered(world.answer(pending))), Ok((1, Some(vec![0, 1, 2]))));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 1, joining("B"));
    world.advance(5_000);
    assert_eq!(shown(&answered(world.answer(pending))), Err(15), "TXOFF-34");
}

#[test]
fn txoff_70_a_release_before_4_1_writes_the_topics_in_a_record_of_their_own() {
    let mut world = World::with(1, &[("__consumer_offsets", 1, 1), ("t", 3, 1)], |config| {
        config.release = Release::V4_0;
    });
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
}
