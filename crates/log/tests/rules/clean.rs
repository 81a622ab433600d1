//! Compaction (section 11).

use fencepost_ids::{Offset, Timestamp};
use fencepost_log::{BatchBuilder, FramedBatch, Isolation, NewRecord, ONE};

use crate::keyed::compacted;
use crate::partition::{DAY_MS, NOW, Partition};

/// CLEAN-02: a round is due when more than `min.cleanable.dirty.ratio` of the closed segments'
/// bytes is dirty.
#[test]
fn clean_02_a_log_is_cleaned_when_dirt_outweighs() {
    let mut p = compacted();
    p.config.min_cleanable_ratio = ONE / 2;
    let due = |p: &Partition| p.state.cleanable(&p.log, p.now, &p.config, &p.rules).is_some();
    p.keyed("put - * 0 a=1\nroll\nput - * 0 b=1");
    assert!(due(&p), "all that is closed is dirty");
    p.keyed("clean\nroll\nput - * 0 c=1");
    assert!(!due(&p), "half of it is dirty, which is not more than half");
    p.keyed("roll\nput - * 0 d=1");
    assert!(due(&p), "two thirds are");
    p.config.compacted = false;
    assert!(!due(&p), "the policy does not name compact");
}

/// CLEAN-02: a dirty batch older than `max.compaction.lag.ms` makes it due at any ratio.
#[test]
fn clean_02_what_has_waited_for_too_long_is_cleaned() {
    let mut p = compacted();
    (p.config.min_cleanable_ratio, p.config.max_compaction_lag_ms) = (ONE, 60_000);
    p.keyed("put - * 0 a=1\nput - * 0 a=2\nroll\nput - * 0 b=1");
    let due = |p: &Partition, now| p.state.cleanable(&p.log, now, &p.config, &p.rules).is_some();
    assert!(!due(&p, NOW.plus_millis(60_000)));
    assert!(due(&p, NOW.plus_millis(60_001)));
    p.now = NOW.plus_millis(60_001);
    p.clean();
    assert_eq!(p.layout(), "1[a=2@1] 2[b=1@2]");
    assert!(!due(&p, NOW.plus_millis(DAY_MS)), "nothing is dirty");
}

/// CLEAN-03: the active segment is not cleaned, nor what follows.
#[test]
fn clean_03_the_active_segment_stays() {
    let mut p = compacted();
    p.keyed("put - * 0 a=1\nput - * 0 a=2\nclean");
    assert_eq!(p.layout(), "0[a=1@0] 1[a=2@1]");
    p.keyed("roll\nput - * 0 a=3\nput - * 0 a=4\nclean");
    assert_eq!(p.layout(), "1[a=2@1] 2[a=3@2] 3[a=4@3]");
}

/// CLEAN-03: nor the segment that holds the LSO, nor those behind it.
#[test]
fn clean_03_nothing_undecided_is_cleaned() {
    let mut p = compacted();
    p.keyed(
        "put - * 0 a=1
         roll
         put - * 0 a=2
         put t 7.0 0 a=3
         roll
         put - * 0 a=4
         roll
         put - * 0 a=5
         clean",
    );
    assert_eq!(p.layout(), "0[a=1@0] 1[a=2@1] 2[a=3@2] 3[a=4@3] 4[a=5@4]");
    p.keyed("W(7.1,A,ce0,tv2)\nroll\nput - * 0 b=1\nclean");
    assert_eq!(p.layout(), "4[a=5@4] 5[marker] 6[b=1@6]");
}

/// CLEAN-03: nor above the high watermark.
#[test]
fn clean_03_nothing_unreplicated_is_cleaned() {
    let mut p = Partition { followers: true, ..compacted() };
    p.keyed("put - * 0 a=1\nroll\nput - * 0 a=2\nroll\nput - * 0 a=3\nHW(1)\nclean");
    assert_eq!(p.layout(), "0[a=1@0] 1[a=2@1] 2[a=3@2]");
    p.keyed("HW(2)\nclean");
    assert_eq!(p.layout(), "1[a=2@1] 2[a=3@2]");
}

