//! Markers.

use fencepost_ids::{CoordinatorEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};
use fencepost_log::{
    ControlRecord, MARKER_BATCH_BYTES, Marker, MarkerType, MarkerVersion, Record, RecordError,
};

use crate::batch::hex;
use crate::partition::Partition;

const VECTOR: &str = "
    0000000000000000 00000042 ffffffff 02 1493b0ba 0030 00000000 00000000000003e8 00000000000003e8
    0000000000000009 0003 ffffffff 00000001 20 00 00 00 08 00000001 0c 000000000005 00";

#[test]
fn mark_01_and_mark_02_a_marker_is_one_control_record_of_78_bytes() {
    let marker = Marker {
        producer_id: ProducerId(9),
        producer_epoch: ProducerEpoch(3),
        marker_type: MarkerType::Commit,
        coordinator_epoch: CoordinatorEpoch(5),
        version: MarkerVersion::Legacy,
    };
    let batch = marker.encode(Timestamp(1000));
    assert_eq!(&batch.bytes()[..], hex(VECTOR));
    assert_eq!(batch.bytes().len(), MARKER_BATCH_BYTES);
}

#[test]
fn mark_01_a_marker_in_the_log_carries_the_leaders_fields() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..0) -> NONE@0
         W(9.3,C,ce5) -> NONE@1 LEO 2",
    );
    let stored = p.log.batches_from(Offset(1)).next().expect("the marker");
    assert!(stored.header().attributes.is_control());
    assert!(stored.header().attributes.is_transactional());
    assert_eq!(stored.head()[..8], 1i64.to_be_bytes());
    assert_eq!(stored.size_bytes(), MARKER_BATCH_BYTES as u64);
}

#[test]
fn mark_02_control_records_are_read_leniently() {
    let read = |key: &[u8], value: &[u8]| {
        ControlRecord::read(&Record {
            offset_delta: 0,
            timestamp: Timestamp(0),
            key: Some(key),
            value: Some(value),
            headers: Default::default(),
        })
    };
    let commit = Ok(ControlRecord::EndTransaction(MarkerType::Commit, CoordinatorEpoch(5)));
    assert_eq!(read(&[0, 0, 0, 1], &[0, 0, 0, 0, 0, 5]), commit);
    assert_eq!(read(&[0, 9, 0, 1, 77], &[0, 4, 0, 0, 0, 5, 66]), commit);
    assert_eq!(read(&[0, 0, 0, 7], &[]), Ok(ControlRecord::Other(7)));
    assert_eq!(read(&[0xff, 0xff, 0, 1], &[0; 6]), Err(RecordError::Malformed));
    assert_eq!(read(&[0, 0, 0], &[0; 6]), Err(RecordError::Malformed));
    assert_eq!(read(&[0, 0, 0, 0], &[0; 5]), Err(RecordError::Malformed));
}

#[test]
fn mark_03_markers_take_no_guard_and_no_sequence() {
    Partition::new().play("W(7.0,C,ce0) -> NONE@0");
}

#[test]
fn mark_04_the_producer_epoch_is_judged_before_the_coordinator_epoch() {
    Partition::new().play(
        "W(7.2,C,ce5) -> NONE@0
         W(7.1,C,ce4) -> 47
         W(7.2,C,ce4) -> 52",
    );
}

#[test]
fn mark_05_a_tv2_marker_must_raise_the_epoch() {
    let mut p = Partition::new();
    p.play("P12(t,7.5,0..0) -> NONE@0");
    p.clone().play("W(7.4,A,ce0) -> 47");
    p.clone().play("W(7.4,A,ce0,tv2) -> 47");
    p.clone().play("W(7.5,A,ce0,tv2) -> 47");
    p.clone().play("W(7.6,A,ce0,tv2) -> NONE");
    p.clone().play("W(7.5,A,ce0) -> NONE");
    p.rules.strict_marker_epoch = false;
    p.play("W(7.5,A,ce0,tv2) -> NONE");
}

#[test]
fn mark_06_a_tv2_marker_may_be_repeated_while_nothing_is_open() {
    Partition::new().play(
        "P12(t,7.5,0..0) -> NONE@0
         W(7.6,C,ce0,tv2) -> NONE@1
         W(7.6,C,ce0,tv2) -> NONE@2
         P12(t,7.6,0..0) -> NONE@3
         W(7.6,C,ce0,tv2) -> 47",
    );
}

#[test]
fn mark_06_from_4_3_the_last_epoch_may_end_its_own_transaction() {
    let mut p = Partition::new();
    p.play("P12(t,7.32767,0..0) -> NONE@0");
    p.clone().play("W(7.32767,A,ce0,tv2) -> 47");
    p.rules.equal_marker_at_last_epoch = true;
    p.play("W(7.32767,A,ce0,tv2) -> NONE@1 LSO 2");
}

