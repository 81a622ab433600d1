//! Markers on their way out and in, and what is between PREPARE and COMPLETE.

use fencepost_ids::BrokerId;
use fencepost_model::{Message, MessageBody};

use crate::txn::driver::{World, markers, nothing};

fn answers(message: &Message) -> bool {
    matches!(message.body, MessageBody::MarkersWritten { .. })
}

/// Three brokers, each the leader of one partition of `orders`, and a TV2 transaction on all.
fn spread() -> World {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    for partition in 0..3 {
        world.elect("orders", partition, partition);
        assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
    }
    world
}

#[test]
fn markout_01_between_prepare_and_complete_some_partitions_have_their_marker() {
    let mut world = spread();
    world.held = |message| markers(message) && message.to == BrokerId(2);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "END-06: answered before any marker");
    assert_eq!(world.describe("t"), "PrepareCommit 0,1 orders-2", "STATE-07");
    assert_eq!(world.visible(0, 1), 1, "committed here");
    assert_eq!(world.visible(2, 1), 0, "not yet there");
    assert_eq!(world.visible(2, 0), 1);
    assert_eq!(world.add("t", (0, 1), &[0]), "51");
    assert_eq!(world.add_v5("t", (0, 1), false), "51");
    assert_eq!(world.add_offsets("t", (0, 1), "g"), "51");
    assert_eq!(world.end("t", 5, (0, 1), false), "51");
    assert_eq!(world.end("t", 5, (0, 0), true), "51", "a retry of the same request");
    assert_eq!(world.init("t", None), "51");
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
    assert_eq!(world.visible(2, 1), 1);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "END-04: a retry");
}

#[test]
fn end_10_a_tv2_marker_carries_the_raised_epoch_and_a_tv1_marker_that_of_the_data() {
    for (transaction_version, produce, end, marker) in
        [(2, 12, 5, "COMMIT p0e1 c0"), (1, 11, 4, "COMMIT p0e0 c0")]
    {
        let mut world = World::new(1, transaction_version);
        assert_eq!(world.init("t", None), "0,0");
        if transaction_version < 2 {
            assert_eq!(world.add("t", (0, 0), &[0]), "0");
        }
        assert_eq!(world.produce("t", produce, (0, 0), 0, 0), "0");
        world.end("t", end, (0, 0), true);
        assert_eq!(world.log("orders", 0), ["p0e0 #0", marker]);
    }
}

#[test]
fn end_08_an_empty_abort_sends_no_marker() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "48");
    assert_eq!(world.end("t", 5, (0, 0), false), "0,1");
    assert_eq!(world.txn_log("t"), ["Empty 0,0", "PrepareAbort 0,1", "CompleteAbort 0,1"]);
    assert_eq!(world.end("t", 4, (0, 1), false), "-1,-1", "TV1: a retry of what is complete");
}

#[test]
fn markout_04_a_deleted_topic_owes_no_marker() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.delete_topic("orders");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

#[test]
fn markout_05_a_partition_without_a_leader_is_waited_for() {
    let mut world = World::with(2, |config| {
        config.topics[0].replication_factor = Some(1);
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
    });
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    let other = 1 - owner;
    let partition = (0..3).find(|it| world.leader("orders", *it) == other).unwrap();
    assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
    world.crash(other);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.pass(60_000);
    assert_eq!(world.init("t", None), "51");
    world.restart(other);
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

#[test]
fn markout_06_a_lost_answer_writes_the_marker_twice() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = answers;
    assert_eq!(world.end("t", 5, (0, 0), false), "0,1");
    world.lose(answers);
    world.held = nothing;
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteAbort 0,1");
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "ABORT p0e1 c0", "ABORT p0e1 c0"]);
    assert_eq!(world.lso_and_hw(0), (3, 3));
}

#[test]
fn markout_06_a_broker_that_crashes_with_a_request_gets_it_again() {
    let mut world = spread();
    let owner = world.coordinator("t");
    let victim = (owner + 1) % 3;
    world.held =
        |message| markers(message) || matches!(message.body, MessageBody::Replicate { .. });
    let sent = world.send_end("t", 5, (0, 0), true);
    world.held = markers;
    world.run();
    assert_eq!(world.shown(sent), "0,1");
    // The marker is appended there, but its replicas never answer.
    world.held = |message| matches!(message.body, MessageBody::Replicate { .. });
    world.run();
    world.crash(victim);
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

/// MARKOUT-02, MARKOUT-07: the leader is looked up again at every try.
#[test]
fn markout_02_and_markout_07_a_moved_partition_gets_its_marker_from_its_new_leader() {
    let mut world = spread();
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.elect("orders", 2, 0);
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "PrepareCommit 0,1 orders-2", "the old leader says 6");
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

#[test]
fn markout_08_a_fenced_coordinator_gives_up_until_it_is_loaded_again() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.mark((0, 0), false, 7, 0), "0", "somebody of a later term was here");
    assert_eq!(world.end("t", 5, (0, 0), false), "0,1");
    world.pass(1_000);
    assert_eq!(world.init("t", None), "51");
    for _ in 0..7 {
        world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), 0);
    }
    assert_eq!(world.describe("t"), "CompleteAbort 0,1");
}