/// CLEAN-03: nor a segment with a record younger than `min.compaction.lag.ms`, nor those behind.
#[test]
fn clean_03_young_segments_stay() {
    let mut p = compacted();
    p.config.min_compaction_lag_ms = 1_000;
    p.keyed("put - * 0 a=1\nroll\nput - * 0 a=2");
    p.now = NOW.plus_millis(1_001);
    p.keyed("put - * 0 a=3\nroll\nput - * 0 b=1");
    p.now = NOW.plus_millis(999);
    p.clean();
    assert_eq!(p.layout(), "0[a=1@0] 1[a=2@1] 2[a=3@2] 3[b=1@3]");
    p.now = NOW.plus_millis(1_001);
    p.clean();
    assert_eq!(p.layout(), "1[a=2@1] 2[a=3@2] 3[b=1@3]");
}

/// CLEAN-04: of each key the latest committed record stays, at its offset; a key that the dirty
/// part does not hold keeps its record of the clean part; records without a key go.
#[test]
fn clean_04_the_last_record_of_each_key_stays() {
    let mut p = compacted();
    p.keyed(
        "put - * 0 a=1 b=1 a=2 c=1
         roll
         put - * 0 b=2
         roll
         put - * 0 z=1
         clean",
    );
    assert_eq!(p.committed(), "a=2@2 c=1@3 b=2@4 z=1@5");
    p.keyed("put - * 0 c=2\nroll\nput - * 0 z=2\nclean");
    assert_eq!(p.committed(), "a=2@2 b=2@4 z=1@5 c=2@6 z=2@7");
    p.config.compacted = false;
    p.append(without_key(p.now), None).expect("a plain topic takes it");
    p.config.compacted = true;
    p.keyed("roll\nput - * 0 z=3\nclean");
    assert_eq!(p.committed(), "a=2@2 b=2@4 c=2@6 z=2@7 z=3@9");
}

fn without_key(now: Timestamp) -> FramedBatch {
    let mut builder = BatchBuilder::new();
    builder.push(now, NewRecord { key: None, value: Some(b"v"), headers: &[] });
    builder.build()
}

/// CLEAN-04, CLEAN-05: an aborted record goes, and takes nothing with it.
#[test]
fn clean_05_aborted_records_go_and_supersede_nothing() {
    let mut p = compacted();
    p.keyed(
        "put - * 0 a=1
         put t 7.0 0 a=2 b=1
         W(7.1,A,ce0,tv2)
         put t 7.1 0 b=2
         W(7.2,C,ce0,tv2)
         roll
         put - * 0 z=1
         clean",
    );
    assert_eq!(p.committed(), "a=1@0 b=2@4 z=1@6");
    assert_eq!(p.seen(Isolation::ReadUncommitted), "a=1@0 b=2@4 z=1@6");
}

/// CLEAN-06: a marker stays in the round that removes the last record of its transaction, gets its
/// horizon in the next, and goes in the first after the horizon. Keys do not count: a record whose
/// key is a marker's supersedes none.
#[test]
fn clean_06_a_marker_outlives_the_records_of_its_transaction() {
    for kind in ["C", "A"] {
        let mut p = compacted();
        p.keyed(&format!(
            "put t 7.0 0 a=1
             W(7.0,{kind},ce0)
             put - 7.0 1 b=1
             roll
             put - * 0 a=2
             roll
             put - * 0 z=1
             clean"
        ));
        assert_eq!(p.layout(), "1[marker] 2[b=1@2] 3[a=2@3] 4[z=1@4]", "{kind}");
        p.keyed("roll\nput - * 0 z=2\nclean");
        let at = |p: &Partition| p.log.batches_from(Offset(1)).next().unwrap().header();
        assert_eq!(at(&p).delete_horizon(), Some(p.now.plus_millis(1_000)), "{kind}");
        p.now = p.now.plus_millis(999);
        p.keyed("put - * 0 z=3\nclean");
        assert_eq!(at(&p).base_offset, Offset(1), "{kind}");
        p.keyed("roll\nput - * 0 z=4\nclean");
        assert_eq!(at(&p).base_offset, Offset(2), "{kind}");
    }
}

/// CLEAN-06: a transaction over several segments, of which a later one still holds a record.
#[test]
fn clean_06_a_marker_stays_for_a_record_of_any_segment() {
    let mut p = compacted();
    p.keyed(
        "put t 7.0 0 a=1
         roll
         put t 7.0 1 b=1
         roll
         W(7.0,C,ce0)
         roll
         put - 7.0 2 a=2
         roll
         put - * 0 z=1
         clean",
    );
    for _ in 0..3 {
        p.now = p.now.plus_millis(10_000);
        p.keyed("put - * 0 z=2\nclean");
        assert!(p.layout().starts_with("1[b=1@1] 2[marker] 3[a=2@3]"), "{}", p.layout());
    }
    p.restart(&[]);
    p.play("F(rc,0) -> 1..6 []\nF(rc,7) -> 7..7 []");
}

