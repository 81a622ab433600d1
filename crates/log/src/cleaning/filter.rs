//! What compaction leaves of one batch (CLEAN-05 to CLEAN-10).

use std::collections::BTreeMap;

use bytes::Bytes;
use fencepost_ids::{Offset, Rule, Timestamp};

use super::transactions::CleanedTransactions;
use crate::batch::{BatchHeader, Record, StoredBatch};
use crate::config::LogRules;
use crate::replica::ReplicaState;

/// The latest offset of each key in the dirty part of a log, aborted records left out (CLEAN-04).
#[derive(Default)]
pub(super) struct LatestOffsets(BTreeMap<Bytes, Offset>);

impl LatestOffsets {
    /// Notes the records of a committed batch from `first_dirty` on.
    pub(super) fn note(&mut self, batch: &StoredBatch, first_dirty: Offset) {
        let Ok(records) = batch.records() else { return };
        for record in records.iter().map_while(Result::ok) {
            let offset = record.offset(batch.base_offset());
            if let Some(key) = record.key
                && offset >= first_dirty
            {
                self.0.insert(Bytes::copy_from_slice(key), offset);
            }
        }
    }

    fn supersedes(&self, key: &[u8], offset: Offset) -> bool {
        self.0.get(key).is_some_and(|latest| *latest > offset)
    }
}

/// Decides batch by batch, in the log's order, what is kept.
pub(super) struct Filter<'a> {
    pub(super) latest: LatestOffsets,
    pub(super) transactions: CleanedTransactions,
    pub(super) replica: &'a ReplicaState,
    /// Where the round ends.
    pub(super) end: Offset,
    pub(super) now: Timestamp,
    pub(super) delete_retention_ms: i64,
    pub(super) rules: &'a LogRules,
}

impl Filter<'_> {
    /// The batch as it was, written anew, without records, or not at all.
    pub(super) fn keep(&mut self, batch: &StoredBatch) -> Option<StoredBatch> {
        let header = batch.header();
        let horizon = header.delete_horizon();
        let is_due = horizon.is_some_and(|horizon| horizon <= self.now)
            || !self.rules.in_force.is_on(Rule::DeleteHorizon);
        let (is_dropped, is_idle_marker) = if header.attributes.is_control() {
            let is_idle = self.transactions.meet_control(batch)
                || !self.rules.in_force.is_on(Rule::MarkerKept);
            (is_idle && is_due, is_idle)
        } else {
            (self.transactions.meet_data(&header), false)
        };
        let records = batch.records().ok();
        let kept: Vec<_> = match &records {
            Some(records) if !is_dropped => records
                .iter()
                .map_while(Result::ok)
                .filter(|record| {
                    header.attributes.is_control() || self.is_kept(&header, record, is_due)
                })
                .collect(),
            Some(_) | None => Vec::new(),
        };
        if kept.is_empty() {
            return self.is_kept_empty(&header).then(|| batch.emptied());
        }
        let has_tombstones = kept.iter().any(|record| record.value.is_none());
        let starts_horizon = (has_tombstones || is_idle_marker) && horizon.is_none();
        if kept.len() == usize::try_from(header.record_count).unwrap_or(0) && !starts_horizon {
            return Some(batch.clone());
        }
        let horizon = if starts_horizon {
            Some(self.now.plus_millis(self.delete_retention_ms))
        } else {
            horizon
        };
        Some(batch.with_records(&kept, horizon))
    }

    fn is_kept(&self, batch: &BatchHeader, record: &Record<'_>, is_due: bool) -> bool {
        record.key.is_some_and(|key| {
            !self.latest.supersedes(key, record.offset(batch.base_offset))
                && (record.value.is_some() || !is_due)
        })
    }

    /// CLEAN-08: what tells the last sequence or the last epoch of a producer that is remembered,
    /// and the last offset of the round.
    fn is_kept_empty(&self, batch: &BatchHeader) -> bool {
        let is_last_of_round = batch.last_offset().plus(1) == self.end;
        let is_last_of_producer = self.replica.producer(batch.producer_id).is_some_and(|entry| {
            match entry.window().last() {
                Some(last) => last.last_offset == batch.last_offset(),
                None => batch.attributes.is_control() && batch.producer_epoch == entry.epoch(),
            }
        });
        is_last_of_round || (is_last_of_producer && self.rules.in_force.is_on(Rule::LastBatchKept))
    }
}
