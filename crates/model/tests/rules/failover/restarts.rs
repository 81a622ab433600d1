//! What a broker finds on its disk: after a clean stop, and after a crash (RECOV-04 to RECOV-10).

use super::{append, high_watermark, in_sync, leader, read, send, with, world};
use crate::world::World;

fn five_batches(world: &mut World) {
    for sequence in 0..5 {
        assert_eq!(append(world, 0, -1, sequence), (0, i64::from(sequence)));
    }
}

/// RECOV-04, RECOV-05, RECOV-06: a clean stop writes a snapshot, which keeps one batch of each
/// producer, and nothing is replayed.
#[test]
fn recov_04_after_a_clean_stop_only_the_newest_batch_is_known_again() {
    let mut world = world(1);
    five_batches(&mut world);
    world.stop(0);
    world.restart(0);
    assert_eq!(append(&mut world, 0, -1, 4), (0, 4), "the fifth");
    assert_eq!(append(&mut world, 0, -1, 3), (45, -1), "the fourth");
    assert_eq!(append(&mut world, 0, -1, 5), (0, 5), "the next one");
}

/// RECOV-06: after a crash the log is read again, and what is read ends in a snapshot: the newest
/// batch alone is known.
#[test]
fn recov_06_after_a_crash_too_only_the_newest_batch_is_known_again() {
    let mut world = world(1);
    five_batches(&mut world);
    world.crash(0);
    world.restart(0);
    assert_eq!(append(&mut world, 0, -1, 4), (0, 4), "the fifth");
    for sequence in 0..4 {
        assert_eq!(append(&mut world, 0, -1, sequence), (45, -1));
    }
    assert_eq!(append(&mut world, 0, -1, 5), (0, 5), "the next one");
}

/// RECOV-06: what was appended since the last snapshot is read after a crash.
#[test]
fn recov_06_what_follows_the_snapshot_of_a_clean_stop_is_read_after_a_crash() {
    let mut world = world(1);
    five_batches(&mut world);
    world.stop(0);
    world.restart(0);
    assert_eq!(append(&mut world, 0, -1, 5), (0, 5));
    world.crash(0);
    world.restart(0);
    assert_eq!(append(&mut world, 0, -1, 5), (0, 5), "known again");
    assert_eq!(append(&mut world, 0, -1, 6), (0, 6));
}

/// RECOV-10: the high watermark of a follower that returns is its last checkpoint, which is made
/// every five seconds and at a clean stop.
#[test]
fn recov_10_the_high_watermark_after_a_restart_is_the_last_checkpoint() {
    let known = |wait_ms: i64, clean: bool| {
        let mut world = world(2);
        assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
        world.advance(wait_ms);
        if clean {
            world.stop(1);
        } else {
            world.crash(1);
        }
        world.isolate(1);
        world.restart(1);
        read(&mut world, 1, 0, 0).high_watermark.0
    };
    assert_eq!(known(4_999, false), 0, "no checkpoint yet");
    assert_eq!(known(5_000, false), 1);
    assert_eq!(known(0, true), 1);
}

/// RECOV-10: with one replica in sync the high watermark is the log's end at once.
#[test]
fn recov_10_a_single_replica_is_committed_at_once() {
    let mut world = world(1);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.crash(0);
    world.restart(0);
    assert_eq!(high_watermark(&world), 1);
}

#[test]
fn a_clean_stop_moves_leaders_before_it_closes_connections() {
    let mut world = with(2, &[], None);
    let idle = world.connect(0);
    world.isolate(1);
    let waiting = send(&mut world, 0, -1, 0);
    world.stop(0);
    assert_eq!((leader(&world), in_sync(&world)), (Some(1), vec![1]));
    assert!(world.is_closed(idle));
    let answer = super::acknowledged(&mut world, waiting);
    assert_eq!(answer.map(|row| row.0), Some(6), "IDEM-06, RECOV-14: leadership was lost");
}

/// RECOV-09, RECOV-11: a leader that loaded a snapshot behind a marker does not hold the LSO at the
/// transaction that the marker ends, though it is above the high watermark. A replica that saw the
/// marker come does; for one that lacks it the transaction is open.
#[test]
fn recov_09_after_a_clean_stop_a_marker_above_the_high_watermark_holds_nothing() {
    use crate::txn::driver::{self, TXN_LOG, markers, replication_of_orders};
    use fencepost_ids::BrokerId;
    use fencepost_model::Message;
    fn to_the_last(message: &Message) -> bool {
        replication_of_orders(message) && message.to == BrokerId(2)
    }
    let mut world = driver::World::with(3, |config| {
        config.settings.set("replica.lag.time.max.ms", "600000").expect("Kafka's name");
    });
    world.elect("orders", 0, 0);
    world.elect(TXN_LOG, driver::World::txn_partition("t"), 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = to_the_last;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.lso_and_hw(0), (0, 1), "the marker is not committed");
    world.held = |message| to_the_last(message) || markers(message);

    world.stop(0);
    world.run();
    assert_eq!((world.leader("orders", 0), world.lso_and_hw(0)), (1, (0, 1)));
    world.restart(0);
    world.elect("orders", 0, 0);
    assert_eq!((world.lso_and_hw(0), world.visible(0, 1)), ((1, 1), 1));

    world.elect("orders", 0, 2);
    world.crash(0);
    world.crash(1);
    assert_eq!((world.lso_and_hw(0), world.visible(0, 1)), ((0, 1), 0));
}