/// CLEAN-07: a tombstone stays for `delete.retention.ms` after the round that met it, then it goes;
/// the records before it go at once.
#[test]
fn clean_07_a_tombstone_stays_until_its_horizon() {
    let mut p = compacted();
    p.keyed("put - * 0 a=1 b=1\nroll\nput - * 0 a\nroll\nput - * 0 z=1\nclean");
    assert_eq!(p.committed(), "b=1@1 a@2 z=1@3");
    let horizon = p.now.plus_millis(1_000);
    let tombstone = p.log.batches_from(Offset(2)).next().unwrap();
    assert_eq!(tombstone.header().delete_horizon(), Some(horizon));
    let records = tombstone.records().unwrap();
    let kept = records.iter().next().unwrap().unwrap();
    assert_eq!(kept.timestamp, NOW.plus_millis(1), "its own timestamp stays");
    p.now = p.now.plus_millis(999);
    p.keyed("put - * 0 z=2\nclean");
    assert_eq!(p.committed(), "b=1@1 a@2 z=1@3 z=2@4");
    p.keyed("roll\nput - * 0 z=3\nclean");
    assert_eq!(p.committed(), "b=1@1 z=2@4 z=3@5");
}

/// CLEAN-08: the last batch of a producer stays without its records, so that a reload knows its
/// sequence; one that expired is not kept.
#[test]
fn clean_08_the_last_batch_of_a_producer_stays() {
    let mut p = compacted();
    p.keyed(
        "put - 7.3 0 a=1
         put - 7.3 1 a=2
         put - 8.0 0 b=1
         roll
         put - * 0 a=3 b=2
         roll
         put - * 0 z=1
         clean",
    );
    assert_eq!(p.layout(), "1[] 2[] 3..4[a=3@3 b=2@4] 5[z=1@5]");
    p.restart(&[]);
    assert_eq!(p.producers(), "7.3 seq 1 ce -1 txn -1; 8.0 seq 0 ce -1 txn -1");
    p.play(
        "P9(-,7.3,1..1) -> NONE@1
         P9(-,7.2,2..2) -> 47
         P9(-,7.3,2..2) -> NONE@6",
    );
    p.now = NOW.plus_millis(DAY_MS);
    p.expire(p.now);
    p.keyed("put - * 0 z=2\nclean");
    assert!(!p.layout().contains("[]"), "{}", p.layout());
}

/// CLEAN-08: of a producer whose last word was a marker, the marker stays.
#[test]
fn clean_08_the_marker_that_tells_the_epoch_stays() {
    let mut p = compacted();
    p.keyed("put t 7.0 0 a=1\nW(7.1,C,ce4,tv2)\nroll\nput - * 0 a=2\nroll\nput - * 0 z=1");
    for _ in 0..4 {
        p.now = p.now.plus_millis(10_000);
        p.keyed("put - * 0 z=2\nclean");
    }
    assert!(p.layout().starts_with("1[] 2[a=2@2]"), "{}", p.layout());
}

/// CLEAN-09: the last batch of a round stays, if only without records.
#[test]
fn clean_09_the_end_of_a_round_stays() {
    let mut p = compacted();
    p.keyed("put - * 0 a=1\nput - * 0 a=2\nroll\nput - * 0 a=3\nroll\nput - * 0 a=4");
    let mut twice = p.clone();
    twice.keyed("clean");
    assert_eq!(twice.layout(), "2[a=3@2] 3[a=4@3]");
    p.keyed("put - * 0 t=1\nroll\nput t 7.0 0 a=5\nW(7.0,A,ce0)\nput - 7.0 1 z=1\nroll");
    p.keyed("put - * 0 z=2\nclean");
    assert_eq!(p.layout(), "3[a=4@3] 4[t=1@4] 6[marker] 7[z=1@7] 8[z=2@8]");
}

