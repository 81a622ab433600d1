//! Why an append is refused: one variant for each rule.

use fencepost_ids::{CoordinatorEpoch, ErrorCode, ProducerEpoch, Sequence};
use thiserror::Error;

use crate::batch::{CompressionError, RecordError};

/// A record that was refused, for the answer's list of record errors (BATCH-12).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecordFault {
    /// The record's place in the batch, from 0.
    pub index: i32,
    /// What is wrong with it.
    pub message: &'static str,
}

/// Why a batch or a marker is refused. Nothing was changed (IDEM-21).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AppendError {
    /// A client sends batches that begin at offset 0.
    #[error("the base offset of a producer's batch is not 0 (BATCH-07)")]
    BaseOffsetNotZero,
    /// Larger than `max.message.bytes`.
    #[error("a batch of {size} bytes is larger than max.message.bytes, {limit} (BATCH-13)")]
    TooLarge {
        /// Bytes of the batch.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Shorter than a header, or the CRC is wrong.
    #[error("the batch is too short, or its CRC is wrong (BATCH-07)")]
    Corrupt,
    /// Codec 5, 6 or 7.
    #[error("unknown compression codec (BATCH-02)")]
    UnknownCodec,
    /// No records, or not as many as offsets.
    #[error("the record count does not fit the offsets (BATCH-08)")]
    CountMismatch,
    /// Only coordinators write control batches.
    #[error("a client may not write control records (BATCH-08)")]
    ControlFromClient,
    /// A producer id without a sequence.
    #[error("a batch with a producer id has a negative sequence (IDEM-18)")]
    NegativeSequence,
    /// The records are not what the header says.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// A compressed batch whose codec is kept, with offset deltas other than 0, 1, 2, ...: a real
    /// broker fails when it writes such a batch anew.
    #[error("the offset deltas of a compressed batch are not 0, 1, 2, ... (BATCH-09)")]
    OffsetDeltas,
    /// The records cannot be decompressed.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// At least one record has a timestamp that the topic refuses.
    #[error("one or more records have been rejected due to an invalid timestamp (BATCH-10)")]
    BadTimestamps(Vec<RecordFault>),
    /// At least one record of a compacted topic has no key.
    #[error("one or more records have been rejected for want of a key (BATCH-11)")]
    MissingKeys(Vec<RecordFault>),
    /// Larger than `segment.bytes`.
    #[error("a batch of {size} bytes is larger than segment.bytes (BATCH-13)")]
    LargerThanSegment {
        /// Bytes of the batch.
        size: u64,
    },
    /// A newer incarnation of the producer was seen.
    #[error("producer epoch {epoch} is below {current} (IDEM-12)")]
    StaleProducerEpoch {
        /// The epoch of the batch or of the question.
        epoch: ProducerEpoch,
        /// The last epoch seen.
        current: ProducerEpoch,
    },
    /// No transaction is open here, and the coordinator's word is missing or was overtaken.
    #[error("the transaction was not verified for this partition (VERIFY-12)")]
    Unverified,
    /// An earlier batch of the producer still waits for its verification.
    #[error("sequence {sequence} passes {lowest}, which awaits its verification (VERIFY-16)")]
    BeyondVerification {
        /// The base sequence of the batch.
        sequence: Sequence,
        /// The lowest sequence that was asked about.
        lowest: Sequence,
    },
    /// The first batch of a TV2 producer on this partition.
    #[error("the first sequence of a transactional producer is {0}, not 0 (VERIFY-15)")]
    FirstSequenceNotZero(Sequence),
    /// The first batch on a partition that was never written.
    #[error("the first sequence on an unwritten partition is {0}, not 0 (IDEM-16)")]
    UnwrittenSequenceNotZero(Sequence),
    /// A new epoch starts at sequence 0.
    #[error("the first sequence of a new producer epoch is {0}, not 0 (IDEM-13)")]
    NewEpochSequenceNotZero(Sequence),
    /// Not the sequence after the last one.
    #[error("sequence {sequence} does not follow {last} (IDEM-14)")]
    OutOfOrderSequence {
        /// The base sequence of the batch.
        sequence: Sequence,
        /// The last sequence seen; [`Sequence::NONE`] if none (IDEM-17).
        last: Sequence,
    },
    /// A plain batch inside a transaction.
    #[error("the producer has an open transaction on this partition (IDEM-20)")]
    TransactionOpen,
    /// A marker of an old producer epoch, or a late copy.
    #[error("marker epoch {epoch} is not acceptable after {current} (MARK-05)")]
    StaleMarkerEpoch {
        /// The producer epoch of the marker.
        epoch: ProducerEpoch,
        /// The last epoch seen.
        current: ProducerEpoch,
    },
    /// A marker of a transaction version that is none.
    #[error("a marker of an unknown transaction version (MARK-05)")]
    UnknownMarkerVersion,
    /// A marker of a coordinator that has been replaced.
    #[error("coordinator epoch {epoch} is below {current} (MARK-07)")]
    StaleCoordinatorEpoch {
        /// The coordinator epoch of the marker.
        epoch: CoordinatorEpoch,
        /// The one of the last marker.
        current: CoordinatorEpoch,
    },
}

