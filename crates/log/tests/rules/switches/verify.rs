//! Verification.

use fencepost_ids::Rule;

use super::{both, without};
use crate::partition::{NOW, Partition, batch, text};

/// The same on a partition with every rule, and on one without `rule`.
fn shown(rule: Rule, history: impl Fn(&mut Partition) -> String) -> [String; 2] {
    [history(&mut Partition::new()), history(&mut without(rule))]
}

#[test]
fn verify_02_off_a_batch_of_the_next_transaction_joins_the_one_before() {
    let asked = shown(Rule::OpenTransactionEpoch, |p| {
        p.play("P12(t,7.3,0..0) -> NONE@0");
        let asked = p.ask(12, &batch("t", "7.4", "0..0", NOW)).expect("newer");
        let appended = text(&p.append(batch("t", "7.4", "0..0", NOW), asked));
        p.play("W(7.5,A,ce0,tv2) -> NONE@2");
        format!("{} {appended}", asked.is_some())
    });
    assert_eq!(asked, ["true NONE@1", "false NONE@1"], "the coordinator never hears of it");
}

#[test]
fn verify_05_off_the_batch_that_asked_first_shuts_out_the_earlier_one() {
    let answers = shown(Rule::LowestSequence, |p| {
        let (first, later) = (batch("t", "7.0", "0..4", NOW), batch("t", "7.0", "5..5", NOW));
        p.ask(11, &later).expect("fresh");
        let guard = p.ask(11, &first).expect("fresh");
        let later = text(&p.append(later, guard));
        let guard = p.ask(11, &first).expect("fresh");
        format!("{later} {}", text(&p.append(first, guard)))
    });
    assert_eq!(answers, ["45 NONE@0", "NONE@0 45"]);
}

#[test]
fn verify_12_off_a_batch_after_its_marker_opens_a_transaction_for_good() {
    let answers = shown(Rule::VerificationGuardCheck, |p| {
        let held = batch("t", "7.0", "0..0", NOW);
        let guard = p.ask(11, &held).expect("fresh");
        p.play("W(7.0,A,ce0) -> NONE@0");
        format!("{} {}", text(&p.append(held, guard)), p.producers())
    });
    assert_eq!(answers, ["48 7.0 seq -1 ce 0 txn -1", "NONE@1 7.0 seq 0 ce 0 txn 1"]);
}

#[test]
fn verify_13_off_a_timed_out_producer_reads_a_fatal_error() {
    let answers = shown(Rule::StaleEpochBeforeGuard, |p| {
        let held = batch("t", "7.3", "0..0", NOW);
        let guard = p.ask(12, &held).expect("fresh");
        p.play("W(7.4,A,ce0,tv2) -> NONE@0");
        text(&p.append(held, guard))
    });
    assert_eq!(answers, ["47", "48"]);
}

#[test]
fn verify_14_off_the_next_transaction_loses_its_guard_to_the_marker_before() {
    let answers = shown(Rule::GuardOfNextTransaction, |p| {
        p.play("P12(t,7.3,0..0) -> NONE@0");
        let next = batch("t", "7.4", "0..0", NOW);
        let guard = p.ask(12, &next).expect("newer");
        p.play("W(7.4,C,ce0,tv2) -> NONE@1");
        text(&p.append(next, guard))
    });
    assert_eq!(answers, ["NONE@2", "48"]);
}

#[test]
fn verify_15_off_a_later_batch_shuts_out_the_first() {
    both(
        Rule::TransactionalFirstSequence,
        "P12(t,7.0,5..5) -> 45
         P12(t,7.0,0..4) -> NONE@0",
        "P12(t,7.0,5..5) -> NONE@0
         P12(t,7.0,0..4) -> 45",
    );
}

#[test]
fn verify_16_off_a_later_batch_passes_the_one_whose_question_failed() {
    let answers = shown(Rule::UnverifiedSequenceFirst, |p| {
        let (first, later) = (batch("t", "7.0", "0..4", NOW), batch("t", "7.0", "5..5", NOW));
        p.ask(11, &first).expect("its question fails");
        let guard = p.ask(11, &later).expect("its question is answered");
        let later = text(&p.append(later, guard));
        let guard = p.ask(11, &first).expect("it is asked again");
        format!("{later} {}", text(&p.append(first, guard)))
    });
    assert_eq!(answers, ["45 NONE@0", "NONE@0 45"]);
}
