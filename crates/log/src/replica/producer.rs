//! What a partition remembers of one producer id (**E** in the rules).

use fencepost_ids::{
    CoordinatorEpoch, Offset, ProducerEpoch, ProducerId, Rule, Sequence, Timestamp,
};

use super::window::{BatchMetadata, Window};
use crate::batch::BatchHeader;
use crate::config::LogRules;

/// The entry of one producer id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ProducerEntry {
    pub(super) epoch: ProducerEpoch,
    pub(super) window: Window,
    pub(super) coordinator_epoch: CoordinatorEpoch,
    pub(super) last_timestamp: Timestamp,
    pub(super) transaction_start: Option<Offset>,
}

impl Default for ProducerEntry {
    fn default() -> Self {
        Self {
            epoch: ProducerEpoch::NONE,
            window: Window::default(),
            coordinator_epoch: CoordinatorEpoch::NONE,
            last_timestamp: Timestamp::NONE,
            transaction_start: None,
        }
    }
}

impl ProducerEntry {
    /// The last producer epoch seen, of data or of a marker.
    #[must_use]
    pub const fn epoch(&self) -> ProducerEpoch {
        self.epoch
    }

    /// The remembered batches, oldest first.
    #[must_use]
    pub fn window(&self) -> &[BatchMetadata] {
        self.window.as_slice()
    }

    /// The last sequence, or [`Sequence::NONE`] if no batch is remembered.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.window().last().map_or(Sequence::NONE, |batch| batch.last_sequence)
    }

    /// The coordinator epoch of the last marker.
    #[must_use]
    pub const fn coordinator_epoch(&self) -> CoordinatorEpoch {
        self.coordinator_epoch
    }

    /// The first offset of the open transaction, if one is open.
    #[must_use]
    pub const fn transaction_start(&self) -> Option<Offset> {
        self.transaction_start
    }

    /// The remembered batch that `batch` repeats exactly (IDEM-08).
    pub(super) fn duplicate_of(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Option<&BatchMetadata> {
        if self.epoch != batch.producer_epoch {
            return None;
        }
        let known = self.window().iter().rev();
        let looked_at =
            if rules.in_force.is_on(Rule::DuplicateWindow) { self.window().len() } else { 1 };
        known.take(looked_at).find(|known| known.repeats(batch))
    }

    /// IDEM-19. `batch` carries its assigned base offset. Answers whether a transaction opened.
    pub(super) fn add_batch(&mut self, batch: &BatchHeader, rules: &LogRules) -> bool {
        self.raise_epoch(batch.producer_epoch, rules);
        self.window.push(BatchMetadata::of(batch));
        self.last_timestamp = batch.max_timestamp;
        let opens = batch.attributes.is_transactional() && self.transaction_start.is_none();
        if opens {
            self.transaction_start = Some(batch.base_offset);
        }
        opens
    }

    /// MARK-09. Answers the first offset of the transaction that it ended.
    pub(super) fn add_marker(
        &mut self,
        epoch: ProducerEpoch,
        coordinator_epoch: CoordinatorEpoch,
        timestamp: Timestamp,
        rules: &LogRules,
    ) -> Option<Offset> {
        self.raise_epoch(epoch, rules);
        self.coordinator_epoch = coordinator_epoch;
        self.last_timestamp = timestamp;
        self.transaction_start.take()
    }

    fn raise_epoch(&mut self, epoch: ProducerEpoch, rules: &LogRules) {
        if self.epoch != epoch {
            self.epoch = epoch;
            if rules.in_force.is_on(Rule::WindowOfOneEpoch) {
                self.window = Window::default();
            }
        }
    }

    /// Whether a remembered batch or an open transaction lies at or above `offset`.
    pub(super) fn reaches(&self, offset: Offset) -> bool {
        self.transaction_start.is_some()
            || self.window().last().is_some_and(|batch| batch.last_offset >= offset)
    }

    /// RECOV-01.
    pub(super) fn is_expired(&self, now: Timestamp, expiration_ms: i64, rules: &LogRules) -> bool {
        let is_kept =
            self.transaction_start.is_some() && rules.in_force.is_on(Rule::OpenTransactionExpiry);
        !is_kept && now.millis_since(self.last_timestamp) >= expiration_ms
    }
}

/// A row of DescribeProducers (RECOV-15, KIP-664).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ProducerDescription {
    /// The producer id.
    pub producer_id: ProducerId,
    /// The last producer epoch seen.
    pub producer_epoch: ProducerEpoch,
    /// The last sequence, or [`Sequence::NONE`].
    pub last_sequence: Sequence,
    /// The timestamp by which the entry expires (RECOV-02).
    pub last_timestamp: Timestamp,
    /// The coordinator epoch of the last marker, or [`CoordinatorEpoch::NONE`].
    pub coordinator_epoch: CoordinatorEpoch,
    /// The first offset of the open transaction, if one is open.
    pub transaction_start: Option<Offset>,
}
