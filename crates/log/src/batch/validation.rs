//! What a batch must be before it is appended, in the order of BATCH-15.

use bytes::{Bytes, BytesMut};
use fencepost_ids::{Offset, Rule, Timestamp};

use super::builder::{BatchBuilder, NewRecord, seal};
use super::header::{ATTRIBUTES_AT, BatchHeader, HEADER_BYTES, MAX_TIMESTAMP_AT, TimestampType};
use super::record::{Header, RecordSet, Records};
use super::{Compression, DECOMPRESSED_BYTES_MAX, FramedBatch};
use crate::config::{LogConfig, LogRules};
use crate::error::{AppendError, RecordFault};
use crate::replica::LeaderContext;

/// Who appends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// A Produce request.
    Client,
    /// A coordinator: group records, transaction state, markers.
    Coordinator,
}

/// A batch that passed every check, with the header that it now has; base offset and leader epoch
/// are still the sender's.
#[derive(Debug)]
pub(crate) struct ValidBatch {
    pub(crate) header: BatchHeader,
    pub(crate) bytes: Bytes,
}

/// Checks a batch and stamps it as the topic wants it.
pub(crate) fn validate(
    batch: FramedBatch,
    origin: Origin,
    leader: &LeaderContext<'_>,
) -> Result<ValidBatch, AppendError> {
    let LeaderContext { now, config, .. } = *leader;
    let bytes = batch.into_bytes();
    let header = check_envelope(&bytes, origin, leader)?;
    let codec =
        Compression::from_codec(header.attributes.codec()).ok_or(AppendError::UnknownCodec)?;
    match origin {
        Origin::Client => check_counts(&header, leader.rules)?,
        Origin::Coordinator => {}
    }
    let records = codec.decompress(&bytes.slice(HEADER_BYTES..), DECOMPRESSED_BYTES_MAX)?;
    let walked = check_records(&header, &records, leader)?;
    let target = match config.compression {
        Some(target) if !header.attributes.is_control() => target,
        Some(_) | None => codec,
    };
    let max_timestamp = match config.timestamp_type {
        TimestampType::CreateTime => walked.max_timestamp,
        TimestampType::LogAppendTime => now,
    };
    let in_order = walked.consecutive || codec == Compression::None;
    let bytes = if target != codec {
        rebuild(&RecordSet::new(header, records), target)?
    } else if in_order {
        bytes
    } else {
        return Err(AppendError::OffsetDeltas);
    };
    let valid = stamp(bytes, config.timestamp_type, max_timestamp);
    check_size(valid.bytes.len(), config)?;
    if valid.bytes.len() as u64 > config.segment_bytes {
        return Err(AppendError::LargerThanSegment { size: valid.bytes.len() as u64 });
    }
    Ok(valid)
}

/// BATCH-07.
fn check_envelope(
    bytes: &[u8],
    origin: Origin,
    leader: &LeaderContext<'_>,
) -> Result<BatchHeader, AppendError> {
    let base_offset = bytes.first_chunk().map(|bytes| Offset(i64::from_be_bytes(*bytes)));
    if origin == Origin::Client && base_offset != Some(Offset::ZERO) {
        return Err(AppendError::BaseOffsetNotZero);
    }
    check_size(bytes.len(), leader.config)?;
    let header = BatchHeader::read(bytes).ok_or(AppendError::Corrupt)?;
    if leader.rules.in_force.is_on(Rule::BatchChecksum)
        && crc32c::crc32c(&bytes[ATTRIBUTES_AT..]) != header.crc
    {
        return Err(AppendError::Corrupt);
    }
    Ok(header)
}

/// BATCH-13: the limit is on the whole batch.
fn check_size(size: usize, config: &LogConfig) -> Result<(), AppendError> {
    let (size, limit) = (size as u64, config.max_message_bytes);
    if size > limit { Err(AppendError::TooLarge { size, limit }) } else { Ok(()) }
}

/// BATCH-08.
fn check_counts(header: &BatchHeader, rules: &LogRules) -> Result<(), AppendError> {
    // Without an offset of its own a batch cannot be stored, whatever the rules.
    if header.last_offset_delta < 0 {
        return Err(AppendError::CountMismatch);
    }
    if rules.in_force.is_on(Rule::BatchHeader) {
        let count = header.record_count;
        if count <= 0 || i64::from(count) != i64::from(header.last_offset_delta) + 1 {
            return Err(AppendError::CountMismatch);
        }
        if header.attributes.is_control() {
            return Err(AppendError::ControlFromClient);
        }
    }
    if header.producer_id.is_some()
        && header.base_sequence.0 < 0
        && rules.in_force.is_on(Rule::SequencePresence)
    {
        return Err(AppendError::NegativeSequence);
    }
    Ok(())
}