#[test]
fn mark_07_an_old_coordinator_is_refused_for_each_producer_apart() {
    let mut p = Partition::new();
    p.play(
        "W(7.0,C,ce2) -> NONE@0
         W(7.0,C,ce1) -> 52
         W(8.0,C,ce1) -> NONE@1",
    );
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    p.play(
        "W(7.0,C,ce1) -> 52
         W(7.0,C,ce3) -> NONE@2",
    );
}

#[test]
fn mark_08_an_abort_enters_the_index_and_frees_the_lso() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..9) -> NONE@0
         P12(t,7.0,0..4) -> NONE@10 LSO 10
         W(7.1,A,ce3,tv2) -> NONE@15 LSO 16
         F(rc,0) -> 0..15 [7@10]",
    );
    let index = p.log.aborted_transactions();
    assert_eq!(index.len(), 1);
    assert_eq!(index[0].marker_offset, Offset(15));
}

#[test]
fn mark_09_a_marker_of_the_same_epoch_keeps_the_window() {
    Partition::new().play(
        "P11(t,7.0,0..2) -> NONE@0
         W(7.0,C,ce0) -> NONE@3
         P9(-,7.0,0..2) -> NONE@0 LEO 4
         P9(-,7.0,3..3) -> NONE@4",
    );
}

#[test]
fn mark_09_a_marker_of_a_higher_epoch_clears_the_window() {
    let mut p = Partition::new();
    p.play(
        "P12(t,7.0,0..2) -> NONE@0
         W(7.1,C,ce4,tv2) -> NONE@3",
    );
    assert_eq!(p.producers(), "7.1 seq -1 ce 4 txn -1");
    p.play(
        "P12(t,7.1,3..3) -> 45
         P12(t,7.1,0..0) -> NONE@4",
    );
}

#[test]
fn mark_10_a_marker_without_a_transaction_is_appended_all_the_same() {
    Partition::new().play(
        "W(7.0,A,ce0) -> NONE@0 LEO 1 HW 1 LSO 1
         F(rc,0) -> 0..0 []",
    );
}

#[test]
fn mark_11_a_late_legacy_marker_cuts_the_next_transaction() {
    let mut p = Partition::new();
    p.play(
        "P11(t,7.0,0..0) -> NONE@0
         W(7.0,C,ce0) -> NONE@1
         P11(t,7.0,1..1) -> NONE@2 LSO 2
         W(7.0,C,ce0) -> NONE@3 LSO 4",
    );
    let mut p = Partition::new();
    p.rules.strict_marker_epoch = false;
    p.play(
        "P12(t,7.4,0..0) -> NONE@0
         W(7.4,C,ce0,tv2) -> NONE@1 LSO 2",
    );
}

#[test]
fn mark_12_a_repeated_marker_is_a_second_record() {
    Partition::new().play(
        "W(7.0,C,ce0) -> NONE@0
         W(7.0,C,ce0) -> NONE@1 LEO 2",
    );
}

#[test]
fn mark_12_log_append_time_stamps_markers_too() {
    let mut p = Partition::new();
    p.config.timestamp_type = fencepost_log::TimestampType::LogAppendTime;
    p.play("W(7.0,C,ce0) -> NONE@0");
    let stored = p.log.batches_from(Offset(0)).next().expect("the marker");
    let header = stored.header();
    assert_eq!(header.attributes.timestamp_type(), fencepost_log::TimestampType::LogAppendTime);
    assert_eq!(header.max_timestamp, p.now);
    assert_eq!(crc32c(stored), header.crc);
}

fn crc32c(stored: &fencepost_log::StoredBatch) -> u32 {
    crate::batch::crc(&stored.tail()[5..])
}

/// MARK-12: size is not skipped.
#[test]
fn mark_12_a_marker_larger_than_the_limit_is_refused() {
    let mut p = Partition::new();
    p.config.max_message_bytes = MARKER_BATCH_BYTES as u64 - 1;
    p.play("W(7.0,C,ce0) -> 10 LEO 0");
    p.config.max_message_bytes += 1;
    p.play("W(7.0,C,ce0) -> NONE@0");
}

#[test]
fn mark_13_every_reader_gets_control_batches() {
    Partition::new().play(
        "P12(t,7.0,0..0) -> NONE@0
         W(7.1,C,ce0,tv2) -> NONE@1
         F(ru,0) -> 0..1
         F(rc,0) -> 0..1 []",
    );
}
