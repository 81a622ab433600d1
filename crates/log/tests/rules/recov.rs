//! Expiry, restart and truncation.

use fencepost_ids::{Offset, ProducerId, Rule};
use fencepost_log::ReplicaState;

use crate::partition::{DAY_MS, NOW, Partition, batch, text};

#[test]
fn recov_01_idle_producers_expire_open_transactions_do_not() {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P12(t,8.0,0..0) -> NONE@1",
    );
    assert!(p.expire(NOW.plus_millis(DAY_MS - 1)).is_empty());
    p.now = NOW.plus_millis(DAY_MS + 600_000);
    assert_eq!(p.expire(p.now), [ProducerId(7)]);
    assert_eq!(p.producers(), "8.0 seq 0 ce -1 txn 1");
    p.play("P9(-,7.0,0..0) -> NONE@2");
}

#[test]
fn recov_02_the_producers_own_timestamps_decide() {
    let mut p = Partition::new();
    p.now = NOW.plus_millis(-25 * 3_600_000);
    p.play("P9(-,7.0,0..0) -> NONE@0");
    p.now = NOW;
    assert_eq!(p.expire(NOW), [ProducerId(7)]);
    p.play("P9(-,7.0,0..0) -> NONE@1");
}

/// RECOV-02: no timestamp at all is an old one, a future one lives longer, and a marker has the
/// leader's clock.
#[test]
fn recov_02_stamps_of_none_of_the_future_and_of_markers() {
    let mut p = Partition::new();
    for (producer, time) in
        [("7.0", fencepost_ids::Timestamp::NONE), ("8.0", NOW.plus_millis(3_600_000))]
    {
        p.append(batch("-", producer, "0..0", time), None).expect("in range");
    }
    p.append(batch("-", "9.0", "0..0", fencepost_ids::Timestamp::NONE), None).expect("in range");
    p.play("W(9.0,C,ce0) -> NONE");
    assert_eq!(p.expire(NOW), [ProducerId(7)]);
    assert_eq!(p.expire(NOW.plus_millis(DAY_MS)), [ProducerId(9)]);
    assert_eq!(p.expire(NOW.plus_millis(DAY_MS + 3_600_000)), [ProducerId(8)]);
}

/// RECOV-03: the fence of coordinators goes as well.
#[test]
fn recov_03_expiry_costs_the_coordinator_epoch_fence() {
    let mut p = Partition::new();
    p.play(
        "W(7.0,C,ce5) -> NONE@0
         W(7.0,C,ce4) -> 52",
    );
    p.expire(NOW.plus_millis(DAY_MS));
    p.play("W(7.0,C,ce4) -> NONE@1");
}

/// RECOV-01: the same test filters what a snapshot brings back.
#[test]
fn recov_01_what_has_expired_is_not_loaded_from_a_snapshot() {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P12(t,8.0,0..0) -> NONE@1",
    );
    let snapshot = p.state.snapshot();
    p.now = NOW.plus_millis(DAY_MS);
    p.restart(&[snapshot]);
    assert_eq!(p.producers(), "8.0 seq 0 ce -1 txn 1");
}

#[test]
fn recov_03_expiry_costs_the_epoch_fence() {
    let mut p = Partition::new();
    p.play("P9(-,7.5,0..0) -> NONE@0");
    p.expire(NOW.plus_millis(DAY_MS));
    p.play("P9(-,7.4,0..0) -> NONE@1");
}

fn five_batches() -> Partition {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,2..2) -> NONE@2
         P9(-,7.0,3..3) -> NONE@3
         P9(-,7.0,4..4) -> NONE@4",
    );
    p
}

#[test]
fn recov_04_a_clean_restart_remembers_one_batch() {
    let mut p = five_batches();
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    p.play(
        "P9(-,7.0,4..4) -> NONE@4
         P9(-,7.0,3..3) -> 45
         P9(-,7.0,5..5) -> NONE@5",
    );
}

#[test]
fn recov_04_an_entry_without_batches_is_restored_without_batches() {
    let mut p = Partition::new();
    p.play("W(7.2,C,ce5) -> NONE@0");
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    assert_eq!(p.producers(), "7.2 seq -1 ce 5 txn -1");
    p.play("P9(-,7.2,17..17) -> 45");
}

#[test]
fn recov_05_unusable_snapshots_are_passed_over() {
    let mut p = five_batches();
    let later = p.state.snapshot();
    p.log.truncate_to(Offset(4));
    p.restart(std::slice::from_ref(&later));
    assert_eq!(p.producers(), "7.0 seq 3 ce -1 txn -1");
    let mut p = five_batches();
    p.delete(None).expect("up to HW");
    p.restart(&[later]);
    assert_eq!(p.producers(), "");
}

#[test]
fn recov_05_the_latest_usable_snapshot_is_taken_and_the_rest_replayed() {
    let mut p = Partition::new();
    p.play("P9(-,7.0,0..0) -> NONE@0");
    let first = p.state.snapshot();
    p.play("P9(-,7.0,1..1) -> NONE@1");
    let second = p.state.snapshot();
    p.play("P9(-,7.0,2..2) -> NONE@2");
    p.restart(&[second, first]);
    assert_eq!(p.state.producer(ProducerId(7)).expect("written").window().len(), 2);
}

#[test]
fn recov_06_after_a_crash_the_window_is_replayed() {
    let mut p = five_batches();
    p.restart(&[]);
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,4..4) -> NONE@4 LEO 5",
    );
}

