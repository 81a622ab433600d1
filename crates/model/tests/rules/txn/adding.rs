//! Partitions that join a transaction, asked for by clients and by partition leaders.

use fencepost_model::{Message, MessageBody};

use crate::txn::driver::{World, markers, nothing};

fn questions(message: &Message) -> bool {
    matches!(message.body, MessageBody::AskAboutTransactions(_))
}

fn begun(transaction_version: i16) -> World {
    let mut world = World::new(1, transaction_version);
    assert_eq!(world.init("t", None), "0,0");
    world
}

#[test]
fn addp_02_an_unknown_partition_fails_alone_and_nothing_is_added() {
    let mut world = begun(1);
    assert_eq!(world.add("t", (0, 0), &[0, 9]), "55 3");
    assert_eq!(world.describe("t"), "Empty 0,0");
}

#[test]
fn addp_03_identities_that_do_not_fit() {
    let mut world = begun(1);
    assert_eq!(world.add("nobody", (0, 0), &[0]), "49");
    assert_eq!(world.add("", (0, 0), &[0]), "42");
    assert_eq!(world.add("t", (1, 0), &[0]), "49");
    assert_eq!(world.add("t", (0, 1), &[0]), "90");
}

#[test]
fn addp_03_what_is_there_already_is_not_written_again() {
    let mut world = begun(1);
    for _ in 0..3 {
        assert_eq!(world.add("t", (0, 0), &[0, 1]), "0 0");
    }
    assert_eq!(world.txn_log("t"), ["Empty 0,0", "Ongoing 0,0"]);
}

#[test]
fn addp_06_verification_reads_only() {
    let mut world = begun(1);
    assert_eq!(world.add_v5("t", (0, 0), true), "120");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.add_v5("t", (0, 0), true), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.add_v5("t", (0, 0), true), "51");
    world.held = nothing;
    world.run();
    assert_eq!(world.add_v5("t", (0, 0), true), "120");
}

#[test]
fn addp_08_and_addp_10_a_produce_outside_a_transaction_by_version() {
    let mut world = begun(2);
    assert_eq!(world.produce("t", 10, (0, 0), 0, 0), "48");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "120");
    assert_eq!(world.log("orders", 0), Vec::<String>::new());
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
}

#[test]
fn addp_09_a_partition_is_asked_about_once_in_a_transaction() {
    let mut world = begun(2);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = questions;
    assert_eq!(world.produce("t", 12, (0, 0), 1, 0), "0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "...");
    assert_eq!(world.cluster.in_flight().filter(|it| questions(it)).count(), 1);
}

#[test]
fn addp_10_a_lost_question_reads_as_not_enough_replicas() {
    let mut world = begun(2);
    world.held = questions;
    let sent = world.send_produce("t", 12, (0, 0), 0, 0);
    world.lose(questions);
    assert_eq!(world.shown(sent), "19");
    world.held = nothing;
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
}

#[test]
fn addp_11_the_leader_asks_again_for_a_while_then_tells_the_client() {
    let mut world = begun(2);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let sent = world.send_produce("t", 12, (0, 1), 0, 0);
    world.pass(99);
    assert_eq!(world.shown(sent), "...");
    world.pass(21);
    assert_eq!(world.shown(sent), "51");
}

#[test]
fn addp_12_a_newcomer_displaces_the_question_that_waits() {
    let mut world = begun(2);
    world.held = questions;
    let first = world.send_produce("t", 12, (0, 0), 0, 0);
    let second = world.send_produce("t", 12, (0, 0), 0, 1);
    let third = world.send_produce("t", 12, (0, 0), 0, 2);
    assert_eq!(world.shown(first), "...", "in flight");
    assert_eq!(world.shown(second), "19", "displaced by an equal epoch");
    let newer = world.send_produce("t", 12, (0, 1), 0, 2);
    assert_eq!(world.shown(third), "47", "displaced by a higher epoch");
    let older = world.send_produce("t", 12, (0, 0), 1, 1);
    assert_eq!(world.shown(older), "47", "behind a higher epoch");
    world.held = nothing;
    world.run();
    assert_eq!(world.shown(first), "0");
    assert_eq!(world.shown(newer), "47", "nobody has that epoch: 90, as the client knows it");
}

#[test]
fn state_02_one_transition_of_an_id_is_in_flight_at_a_time() {
    let mut world = World::new(3, 1);
    assert_eq!(world.init("t", None), "0,0");
    world.held = |message| matches!(message.body, MessageBody::Replicate { .. });
    let first = world.send_add("t", (0, 0), &[0]);
    assert_eq!(world.shown(first), "...");
    assert_eq!(world.describe("t"), "Empty 0,0", "STATE-01");
    assert_eq!(world.add("t", (0, 0), &[1]), "51");
    assert_eq!(world.init("t", Some((9, 0))), "51", "INIT-09");
    world.held = nothing;
    world.run();
    assert_eq!(world.shown(first), "0");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
}

#[test]
fn tlog_09_a_tv2_client_at_level_0_leaves_the_id_pending() {
    let mut world = begun(0);
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.end("t", 5, (0, 0), true), "35");
    assert_eq!(world.add("t", (0, 0), &[1]), "51");
    assert_eq!(world.end("t", 4, (0, 0), true), "51");
}