impl AppendError {
    /// The code of the answer.
    #[must_use]
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::BaseOffsetNotZero
            | Self::CountMismatch
            | Self::ControlFromClient
            | Self::NegativeSequence
            | Self::Records(_)
            | Self::MissingKeys(_) => ErrorCode::InvalidRecord,
            Self::TooLarge { .. } | Self::Compression(CompressionError::TooLarge { .. }) => {
                ErrorCode::MessageTooLarge
            }
            Self::Corrupt => ErrorCode::CorruptMessage,
            Self::UnknownCodec
            | Self::OffsetDeltas
            | Self::UnknownMarkerVersion
            | Self::Compression(CompressionError::Broken { .. }) => ErrorCode::UnknownServerError,
            Self::BadTimestamps(_) => ErrorCode::InvalidTimestamp,
            Self::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
            Self::StaleProducerEpoch { .. } | Self::StaleMarkerEpoch { .. } => {
                ErrorCode::InvalidProducerEpoch
            }
            Self::Unverified | Self::TransactionOpen => ErrorCode::InvalidTxnState,
            Self::BeyondVerification { .. }
            | Self::FirstSequenceNotZero(_)
            | Self::UnwrittenSequenceNotZero(_)
            | Self::NewEpochSequenceNotZero(_)
            | Self::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            Self::StaleCoordinatorEpoch { .. } => ErrorCode::TransactionCoordinatorFenced,
        }
    }

    /// The rule that refused it.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::BaseOffsetNotZero | Self::Corrupt => "BATCH-07",
            Self::TooLarge { .. } | Self::LargerThanSegment { .. } => "BATCH-13",
            Self::UnknownCodec => "BATCH-02",
            Self::CountMismatch | Self::ControlFromClient => "BATCH-08",
            Self::NegativeSequence => "IDEM-18",
            Self::Records(_) | Self::OffsetDeltas | Self::Compression(_) => "BATCH-09",
            Self::BadTimestamps(_) => "BATCH-10",
            Self::MissingKeys(_) => "BATCH-11",
            Self::StaleProducerEpoch { .. } => "IDEM-12",
            Self::Unverified => "VERIFY-12",
            Self::BeyondVerification { .. } => "VERIFY-16",
            Self::FirstSequenceNotZero(_) => "VERIFY-15",
            Self::UnwrittenSequenceNotZero(_) => "IDEM-16",
            Self::NewEpochSequenceNotZero(_) => "IDEM-13",
            Self::OutOfOrderSequence { .. } => "IDEM-14",
            Self::TransactionOpen => "IDEM-20",
            Self::StaleMarkerEpoch { .. } | Self::UnknownMarkerVersion => "MARK-05",
            Self::StaleCoordinatorEpoch { .. } => "MARK-07",
        }
    }

    /// The refused records, for the answer's list (BATCH-12); empty for most errors.
    #[must_use]
    pub fn record_faults(&self) -> &[RecordFault] {
        match self {
            Self::BadTimestamps(faults) | Self::MissingKeys(faults) => faults,
            _ => &[],
        }
    }
}
