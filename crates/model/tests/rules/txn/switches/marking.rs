//! Markers, and when a transaction is complete.

use fencepost_ids::Rule;
use fencepost_model::{Message, MessageBody};

use super::{at_level, on_and_off, opened, others};
use crate::txn::driver::{TXN_LOG, World, markers, nothing, replication_of_orders};

fn marker_answers(message: &Message) -> bool {
    matches!(message.body, MessageBody::MarkersWritten { .. })
}

/// MARKOUT-03: the coordinator is elected again while a marker of its old term is in flight.
#[test]
fn markout_03_without_it_a_refusal_of_the_old_term_stops_the_new_one() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        let owner = world.coordinator("t");
        world.elect("orders", 0, owner);
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        // Somebody of a term in between was here, so that the old term reads 52.
        assert_eq!(world.mark((0, 1), true, 1, 0), "0");
        for _ in 0..2 {
            world.elect(TXN_LOG, World::txn_partition("t"), owner);
        }
        world.held = nothing;
        world.run();
        world.pass(1_000);
        world.describe("t")
    };
    let (on, off) = at_level(Rule::MarkersOfOneTerm, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("CompleteCommit 0,1", "PrepareCommit 0,1 orders-0"));
}

/// MARKOUT-04: the topic is deleted before the commit.
#[test]
fn markout_04_without_it_a_deleted_topic_keeps_a_transaction_for_ever() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        world.delete_topic("orders");
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        world.pass(60_000);
        world.init("t", None)
    };
    let (on, off) = at_level(Rule::DeletedNeedsNoMarker, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,2", "51"));
}

/// MARKOUT-05: the only replica of a partition is down while the transaction ends.
#[test]
fn markout_05_without_it_a_partition_that_was_down_holds_its_readers_back() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        let other = 1 - world.coordinator("t");
        let partition = (0..3).find(|it| world.leader("orders", *it) == other).unwrap();
        assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
        world.crash(other);
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        let before = world.describe("t").starts_with("PrepareCommit");
        world.restart(other);
        world.pass(1_000);
        (before, world.describe("t"), world.visible(partition, 1))
    };
    let change = |config: &mut fencepost_model::ClusterConfig| {
        config.topics[0].replication_factor = Some(1);
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
    };
    let (on, off) = on_and_off(Rule::LeaderlessWaits, change, history, 2);
    let complete = "CompleteCommit 0,1".to_owned();
    assert_eq!(on, (true, complete.clone(), 1));
    assert_eq!(off, (false, complete, 0), "committed, and never seen");
}

/// MARKOUT-06: the answer of a leader is lost.
#[test]
fn markout_06_without_it_a_lost_answer_keeps_a_transaction_for_ever() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        world.held = marker_answers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        world.lose(marker_answers);
        world.held = nothing;
        world.pass(60_000);
        world.init("t", None)
    };
    let (on, off) = at_level(Rule::LostMarkersSentAgain, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,2", "51"));
}

/// MARKOUT-07: a leader with too few replicas in sync refuses a marker.
#[test]
fn markout_07_without_it_a_marker_that_was_refused_once_is_never_written() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        let owner = world.coordinator("t");
        world.elect("orders", 0, owner);
        let others = others(&mut world, 3);
        others.iter().for_each(|broker| world.crash(*broker));
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        others.iter().for_each(|broker| world.restart(*broker));
        world.pass(60_000);
        (world.describe("t"), world.lso_and_hw(0))
    };
    let change = |config: &mut fencepost_model::ClusterConfig| {
        config.settings.set("min.insync.replicas", "2").unwrap();
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
    };
    let (on, off) = on_and_off(Rule::RefusedMarkersSentAgain, change, history, 3);
    assert_eq!(on, ("CompleteCommit 0,1".to_owned(), (2, 2)));
    assert_eq!(off, ("CompleteCommit 0,1".to_owned(), (0, 1)), "committed, and never seen");
}

/// MARKOUT-09: the next transaction of a TV1 producer while a marker of the last is on its way.
#[test]
fn markout_09_without_it_a_marker_cuts_the_next_transaction_in_two() {
    let history = |mut world: World| {
        opened(&mut world, 1);
        world.held = markers;
        assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
        let next = world.add("t", (0, 0), &[0]);
        if next == "0" {
            assert_eq!(world.produce("t", 11, (0, 0), 1, 0), "0");
        }
        world.held = nothing;
        world.run();
        if next == "0" {
            assert_eq!(world.end("t", 4, (0, 0), false), "-1,-1", "aborted");
        }
        (next, world.visible(0, 1))
    };
    let (on, off) = at_level(Rule::CompleteAfterMarkers, 1, 1, history);
    assert_eq!(on, ("51".to_owned(), 1));
    assert_eq!(off, ("0".to_owned(), 2), "an aborted record is read as committed");
}

/// MARKOUT-11: too few replicas for the Complete record, for a while.
#[test]
fn markout_11_without_it_a_refused_completion_keeps_a_transaction_for_ever() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        let owner = world.coordinator("t");
        world.elect("orders", 0, owner);
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        let others = others(&mut world, 3);
        others.iter().for_each(|broker| world.crash(*broker));
        world.held = nothing;
        world.run();
        others.iter().for_each(|broker| world.restart(*broker));
        world.pass(60_000);
        world.init("t", None)
    };
    let (on, off) = at_level(Rule::CompletionRepeated, 2, 3, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,2", "51"));
}

/// MARKIN-03, by the switch of MARK-03: the leader of a partition crashes before its marker is replicated.
#[test]
fn markin_03_without_it_a_crash_of_the_leader_loses_a_marker_that_counted() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        let owner = world.coordinator("t");
        let leader = (owner + 1) % 3;
        world.elect("orders", 0, leader);
        world.held = replication_of_orders;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        let state = world.describe("t");
        world.crash(leader);
        world.held = nothing;
        world.run();
        world.pass(60_000);
        (state, world.describe("t"), world.lso_and_hw(0))
    };
    let (on, off) = at_level(Rule::MarkerReplication, 2, 3, history);
    let complete = "CompleteCommit 0,1".to_owned();
    assert_eq!(on, ("PrepareCommit 0,1 orders-0".to_owned(), complete.clone(), (2, 2)));
    assert_eq!(off, (complete.clone(), complete, (0, 1)), "committed, and never seen");
}
