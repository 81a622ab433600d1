//! Produce and idempotence.

use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{AppendError, AppendedBatch, BatchBuilder, NewRecord, TransactionBit};

use crate::partition::{NOW, Partition, batch};

#[test]
fn idem_07_record_checks_win_over_a_duplicate() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..0) -> NONE@0");
    p.config.max_message_bytes = 61;
    p.play("P9(-,7.0,0..0) -> 10");
}

#[test]
fn idem_07_a_batch_without_a_producer_is_not_judged() {
    Partition::new().play(
        "P9(-,*,0..4) -> NONE@0
         P9(-,*,0..4) -> NONE@5 LEO 10",
    );
}

#[test]
fn idem_07_the_epoch_is_judged_before_the_sequence_and_the_sequence_before_the_transaction() {
    Partition::new().play(
        "P12(t,7.1,0..0) -> NONE@0
         P9(-,7.0,9..9) -> 47
         P9(-,7.1,9..9) -> 45
         P9(-,7.1,1..1) -> 48",
    );
}

#[test]
fn idem_08_a_duplicate_has_the_same_epoch_and_first_and_last_sequence() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..2) -> NONE@0 LEO 3");
    let mut other_bytes =
        BatchBuilder::new().producer(ProducerId(7), ProducerEpoch(0), Sequence(0));
    for _ in 0..3 {
        other_bytes.push(NOW, NewRecord { value: Some(b"something else"), ..NewRecord::default() });
    }
    let answer = p.produce(9, other_bytes.build()).expect("a duplicate is no error");
    assert!(matches!(answer, AppendedBatch::Duplicate { base_offset: Offset(0), .. }));
    p.play(
        "P9(-,7.0,0..1) -> 45 LEO 3
         P9(-,7.1,0..2) -> NONE@3 LEO 6",
    );
}

#[test]
fn idem_09_five_batches_are_remembered_whatever_their_size() {
    Partition::new().play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,2..9) -> NONE@2
         P9(-,7.0,10..10) -> NONE@10
         P9(-,7.0,11..11) -> NONE@11
         P9(-,7.0,12..12) -> NONE@12
         P9(-,7.0,1..1) -> NONE@1 LEO 13
         P9(-,7.0,0..0) -> 45 LEO 13",
    );
}

#[test]
fn idem_10_a_duplicate_answers_the_original_offsets_and_max_timestamp() {
    let mut p = Partition::with_followers();
    p.now = Timestamp(1000);
    let fresh = p.produce(9, batch("-", "7.0", "0..1", p.now)).expect("appended");
    assert_eq!(fresh.log_append_time(), Timestamp::NONE);
    let before = p.clone();
    let duplicate = p.produce(9, batch("-", "7.0", "0..1", p.now)).expect("a duplicate");
    assert_eq!(duplicate.log_append_time(), Timestamp(1000));
    assert_eq!(duplicate.required_high_watermark(), Offset(2));
    assert_eq!((&p.log, &p.state), (&before.log, &before.state));
}

#[test]
fn idem_10_a_duplicate_does_not_consume_the_guard() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..0) -> NONE@0");
    let next = batch("t", "7.0", "1..1", NOW);
    let guard = p.ask(11, &batch("t", "7.0", "0..0", NOW)).expect("no stale epoch");
    p.play("P9(-,7.0,0..0) -> NONE@0");
    let entry_keeps_sequence_0 = p.append(next, guard);
    assert!(matches!(entry_keeps_sequence_0, Err(AppendError::BeyondVerification { .. })));
}

#[test]
fn idem_11_what_is_no_exact_repetition_is_judged_by_its_sequence() {
    Partition::new().play(
        "P9(-,7.0,0..1) -> NONE@0
         P9(-,7.0,2..3) -> NONE@2
         P9(-,7.0,1..2) -> 45
         P9(-,7.0,0..3) -> 45",
    );
}

#[test]
fn idem_12_a_lower_epoch_is_fenced() {
    Partition::new().play(
        "P9(-,7.1,0..0) -> NONE@0
         P9(-,7.0,0..0) -> 47",
    );
    Partition::new().play("P9(-,7.-1,5..5) -> NONE@0");
    Partition::new().play("P9(-,7.-2,0..0) -> 47");
}

