//! Which EndTxn ends which transaction, and when a decision counts.

use fencepost_ids::Rule;

use super::{at_level, opened, others};
use crate::txn::driver::{World, nothing, replication, replication_of_internals};

/// STATE-02: two additions while the log is slow.
#[test]
fn state_02_without_it_the_first_of_two_additions_is_forgotten() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        world.held = replication;
        let first = world.send_add("t", (0, 0), &[0]);
        let second = world.send_add("t", (0, 0), &[1]);
        world.held = nothing;
        world.run();
        (world.shown(first), world.shown(second), world.describe("t"))
    };
    let (on, off) = at_level(Rule::OneTransitionAtATime, 1, 3, history);
    let texts = |(a, b, c): (&str, &str, &str)| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(on, texts(("0", "51", "Ongoing 0,0 orders-0")));
    assert_eq!(off, texts(("0", "0", "Ongoing 0,0 orders-1")), "nobody will mark orders-0");
}

/// TLOG-10: a record that was refused, and a request after the replicas are back.
#[test]
fn tlog_10_without_it_one_refused_record_wedges_the_id() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        let others = others(&mut world, 3);
        others.iter().for_each(|broker| world.crash(*broker));
        assert_eq!(world.add("t", (0, 0), &[0]), "15");
        others.iter().for_each(|broker| world.restart(*broker));
        [world.add("t", (0, 0), &[0]), world.init("t", None), world.end("t", 4, (0, 0), true)]
    };
    let (on, off) = at_level(Rule::PendingReset, 1, 3, history);
    assert_eq!(on[0], "0");
    assert_eq!(off, ["51", "51", "51"]);
}

/// ADDP-05: the coordinator crashes while the record of an addition is on its way.
#[test]
fn addp_05_without_it_a_crash_leaves_records_that_nobody_ends() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        let owner = world.coordinator("t");
        world.elect("orders", 0, (owner + 1) % 3);
        world.held = replication_of_internals;
        let sent = world.send_produce("t", 12, (0, 0), 0, 0);
        world.pass(100);
        let answer = world.shown(sent);
        world.crash(owner);
        world.held = nothing;
        world.run();
        world.pass(200_000);
        (answer, world.describe("t"), world.lso_and_hw(0))
    };
    let (on, off) = at_level(Rule::DurableAddition, 2, 3, history);
    assert_eq!(on.0, "...");
    assert_eq!(on.2.0, on.2.1, "nothing holds readers back");
    assert_eq!(off, ("0".to_owned(), "Empty 0,0".to_owned(), (0, 1)));
}

/// END-06: the coordinator crashes while the record of a commit is on its way.
#[test]
fn end_06_without_it_a_commit_that_was_answered_is_aborted() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        let owner = world.coordinator("t");
        world.elect("orders", 0, (owner + 1) % 3);
        world.held = |_| true;
        let sent = world.send_end("t", 5, (0, 0), true);
        let answer = world.shown(sent);
        world.crash(owner);
        world.held = nothing;
        world.run();
        world.pass(200_000);
        (answer, world.visible(0, 1))
    };
    let (on, off) = at_level(Rule::DurableDecision, 2, 3, history);
    assert_eq!(on, ("...".to_owned(), 0), "the client was told nothing, and asks again");
    assert_eq!(off, ("0,1".to_owned(), 0), "acknowledged, and lost");
}

/// END-03: an EndTxn with an epoch that nobody has given out.
#[test]
fn end_03_without_it_a_later_epoch_ends_the_transaction() {
    let history = |mut world: World| {
        opened(&mut world, 1);
        (world.end("t", 4, (0, 5), false), world.describe("t"))
    };
    let (on, off) = at_level(Rule::StrictEpochAtEnd, 1, 1, history);
    assert_eq!(on, ("90".to_owned(), "Ongoing 0,0 orders-0".to_owned()));
    assert_eq!(off, ("-1,-1".to_owned(), "CompleteAbort 0,0".to_owned()));
}

/// Commits one transaction by EndTxn v5, opens another, and lets a delayed abort of the first in.
fn late_abort(mut world: World) -> (String, i32) {
    opened(&mut world, 2);
    let next = world.end("t", 5, (0, 0), true);
    let (id, epoch) = next.split_once(',').unwrap();
    let next = (id.parse().unwrap(), epoch.parse().unwrap());
    assert_eq!(world.produce("t", 12, next, 0, 1), "0");
    let late = world.end("t", 5, (0, 0), false);
    let _ = world.end("t", 5, next, true);
    (late, world.visible(1, 1))
}

/// END-04: the epoch of an earlier transaction.
#[test]
fn end_04_without_it_a_late_abort_ends_the_next_transaction() {
    let (on, off) = at_level(Rule::EndOfItsOwnTransaction, 2, 1, late_abort);
    assert_eq!(on, ("90".to_owned(), 1));
    assert_eq!(off, ("0,2".to_owned(), 0), "the second transaction is gone");
}

/// END-10: one epoch for all transactions.
#[test]
fn end_10_without_it_a_late_abort_ends_the_next_transaction() {
    let history = |mut world: World| {
        // Legacy markers, which may carry the epoch of the data.
        opened(&mut world, 2);
        let first = world.end("t", 5, (0, 0), true);
        let late = world.end("t", 5, (0, 0), false);
        (first, late)
    };
    let change = |config: &mut fencepost_model::ClusterConfig| {
        config.release = fencepost_wire::Release::V4_1;
    };
    let (on, off) = super::on_and_off(Rule::EpochPerTransaction, change, history, 1);
    assert_eq!(on, ("0,1".to_owned(), "48".to_owned()));
    assert_eq!(off, ("0,0".to_owned(), "0,0".to_owned()), "it passes for the next one's");
    let (on, off) = super::on_and_off(Rule::EpochPerTransaction, change, late_abort, 1);
    assert_eq!(on, ("90".to_owned(), 1));
    assert_eq!(off, ("0,0".to_owned(), 0), "the second transaction is gone");
}

/// END-08: the first record was lost on its way, and the producer aborts.
#[test]
fn end_08_without_it_an_abort_of_nothing_is_fatal() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        world.end("t", 5, (0, 0), false)
    };
    let (on, off) = at_level(Rule::EmptyAbort, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,1", "48"));
}
