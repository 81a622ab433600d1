//! Transactions and ids past their time.

use fencepost_ids::BrokerId;
use fencepost_model::Timer;

use crate::txn::driver::{World, markers, nothing};

const WEEK_MS: i64 = 604_800_000;
const HOUR_MS: i64 = 3_600_000;

/// A producer at epoch 0 with an open transaction on partition 0 that began at once.
fn open(transaction_version: i16) -> World {
    let mut world = World::new(1, transaction_version);
    assert_eq!(world.init("t", None), "0,0");
    if transaction_version == 2 {
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    } else {
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    }
    world
}

#[test]
fn timeout_01_and_timeout_02_a_transaction_past_its_time_is_aborted_by_the_next_scan() {
    for transaction_version in [0, 1, 2] {
        let mut world = open(transaction_version);
        world.pass(60_000);
        assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0", "not strictly later");
        world.pass(9_999);
        assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0", "no scan yet");
        world.pass(1);
        assert_eq!(world.describe("t"), "CompleteAbort 0,1");
        assert_eq!(world.log("orders", 0), ["p0e0 #0", "ABORT p0e1 c0"]);
        assert_eq!(world.lso_and_hw(0), (2, 2));
        assert_eq!(world.visible(0, 1), 0);
    }
}

#[test]
fn timeout_02_a_refused_abort_is_tried_again_by_the_next_scan() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    assert_eq!(world.add_v5("t", (0, 0), false), "0");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    world.pass(80_000);
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0", "INIT-14: TV2 keeps no bump");
    others.iter().for_each(|broker| world.restart(*broker));
    world.pass(10_000);
    assert_eq!(world.describe("t"), "CompleteAbort 0,1");
}

#[test]
fn timeout_03_activity_does_not_extend_and_idleness_before_the_first_partition_does_not_count() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    world.pass(500_000);
    assert_eq!(world.describe("t"), "Empty 0,0");
    for sequence in 0..6 {
        assert_eq!(world.produce("t", 12, (0, 0), sequence, 0), "0");
        world.pass(10_001);
    }
    world.pass(10_000);
    assert_eq!(world.describe("t"), "CompleteAbort 0,1");
}

/// TIMEOUT-04, CLIENT-09: what tells a producer after a timeout whether it may go on.
#[test]
fn timeout_04_every_cell_of_what_the_old_producer_reads() {
    for transaction_version in [1, 2] {
        let mut world = open(transaction_version);
        let version = if transaction_version == 2 { 12 } else { 11 };
        world.held = markers;
        world.pass(70_000);
        assert_eq!(world.describe("t"), "PrepareAbort 0,1 orders-0");
        assert_eq!(world.produce("t", version, (0, 0), 1, 0), "0", "aborted with the rest");
        assert_eq!(world.end("t", 4, (0, 0), false), "90");
        assert_eq!(world.end("t", 4, (0, 0), true), "90");
        assert_eq!(world.init("t", Some((0, 0))), "51");
        if transaction_version == 2 {
            assert_eq!(world.end("t", 5, (0, 0), false), "51");
            assert_eq!(world.end("t", 5, (0, 0), true), "51");
            let sent = world.send_produce("t", 12, (0, 0), 0, 1);
            world.pass(120);
            assert_eq!(world.shown(sent), "51", "until complete");
        } else {
            assert_eq!(world.add("t", (0, 0), &[1]), "51", "until complete");
            assert_eq!(world.add_offsets("t", (0, 0), "g"), "51", "until complete");
        }
        world.held = nothing;
        world.run();
        assert_eq!(world.describe("t"), "CompleteAbort 0,1");
        assert_eq!(world.produce("t", version, (0, 0), 2, 0), "47");
        assert_eq!(world.visible(0, 1), 0);
        assert_eq!(world.end("t", 4, (0, 0), false), "90");
        assert_eq!(world.end("t", 4, (0, 0), true), "90");
        if transaction_version == 2 {
            assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "47");
            assert_eq!(world.end("t", 5, (0, 0), true), "48");
            assert_eq!(world.end("t", 5, (0, 0), false), "0,1");
            assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0", "END-12");
        } else {
            assert_eq!(world.add("t", (0, 0), &[1]), "90");
            assert_eq!(world.add_offsets("t", (0, 0), "g"), "90");
            assert_eq!(world.init("t", Some((0, 0))), "90");
        }
    }
    let mut world = open(2);
    world.pass(70_000);
    assert_eq!(world.init("t", Some((0, 0))), "0,1", "level 2 keeps the last epoch");
}

#[test]
fn timeout_05_to_timeout_07_an_idle_id_is_forgotten_and_comes_back_as_a_stranger() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("busy", None), "1,0");
    world.pass(WEEK_MS - HOUR_MS);
    assert_eq!(world.describe("t"), "Empty 0,0");
    assert_eq!(world.init("busy", None), "1,1");
    world.pass(HOUR_MS);
    assert_eq!(world.describe("t"), "105");
    assert_eq!(world.describe("busy"), "Empty 1,1");
    assert_eq!(world.txn_log("t"), ["Empty 0,0", "tombstone"]);
    assert_eq!(world.add("t", (0, 0), &[0]), "49");
    assert_eq!(world.add_offsets("t", (0, 0), "g"), "49");
    assert_eq!(world.end("t", 5, (0, 0), true), "49");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "49");
    assert_eq!(world.init("t", Some((0, 7))), "2,0");
}

#[test]
fn timeout_06_a_refused_tombstone_leaves_the_id_at_work() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    world.pass(WEEK_MS);
    world.fire(Timer::TransactionalIdExpiration { broker: BrokerId(owner) });
    assert_eq!(world.describe("t"), "Empty 0,0");
    others.iter().for_each(|broker| world.restart(*broker));
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
}
