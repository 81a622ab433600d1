//! The in-sync set and the high watermark.

use fencepost_ids::Rule;

use super::{acknowledged, append, high_watermark, in_sync, leader, send, sequences, with, world};

#[test]
fn lso_01_the_high_watermark_waits_for_every_replica_in_sync() {
    let mut world = world(3);
    world.isolate(2);
    let sent = send(&mut world, 0, -1, 0);
    assert_eq!(acknowledged(&mut world, sent), None);
    assert_eq!(high_watermark(&world), 0, "broker 1 has it, broker 2 not");
    world.release();
    assert_eq!(acknowledged(&mut world, sent), Some((0, 0)));
    assert_eq!(high_watermark(&world), 1);
}

/// LSO-01: without it what is acknowledged is on the leader alone, and lost with it.
#[test]
fn lso_01_off_a_failover_loses_what_was_acknowledged() {
    for (off, kept) in [(None, None), (Some(Rule::HighWatermarkInSync), Some((0, 0)))] {
        let mut world = with(2, &[], off);
        world.isolate(1);
        let sent = send(&mut world, 0, -1, 0);
        assert_eq!(acknowledged(&mut world, sent), kept);
        world.crash(0);
        assert_eq!(leader(&world), Some(1));
        assert_eq!(
            sequences(&mut world, 1),
            Vec::<i32>::new(),
            "acknowledged only without the rule"
        );
    }
}

#[test]
fn recov_19_a_follower_that_lags_too_long_leaves_the_in_sync_set() {
    let settings = [("replica.lag.time.max.ms", "500")];
    let mut world = with(3, &settings, None);
    world.isolate(2);
    let sent = send(&mut world, 0, -1, 0);
    world.advance(500);
    assert_eq!(in_sync(&world), [0, 1, 2]);
    assert_eq!(acknowledged(&mut world, sent), None);
    world.advance(1);
    assert_eq!(in_sync(&world), [0, 1], "behind for more than the lag allows");
    assert_eq!(acknowledged(&mut world, sent), Some((0, 0)), "nobody waits for it any more");
}

#[test]
fn recov_19_a_follower_that_has_everything_stays_however_long_it_is_silent() {
    let mut world = with(2, &[("replica.lag.time.max.ms", "500")], None);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    world.advance(60_000);
    assert_eq!(in_sync(&world), [0, 1]);
}

#[test]
fn recov_20_a_follower_is_in_sync_again_once_it_has_what_is_committed() {
    let mut world = with(2, &[("replica.lag.time.max.ms", "500")], None);
    world.crash(1);
    assert_eq!(in_sync(&world), [0]);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    world.restart(1);
    assert_eq!(in_sync(&world), [0]);
    world.deliver_next();
    assert_eq!(in_sync(&world), [0], "its first fetch is below the high watermark");
    world.release();
    assert_eq!(in_sync(&world), [0, 1]);
}

/// RECOV-20: without it a follower counts from its first fetch on, and may be elected without what
/// is committed.
#[test]
fn recov_20_off_an_empty_follower_is_elected() {
    for off in [None, Some(Rule::InSyncCatchUp)] {
        let mut world = with(2, &[], off);
        world.crash(1);
        assert_eq!(append(&mut world, 0, -1, 0), (0, 0), "acknowledged");
        world.isolate(1);
        world.restart(1);
        world.deliver_next();
        world.crash(0);
        if off.is_none() {
            assert_eq!(leader(&world), None, "only broker 0 may lead");
        } else {
            assert_eq!(leader(&world), Some(1));
            assert_eq!(
                sequences(&mut world, 1),
                Vec::<i32>::new(),
                "the acknowledged record is lost"
            );
        }
    }
}

#[test]
fn recov_22_with_too_few_in_sync_acks_all_is_refused_and_the_high_watermark_stays() {
    let mut world = with(2, &[("min.insync.replicas", "2")], None);
    world.crash(1);
    assert_eq!(append(&mut world, 0, -1, 0), (19, -1));
    assert_eq!(append(&mut world, 0, 1, 0), (0, 0), "acks=1 is taken");
    assert_eq!(high_watermark(&world), 0, "and stays invisible");
    world.restart(1);
    assert_eq!(high_watermark(&world), 1);
    assert_eq!(append(&mut world, 0, -1, 1), (0, 1));
}

/// RECOV-22: without it one replica acknowledges, and another that lacks the record may be elected
/// where the configuration promised two.
#[test]
fn recov_22_off_one_replica_acknowledges() {
    for (off, answer, kept) in
        [(None, (19, -1), vec![]), (Some(Rule::MinInSyncReplicas), (0, 0), vec![0])]
    {
        let mut world = with(2, &[("min.insync.replicas", "2")], off);
        world.crash(1);
        assert_eq!(append(&mut world, 0, -1, 0), answer);
        assert_eq!(sequences(&mut world, 0), kept);
    }
}
