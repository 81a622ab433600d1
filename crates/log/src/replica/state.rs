//! The volatile state of a replica.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Rule, Timestamp};

use super::producer::{ProducerDescription, ProducerEntry};
use super::transactions::Transactions;
use super::verification::VerificationEntries;
use crate::config::LogRules;
use crate::durable::Log;

/// What one replica of a partition holds in memory: its producers, the transactions that hold back
/// readers, verification entries and the high watermark. A crash drops it;
/// [`ReplicaState::load`] builds it from the [`Log`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReplicaState {
    pub(super) producers: Arc<BTreeMap<ProducerId, ProducerEntry>>,
    pub(super) transactions: Transactions,
    pub(super) verification: VerificationEntries,
    pub(super) high_watermark: Offset,
    pub(super) end: Offset,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            producers: Arc::default(),
            transactions: Transactions::default(),
            verification: VerificationEntries::default(),
            high_watermark: Offset::ZERO,
            end: Offset::ZERO,
        }
    }
}

impl ReplicaState {
    /// LEO of this replica: what follows in the log is not known here.
    #[must_use]
    pub const fn end_offset(&self) -> Offset {
        self.end
    }

    /// HW: the first offset not known to be on every in-sync replica.
    #[must_use]
    pub const fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Raises HW to `offset`, no further than the end of this replica; it never falls (LSO-01).
    /// Decided transactions whose marker is now replicated let go of the LSO (LSO-04). Answers
    /// whether it moved.
    pub fn raise_high_watermark(&mut self, offset: Offset) -> bool {
        let offset = offset.min(self.end);
        let moved = offset > self.high_watermark;
        if moved {
            self.high_watermark = offset;
            self.transactions.settle_below(offset);
        }
        moved
    }

    /// The first offset of the oldest undecided transaction; if that is below LSTART, the base
    /// offset of the batch that holds LSTART (LSO-03).
    #[must_use]
    pub fn first_unstable_offset(&self, log: &Log, rules: &LogRules) -> Option<Offset> {
        let (offset, start) = (self.transactions.first_unstable()?, log.start_offset());
        if offset >= start {
            return Some(offset);
        }
        let holder = log.batches_from(start).next().filter(|_| rules.unstable_from_whole_batch);
        Some(holder.map_or(start, |batch| batch.base_offset()))
    }

    /// LSO: what read_committed readers may see ends here (LSO-03).
    #[must_use]
    pub fn last_stable_offset(&self, log: &Log, rules: &LogRules) -> Offset {
        let bound = if rules.in_force.is_on(Rule::HighWatermarkBound) {
            self.high_watermark
        } else {
            self.end
        };
        match self.first_unstable_offset(log, rules) {
            Some(unstable) if rules.in_force.is_on(Rule::LastStableOffset) => unstable.min(bound),
            Some(_) | None => bound,
        }
    }

    /// The entry of a producer id.
    #[must_use]
    pub fn producer(&self, id: ProducerId) -> Option<&ProducerEntry> {
        self.producers.get(&id)
    }

    /// Whether a transaction of this producer id *and epoch* is open here (VERIFY-02).
    #[must_use]
    pub fn has_open_transaction(
        &self,
        id: ProducerId,
        epoch: ProducerEpoch,
        rules: &LogRules,
    ) -> bool {
        let any_epoch =
            !rules.open_transaction_of_epoch || !rules.in_force.is_on(Rule::OpenTransactionEpoch);
        self.producer(id).is_some_and(|entry| {
            entry.transaction_start.is_some() && (any_epoch || entry.epoch == epoch)
        })
    }

    /// First offset and producer id of each open transaction, oldest first.
    pub fn open_transactions(&self) -> impl Iterator<Item = (Offset, ProducerId)> {
        self.transactions.ongoing()
    }

    /// The rows of DescribeProducers, by producer id (RECOV-15).
    pub fn describe_producers(&self) -> impl Iterator<Item = ProducerDescription> {
        self.producers.iter().map(|(id, entry)| ProducerDescription {
            producer_id: *id,
            producer_epoch: entry.epoch,
            last_sequence: entry.last_sequence(),
            last_timestamp: entry.last_timestamp,
            coordinator_epoch: entry.coordinator_epoch,
            transaction_start: entry.transaction_start,
        })
    }

    /// Forgets idle producers without an open transaction, and old verification entries (RECOV-01,
    /// RECOV-03). `expiration_ms` is `producer.id.expiration.ms`. Answers the producer ids that
    /// went.
    pub fn expire_producers(
        &mut self,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) -> Vec<ProducerId> {
        self.verification.expire(now, expiration_ms);
        let expired = |entry: &ProducerEntry| entry.is_expired(now, expiration_ms, rules);
        let gone: Vec<_> =
            self.producers.iter().filter(|(_, e)| expired(e)).map(|(id, _)| *id).collect();
        if !gone.is_empty() {
            Arc::make_mut(&mut self.producers).retain(|_, entry| !expired(entry));
        }
        gone
    }

    pub(super) fn producer_mut(&mut self, id: ProducerId) -> &mut ProducerEntry {
        Arc::make_mut(&mut self.producers).entry(id).or_default()
    }
}
