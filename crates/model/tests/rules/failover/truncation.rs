//! What a former leader has that the new one lacks is cut (RECOV-11, RECOV-18).

use fencepost_ids::Rule;

use super::{acknowledged, append, in_sync, leader, sequences, with};
use crate::produce;
use crate::world::{World, plain};

/// Broker 0 wrote two records that broker 1 never saw, and died. Broker 1 leads and wrote two
/// others; broker 0 returns.
fn diverged(off: Option<Rule>) -> World {
    let mut world = with(2, &[], off);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    assert_eq!(append(&mut world, 0, 1, 1), (0, 1), "acknowledged by the leader alone");
    assert_eq!(append(&mut world, 0, 1, 2), (0, 2));
    world.crash(0);
    world.release();
    assert_eq!(leader(&world), Some(1));
    let client = world.connect(1);
    let data = [("a", 0, plain((7, 0), 1, 2))];
    let sent = world.send(client, 9, produce::request(None, -1, &data));
    assert_eq!(acknowledged(&mut world, sent), Some((0, 1)));
    world.restart(0);
    assert_eq!(in_sync(&world), [0, 1]);
    world
}

#[test]
fn recov_18_a_former_leader_is_cut_where_the_new_one_parts_from_it() {
    let mut world = diverged(None);
    assert_eq!(sequences(&mut world, 1), [0, 1]);
    assert_eq!(sequences(&mut world, 0), [0, 1], "the batch of two");
    world.elect("a", 0, 0);
    assert_eq!(sequences(&mut world, 0), [0, 1]);
    assert_eq!(append(&mut world, 0, -1, 3), (0, 3), "its producers were cut with it");
}

/// RECOV-18: without it two replicas in sync have different records at the same offsets.
#[test]
fn recov_18_off_replicas_in_sync_differ() {
    let mut world = diverged(Some(Rule::EpochTruncation));
    assert_eq!(sequences(&mut world, 1), [0, 1]);
    assert_eq!(sequences(&mut world, 0), [0, 1, 2], "what was never committed");
}

/// RECOV-18: a follower that knows several terms more than its leader is cut step by step.
#[test]
fn recov_18_a_log_of_several_lost_terms_is_cut_to_the_common_part() {
    let mut world = with(2, &[], None);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    for (at, sequence) in (1..4).enumerate() {
        assert_eq!(append(&mut world, 0, 1, sequence), (0, 1 + i64::try_from(at).unwrap()));
        world.elect("a", 0, 0);
    }
    world.elect("a", 0, 1);
    assert_eq!(append(&mut world, 1, 1, 1), (0, 1));
    world.release();
    assert_eq!(sequences(&mut world, 0), [0, 1]);
    assert_eq!(in_sync(&world), [0, 1]);
}
