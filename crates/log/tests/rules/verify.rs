//! Verification of transactional partitions.

use fencepost_log::AppendError;

use crate::partition::{DAY_MS, NOW, Partition, batch, text};

#[test]
fn verify_01_the_mode_follows_the_request_version() {
    let mut p = Partition::new();
    p.play("P12(t,7.0,5..5) -> 45");
    let mut p = Partition::new();
    p.play("P11(t,7.0,5..5) -> NONE");
}

#[test]
fn verify_02_only_an_open_transaction_of_the_same_epoch_spares_the_question() {
    let mut p = Partition::new();
    assert!(p.ask(12, &batch("t", "7.3", "0..0", NOW)).expect("fresh").is_some());
    p.play("P12(t,7.3,0..0) -> NONE@0");
    assert_eq!(p.ask(12, &batch("t", "7.3", "1..1", NOW)), Ok(None));
    assert!(p.ask(12, &batch("t", "7.4", "0..0", NOW)).expect("newer").is_some());
}

#[test]
fn verify_03_a_stale_epoch_is_refused_without_a_question() {
    let mut p = Partition::new();
    p.play("W(7.4,A,ce0) -> NONE@0");
    let stale = batch("t", "7.3", "0..0", NOW);
    assert!(matches!(p.ask(12, &stale), Err(AppendError::StaleProducerEpoch { .. })));
    p.rules.stale_epoch_before_question = false;
    assert!(p.ask(12, &stale).expect("4.0 asks").is_some());
}

#[test]
fn verify_04_later_questions_reuse_the_guard() {
    let mut p = Partition::new();
    let (one, two) = (batch("t", "7.0", "0..0", NOW), batch("t", "7.0", "1..1", NOW));
    let guard = p.ask(11, &one).expect("fresh");
    assert_eq!(p.ask(11, &two), Ok(guard));
    assert_ne!(p.ask(11, &batch("t", "8.0", "0..0", NOW)), Ok(guard));
    assert_eq!(text(&p.append(one, guard)), "NONE@0");
    assert_eq!(text(&p.append(two, guard)), "NONE@1");
}

/// VERIFY-04: the tv2 flag stays as the first question set it.
#[test]
fn verify_04_an_entry_of_a_tv1_question_stays_one() {
    let mut p = Partition::new();
    p.ask(11, &batch("t", "7.0", "5..5", NOW)).expect("fresh");
    p.play("P12(t,7.0,5..5) -> NONE@0");
    let mut p = Partition::new();
    p.ask(12, &batch("t", "7.0", "5..5", NOW)).expect("fresh");
    p.play("P11(t,7.0,5..5) -> 45");
}

#[test]
fn verify_05_the_lowest_sequence_follows_the_highest_epoch() {
    let mut p = Partition::new();
    let asked = |p: &mut Partition, producer: &str, sequence: &str| {
        p.ask(11, &batch("t", producer, sequence, NOW)).expect("fresh")
    };
    asked(&mut p, "7.3", "5..5");
    let guard = asked(&mut p, "7.3", "0..0");
    let held = |p: &Partition, producer: &str, sequence: &str| {
        let refused = p.clone().append(batch("t", producer, sequence, NOW), guard);
        matches!(refused, Err(AppendError::BeyondVerification { .. }))
    };
    assert!(held(&p, "7.3", "1..1"));
    assert!(!held(&p, "7.3", "0..0"));
    asked(&mut p, "7.4", "2..2");
    assert!(held(&p, "7.4", "3..3"));
    assert!(!held(&p, "7.4", "2..2"));
    asked(&mut p, "7.3", "0..0");
    assert!(!held(&p, "7.4", "2..2"));
}

#[test]
fn verify_11_switched_off_every_transactional_batch_passes() {
    let mut p = Partition::new();
    p.rules.partition_verification = false;
    assert_eq!(text(&p.append(batch("t", "7.0", "0..0", NOW), None)), "NONE@0");
    p.play("P9(-,*,0..0) -> NONE@1 LEO 2 HW 2 LSO 0");
    p.play("W(7.0,A,ce0) -> NONE@2 LSO 3");
}

/// VERIFY-11: an entry from before the switch still holds later sequences back.
#[test]
fn verify_11_an_existing_entry_still_constrains_sequences() {
    let mut p = Partition::new();
    p.ask(11, &batch("t", "7.0", "0..0", NOW)).expect("fresh");
    p.rules.partition_verification = false;
    assert_eq!(text(&p.append(batch("t", "7.0", "1..1", NOW), None)), "45");
    assert_eq!(text(&p.append(batch("t", "7.0", "0..0", NOW), None)), "NONE@0");
    assert_eq!(text(&p.append(batch("t", "7.0", "1..1", NOW), None)), "NONE@1");
}

