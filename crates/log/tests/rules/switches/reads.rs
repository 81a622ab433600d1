//! Marks and reads.

use fencepost_ids::Rule;

use super::{both, with_followers_without, without};
use crate::partition::Partition;
use crate::read::delivered;

#[test]
fn lso_03_off_undecided_records_are_delivered() {
    both(
        Rule::LastStableOffset,
        "P12(t,7.0,0..0) -> NONE@0 LSO 0
         F(rc,0) -> empty []",
        "P12(t,7.0,0..0) -> NONE@0 LSO 1
         F(rc,0) -> 0..0 []",
    );
}

/// The marker at 2 is on no follower: one of them, elected, has the transaction open again.
#[test]
fn lso_04_off_a_decision_is_told_that_a_failover_takes_back() {
    let history = "P12(t,7.0,0..1) -> NONE@0
         HW(2) -> NONE LSO 0
         W(7.1,C,ce0,tv2) -> NONE@2";
    let mut on = Partition::with_followers();
    on.play(history);
    on.play("F(rc,0) -> empty []");
    let mut off = with_followers_without(Rule::UnreplicatedMarker);
    off.play(history);
    assert_eq!(delivered(&off, 0), [0]);
    off.truncate(2);
    off.play("F(rc,0) -> empty []");
}

#[test]
fn lso_06_off_a_reader_reads_what_is_on_no_follower() {
    let history = "P9(-,*,0..4) -> NONE@0
         HW(2) -> NONE HW 2";
    let mut on = Partition::with_followers();
    on.play(history);
    on.play("HW(2) -> NONE HW 2 LSO 2");
    let mut off = with_followers_without(Rule::HighWatermarkBound);
    off.play(history);
    off.play(
        "HW(2) -> NONE HW 2 LSO 5
         F(rc,0) -> 0..4 []",
    );
}

#[test]
fn lso_07_off_aborted_records_are_delivered() {
    let history = "P12(t,7.0,0..0) -> NONE@0
         W(7.1,A,ce0,tv2) -> NONE@1 LSO 2";
    let (mut on, mut off) = (Partition::new(), without(Rule::AbortIndex));
    on.play(history);
    off.play(history);
    assert_eq!((delivered(&on, 0), delivered(&off, 0)), (vec![], vec![0]));
}

#[test]
fn lso_12_off_the_rest_of_an_aborted_transaction_is_delivered() {
    let history = "P12(t,7.0,0..0) -> NONE@0
         P12(t,7.0,1..1) -> NONE@1
         W(7.1,A,ce0,tv2) -> NONE@2";
    let (mut on, mut off) = (Partition::new(), without(Rule::AbortedTransactionList));
    on.play(history);
    off.play(history);
    assert_eq!((delivered(&on, 0), delivered(&off, 0)), (vec![], vec![]));
    assert_eq!((delivered(&on, 1), delivered(&off, 1)), (vec![], vec![1]));
}

/// FETCH-16: the marks stay right.
#[test]
fn fetch_16_off_undecided_records_are_delivered() {
    both(
        Rule::LastStableOffsetBound,
        "P12(t,7.0,0..0) -> NONE@0 LSO 0
         F(rc,0) -> empty []",
        "P12(t,7.0,0..0) -> NONE@0 LSO 0
         F(rc,0) -> 0..0 []",
    );
}
