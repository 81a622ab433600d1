//! Building the state of a replica from its log, and following a leader: batches are applied
//! without judging (RECOV-06 to RECOV-08).

use std::sync::Arc;

use fencepost_ids::{CoordinatorEpoch, Offset, Rule, Timestamp};

use super::producer::ProducerEntry;
use super::state::ReplicaState;
use super::window::Window;
use crate::batch::{BatchHeader, ControlRecord, MarkerType, StoredBatch};
use crate::config::LogRules;
use crate::durable::{AbortedTransaction, Log, ProducerSnapshot, SnapshotEntry};

impl ReplicaState {
    /// The state of a replica that holds `log` up to `end`, after a restart or a truncation: the
    /// latest usable snapshot, then every batch after it (RECOV-05, RECOV-06, RECOV-11).
    ///
    /// `high_watermark` is its checkpoint, limited to what the replica holds (RECOV-10). Producers
    /// of the snapshot that have expired are left out (RECOV-01).
    #[must_use]
    pub fn load(
        log: &Log,
        end: Offset,
        high_watermark: Offset,
        snapshots: &[ProducerSnapshot],
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) -> Self {
        let end = end.min(log.end_offset()).max(log.start_offset());
        let usable = |snapshot: &&ProducerSnapshot| {
            let is_held = snapshot.offset <= end || !rules.in_force.is_on(Rule::SnapshotBound);
            is_held && snapshot.offset > log.start_offset()
        };
        let mut state = Self::default();
        match snapshots.iter().filter(usable).max_by_key(|snapshot| snapshot.offset) {
            Some(snapshot) => state.restore(snapshot, now, expiration_ms, rules),
            None => state.end = log.start_offset(),
        }
        state.high_watermark = log.start_offset();
        if rules.in_force.is_on(Rule::SnapshotReplay) {
            state.catch_up(log, end, rules);
        }
        state.end = end;
        state.raise_high_watermark(high_watermark);
        state
    }

    /// Applies the batches of `log` below `end` that this replica does not hold yet, as a follower
    /// does (RECOV-07).
    pub fn catch_up(&mut self, log: &Log, end: Offset, rules: &LogRules) {
        let end = end.min(log.end_offset());
        if end <= self.end {
            return;
        }
        for batch in log.batches_from(self.end).take_while(|batch| batch.last_offset() < end) {
            self.replay(batch, rules);
        }
        self.end = end;
    }

    /// What is written at a clean stop, and whenever else a snapshot is due (RECOV-04).
    #[must_use]
    pub fn snapshot(&self) -> ProducerSnapshot {
        let producers = self
            .producers
            .iter()
            .map(|(id, entry)| SnapshotEntry {
                producer_id: *id,
                epoch: entry.epoch,
                last_batch: entry.window().last().copied(),
                last_timestamp: entry.last_timestamp,
                coordinator_epoch: entry.coordinator_epoch,
                transaction_start: entry.transaction_start,
            })
            .collect();
        ProducerSnapshot { offset: self.end, producers }
    }

    fn restore(
        &mut self,
        snapshot: &ProducerSnapshot,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) {
        self.end = snapshot.offset;
        let producers = Arc::make_mut(&mut self.producers);
        for saved in &snapshot.producers {
            let mut window = Window::default();
            if let Some(batch) = saved.last_batch {
                window.push(batch);
            }
            let entry = ProducerEntry {
                epoch: saved.epoch,
                window,
                coordinator_epoch: saved.coordinator_epoch,
                last_timestamp: saved.last_timestamp,
                transaction_start: saved.transaction_start,
            };
            if entry.is_expired(now, expiration_ms, rules) {
                continue;
            }
            if let Some(first_offset) = entry.transaction_start
                && rules.in_force.is_on(Rule::RestoredTransaction)
            {
                self.transactions.open(first_offset, saved.producer_id);
            }
            producers.insert(saved.producer_id, entry);
        }
    }

    /// Applies a batch; answers the transaction that it aborted, if it did.
    pub(super) fn replay(
        &mut self,
        batch: &StoredBatch,
        rules: &LogRules,
    ) -> Option<AbortedTransaction> {
        let header = batch.header();
        if !header.producer_id.is_some() {
            return None;
        }
        if !header.attributes.is_control() {
            self.apply_data(&header, rules);
            return None;
        }
        // Markers are never compressed; one that compaction emptied changes nothing.
        let records = batch.records().ok()?;
        let record = records.iter().next()?.ok()?;
        match ControlRecord::read(&record) {
            Ok(ControlRecord::EndTransaction(marker_type, coordinator_epoch)) => {
                let timestamp = record.timestamp;
                let first_offset =
                    self.apply_marker(&header, coordinator_epoch, timestamp, rules)?;
                let (marker, producer) = (header.base_offset, header.producer_id);
                let aborted = match marker_type {
                    MarkerType::Abort => {
                        self.transactions.aborted_at(marker, producer, first_offset, rules)
                    }
                    MarkerType::Commit => None,
                };
                self.transactions.end(first_offset, marker, rules);
                aborted
            }
            Ok(ControlRecord::Other(_)) | Err(_) => None,
        }
    }

    /// IDEM-19, and VERIFY-14 for transactional data.
    pub(super) fn apply_data(&mut self, batch: &BatchHeader, rules: &LogRules) {
        if !batch.producer_id.is_some() {
            return;
        }
        if self.producer_mut(batch.producer_id).add_batch(batch, rules) {
            self.transactions.open(batch.base_offset, batch.producer_id);
        }
        if batch.attributes.is_transactional() {
            self.verification.remove(batch.producer_id);
        }
    }

    /// MARK-09 and VERIFY-14. Answers the first offset of the transaction that the marker ended.
    pub(super) fn apply_marker(
        &mut self,
        batch: &BatchHeader,
        coordinator_epoch: CoordinatorEpoch,
        timestamp: Timestamp,
        rules: &LogRules,
    ) -> Option<Offset> {
        self.verification.remove_at_marker(batch.producer_id, batch.producer_epoch, rules);
        let entry = self.producer_mut(batch.producer_id);
        entry.add_marker(batch.producer_epoch, coordinator_epoch, timestamp, rules)
    }
}
