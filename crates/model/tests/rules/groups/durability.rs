//! What survives a move or a crash of the coordinator.

use fencepost_model::Channel;
use fencepost_wire::messages::ListGroupsRequest;

use super::*;

#[test]
fn txoff_06_and_txoff_75_offsets_committed_and_pending_come_back() {
    let mut world = world(3);
    let client = world.connect(0);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &[("t", 1, 7)]), [0]);
    txn_commit(&mut world, client, 7, 9);
    txn_commit(&mut world, client, 8, 3);
    marker(&mut world, client, 8, End::Abort);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(fetch(&mut world, client, true), Err(88));
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(9));
    let all = fetched(Some(world.call(client, 7, fetch_request(None, true))));
    assert_eq!(all.1, [("t".to_owned(), 0, 9, 0), ("t".to_owned(), 1, 7, 0)]);
}

#[test]
fn txoff_75_a_stable_group_goes_on_where_it_was() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    world.elect("__consumer_offsets", 0, 2);
    world.advance(0);
    let client = world.connect(2);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    let sync = world.call(client, 5, sync_request(who(1, &member), &[]));
    assert_eq!(synced(Some(sync)), (0, b"all".to_vec()));
    world.advance(10_000);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 25, "its session started anew");
}

#[test]
fn txoff_73_and_grp_46_a_generation_without_sync_is_lost() {
    let mut world = world(3);
    let (one, two) = (world.connect(0), world.connect(0));
    let m1 = stable(&mut world, one);
    let second = join(&mut world, two, "");
    let first = join(&mut world, one, &m1);
    assert_eq!(joined(world.answer(first)).generation_id, 2);
    let m2 = joined(world.answer(second)).member_id.to_string();
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(synced(Some(world.call(client, 5, sync_request(who(2, &m1), &[])))).0, 22);
    assert_eq!(synced(Some(world.call(client, 5, sync_request(who(2, &m2), &[])))).0, 25);
    let request = txn_commit_request((7, 0), who(2, &m2), &[("t", 0, 1)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [25], "GRP-47");
}

#[test]
fn grp_48_pending_members_are_forgotten() {
    let mut world = world(3);
    let client = world.connect(0);
    let pending = world.send(client, 9, join_request("", None, b""));
    let member = joined(world.answer(pending)).member_id.to_string();
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    let client = world.connect(1);
    let pending = world.send(client, 9, join_request(&member, None, b""));
    assert_eq!(joined(world.answer(pending)).error_code, 25);
}

#[test]
fn txoff_76_whoever_waits_is_sent_away() {
    let mut world = world_with(3, &[("group.initial.rebalance.delay.ms", "3000")]);
    let (one, two) = (world.connect(0), world.connect(0));
    let joining = join(&mut world, one, "");
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let to_another = commit_request(NOBODY, &[("t", 0, 1)]).with_group_id(group("other"));
    let committing = world.send(two, 8, to_another);
    assert!(world.waits(joining) && world.waits(committing));
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    assert_eq!(joined(world.answer(joining)).error_code, 16);
    assert_eq!(commit_errors(world.answer(committing)), [16]);
}

#[test]
fn txoff_75_what_was_not_replicated_is_gone_with_its_leader() {
    let mut world = world(3);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let lost = world.send(client, 8, commit_request(NOBODY, &[("t", 0, 6)]));
    assert!(world.waits(lost));
    world.crash(0);
    world.advance(0);
    world.release();
    let client = world.connect(1);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn txoff_75_a_restarted_broker_loads_what_it_led() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
}

#[test]
fn txoff_03_and_txoff_04_requests_wait_for_the_load_and_members_are_not_disturbed() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    txn_commit(&mut world, client, 7, 9);
    world.elect("__consumer_offsets", 0, 1);
    let client = world.connect(1);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 6)]), [14]);
    for (version, expected) in [(1, 15), (3, 14)] {
        let request = txn_commit_request((8, 0), NOBODY, &[("t", 0, 9)]);
        let errors = txn_commit_errors(Some(world.call(client, version, request)));
        assert_eq!(errors, [expected], "TXOFF-19, v{version}");
    }
    assert_eq!(fetch(&mut world, client, true), Err(14));
    let joining = join(&mut world, client, "");
    assert_eq!(joined(world.answer(joining)).error_code, 14);
    assert_eq!(heartbeat(&mut world, client, who(9, "never seen")), 0, "TXOFF-04");
    let request = marker_request(7, End::Commit);
    let Response::WriteTxnMarkers(refused) = world.call(client, 1, request) else {
        panic!("not a WriteTxnMarkers response")
    };
    assert_eq!(refused.markers[0].topics[0].partitions[0].error_code, 6, "TXOFF-40");
    let Response::ListGroups(listed) = world.call(client, 4, ListGroupsRequest::default()) else {
        panic!("not a ListGroups response")
    };
    assert_eq!(listed.error_code, 14, "GRP-43");
    world.advance(0);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(fetch(&mut world, client, true), Err(88));
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(9));
}