#[test]
fn idem_13_a_higher_epoch_starts_at_sequence_0() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..4) -> NONE@0");
    p.clone().play("P9(-,7.3,0..0) -> NONE@5");
    p.play("P9(-,7.3,5..5) -> 45");
}

#[test]
fn idem_14_the_next_sequence_follows_the_last() {
    Partition::new().play(
        "P9(-,7.0,0..4) -> NONE@0
         P9(-,7.0,6..6) -> 45
         P9(-,7.0,5..5) -> NONE@5",
    );
}

#[test]
fn idem_15_sequences_wrap_to_0_after_the_largest() {
    Partition::new().play(
        "P9(-,7.0,2147483647..2147483647) -> NONE@0
         P9(-,7.0,1..1) -> 45
         P9(-,7.0,0..0) -> NONE@1
         P9(-,7.0,1..1) -> NONE@2",
    );
    Partition::new().play(
        "P9(-,7.0,2147483646..0) -> NONE@0 LEO 3
         P9(-,7.0,2147483646..0) -> NONE@0 LEO 3
         P9(-,7.0,1..1) -> NONE@3",
    );
}

#[test]
fn idem_16_an_unknown_producer_may_start_anywhere() {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,17..17) -> NONE@0
         P9(-,7.0,18..18) -> NONE@1
         P9(-,7.0,17..17) -> NONE@0",
    );
}

#[test]
fn idem_16_from_4_5_an_unwritten_partition_wants_sequence_0() {
    let mut p = Partition::new();
    p.rules.unwritten_first_sequence_zero = true;
    p.play(
        "P9(-,7.0,17..17) -> 45
         P9(-,7.0,0..0) -> NONE@0
         P9(-,8.0,17..17) -> NONE@1",
    );
    p.delete(None).expect("up to HW");
    p.play("P9(-,9.0,17..17) -> NONE@2");
}

#[test]
fn idem_17_after_a_marker_alone_the_same_epoch_starts_at_0() {
    Partition::new().play(
        "W(7.2,C,ce0) -> NONE@0
         P9(-,7.2,17..17) -> 45
         P9(-,7.2,0..0) -> NONE@1",
    );
}

#[test]
fn idem_17_after_a_marker_alone_a_higher_epoch_starts_at_0_too() {
    Partition::new().play(
        "W(7.2,C,ce0) -> NONE@0
         P9(-,7.3,17..17) -> 45
         P9(-,7.3,0..0) -> NONE@1",
    );
}

#[test]
fn idem_18_a_producer_id_needs_a_sequence_but_no_epoch() {
    let mut p = Partition::new();
    let mut unsequenced =
        BatchBuilder::new().producer(ProducerId(7), ProducerEpoch(0), Sequence::NONE);
    unsequenced.push(NOW, NewRecord::default());
    assert_eq!(p.produce(9, unsequenced.build()), Err(AppendError::NegativeSequence));
    p.play("P9(-,7.-1,17..17) -> NONE@0");
}

#[test]
fn idem_19_data_sets_epoch_sequence_and_the_start_of_the_transaction() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..9) -> NONE@0
         P12(t,7.3,0..4) -> NONE@10
         P12(t,7.3,5..5) -> NONE@15",
    );
    assert_eq!(p.producers(), "7.3 seq 5 ce -1 txn 10");
    let window = p.state.producer(ProducerId(7)).expect("written").window();
    assert_eq!(window.len(), 2);
    assert_eq!(window[0].base_offset(), Offset(10));
}

#[test]
fn idem_19_a_new_epoch_clears_the_window() {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.1,0..0) -> NONE@1",
    );
    assert_eq!(p.state.producer(ProducerId(7)).expect("written").window().len(), 1);
}

