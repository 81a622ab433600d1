//! Retention and compaction.

use fencepost_ids::Rule;

use super::with_followers_without;
use crate::keyed::{compacted, compacted_without};
use crate::partition::{NOW, Partition};

#[test]
fn retain_05_off_the_log_begins_beyond_what_can_be_read() {
    let mut on = Partition::with_followers();
    let mut off = with_followers_without(Rule::RetentionBound);
    for p in [&mut on, &mut off] {
        p.play("P9(-,7.0,0..0) -> NONE@0 HW 0");
        p.config.retention_ms = Some(1_000);
        p.now = NOW.plus_millis(1_001);
        p.delete_old();
    }
    on.play("F(rc,0) -> empty []");
    off.play("F(rc,0) -> 1");
    assert!(off.log.start_offset() > off.state.high_watermark());
}

#[test]
fn clean_03_off_an_undecided_record_takes_a_committed_ones_place() {
    let history = "put - * 0 a=1\nput t 7.0 0 a=2\nroll\nput - * 0 z=1\nclean\nW(7.1,A,ce0,tv2)";
    let (mut on, mut off) = (compacted(), compacted_without(Rule::CleaningBound));
    on.keyed(history);
    off.keyed(history);
    assert_eq!(on.committed(), "a=1@0 z=1@2");
    assert_eq!(off.committed(), "z=1@2");
}

#[test]
fn clean_04_off_an_aborted_record_takes_a_committed_ones_place() {
    let history = "put - * 0 a=1\nput t 7.0 0 a=2\nW(7.1,A,ce0,tv2)\nroll\nput - * 0 z=1\nclean";
    let (mut on, mut off) = (compacted(), compacted_without(Rule::AbortedRecordsPassedOver));
    on.keyed(history);
    off.keyed(history);
    assert_eq!(on.committed(), "a=1@0 z=1@3");
    assert_eq!(off.committed(), "z=1@3");
}

#[test]
fn clean_06_off_a_committed_transaction_is_open_again() {
    let (mut on, mut off) = (compacted(), compacted_without(Rule::MarkerKept));
    for p in [&mut on, &mut off] {
        p.keyed("put t 7.0 0 a=1\nW(7.0,C,ce0)\nput - 7.0 1 b=1\nroll\nput - * 0 z=1\nclean");
        p.now = p.now.plus_millis(1_000);
        p.keyed("put - * 0 z=2\nclean");
        assert_eq!(p.committed(), "a=1@0 b=1@2 z=1@3 z=2@4");
        p.restart(&[]);
    }
    assert_eq!(on.committed(), "a=1@0 b=1@2 z=1@3 z=2@4");
    assert_eq!(off.committed(), "");
    off.play("F(rc,0) -> empty [] HW 5 LSO 0");
}

#[test]
fn clean_07_off_a_reader_on_its_way_keeps_what_was_deleted() {
    let (mut on, mut off) = (compacted(), compacted_without(Rule::DeleteHorizon));
    for p in [&mut on, &mut off] {
        p.keyed("put - * 0 a=1\nroll\nput - * 0 a\nput - * 0 b=1\nroll\nput - * 0 z=1");
    }
    assert_eq!(on.committed(), "a=1@0 a@1 b=1@2 z=1@3");
    // The reader has read offset 0 and goes on at 1.
    on.keyed("clean");
    off.keyed("clean");
    on.play("F(rc,1) -> 1..2 []");
    off.play("F(rc,1) -> 2..2 []");
}

#[test]
fn clean_08_off_a_retry_after_a_reload_is_appended_again() {
    let (mut on, mut off) = (compacted(), compacted_without(Rule::LastBatchKept));
    for p in [&mut on, &mut off] {
        p.keyed("put - 7.0 0 a=1\nput - * 0 a=2\nroll\nput - * 0 z=1\nclean");
        p.restart(&[]);
        p.put("-", "7.0", 0, "a=1").expect("known, or taken for new");
    }
    assert_eq!(on.committed(), "a=2@1 z=1@2");
    assert_eq!(off.committed(), "a=2@1 z=1@2 a=1@3");
}
