//! Deletion of old segments (section 11).

use fencepost_ids::{LeaderEpoch, Offset, Timestamp};
use fencepost_log::{BatchBuilder, FramedBatch, Log, LogConfig, NewRecord, ReplicaState};

use crate::partition::{NOW, Partition};

/// A partition whose segments hold what is written within one millisecond.
fn deleted() -> Partition {
    let config = LogConfig {
        segment_ms: 0,
        retention_ms: None,
        retention_bytes: None,
        ..LogConfig::default()
    };
    Partition { config, ..Partition::new() }
}

impl Partition {
    pub(crate) fn delete_old(&mut self) -> Offset {
        let Self { now, config, rules, .. } = self.clone();
        self.state.delete_old_segments(&mut self.log, now, &config, &rules);
        self.log.start_offset()
    }

    /// A batch a millisecond after the last one.
    fn later(&mut self, step: &str) {
        self.now = self.now.plus_millis(1);
        self.play(step);
    }
}

fn stamped(timestamp: Timestamp) -> FramedBatch {
    let mut builder = BatchBuilder::new();
    builder.push(timestamp, NewRecord { key: Some(b"k"), value: Some(b"v"), headers: &[] });
    builder.build()
}

/// How many segments there are, seen by deleting them one after the other for their size.
fn segments(p: &Partition) -> usize {
    let mut p = p.clone();
    let mut starts = vec![p.log.start_offset()];
    p.config.retention_ms = None;
    for limit in (0..=p.log.size_bytes()).rev() {
        p.config.retention_bytes = Some(limit);
        starts.push(p.delete_old());
    }
    starts.dedup();
    starts.len() - 1
}

/// RETAIN-01: a segment ends before the batch that would make it larger than `segment.bytes`.
#[test]
fn retain_01_segments_are_bounded_by_size() {
    let mut p = Partition::new();
    let size = stamped(NOW).bytes().len() as u64;
    p.config.segment_bytes = 3 * size;
    for count in [1, 1, 1, 2, 2, 2, 3] {
        p.append(stamped(NOW), None).expect("it is small enough");
        assert_eq!(segments(&p), count);
    }
}

/// RETAIN-01: and before one whose timestamp is more than `segment.ms` after the first one's,
/// whatever the clock says; where the first one has no timestamp, by the clock.
#[test]
fn retain_01_segments_are_bounded_by_time() {
    let mut p = Partition::new();
    p.config.segment_ms = 1_000;
    p.append(stamped(NOW), None).expect("in order");
    p.append(stamped(NOW.plus_millis(1_000)), None).expect("in order");
    p.append(stamped(Timestamp(5)), None).expect("an old one");
    p.now = NOW.plus_millis(60_000);
    p.append(stamped(NOW), None).expect("in order");
    assert_eq!(segments(&p), 1);
    p.append(stamped(NOW.plus_millis(1_001)), None).expect("in order");
    assert_eq!(segments(&p), 2);

    let mut p = Partition::new();
    p.config.segment_ms = 1_000;
    p.append(stamped(Timestamp::NONE), None).expect("without a timestamp");
    p.now = NOW.plus_millis(1_000);
    p.append(stamped(Timestamp::NONE), None).expect("without a timestamp");
    assert_eq!(segments(&p), 1);
    p.now = NOW.plus_millis(1_001);
    p.append(stamped(Timestamp::NONE), None).expect("without a timestamp");
    assert_eq!(segments(&p), 2);
}

/// RETAIN-01, RECOV-05: a new segment begins with a snapshot of the producers, so that a reload
/// knows one whose segments are gone.
#[test]
fn retain_01_a_new_segment_has_a_snapshot_of_the_producers() {
    let mut p = deleted();
    p.play("P9(-,7.1,0..0) -> NONE@0");
    p.later("P9(-,*,0..0) -> NONE@1");
    p.later("P9(-,*,0..0) -> NONE@2");
    p.later("P9(-,*,0..0) -> NONE@3");
    let offsets: Vec<_> = p.log.snapshots().iter().map(|snapshot| snapshot.offset().0).collect();
    assert_eq!(offsets, [1, 2, 3]);
    p.config.retention_ms = Some(2);
    assert_eq!(p.delete_old(), Offset(1));
    let snapshots = p.log.snapshots().to_vec();
    p.restart(&snapshots);
    p.play("P9(-,7.1,0..0) -> NONE@0 LEO 4");
}

/// RETAIN-02: whole segments go, from the oldest to the first that may not; LSTART is then the
/// first offset of the next one. A younger one before an older one keeps it.
#[test]
fn retain_02_segments_go_in_order() {
    let mut p = deleted();
    for _ in 0..3 {
        p.later("P9(-,7.0,0..4)".replace("7.0", "*").as_str());
    }
    p.config.retention_ms = Some(1);
    assert_eq!(p.delete_old(), Offset(5));
    p.play("F(ru,4) -> 1\nF(ru,5) -> 5..9\nF(ru,10) -> 10..14");

    let mut p = deleted();
    p.append(stamped(NOW.plus_millis(5_000)), None).expect("ahead of its time");
    p.append(stamped(NOW.plus_millis(5_001)), None).expect("ahead of its time");
    p.append(stamped(NOW.plus_millis(5_002)), None).expect("ahead of its time");
    p.config.retention_ms = Some(1_000);
    p.now = NOW.plus_millis(6_000);
    assert_eq!(p.delete_old(), Offset::ZERO);
    p.now = NOW.plus_millis(6_001);
    assert_eq!(p.delete_old(), Offset(1));
}

