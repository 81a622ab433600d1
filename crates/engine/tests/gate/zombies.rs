//! KAFKA-17754, staged by its plan.

use fencepost_wire::Response;

use crate::play::{Heard, Identity, Play, abort, add, commit, end_code};

const PLAN: &str = include_str!("../../../../docs/plans/kafka-17754.toml");

#[test]
fn the_plan_is_short() {
    let lines = PLAN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert!(lines.count() <= 15);
}

#[test]
fn bug_01_a_late_end_txn_tears_the_next_transaction_of_a_tv1_client() {
    let mut play = Play::with(PLAN);
    let first = play.client("p1");
    let identity = play.begin(first);
    play.produce_in_sequence(first, 11, identity, 0);
    play.ask(first, 4, abort(identity));
    assert_eq!((play.heard(first), play.state()), (vec![Heard::Close], "Ongoing"));

    // The client asks again on another connection, and begins its next transaction.
    let client = play.client("p1");
    assert_eq!(end_code(&play.call(client, 4, abort(identity))), 0);
    assert_eq!(play.state(), "CompleteAbort");
    play.call(client, 3, add(identity));
    assert_eq!(play.state(), "Ongoing");
    play.produce_in_sequence(client, 11, identity, 1);

    // The record is acknowledged and aborted, and the transaction commits without it.
    assert_eq!(play.state(), "CompleteAbort");
    play.call(client, 3, add(identity));
    play.produce_in_sequence(client, 11, identity, 2);
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 0);
    assert_eq!(play.state(), "CompleteCommit");
    assert_eq!((play.fired("late"), play.fired("next")), (1, 1));
}

#[test]
fn bug_01_cannot_be_staged_at_a_tv2_client() {
    let mut play = Play::with(PLAN);
    let first = play.client("p1");
    let identity = play.init(first);
    play.produce_in_sequence(first, 12, identity, 0);
    play.ask(first, 5, abort(identity));
    assert_eq!((play.heard(first), play.state()), (vec![Heard::Close], "Ongoing"));

    let client = play.client("p1");
    let Response::EndTxn(ended) = play.call(client, 5, abort(identity)) else { panic!() };
    assert_eq!(ended.error_code, 0);
    let next = Identity(ended.producer_id.0, ended.producer_epoch);
    assert_ne!(next, identity);
    play.produce_in_sequence(client, 12, next, 0);

    // The late EndTxn is of another epoch: the transaction goes on.
    assert_eq!((play.state(), play.engine.held()), ("Ongoing", vec![]));
    assert_eq!(end_code(&play.call(client, 5, commit(next))), 0);
    assert_eq!(play.state(), "CompleteCommit");
}