struct Walked {
    max_timestamp: Timestamp,
    /// The offset deltas are 0, 1, 2, ...
    consecutive: bool,
}

/// BATCH-09 to BATCH-12: one walk over the records.
fn check_records(
    header: &BatchHeader,
    records: &[u8],
    leader: &LeaderContext<'_>,
) -> Result<Walked, AppendError> {
    let LeaderContext { now, config, rules, .. } = *leader;
    let keys_needed = config.compacted && rules.in_force.is_on(Rule::CompactedTopicKey);
    let mut walked = Walked { max_timestamp: Timestamp::NONE, consecutive: true };
    let mut faults = Faults::default();
    for (index, record) in (0i32..).zip(Records::new(header, records)) {
        let record = match record {
            Err(error) if rules.in_force.is_on(Rule::RecordWalk) => return Err(error.into()),
            Err(_) => break,
            Ok(record) => record,
        };
        walked.consecutive &= record.offset_delta == index;
        if keys_needed && record.key.is_none() {
            faults.push(index, KEYLESS);
        } else if let Some(message) = timestamp_fault(header, record.timestamp, now, config) {
            faults.bad_timestamp = true;
            faults.push(index, message);
        } else {
            walked.max_timestamp = walked.max_timestamp.max(record.timestamp);
        }
    }
    faults.into_result().map(|()| walked)
}

const KEYLESS: &str = "A compacted topic takes no record without a key.";
const OUT_OF_RANGE: &str = "The timestamp is out of the range that the topic accepts.";
const LOG_APPEND_TIME: &str = "A producer must not set the timestamp type to LogAppendTime.";

/// BATCH-10. Differences wrap like Java's.
fn timestamp_fault(
    header: &BatchHeader,
    timestamp: Timestamp,
    now: Timestamp,
    config: &LogConfig,
) -> Option<&'static str> {
    if config.timestamp_type == TimestampType::CreateTime && timestamp != Timestamp::NONE {
        let age = now.0.wrapping_sub(timestamp.0);
        let too_old = age > config.timestamp_before_max_ms;
        let too_new = age.wrapping_neg() > config.timestamp_after_max_ms;
        return (too_old || too_new).then_some(OUT_OF_RANGE);
    }
    match header.attributes.timestamp_type() {
        TimestampType::LogAppendTime => Some(LOG_APPEND_TIME),
        TimestampType::CreateTime => None,
    }
}

/// The faulty records of a batch; takes memory only once there is one (BATCH-12).
#[derive(Default)]
struct Faults {
    list: Vec<RecordFault>,
    bad_timestamp: bool,
}

impl Faults {
    fn push(&mut self, index: i32, message: &'static str) {
        self.list.push(RecordFault { index, message });
    }

    fn into_result(self) -> Result<(), AppendError> {
        if self.list.is_empty() {
            Ok(())
        } else if self.bad_timestamp {
            Err(AppendError::BadTimestamps(self.list))
        } else {
            Err(AppendError::MissingKeys(self.list))
        }
    }
}

/// Writes the batch again with offset deltas in order, in another codec (BATCH-09, BATCH-14).
fn rebuild(records: &RecordSet, target: Compression) -> Result<Bytes, AppendError> {
    let mut builder = BatchBuilder::like(records.header(), target);
    let mut headers: Vec<Header<'_>> = Vec::new();
    for record in records {
        let record = record?;
        headers.clear();
        headers.extend(record.headers);
        let new = NewRecord { key: record.key, value: record.value, headers: &headers };
        builder.push(record.timestamp, new);
    }
    Ok(builder.build().into_bytes())
}

/// Sets max timestamp and timestamp type, and the CRC if they were others (BATCH-10).
fn stamp(bytes: Bytes, timestamp_type: TimestampType, max_timestamp: Timestamp) -> ValidBatch {
    let header = BatchHeader::read(&bytes).expect("the envelope was checked");
    let attributes = header.attributes.with_timestamp_type(timestamp_type);
    if header.attributes == attributes && header.max_timestamp == max_timestamp {
        return ValidBatch { header, bytes };
    }
    let mut bytes = bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    bytes[ATTRIBUTES_AT..][..2].copy_from_slice(&attributes.0.to_be_bytes());
    bytes[MAX_TIMESTAMP_AT..][..8].copy_from_slice(&max_timestamp.0.to_be_bytes());
    seal(&mut bytes);
    let header = BatchHeader { attributes, max_timestamp, ..header };
    ValidBatch { header, bytes: bytes.freeze() }
}
