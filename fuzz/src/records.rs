//! Record batches: those that a producer sends, and those that a consumer is sent.

use bytes::{BufMut, Bytes, BytesMut};
use fencepost_ids::{LeaderEpoch, Offset, Timestamp};
use fencepost_log::{
    ControlRecord, FramedBatch, LeaderContext, Log, LogConfig, LogRules, ReplicaState, StoredBatch,
    TimestampType,
};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A version of Produce, a topic's settings and a batch: as it came, and with length and CRC made
/// right, without which a mutation would get no further than the CRC.
pub(crate) fn produced(data: &[u8]) {
    let Some((&[version, settings], batch)) = data.split_first_chunk() else { return };
    let version = i16::from(version % 14);
    append(&Bytes::copy_from_slice(batch), version, settings);
    if let Some(repaired) = repaired(batch) {
        append(&repaired, version, settings);
    }
}

fn append(bytes: &Bytes, version: i16, settings: u8) {
    let Ok(batch) = FramedBatch::parse(bytes, version) else { return };
    let config = config(settings);
    let leader = LeaderContext {
        now: NOW,
        leader_epoch: LeaderEpoch(3),
        config: &config,
        rules: &LogRules::default(),
    };
    let mut log = Log::new();
    let mut replica = ReplicaState::default();
    // Twice: the second one meets the first in the producer's window.
    for _ in 0..2 {
        let _ = replica.append_client(&mut log, batch.clone(), None, &leader);
    }
    for stored in log.batches_from(Offset::ZERO) {
        let records = stored.records().expect("the log accepted it");
        for record in records.iter() {
            walk(&record.expect("the log accepted it"));
        }
    }
    let _ = log.offset_for_timestamp(NOW);
    let loaded = ReplicaState::load(
        &log,
        log.end_offset(),
        Offset::ZERO,
        &[],
        NOW,
        86_400_000,
        &LogRules::default(),
    );
    assert_eq!(loaded.end_offset(), log.end_offset());
}

fn config(settings: u8) -> LogConfig {
    let timestamp_type = match settings & 1 {
        0 => TimestampType::CreateTime,
        _ => TimestampType::LogAppendTime,
    };
    LogConfig {
        timestamp_type,
        compacted: settings & 2 != 0,
        compression: fencepost_log::Compression::from_codec(i16::from(settings >> 2)),
        ..LogConfig::default()
    }
}

/// The batch with the base offset, length and CRC that a producer would have put there.
pub(crate) fn repaired(batch: &[u8]) -> Option<Bytes> {
    let rest = batch.get(21..)?;
    let mut bytes = BytesMut::with_capacity(batch.len());
    bytes.put_i64(0);
    bytes.put_i32(i32::try_from(batch.len()).ok()? - 12);
    bytes.put_slice(&batch[12..16]);
    bytes.put_u8(2);
    bytes.put_u32(crc32c::crc32c(rest));
    bytes.put_slice(rest);
    Some(bytes.freeze())
}

/// What stands in a Fetch answer for a partition.
pub(crate) fn fetched(data: &[u8]) {
    let mut rest = Bytes::copy_from_slice(data);
    while let Some(batch) = StoredBatch::take(&mut rest) {
        let _ = (batch.last_offset(), batch.head(), batch.tail());
        let Ok(records) = batch.records() else { continue };
        for record in records.iter().map_while(Result::ok) {
            walk(&record);
            let _ = record.offset(batch.base_offset());
            let _ = ControlRecord::read(&record);
        }
    }
}

fn walk(record: &fencepost_log::Record<'_>) {
    for header in record.headers {
        std::hint::black_box(header);
    }
}
