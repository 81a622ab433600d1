//! The 61 bytes before the records of a batch (BATCH-01, BATCH-02).

use fencepost_ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};

/// Bytes of a batch that its length field does not count.
pub const BATCH_OVERHEAD: usize = 12;

pub(crate) const BATCH_LENGTH_AT: usize = 8;
pub(crate) const MAGIC_AT: usize = 16;
pub(crate) const CRC_AT: usize = 17;
pub(crate) const ATTRIBUTES_AT: usize = 21;
pub(crate) const MAX_TIMESTAMP_AT: usize = 35;
pub(crate) const HEADER_BYTES: usize = 61;
/// The leader writes its own base offset and leader epoch into these; the CRC leaves them out.
pub(crate) const PATCHED_BYTES: usize = 16;

/// Whose clock the timestamps of a batch come from (BATCH-10).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum TimestampType {
    /// The producer's: each record carries its own.
    #[default]
    CreateTime,
    /// The leader's: the batch's max timestamp counts for every record.
    LogAppendTime,
}

/// Whether a batch belongs to a transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransactionBit {
    /// It stands by itself.
    Plain,
    /// It belongs to its producer's transaction.
    Transactional,
}

/// The attribute bits of a batch (BATCH-02).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Attributes(pub i16);

impl Attributes {
    const COMPRESSION: i16 = 0x07;
    pub(crate) const LOG_APPEND_TIME: i16 = 0x08;
    pub(crate) const TRANSACTIONAL: i16 = 0x10;
    pub(crate) const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// The number of the codec, 0 to 7; only 0 to 4 have a meaning.
    #[must_use]
    pub const fn codec(self) -> i16 {
        self.0 & Self::COMPRESSION
    }

    /// Whose clock the timestamps come from.
    #[must_use]
    pub const fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether the batch belongs to a transaction; markers do.
    #[must_use]
    pub const fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the batch holds control records, which no client delivers (MARK-13).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    pub(crate) const fn with_delete_horizon(self, is_set: bool) -> Self {
        if is_set { Self(self.0 | Self::DELETE_HORIZON) } else { self }
    }

    pub(crate) const fn with_timestamp_type(self, timestamp_type: TimestampType) -> Self {
        match timestamp_type {
            TimestampType::CreateTime => Self(self.0 & !Self::LOG_APPEND_TIME),
            TimestampType::LogAppendTime => Self(self.0 | Self::LOG_APPEND_TIME),
        }
    }
}

/// The header of a batch, field by field (BATCH-01).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchHeader {
    /// The offset of the first record, as assigned by the leader.
    pub base_offset: Offset,
    /// Total size minus [`BATCH_OVERHEAD`].
    pub batch_length: i32,
    /// The term of the leader that appended it.
    pub leader_epoch: LeaderEpoch,
    /// CRC-32C over everything from the attributes on (BATCH-03).
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// Offset of the last record minus the base offset.
    pub last_offset_delta: i32,
    /// What the timestamp deltas of the records are counted from.
    pub base_timestamp: Timestamp,
    /// The largest timestamp of a record, or the leader's clock under log append time.
    pub max_timestamp: Timestamp,
    /// The producer id, or [`ProducerId::NONE`].
    pub producer_id: ProducerId,
    /// The producer epoch, or [`ProducerEpoch::NONE`].
    pub producer_epoch: ProducerEpoch,
    /// The sequence of the first record, or [`Sequence::NONE`].
    pub base_sequence: Sequence,
    /// How many records follow.
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads a header; nothing is checked. `None` if there are fewer than 61 bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let b: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        Some(Self {
            base_offset: Offset(i64::from_be_bytes(field(b, 0))),
            batch_length: i32::from_be_bytes(field(b, BATCH_LENGTH_AT)),
            leader_epoch: LeaderEpoch(i32::from_be_bytes(field(b, 12))),
            crc: u32::from_be_bytes(field(b, CRC_AT)),
            attributes: Attributes(i16::from_be_bytes(field(b, ATTRIBUTES_AT))),
            last_offset_delta: i32::from_be_bytes(field(b, 23)),
            base_timestamp: Timestamp(i64::from_be_bytes(field(b, 27))),
            max_timestamp: Timestamp(i64::from_be_bytes(field(b, MAX_TIMESTAMP_AT))),
            producer_id: ProducerId(i64::from_be_bytes(field(b, 43))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(field(b, 51))),
            base_sequence: Sequence(i32::from_be_bytes(field(b, 53))),
            record_count: i32::from_be_bytes(field(b, 57)),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.base_offset.0.to_be_bytes());
        out.extend_from_slice(&self.batch_length.to_be_bytes());
        out.extend_from_slice(&self.leader_epoch.0.to_be_bytes());
        out.push(2);
        out.extend_from_slice(&self.crc.to_be_bytes());
        out.extend_from_slice(&self.attributes.0.to_be_bytes());
        out.extend_from_slice(&self.last_offset_delta.to_be_bytes());
        out.extend_from_slice(&self.base_timestamp.0.to_be_bytes());
        out.extend_from_slice(&self.max_timestamp.0.to_be_bytes());
        out.extend_from_slice(&self.producer_id.0.to_be_bytes());
        out.extend_from_slice(&self.producer_epoch.0.to_be_bytes());
        out.extend_from_slice(&self.base_sequence.0.to_be_bytes());
        out.extend_from_slice(&self.record_count.to_be_bytes());
    }

    /// The offset of the last record.
    #[must_use]
    pub const fn last_offset(&self) -> Offset {
        self.base_offset.plus(self.last_offset_delta as i64)
    }

    /// From when on compaction may remove the tombstones or the marker of the batch, once it has set
    /// that (CLEAN-07, KIP-534).
    #[must_use]
    pub const fn delete_horizon(&self) -> Option<Timestamp> {
        if self.attributes.0 & Attributes::DELETE_HORIZON == 0 {
            None
        } else {
            Some(self.base_timestamp)
        }
    }

    /// The sequence of the last record, or [`Sequence::NONE`] if the batch has none.
    #[must_use]
    pub const fn last_sequence(&self) -> Sequence {
        if self.base_sequence.0 < 0 {
            Sequence::NONE
        } else {
            self.base_sequence.plus(self.last_offset_delta)
        }
    }
}

fn field<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("every field lies inside the header")
}