/// CLEAN-10: a batch that loses nothing stays as it is, byte for byte and in the same memory; one
/// that does keeps base and last offset, producer, sequence, codec and the records' own fields.
#[test]
fn clean_10_what_is_left_of_a_batch() {
    let mut p = compacted();
    p.keyed("put - 7.3 5 a=1 b=1 c=1\nput - 7.3 8 d=1\nroll\nput - * 0 a=2 c=2\nroll");
    let before: Vec<_> = p.log.batches_from(Offset::ZERO).cloned().collect();
    p.keyed("put - * 0 z=1\nclean");
    let after: Vec<_> = p.log.batches_from(Offset::ZERO).cloned().collect();
    assert_eq!(p.layout(), "0..2[b=1@1] 3[d=1@3] 4..5[a=2@4 c=2@5] 6[z=1@6]");
    assert_eq!(after[1].tail().as_ptr(), before[1].tail().as_ptr());
    let (old, new) = (before[0].header(), after[0].header());
    assert_eq!(
        (new.base_sequence, new.producer_id, new.producer_epoch, new.last_sequence()),
        (old.base_sequence, old.producer_id, old.producer_epoch, old.last_sequence())
    );
    assert_eq!((new.record_count, new.max_timestamp, new.attributes), (1, NOW, old.attributes));
    let mut bytes = bytes::BytesMut::new();
    after[0].write_to(&mut bytes);
    assert_eq!(crate::batch::crc(&bytes[21..]), new.crc);
    assert_eq!(usize::try_from(new.batch_length).unwrap() + 12, bytes.len());
}

/// CLEAN-11: the index of aborted transactions keeps those of which a batch is left, and all whose
/// marker was not cleaned.
#[test]
fn clean_11_the_index_of_aborted_transactions_follows() {
    let mut p = compacted();
    p.keyed(
        "put t 7.0 0 a=1
         W(7.0,A,ce0)
         put t 8.0 0 b=1
         roll
         W(8.0,A,ce0)
         put t 7.0 1 c=1
         W(7.0,A,ce0)
         clean",
    );
    let index = |p: &Partition| -> Vec<_> {
        let entries = p.log.aborted_transactions().iter();
        entries.map(|entry| (entry.producer_id.0, entry.marker_offset.0)).collect()
    };
    assert_eq!(index(&p), [(7, 1), (8, 3), (7, 5)]);
    p.keyed("roll\nput - * 0 z=1\nclean");
    assert_eq!(
        index(&p),
        [(7, 5), (8, 3)].map(|entry| entry).into_iter().rev().collect::<Vec<_>>()
    );
}

/// CLEAN-12: neighbours become one segment, as far as they fit `segment.bytes`; a later round is
/// judged by what is left.
#[test]
fn clean_12_segments_are_merged() {
    let mut p = compacted();
    p.config.deletes = true;
    p.keyed("put - * 0 a=1\nroll\nput - * 0 a=2\nroll\nput - * 0 b=1\nroll\nput - * 0 z=1\nclean");
    assert_eq!(p.layout(), "1[a=2@1] 2[b=1@2] 3[z=1@3]");
    // As one segment they are as old as the youngest of them.
    p.config.retention_ms = Some(10);
    let (now, config, rules) = (NOW.plus_millis(12), p.config, p.rules);
    assert!(!p.state.has_old_segments(&p.log, now, &config, &rules));
    let now = NOW.plus_millis(13);
    assert!(p.state.has_old_segments(&p.log, now, &config, &rules));
    p.state.delete_old_segments(&mut p.log, now, &config, &rules);
    assert_eq!(p.log.start_offset(), Offset(3));
}

/// CLEAN-13: cleaning moves none of LSTART, LSO, HW and LEO, and no offset; a read from a removed
/// offset goes on at the next that is left; -3 finds the largest timestamp that is left.
#[test]
fn clean_13_offsets_and_marks_stay() {
    let mut p = compacted();
    p.keyed("put - * 0 a=1 b=1\nroll\nput - * 0 a=2 b=2\nroll\nput t 7.0 0 z=1");
    p.play("F(ru,0) -> 0..1 LEO 5 HW 5 LSO 4");
    p.clean();
    assert_eq!(p.log.start_offset(), Offset::ZERO);
    p.play(
        "F(ru,0) -> 2..3 LEO 5 HW 5 LSO 4
         F(ru,1) -> 2..3
         F(ru,4) -> 4..4
         F(rc,0) -> 2..3 []",
    );
    let found = p.log.offset_for_timestamp(Timestamp(0)).expect("a record");
    assert_eq!((found.offset, found.timestamp), (Offset(2), NOW.plus_millis(1)));
    let last = p.log.offset_of_max_timestamp().expect("a record");
    assert_eq!((last.offset, last.timestamp), (Offset(4), NOW.plus_millis(2)));
}