#[test]
fn verify_12_an_answer_that_a_marker_overtook_is_worthless() {
    let mut p = Partition::new();
    let held = batch("t", "7.0", "0..0", NOW);
    assert_eq!(p.append(held.clone(), None), Err(AppendError::Unverified));
    let guard = p.ask(11, &held).expect("fresh");
    p.play("W(7.0,A,ce0) -> NONE@0");
    assert_eq!(p.append(held.clone(), guard), Err(AppendError::Unverified));
    let fresh = p.ask(11, &held).expect("same epoch");
    assert_ne!(fresh, guard);
    assert_eq!(p.append(held.clone(), guard), Err(AppendError::Unverified));
    assert_eq!(text(&p.append(held, fresh)), "NONE@1");
}

#[test]
fn verify_13_a_stale_epoch_wins_over_the_guard() {
    let mut p = Partition::new();
    let held = batch("t", "7.3", "0..0", NOW);
    let guard = p.ask(12, &held).expect("fresh");
    p.play("W(7.4,A,ce0,tv2) -> NONE@0");
    assert_eq!(text(&p.clone().append(held.clone(), guard)), "47");
    p.rules.stale_epoch_before_guard = false;
    assert_eq!(text(&p.append(held, guard)), "48");
}

#[test]
fn verify_14_a_marker_leaves_the_entry_of_the_next_transaction() {
    let mut p = Partition::new();
    p.play("P12(t,7.3,0..0) -> NONE@0");
    let next = batch("t", "7.4", "0..0", NOW);
    let guard = p.ask(12, &next).expect("newer");
    p.play("W(7.4,C,ce0,tv2) -> NONE@1");
    assert_eq!(text(&p.append(next, guard)), "NONE@2");
}

#[test]
fn verify_14_plain_data_leaves_the_entry_and_transactional_data_takes_it() {
    let mut p = Partition::new();
    let (one, two) = (batch("t", "7.0", "1..1", NOW), batch("t", "7.0", "2..2", NOW));
    let guard = p.ask(11, &one).expect("fresh");
    p.play("P9(-,7.0,0..0) -> NONE@0");
    assert_eq!(text(&p.append(one, guard)), "NONE@1");
    p.play("W(7.0,C,ce0) -> NONE@2");
    assert_eq!(p.append(two, guard), Err(AppendError::Unverified));
}

#[test]
fn verify_15_a_tv2_producer_starts_at_sequence_0() {
    let mut p = Partition::new();
    p.play("P12(t,7.0,5..5) -> 45");
    p.play("P12(t,7.0,0..0) -> NONE@0");
    let mut p = Partition::new();
    p.rules.tv2_first_sequence_zero = false;
    p.play("P12(t,7.0,5..5) -> NONE@0");
}

#[test]
fn verify_16_a_later_batch_waits_for_the_one_whose_question_failed() {
    let mut p = Partition::new();
    let (first, later) = (batch("t", "7.0", "0..4", NOW), batch("t", "7.0", "5..5", NOW));
    p.ask(11, &first).expect("its question fails");
    let guard = p.ask(11, &later).expect("its question is answered");
    assert_eq!(text(&p.append(later.clone(), guard)), "45");
    p.play("P9(-,7.0,5..5) -> 45");
    p.play("P11(t,7.0,0..4) -> NONE@0");
    assert_eq!(text(&p.append(later, None)), "NONE@5");
}

#[test]
fn verify_17_a_retry_inside_the_open_transaction_needs_no_question() {
    let mut p = Partition::new();
    p.play(
        "P12(t,7.0,0..0) -> NONE@0
         P12(t,7.0,0..0) -> NONE@0
         W(7.1,C,ce0,tv2) -> NONE@1
         P12(t,7.0,0..0) -> 47",
    );
    let mut p = Partition::new();
    p.play(
        "P11(t,7.0,0..0) -> NONE@0
         W(7.0,C,ce0) -> NONE@1
         P11(t,7.0,0..0) -> NONE@0 LEO 2",
    );
}

#[test]
fn recov_03_verification_entries_expire_from_their_creation() {
    let mut p = Partition::new();
    let held = batch("t", "7.0", "0..0", NOW);
    let guard = p.ask(11, &held).expect("fresh");
    p.now = NOW.plus_millis(DAY_MS - 1);
    p.ask(11, &held).expect("reuse does not renew");
    p.expire(p.now);
    assert_eq!(text(&p.clone().append(held.clone(), guard)), "NONE@0");
    p.now = NOW.plus_millis(DAY_MS);
    p.expire(p.now);
    assert_eq!(p.append(held, guard), Err(AppendError::Unverified));
}
