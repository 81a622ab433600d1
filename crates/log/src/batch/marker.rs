//! Transaction markers: control batches of one record (MARK-01, KIP-98).

use fencepost_ids::{CoordinatorEpoch, ProducerEpoch, ProducerId, Sequence, Timestamp};

use super::record::{Record, RecordError};
use super::{BatchBuilder, FramedBatch, NewRecord, TransactionBit};

/// The size of every marker's batch (MARK-01).
pub const MARKER_BATCH_BYTES: usize = 78;

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MarkerType {
    /// Its records are never delivered to read_committed.
    Abort,
    /// Its records count.
    Commit,
}

/// Which rule for producer epochs a marker falls under (MARK-05), by the transaction version that
/// the coordinator names (KIP-1228).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MarkerVersion {
    /// Transaction version 0 or 1, or none named: the epoch may be that of the data.
    Legacy,
    /// Transaction version 2: the epoch was raised.
    Tv2,
    /// Transaction version -1, which a coordinator that knows none would name: no epoch is right.
    Unknown,
}

impl MarkerVersion {
    /// From the field of WriteTxnMarkers v2; absent is 0.
    #[must_use]
    pub const fn from_transaction_version(version: i8) -> Self {
        match version {
            -1 => Self::Unknown,
            2.. => Self::Tv2,
            _ => Self::Legacy,
        }
    }
}

/// A marker as a transaction coordinator orders it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Marker {
    /// Whose transaction ends.
    pub producer_id: ProducerId,
    /// The epoch that the marker carries; it may be above that of the data.
    pub producer_epoch: ProducerEpoch,
    /// Commit or abort.
    pub marker_type: MarkerType,
    /// The term of the coordinator; a lower one than the last seen is refused (MARK-07).
    pub coordinator_epoch: CoordinatorEpoch,
    /// Which epochs are accepted.
    pub version: MarkerVersion,
}

impl Marker {
    /// Writes the marker's batch, stamped with the leader's clock (MARK-01).
    #[must_use]
    pub fn encode(&self, now: Timestamp) -> FramedBatch {
        let kind: i16 = match self.marker_type {
            MarkerType::Abort => 0,
            MarkerType::Commit => 1,
        };
        let mut key = [0; 4];
        key[2..].copy_from_slice(&kind.to_be_bytes());
        let mut value = [0; 6];
        value[2..].copy_from_slice(&self.coordinator_epoch.0.to_be_bytes());
        let mut batch = BatchBuilder::new()
            .producer(self.producer_id, self.producer_epoch, Sequence::NONE)
            .transaction(TransactionBit::Transactional)
            .control();
        batch.push(now, NewRecord { key: Some(&key), value: Some(&value), headers: &[] });
        batch.build()
    }
}

/// A record of a control batch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ControlRecord {
    /// The end of a transaction.
    EndTransaction(MarkerType, CoordinatorEpoch),
    /// A kind that partitions' logs do not act on.
    Other(i16),
}

impl ControlRecord {
    /// Reads a control record: versions above 0 are read as 0, more bytes than needed are ignored
    /// (MARK-02).
    ///
    /// # Errors
    /// [`RecordError::Malformed`] for a negative version and for a short key or value.
    pub fn read(record: &Record<'_>) -> Result<Self, RecordError> {
        let (kind, _) = versioned::<2>(record.key)?;
        let marker_type = match i16::from_be_bytes(kind) {
            0 => MarkerType::Abort,
            1 => MarkerType::Commit,
            other => return Ok(Self::Other(other)),
        };
        let (epoch, _) = versioned::<4>(record.value)?;
        Ok(Self::EndTransaction(marker_type, CoordinatorEpoch(i32::from_be_bytes(epoch))))
    }
}

/// The first field behind an int16 version, and what follows it.
fn versioned<const N: usize>(bytes: Option<&[u8]>) -> Result<([u8; N], &[u8]), RecordError> {
    bytes
        .and_then(|bytes| bytes.split_first_chunk())
        .filter(|(version, _)| i16::from_be_bytes(**version) >= 0)
        .and_then(|(_, rest)| rest.split_first_chunk())
        .map(|(field, rest)| (*field, rest))
        .ok_or(RecordError::Malformed)
}