#[test]
fn recov_07_replay_does_not_judge() {
    let mut leader = Partition::new();
    leader.rules.in_force.without(Rule::SequenceOrder);
    leader.rules.in_force.without(Rule::MarkerEpochFence);
    leader.rules.in_force.without(Rule::CoordinatorEpochFence);
    leader.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,3..3) -> NONE@1
         W(8.5,C,ce5) -> NONE@2
         W(8.4,C,ce4) -> NONE@3",
    );
    let mut follower = ReplicaState::default();
    follower.catch_up(&leader.log, Offset(4), &leader.rules);
    assert_eq!(follower.end_offset(), Offset(4));
    let rows: Vec<_> = follower.describe_producers().collect();
    assert_eq!(rows, leader.state.describe_producers().collect::<Vec<_>>());
    assert_eq!((rows[0].last_sequence.0, rows[1].producer_epoch.0), (3, 4));
}

#[test]
fn recov_08_an_open_transaction_is_open_again() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..0) -> NONE@0
         P12(t,7.0,0..0) -> NONE@1
         P12(t,8.0,0..0) -> NONE@2
         W(8.1,A,ce0,tv2) -> NONE@3 LSO 1",
    );
    let before = p.state.clone();
    p.restart(&[]);
    assert_eq!(p.state, before);
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    p.play(
        "HW(4) -> NONE LSO 1
         W(7.1,C,ce0,tv2) -> NONE@4 LSO 5
         F(rc,0) -> 0..4 [8@2]",
    );
}

#[test]
fn recov_09_a_snapshot_forgets_which_markers_were_not_replicated() {
    let mut p = Partition::with_followers();
    p.play(
        "P12(t,7.0,0..9) -> NONE@0
         W(7.1,A,ce0,tv2) -> NONE@10
         HW(7) -> NONE LSO 0",
    );
    let mut crashed = p.clone();
    crashed.restart(&[]);
    crashed.play("HW(7) -> NONE LSO 0");
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    p.play("HW(7) -> NONE LSO 7");
    assert_eq!(p.log.aborted_between(Offset(0), Offset(11)).len(), 1);
}

#[test]
fn recov_10_the_high_watermark_is_limited_to_the_log() {
    let mut p = Partition::new();
    p.play("P9(-,*,0..4) -> NONE@0");
    let load = |hw| ReplicaState::load(&p.log, Offset(5), Offset(hw), &[], NOW, DAY_MS, &p.rules);
    assert_eq!(load(9).high_watermark(), Offset(5));
    assert_eq!(load(2).high_watermark(), Offset(2));
}

#[test]
fn recov_11_truncating_a_marker_reopens_its_transaction() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..98) -> NONE@0
         P12(t,7.0,0..5) -> NONE@99
         W(7.1,A,ce0,tv2) -> NONE@105",
    );
    let mut decided = p.clone();
    decided.truncate(106);
    decided.play("HW(106) -> NONE LEO 106 LSO 106");
    p.truncate(105);
    p.play("HW(105) -> NONE LEO 105 HW 105 LSO 99");
    assert!(p.log.aborted_transactions().is_empty());
    assert_eq!(p.producers(), "7.0 seq 5 ce -1 txn 99");
}

#[test]
fn recov_11_truncating_data_forgets_its_sequences() {
    let mut p = five_batches();
    p.truncate(2);
    p.play("P9(-,7.0,4..4) -> 45 LEO 2");
    p.truncate(0);
    assert_eq!(p.producers(), "");
    assert_eq!(p.log.size_bytes(), 0);
}

#[test]
fn recov_12_what_was_not_replicated_is_new_again() {
    let mut p = Partition::new();
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,2..2) -> NONE@2",
    );
    p.truncate(1);
    p.play(
        "P9(-,7.0,0..0) -> NONE@0
         P9(-,7.0,2..2) -> 45
         P9(-,7.0,1..1) -> NONE@1
         P9(-,7.0,2..2) -> NONE@2",
    );
}

#[test]
fn recov_13_a_lost_marker_leaves_the_transaction_open_until_the_next() {
    let mut p = Partition::new();
    p.play(
        "P12(t,7.0,0..0) -> NONE@0
         W(7.1,C,ce0,tv2) -> NONE@1",
    );
    p.truncate(1);
    p.play("HW(1) -> NONE LSO 0");
    let next = batch("t", "7.1", "0..0", NOW);
    let guard = p.ask(12, &next).expect("the epoch is newer");
    assert!(guard.is_some(), "another epoch asks again");
    assert_eq!(text(&p.append(next, guard)), "NONE@1");
    p.play("W(7.2,C,ce0,tv2) -> NONE@2 LSO 3");
}

#[test]
fn recov_15_producers_are_described_in_order() {
    let mut p = Partition::new();
    p.play(
        "P12(t,9.0,0..2) -> NONE@0
         P9(-,7.3,0..0) -> NONE@3
         W(9.1,C,ce4,tv2) -> NONE@4",
    );
    assert_eq!(p.producers(), "7.3 seq 0 ce -1 txn -1; 9.1 seq -1 ce 4 txn -1");
    let times: Vec<_> = p.state.describe_producers().map(|row| row.last_timestamp).collect();
    assert_eq!(times, [NOW, NOW]);
}

#[test]
fn recov_16_an_admins_abort_ends_a_hanging_transaction() {
    let mut p = Partition::new();
    p.rules.partition_verification = false;
    p.append(batch("t", "7.3", "0..0", NOW), None).expect("unverified on purpose");
    p.play(
        "HW(1) -> NONE LSO 0
         W(7.3,A,ce0) -> NONE@1 LSO 2",
    );
}

#[test]
fn recov_17_deleted_batches_are_still_duplicates() {
    let mut p = five_batches();
    p.delete(None).expect("up to HW");
    p.play(
        "P9(-,7.0,0..0) -> NONE@0 LEO 5
         P9(-,7.0,5..5) -> NONE@5",
    );
    assert_eq!(p.log.start_offset(), Offset(5));
}
