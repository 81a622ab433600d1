//! From the bytes of a Produce request to one batch (BATCH-06).

use bytes::Bytes;
use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Sequence};
use thiserror::Error;

use super::Compression;
use super::header::{
    ATTRIBUTES_AT, Attributes, BATCH_LENGTH_AT, BATCH_OVERHEAD, BatchHeader, MAGIC_AT,
    TransactionBit,
};

/// A batch of the oldest format has this many bytes behind the length at least.
const BATCH_LENGTH_MIN: i32 = 14;
/// The first version of Produce that allows zstd (KIP-110), and that refuses an unknown codec for
/// the partition alone (BATCH-02).
const ZSTD_VERSION: i16 = 7;

/// Why the bytes for a partition are no batch (BATCH-06).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FramingError {
    /// The bytes hold no whole batch.
    #[error("the bytes hold no whole record batch (BATCH-06)")]
    NoBatch,
    /// The first batch is of a format before v2.
    #[error("record batches before format v2 are not accepted (BATCH-06)")]
    OldFormat,
    /// zstd below Produce version 7.
    #[error("zstd needs Produce version 7 (BATCH-06)")]
    ZstdTooEarly,
    /// An unknown codec below Produce version 7.
    #[error("unknown compression codec (BATCH-02)")]
    UnknownCodec,
    /// More than one batch.
    #[error("more than one record batch (BATCH-06)")]
    SecondBatch,
    /// The length or the format of the first batch cannot be.
    #[error("impossible length or format of a record batch (BATCH-06)")]
    Corrupt,
    /// The length or the format of what follows the first batch cannot be.
    #[error("impossible length or format after the first record batch (BATCH-06)")]
    CorruptTail,
}

impl FramingError {
    /// The code of the answer.
    #[must_use]
    pub const fn error_code(self) -> ErrorCode {
        match self {
            Self::NoBatch | Self::OldFormat | Self::SecondBatch => ErrorCode::InvalidRecord,
            Self::ZstdTooEarly => ErrorCode::UnsupportedCompressionType,
            Self::UnknownCodec => ErrorCode::UnknownServerError,
            Self::Corrupt | Self::CorruptTail => ErrorCode::CorruptMessage,
        }
    }

    /// Whether every partition of the request gets this answer.
    #[must_use]
    pub const fn fails_whole_request(self) -> bool {
        matches!(self, Self::Corrupt | Self::UnknownCodec)
    }
}

/// One whole batch of format v2 by its length field, with nothing behind it. Its content is not
/// checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FramedBatch {
    bytes: Bytes,
}

impl FramedBatch {
    /// Cuts the one batch out of what a Produce request of version `version` holds for a partition;
    /// the bytes are shared, trailing bytes that are no whole batch are dropped.
    ///
    /// # Errors
    /// See [`FramingError`].
    pub fn parse(bytes: &Bytes, version: i16) -> Result<Self, FramingError> {
        let batch = Self::first(bytes, version)?;
        match next_batch(&bytes[batch.bytes.len()..]) {
            NextBatch::None => Ok(batch),
            NextBatch::Whole { .. } => Err(FramingError::SecondBatch),
            NextBatch::Corrupt => Err(FramingError::CorruptTail),
        }
    }

    /// The same, but for what follows the first batch: it is dropped, whatever it is.
    ///
    /// # Errors
    /// See [`FramingError`].
    pub fn first(bytes: &Bytes, version: i16) -> Result<Self, FramingError> {
        let (size, magic) = match next_batch(bytes) {
            NextBatch::Whole { size, magic } => (size, magic),
            NextBatch::None => return Err(FramingError::NoBatch),
            NextBatch::Corrupt => return Err(FramingError::Corrupt),
        };
        if magic != 2 {
            return Err(FramingError::OldFormat);
        }
        let batch = Self { bytes: bytes.slice(..size) };
        if version < ZSTD_VERSION {
            match Compression::from_codec(batch.attributes().codec()) {
                Some(Compression::Zstd) => return Err(FramingError::ZstdTooEarly),
                None => return Err(FramingError::UnknownCodec),
                Some(_) => {}
            }
        }
        Ok(batch)
    }

    pub(super) const fn built(bytes: Bytes) -> Self {
        Self { bytes }
    }

    /// The header, if the batch is long enough to have one.
    #[must_use]
    pub fn header(&self) -> Option<BatchHeader> {
        BatchHeader::read(&self.bytes)
    }

    /// The attributes; even the shortest framed batch has them.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        let bytes = [self.bytes[ATTRIBUTES_AT], self.bytes[ATTRIBUTES_AT + 1]];
        Attributes(i16::from_be_bytes(bytes))
    }

    /// Whether it belongs to a transaction (IDEM-02).
    #[must_use]
    pub fn transaction_bit(&self) -> TransactionBit {
        if self.attributes().is_transactional() {
            TransactionBit::Transactional
        } else {
            TransactionBit::Plain
        }
    }

    /// Producer id, producer epoch and base sequence, if the batch has a producer id (IDEM-03).
    #[must_use]
    pub fn producer(&self) -> Option<(ProducerId, ProducerEpoch, Sequence)> {
        let header = self.header().filter(|header| header.producer_id.is_some())?;
        Some((header.producer_id, header.producer_epoch, header.base_sequence))
    }

    /// The batch as it came.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

enum NextBatch {
    None,
    Whole { size: usize, magic: u8 },
    Corrupt,
}

fn next_batch(bytes: &[u8]) -> NextBatch {
    let Some(length) = bytes.get(BATCH_LENGTH_AT..).and_then(|bytes| bytes.first_chunk()) else {
        return NextBatch::None;
    };
    let length = i32::from_be_bytes(*length);
    if length < BATCH_LENGTH_MIN {
        return NextBatch::Corrupt;
    }
    match bytes.get(MAGIC_AT) {
        None => NextBatch::None,
        Some(&magic) if magic > 2 => NextBatch::Corrupt,
        Some(&magic) => match BATCH_OVERHEAD + length.unsigned_abs() as usize {
            size if size <= bytes.len() => NextBatch::Whole { size, magic },
            _ => NextBatch::None,
        },
    }
}
