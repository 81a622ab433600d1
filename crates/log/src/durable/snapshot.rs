//! Snapshots of the producers (RECOV-04).

use fencepost_ids::{CoordinatorEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};

use crate::replica::BatchMetadata;

/// What a replica wrote down about its producers, so that it need not replay the whole log: one
/// batch of each window, no verification and no unreplicated transaction.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ProducerSnapshot {
    pub(crate) offset: Offset,
    pub(crate) producers: Vec<SnapshotEntry>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SnapshotEntry {
    pub(crate) producer_id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
    pub(crate) last_batch: Option<BatchMetadata>,
    pub(crate) last_timestamp: Timestamp,
    pub(crate) coordinator_epoch: CoordinatorEpoch,
    pub(crate) transaction_start: Option<Offset>,
}

impl ProducerSnapshot {
    /// The offset up to which it holds.
    #[must_use]
    pub const fn offset(&self) -> Offset {
        self.offset
    }
}
