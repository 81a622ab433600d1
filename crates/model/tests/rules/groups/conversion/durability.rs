//! Answers to classic members wait for the replicas.

use fencepost_model::Channel;

use super::*;

#[test]
fn grp_54_a_join_is_answered_when_its_records_are_replicated() {
    let mut world = world(3);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 3, classic("m"));
    let other = world.connect(0);
    let sync = world.send(other, 5, sync_request(who(2, "m"), &[]));
    assert!(world.waits(pending) && world.waits(sync));
    world.release();
    assert_eq!(joined(world.answer(pending)).generation_id, 2);
    assert_eq!(synced(world.answer(sync)), (0, assignment(3, &[])));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 3, classic("n"));
    let sync = world.send(other, 5, sync_request(who(3, "n"), &[]));
    world.advance(5_000);
    let late = joined(world.answer(pending));
    assert_eq!((late.error_code, late.generation_id), (15, -1), "TXOFF-34");
    assert_eq!(synced(world.answer(sync)), (15, vec![]));
}

#[test]
fn grp_54_a_load_knows_what_a_classic_member_offers() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(sync(&mut world, client, who(2, &member)), (0, assignment(3, &[2])));
    let other = classic("n").with_protocols(offering("mine", subscription(3, &["t"], &[])));
    assert_eq!(join_now(&mut world, client, 3, other).error_code, 23);
    assert_eq!(leave(&mut world, client, &[("A", None)]), [0]);
    assert!(classic_state(&mut world, client).is_ok());
}
