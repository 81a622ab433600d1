//! Coordinators that crash, move and load.

use fencepost_model::{Message, MessageBody};

use crate::txn::driver::{TXN_LOG, World, markers, nothing};

fn replication(message: &Message) -> bool {
    matches!(message.body, MessageBody::Replicate { .. })
}

fn open(brokers: i32, transaction_version: i16) -> World {
    let mut world = World::new(brokers, transaction_version);
    assert_eq!(world.init("t", None), "0,0");
    if transaction_version < 2 {
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    } else {
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    }
    world
}

#[test]
fn failover_04_a_coordinator_that_restarts_finishes_a_prepare_that_it_finds_in_its_log() {
    for (commit, state, marker) in [
        (true, "CompleteCommit 0,1", "COMMIT p0e1 c"),
        (false, "CompleteAbort 0,1", "ABORT p0e1 c"),
    ] {
        let mut world = open(1, 2);
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), commit), "0,1");
        world.crash(0);
        world.held = nothing;
        world.restart(0);
        assert_eq!(world.describe("t"), state);
        let log = world.log("orders", 0);
        assert_eq!(log.len(), 2);
        assert!(log[1].starts_with(marker), "{}", log[1]);
        assert_eq!(world.visible(0, 1), i32::from(commit));
        assert_eq!(world.end("t", 5, (0, 0), commit), "0,1", "END-14: the retry is known");
    }
}

#[test]
fn failover_04_a_successor_writes_the_markers_that_the_crashed_owner_owed() {
    let mut world = open(3, 2);
    let owner = world.coordinator("t");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.crash(owner);
    assert_ne!(world.coordinator("t"), owner);
    assert_eq!(world.end("t", 5, (0, 0), true), "51", "END-14");
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.visible(0, 1), 1);
}

#[test]
fn failover_05_only_the_owner_answers() {
    let mut world = open(3, 2);
    let owner = world.coordinator("t");
    world.elect(TXN_LOG, World::txn_partition("t"), (owner + 1) % 3);
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    let request = fencepost_wire::messages::EndTxnRequest::default().with_transactional_id(
        fencepost_wire::messages::TransactionalId(fencepost_wire::StrBytes::from_static_str("t")),
    );
    let sent = world.send(owner, 5, request);
    assert_eq!(world.shown(sent), "16");
}

#[test]
fn failover_05_while_a_partition_loads_what_passes_the_argument_checks_reads_14() {
    let mut world = open(1, 2);
    world.loads_held = true;
    world.elect(TXN_LOG, World::txn_partition("t"), 0);
    assert_eq!(world.init("t", None), "14");
    assert_eq!(world.end("t", 5, (0, 0), true), "14");
    assert_eq!(world.add("t", (0, 0), &[1]), "14");
    assert_eq!(world.add_v5("t", (0, 0), true), "14");
    assert_eq!(world.add_offsets("t", (0, 0), "g"), "14");
    assert_eq!(world.describe("t"), "14");
    assert_eq!(world.init("", None), "42", "INIT-04");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "19", "ADDP-10");
    assert_eq!(world.produce("t", 12, (0, 0), 1, 0), "0", "no question, the transaction is open");
    assert_eq!(world.init("another", None), "1,0", "another partition");
    world.loads_held = false;
    world.run();
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
}

#[test]
fn failover_06_a_load_whose_partition_moves_away_publishes_nothing() {
    let mut world = open(2, 2);
    let partition = World::txn_partition("t");
    let owner = world.coordinator("t");
    world.loads_held = true;
    world.elect(TXN_LOG, partition, owner);
    world.elect(TXN_LOG, partition, 1 - owner);
    assert_eq!(world.describe("t"), "14", "at the new owner");
    world.loads_held = false;
    world.run();
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
}

#[test]
fn failover_07_a_late_marker_of_the_old_owner_is_refused_after_the_new_owners() {
    let mut world = open(2, 1);
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    world.held = markers;
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    world.elect(TXN_LOG, World::txn_partition("t"), 1 - owner);
    world.held = |message| markers(message) && message.from == message.to;
    world.run();
    world.held = nothing;
    world.run();
    let log = world.log("orders", 0);
    assert_eq!(log, ["p0e0 #0", "COMMIT p0e0 c1"], "MARKIN-05: the old term reads 52");
    assert_eq!(world.describe("t"), "CompleteCommit 0,0", "MARKOUT-10");
}

/// TLOG-11: 7 leaves the record in the log; the old state stands until the next load.
#[test]
fn tlog_11_an_answer_15_means_unknown_a_timed_out_prepare_may_be_carried_out() {
    let mut world = open(3, 2);
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    world.held = replication;
    let sent = world.send_end("t", 5, (0, 0), true);
    assert_eq!(world.shown(sent), "...");
    world.pass(60_000);
    assert_eq!(world.shown(sent), "15", "TLOG-03: after the transaction's own timeout");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    world.held = nothing;
    world.run();
    world.elect(TXN_LOG, World::txn_partition("t"), (owner + 1) % 3);
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

/// TLOG-12: the check after the append; FAILOVER-05 has the one before.
#[test]
fn tlog_12_whoever_waits_when_the_partition_moves_reads_16() {
    let mut world = open(3, 2);
    let owner = world.coordinator("t");
    world.held = replication;
    let sent = world.send_end("t", 5, (0, 0), true);
    world.handle(fencepost_model::Input::Elect {
        topic: TXN_LOG.into(),
        partition: fencepost_ids::PartitionIndex(World::txn_partition("t")),
        leader: fencepost_ids::BrokerId(owner),
    });
    assert_eq!(world.shown(sent), "16");
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1", "the record stands");
}

#[test]
fn tlog_10_a_refused_record_can_be_asked_for_again() {
    let mut world = World::new(3, 1);
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    assert_eq!(world.add("t", (0, 0), &[0]), "15");
    others.iter().for_each(|broker| world.restart(*broker));
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
}

#[test]
fn init_14_fences_that_fail_raise_the_epoch_once() {
    let mut world = World::new(3, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    let owner = world.coordinator("t");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    assert_eq!(world.init("t", None), "15");
    assert_eq!(world.init("t", None), "15");
    assert_eq!(world.end("t", 4, (0, 0), true), "90", "although the log still has the old epoch");
    others.iter().for_each(|broker| world.restart(*broker));
    assert_eq!(world.init("t", None), "51");
    let log = world.txn_log("t");
    assert!(log.contains(&"PrepareAbort 0,1".to_owned()), "{log:?}");
}

#[test]
fn failover_09_an_overflow_is_forgotten_by_a_failover_up_to_4_2() {
    let mut world = World::exhausted();
    assert_eq!(world.produce("t", 12, (0, 32_766), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
    world.crash(0);
    world.held = nothing;
    world.restart(0);
    assert_eq!(world.describe("t"), "CompleteCommit 0,32767");
    assert_eq!(world.produce("t", 12, (1, 0), 0, 0), "49");
    assert_eq!(world.init("t", None), "1000,0", "Init rotates; the old block went with the crash");
}
