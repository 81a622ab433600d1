//! The producer checks.

use fencepost_ids::{ProducerEpoch, ProducerId, Rule, Sequence};
use fencepost_log::{BatchBuilder, FramedBatch, NewRecord};

use super::{both, without};
use crate::partition::{NOW, Partition, text};

#[test]
fn idem_08_off_a_retry_of_a_written_batch_is_refused() {
    both(
        Rule::DuplicateCheck,
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,0..0) -> NONE@0 LEO 1",
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,0..0) -> 45 LEO 1",
    );
}

/// IDEM-08, IDEM-14: together they keep a retry from being appended again.
#[test]
fn idem_08_and_idem_14_off_a_retry_is_appended_again() {
    let mut p = without(Rule::DuplicateCheck);
    p.rules.in_force.without(Rule::SequenceOrder);
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,0..0) -> NONE@1",
    );
}

#[test]
fn idem_09_off_only_the_last_batch_is_known_again() {
    both(
        Rule::DuplicateWindow,
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1",
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,0..0) -> 45
         P9(-,7.0,1..1) -> NONE@1",
    );
}

#[test]
fn idem_12_off_a_zombie_writes_after_its_successor() {
    both(
        Rule::ProducerEpochFence,
        "P9(-,7.1,0..0) -> NONE@0
         P9(-,7.0,0..0) -> 47
         P9(-,7.1,1..1) -> NONE@1",
        "P9(-,7.1,0..0) -> NONE@0
         P9(-,7.0,0..0) -> NONE@1
         P9(-,7.1,1..1) -> 45",
    );
}

#[test]
fn idem_13_off_a_later_batch_of_a_new_epoch_shuts_out_the_first() {
    both(
        Rule::NewEpochSequence,
        "P9(-,7.0,0..4) -> NONE@0
         P9(-,7.1,1..1) -> 45
         P9(-,7.1,0..0) -> NONE@5",
        "P9(-,7.0,0..4) -> NONE@0
         P9(-,7.1,1..1) -> NONE@5
         P9(-,7.1,0..0) -> 45",
    );
}

#[test]
fn idem_14_off_a_batch_overtakes_and_an_old_one_comes_again() {
    both(
        Rule::SequenceOrder,
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,2..2) -> 45
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,2..2) -> NONE@2",
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,2..2) -> NONE@1
         P9(-,7.0,1..1) -> NONE@2",
    );
}

#[test]
fn idem_15_off_the_largest_sequence_is_the_last() {
    both(
        Rule::SequenceWrap,
        "P9(-,7.0,2147483647..2147483647) -> NONE@0
         P9(-,7.0,0..0) -> NONE@1",
        "P9(-,7.0,2147483647..2147483647) -> NONE@0
         P9(-,7.0,0..0) -> 45",
    );
}

#[test]
fn idem_17_off_a_later_batch_after_a_marker_shuts_out_the_first() {
    both(
        Rule::MarkedEpochSequence,
        "W(7.2,C,ce0) -> NONE@0
         P9(-,7.2,1..1) -> 45
         P9(-,7.2,0..0) -> NONE@1",
        "W(7.2,C,ce0) -> NONE@0
         P9(-,7.2,1..1) -> NONE@1
         P9(-,7.2,0..0) -> 45",
    );
}

#[test]
fn idem_18_off_a_batch_without_a_sequence_is_not_known_again() {
    let unsequenced = || -> FramedBatch {
        let mut builder =
            BatchBuilder::new().producer(ProducerId(7), ProducerEpoch(0), Sequence::NONE);
        builder.push(NOW, NewRecord::default());
        builder.build()
    };
    let mut on = Partition::new();
    assert_eq!(text(&on.produce(9, unsequenced())), "87");
    let mut off = without(Rule::SequencePresence);
    assert_eq!(text(&off.produce(9, unsequenced())), "NONE@0");
    assert_eq!(text(&off.produce(9, unsequenced())), "45", "its retry");
}

#[test]
fn idem_19_off_a_new_batch_passes_for_an_old_one_and_is_lost() {
    both(
        Rule::WindowOfOneEpoch,
        "P12(t,7.0,0..0) -> NONE@0
         W(7.1,A,ce0,tv2) -> NONE@1
         P12(t,7.1,0..0) -> NONE@2",
        "P12(t,7.0,0..0) -> NONE@0
         W(7.1,A,ce0,tv2) -> NONE@1
         P12(t,7.1,0..0) -> NONE@0 LEO 2",
    );
}

#[test]
fn idem_20_off_a_plain_record_of_an_aborted_transaction_stays_visible() {
    both(
        Rule::PlainBatchFence,
        "P12(t,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> 48",
        "P12(t,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         W(7.1,A,ce0,tv2) -> NONE@2",
    );
    let mut off = without(Rule::PlainBatchFence);
    off.play(
        "P12(t,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         W(7.1,A,ce0,tv2) -> NONE@2",
    );
    assert_eq!(crate::read::delivered(&off, 1), [1]);
}
