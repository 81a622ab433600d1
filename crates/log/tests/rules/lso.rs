//! The high watermark, the last stable offset and the index of aborted transactions.

use fencepost_ids::Offset;
use fencepost_log::Isolation;

use crate::partition::Partition;

#[test]
fn lso_01_the_high_watermark_never_falls_and_never_passes_the_end() {
    let mut p = Partition::with_followers();
    p.play(
        "P9(-,*,0..4) -> NONE@0 LEO 5 HW 0
         F(ru,0) -> empty
         HW(3) -> NONE HW 3
         HW(1) -> NONE HW 3
         HW(9) -> NONE HW 5",
    );
}

#[test]
fn lso_03_the_lso_is_the_oldest_undecided_first_offset() {
    Partition::new().play(
        "P9(-,*,0..2) -> NONE@0
         P12(t,7.0,0..5) -> NONE@3
         P12(t,8.0,0..10) -> NONE@9 HW 20 LSO 3",
    );
}

#[test]
fn lso_04_a_decided_transaction_holds_until_its_marker_is_replicated() {
    Partition::with_followers().play(
        "P12(t,7.0,0..9) -> NONE@0
         HW(10) -> NONE LSO 0
         W(7.1,C,ce0,tv2) -> NONE@10 HW 10 LSO 0
         HW(11) -> NONE HW 11 LSO 11",
    );
}

#[test]
fn lso_04_decided_transactions_let_go_independently() {
    Partition::with_followers().play(
        "P12(t,7.0,0..0) -> NONE@0
         P12(t,8.0,0..0) -> NONE@1
         W(8.1,C,ce0,tv2) -> NONE@2
         W(7.1,C,ce0,tv2) -> NONE@3
         HW(3) -> NONE LSO 0
         HW(4) -> NONE LSO 4",
    );
}

#[test]
fn lso_05_later_decided_data_waits_for_the_oldest() {
    Partition::new().play(
        "P12(t,1.0,0..0) -> NONE@0
         P9(-,*,0..0) -> NONE@1
         P12(t,2.0,0..0) -> NONE@2
         W(2.1,C,ce0,tv2) -> NONE@3 LSO 0
         F(rc,0) -> empty []
         W(1.1,C,ce0,tv2) -> NONE@4 LSO 5
         F(rc,0) -> 0..4 []",
    );
}

#[test]
fn lso_08_three_readers_have_three_ends() {
    let mut p = Partition::with_followers();
    p.play(
        "P9(-,*,0..0) -> NONE@0
         P12(t,7.0,0..0) -> NONE@1
         P9(-,*,0..0) -> NONE@2
         HW(2) -> NONE
         F(rc,0) -> 0..0 []
         F(ru,0) -> 0..1
         F(end,0) -> 0..2",
    );
}

#[test]
fn lso_09_between_the_bound_and_the_end_a_read_is_empty() {
    Partition::new().play(
        "P12(t,7.0,0..4) -> NONE@0
         F(rc,0) -> empty []
         F(rc,3) -> empty []
         F(rc,5) -> empty []
         F(rc,6) -> 1
         F(ru,3) -> 0..4",
    );
}

/// LSO-06, LSO-10.
#[test]
fn lso_10_and_lso_06_marks_list_and_records_belong_together() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..0) -> NONE@0
         P12(t,7.0,0..0) -> NONE@1",
    );
    let read = |isolation| {
        p.state.fetch(&p.log, &p.rules, isolation, Offset(0), u64::MAX, true).expect("in range")
    };
    let committed = read(Isolation::ReadCommitted);
    assert_eq!(committed.aborted, Some(Vec::new()));
    assert_eq!((committed.high_watermark, committed.last_stable_offset), (Offset(2), Offset(1)));
    let uncommitted = read(Isolation::ReadUncommitted);
    assert_eq!(uncommitted.aborted, None);
    assert_eq!(uncommitted.last_stable_offset, Offset(1));
    assert_eq!(read(Isolation::LogEnd).aborted, None);
}