/// RETAIN-02: the active segment goes, too; the log is empty and goes on at its end.
#[test]
fn retain_02_the_active_segment_goes_too() {
    let mut p = deleted();
    p.play("P9(-,7.0,0..4) -> NONE@0");
    p.now = NOW.plus_millis(1_000);
    p.config.retention_ms = Some(999);
    assert_eq!(p.delete_old(), Offset(5));
    assert_eq!(p.log.size_bytes(), 0);
    p.play(
        "F(ru,5) -> empty LEO 5 HW 5 LSO 5
         P9(-,7.0,0..4) -> NONE@0
         P9(-,7.0,5..5) -> NONE@5",
    );
}

/// RETAIN-03: by its largest timestamp, or by the time of its last write if it has none.
#[test]
fn retain_03_age_is_that_of_the_youngest_record() {
    let mut p = deleted();
    p.config.segment_ms = i64::MAX;
    p.append(stamped(Timestamp(1)), None).expect("an old one");
    p.append(stamped(NOW), None).expect("in order");
    p.config.retention_ms = Some(1_000);
    p.now = NOW.plus_millis(1_000);
    assert_eq!(p.delete_old(), Offset::ZERO);
    p.now = NOW.plus_millis(1_001);
    assert_eq!(p.delete_old(), Offset(2));
    p.append(stamped(Timestamp::NONE), None).expect("without a timestamp");
    p.now = NOW.plus_millis(2_001);
    assert_eq!(p.delete_old(), Offset(2));
    p.now = NOW.plus_millis(2_002);
    assert_eq!(p.delete_old(), Offset(3));
    p.append(stamped(Timestamp(1)), None).expect("a very old one");
    assert_eq!(p.delete_old(), Offset(4), "it is gone with the next check");
}

/// RETAIN-04: as long as at least `retention.bytes` is left without the oldest segment.
#[test]
fn retain_04_size_is_kept_at_least() {
    let mut p = deleted();
    for _ in 0..4 {
        p.later("P9(-,*,0..0)");
    }
    let size = p.log.size_bytes() / 4;
    for (limit, start) in [(4 * size, 0), (3 * size + 1, 0), (3 * size, 1), (size, 3), (0, 4)] {
        p.config.retention_bytes = Some(limit);
        assert_eq!(p.delete_old(), Offset(start), "{limit}");
    }
}

/// RETAIN-05: nothing above the high watermark.
#[test]
fn retain_05_unreplicated_records_stay() {
    let mut p = Partition { followers: true, ..deleted() };
    p.play("P9(-,*,0..0) -> NONE@0");
    p.later("P9(-,*,0..4) -> NONE@1");
    p.later("P9(-,*,0..0) -> NONE@6");
    p.config.retention_bytes = Some(0);
    assert_eq!(p.delete_old(), Offset::ZERO);
    p.play("HW(5) -> NONE");
    assert_eq!(p.delete_old(), Offset(1));
    p.play("HW(6) -> NONE");
    assert_eq!(p.delete_old(), Offset(6));
    p.play("HW(7) -> NONE");
    assert_eq!(p.delete_old(), Offset(7));
}

/// RETAIN-06: without `delete` in the policy neither age nor size counts; segments below LSTART go
/// under any policy.
#[test]
fn retain_06_the_policy_counts() {
    let mut p = deleted();
    p.play("P9(-,*,0..0) -> NONE@0");
    p.later("P9(-,*,0..0) -> NONE@1");
    (p.config.retention_bytes, p.config.retention_ms) = (Some(0), Some(0));
    (p.config.deletes, p.now) = (false, NOW.plus_millis(10_000));
    assert_eq!(p.delete_old(), Offset::ZERO);
    p.delete(Some(1)).expect("below HW");
    p.delete_old();
    assert_eq!(segments(&Partition { config: deleted().config, ..p }), 1);
}

/// RETAIN-07: a follower takes over its leader's LSTART as far as it is below its own HW, and has
/// segments of its own.
#[test]
fn retain_07_a_follower_takes_over_the_start() {
    let mut leader = deleted();
    leader.play("P9(-,*,0..0) -> NONE@0");
    leader.later("P9(-,*,0..0) -> NONE@1");
    leader.later("P9(-,*,0..0) -> NONE@2");
    let (mut log, mut replica) = (Log::new(), ReplicaState::default());
    let batches: Vec<_> = leader.log.batches_from(Offset::ZERO).cloned().collect();
    let (now, config, rules) = (leader.now, leader.config, leader.rules);
    replica.follow(&mut log, &batches, LeaderEpoch(0), now, &config, &rules);
    replica.raise_high_watermark(Offset(2));
    replica.follow_start(&mut log, Offset(3));
    assert_eq!(log.start_offset(), Offset(2));
    assert_eq!(log.snapshots().len(), 2, "its log has the leader's three segments");
    replica.raise_high_watermark(Offset(3));
    let config = LogConfig { retention_bytes: Some(0), ..config };
    replica.delete_old_segments(&mut log, now, &config, &rules);
    assert_eq!(log.start_offset(), Offset(3));
}

/// RETAIN-08, RECOV-17, LSO-20: a segment goes with the start of an open transaction in it; the
/// LSO goes with LSTART, the transaction stays open, and its marker ends it.
#[test]
fn retain_08_open_transactions_do_not_hold_segments() {
    let mut p = deleted();
    p.play("P12(t,7.0,0..4) -> NONE@0 LSO 0");
    p.later("P9(-,*,0..0) -> NONE@5 LSO 0");
    p.config.retention_ms = Some(0);
    assert_eq!(p.delete_old(), Offset(5));
    assert_eq!(p.producers(), "7.0 seq 4 ce -1 txn 0");
    p.play(
        "F(rc,5) -> empty [] LEO 6 HW 6 LSO 5
         W(7.1,A,ce0,tv2) -> NONE@6 LSO 7
         F(rc,5) -> 5..6 [7@0]",
    );
}