#[test]
fn markin_02_to_markin_06_markers_over_the_wire() {
    let mut world = World::new(1, 2);
    assert_eq!(world.mark((5, 3), true, 3, 0), "0", "MARKIN-06: a record even without data");
    assert_eq!(world.mark((5, 3), true, 2, 0), "52", "MARKIN-05");
    assert_eq!(world.mark((5, 2), true, 3, 0), "47", "MARKIN-04");
    assert_eq!(world.mark((5, 3), false, 3, 0), "0", "MARKIN-04: version 1 carries no level");
    assert_eq!(world.log("orders", 0), ["COMMIT p5e3 c3", "ABORT p5e3 c3"]);
}

#[test]
fn markin_03_too_few_replicas_refuse_a_marker_and_the_coordinator_tries_again() {
    let mut world = World::with(3, |config| {
        config.settings.set("min.insync.replicas", "2").unwrap();
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
    });
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.pass(1_000);
    assert_eq!(world.describe("t"), "PrepareCommit 0,1 orders-0");
    assert_eq!(world.log("orders", 0), ["p0e0 #0"], "19 means not written");
    others.iter().for_each(|broker| world.restart(*broker));
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

#[test]
fn markout_03_a_message_names_the_term_and_the_level() {
    let mut world = World::with(1, |config| config.release = fencepost_wire::Release::V4_2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), 0);
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let message = world.cluster.in_flight().next().expect("a request is in flight");
    let MessageBody::WriteMarkers(entries) = &message.body else { panic!("markers") };
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].coordinator_epoch.0, 1);
    assert_eq!(entries[0].transaction_version, 2, "D07: from 4.2 on");
    assert_eq!(entries[0].producer_epoch.0, 1);
}

#[test]
fn markin_03_a_timeout_after_the_append_means_that_the_marker_is_there() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = |message| matches!(message.body, MessageBody::Replicate { .. });
    let sent = world.send_mark((0, 0), false, 0, 0);
    world.pass(29_999);
    assert_eq!(world.shown(sent), "...");
    world.pass(1);
    assert_eq!(world.shown(sent), "7");
    world.held = nothing;
    world.run();
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "ABORT p0e0 c0"]);
    assert_eq!(world.lso_and_hw(0), (2, 2));
}

#[test]
fn markout_11_a_completion_that_cannot_be_written_is_written_once_it_can() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
    others.iter().for_each(|broker| world.crash(*broker));
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "PrepareCommit 0,1", "no marker is owed any more");
    world.pass(1_000);
    assert_eq!(world.init("t", None), "51");
    others.iter().for_each(|broker| world.restart(*broker));
    world.pass(50);
    let log = world.txn_log("t");
    assert_eq!(log, ["Empty 0,0", "Ongoing 0,0", "PrepareCommit 0,1", "CompleteCommit 0,1"]);
}

/// END-14, MARKOUT-08, MARKIN-04: a coordinator that is loaded again sends every marker of the Prepare
/// record, and leaders that judge epochs strictly take those that they have already.
#[test]
fn end_14_a_reload_sends_all_markers_and_strict_leaders_take_them_twice() {
    let mut world = World::with(3, |config| config.release = fencepost_wire::Release::V4_2);
    assert_eq!(world.init("t", None), "0,0");
    for partition in 0..3 {
        world.elect("orders", partition, partition);
        assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
    }
    world.held = |message| markers(message) && message.to == BrokerId(2);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.describe("t"), "PrepareCommit 0,1 orders-2", "two of three are written");
    let owner = world.coordinator("t");
    world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), owner);
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
    for partition in [0, 1] {
        let log = world.log("orders", partition);
        assert_eq!(log[1..], ["COMMIT p0e1 c0", "COMMIT p0e1 c1"], "orders-{partition}");
    }
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "the retry of the same request");
}