/// IDEM-19, MARK-09: the last timestamp is that of the last batch or marker; data leave the coordinator
/// epoch.
#[test]
fn idem_19_the_last_timestamp_follows_and_the_coordinator_epoch_stays() {
    let mut p = Partition::new();
    let last = |p: &Partition| p.state.describe_producers().map(|row| row.last_timestamp.0).max();
    p.play("W(7.0,C,ce5) -> NONE@0");
    assert_eq!(last(&p), Some(NOW.0));
    p.append(batch("-", "7.0", "0..0", Timestamp(1000)), None).expect("an old record");
    assert_eq!((p.producers().as_str(), last(&p)), ("7.0 seq 0 ce 5 txn -1", Some(1000)));
    p.config.timestamp_type = fencepost_log::TimestampType::LogAppendTime;
    p.append(batch("-", "7.0", "1..1", Timestamp(2000)), None).expect("an old record");
    assert_eq!(last(&p), Some(NOW.0), "as it is rewritten");
    p.now = NOW.plus_millis(7);
    p.play("W(7.0,C,ce6) -> NONE@3");
    assert_eq!((p.producers().as_str(), last(&p)), ("7.0 seq 1 ce 6 txn -1", Some(NOW.0 + 7)));
}

/// IDEM-20: a higher epoch with sequence 0 is no way around it.
#[test]
fn idem_20_no_plain_batch_of_a_higher_epoch_inside_a_transaction() {
    Partition::new().play(
        "P12(t,7.0,0..0) -> NONE@0
         P9(-,7.1,1..1) -> 45
         P9(-,7.1,0..0) -> 48",
    );
}

#[test]
fn idem_20_no_plain_batch_inside_a_transaction() {
    Partition::new().play(
        "P9(-,7.0,0..0) -> NONE@0
         P12(t,7.0,1..1) -> NONE@1
         P9(-,7.0,2..2) -> 48
         W(7.1,C,ce0,tv2) -> NONE@2
         P9(-,7.1,0..0) -> NONE@3",
    );
}

#[test]
fn idem_21_a_refused_batch_changes_nothing() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..0) -> NONE@0");
    let before = p.clone();
    p.play(
        "P9(-,7.0,5..5) -> 45
         P9(-,7.0,5..5) -> 45",
    );
    assert_eq!((&p.log, &p.state), (&before.log, &before.state));
    assert_eq!(p.producers(), "7.0 seq 0 ce -1 txn -1");
}

#[test]
fn idem_22_a_transactional_bit_without_a_producer_opens_nothing() {
    Partition::new().play("P12(t,*,0..0) -> NONE@0 LEO 1 HW 1 LSO 1");
}

#[test]
fn idem_23_coordinators_records_open_a_transaction_without_sequences() {
    let mut p = Partition::new();
    let records = |epoch: i16| {
        let mut builder = BatchBuilder::new()
            .producer(ProducerId(7), ProducerEpoch(epoch), Sequence::NONE)
            .transaction(TransactionBit::Transactional);
        builder.push(NOW, NewRecord { key: Some(b"k"), ..NewRecord::default() });
        builder.build()
    };
    assert_eq!(p.append_coordinator(records(1), None), Err(AppendError::Unverified));
    let guard = p.ask(5, &records(1)).expect("nothing is stale");
    p.append_coordinator(records(1), guard).expect("verified");
    p.append_coordinator(records(1), None).expect("the transaction is open");
    assert_eq!(p.producers(), "7.1 seq -1 ce -1 txn 0");
    assert!(p.state.producer(ProducerId(7)).expect("written").window().len() == 2);
    let stale = p.append_coordinator(records(0), None).expect_err("the epoch is old");
    assert_eq!(stale.error_code().code(), 47);
    p.play("W(7.1,C,ce0) -> NONE@2 LSO 3");
}

#[test]
fn a_refusal_names_its_rule() {
    let mut p = Partition::new();
    p.play("P9(-,7.1,0..0) -> NONE@0");
    let stale = p.produce(9, batch("-", "7.0", "0..0", NOW)).expect_err("fenced");
    assert_eq!(stale.rule(), "IDEM-12");
    let gap = p.produce(9, batch("-", "7.1", "5..5", NOW)).expect_err("a gap");
    assert_eq!(gap.rule(), "IDEM-14");
    assert!(gap.record_faults().is_empty());
}