/// LSO-07, LSO-11, LSO-12, LSO-13.
#[test]
fn lso_07_and_lso_11_to_lso_13_the_worked_example() {
    let mut p = Partition::with_followers();
    p.play(
        "P12(t,1.0,0..4) -> NONE@0
         P9(-,*,0..2) -> NONE@5
         P12(t,2.0,0..1) -> NONE@8
         P12(t,1.0,5..8) -> NONE@10
         P12(t,3.0,0..2) -> NONE@14
         P9(-,*,0..1) -> NONE@17
         P12(t,1.0,9..18) -> NONE@19
         W(1.0,A,ce0) -> NONE@29
         P12(t,2.0,2..7) -> NONE@30
         P12(t,4.0,0..2) -> NONE@36
         P9(-,*,0..9) -> NONE@39
         P12(t,3.0,3..11) -> NONE@49
         W(3.0,C,ce0) -> NONE@58
         P12(t,4.0,3..10) -> NONE@59
         P12(t,2.0,8..14) -> NONE@67
         W(2.0,A,ce0) -> NONE@74
         P9(-,*,0..9) -> NONE@75
         P12(t,4.0,11..14) -> NONE@85
         W(4.0,C,ce0) -> NONE@89",
    );
    let index: Vec<_> = p
        .log
        .aborted_transactions()
        .iter()
        .map(|a| (a.producer_id.0, a.first_offset.0, a.marker_offset.0, a.last_stable_offset.0))
        .collect();
    assert_eq!(index, [(1, 0, 29, 8), (2, 8, 74, 36)]);
    let mut unstable = |hw: i64| {
        p.state.raise_high_watermark(Offset(hw));
        p.state.first_unstable_offset(&p.log, &p.rules)
    };
    assert_eq!(unstable(30), Some(Offset(8)));
    assert_eq!(unstable(75), Some(Offset(36)));
    assert_eq!(unstable(90), None);
    let list = |from, upper_bound| -> Vec<_> {
        let aborted = p.log.aborted_between(Offset(from), Offset(upper_bound));
        aborted.iter().map(|a| (a.producer_id.0, a.first_offset.0)).collect()
    };
    assert_eq!(list(0, 8), [(1, 0)]);
    assert_eq!(list(0, 20), [(1, 0), (2, 8)]);
    assert_eq!(list(30, 36), [(2, 8)]);
    assert_eq!(list(75, 90), []);
}

#[test]
fn lso_14_the_same_producer_aborts_then_commits_in_one_answer() {
    let mut p = Partition::new();
    p.play(
        "P12(t,7.0,0..0) -> NONE@0
         W(7.1,A,ce0,tv2) -> NONE@1
         P12(t,7.1,0..0) -> NONE@2
         W(7.2,C,ce0,tv2) -> NONE@3
         F(rc,0) -> 0..3 [7@0]",
    );
    assert_eq!(crate::read::delivered(&p, 0), [2]);
}

#[test]
fn lso_16_read_uncommitted_sees_open_and_aborted_data() {
    Partition::new().play(
        "P12(t,7.0,0..0) -> NONE@0
         F(ru,0) -> 0..0
         W(7.1,A,ce0,tv2) -> NONE@1
         F(ru,0) -> 0..1",
    );
}

#[test]
fn lso_17_a_follower_bounds_readers_by_its_own_marks() {
    let mut p = Partition::new();
    p.play("P12(t,7.0,0..0) -> NONE@0");
    let mut follower = fencepost_log::ReplicaState::default();
    follower.catch_up(&p.log, p.log.end_offset(), &p.rules);
    follower.raise_high_watermark(Offset(1));
    p.play("W(7.1,A,ce0,tv2) -> NONE@1 LSO 2");
    let committed = |state: &fencepost_log::ReplicaState, from| {
        state.fetch(&p.log, &p.rules, Isolation::ReadCommitted, Offset(from), u64::MAX, true)
    };
    assert!(committed(&follower, 2).is_err(), "above the follower's own end");
    follower.catch_up(&p.log, Offset(2), &p.rules);
    assert!(committed(&follower, 0).expect("in range").records.batches.is_empty());
    follower.raise_high_watermark(Offset(2));
    let fetched = committed(&follower, 0).expect("in range");
    assert_eq!(fetched.records.batches.len(), 2);
    assert_eq!(fetched.aborted.map(|list| list.len()), Some(1));
}

#[test]
fn lso_20_deleting_records_moves_the_lso_to_the_batch_where_the_log_begins() {
    let mut p = Partition::new();
    p.play("P12(t,7.0,0..12) -> NONE@0 HW 13 LSO 0");
    assert_eq!(p.delete(Some(5)), Ok(Offset(5)));
    p.play(
        "HW(13) -> NONE LSO 0
         F(ru,4) -> 1
         F(ru,5) -> 0..12
         F(rc,5) -> empty []",
    );
    assert_eq!(p.producers(), "7.0 seq 12 ce -1 txn 0");
    assert!(p.delete(Some(14)).is_err());
    assert!(p.delete(Some(-2)).is_err());
    assert_eq!(p.delete(Some(2)), Ok(Offset(5)));
    assert_eq!(p.delete(None), Ok(Offset(13)));
    p.play("W(7.1,A,ce0,tv2) -> NONE@13 LSO 14");
}
