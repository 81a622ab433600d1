//! Offsets by timestamp (API-34, LSO-18).

use fencepost_ids::{LeaderEpoch, Offset, Timestamp};

use super::log::Log;
use super::runs::Run;
use crate::batch::StoredBatch;

/// A record found by its timestamp.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimestampHit {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp.
    pub timestamp: Timestamp,
    /// The term in which it was written.
    pub leader_epoch: LeaderEpoch,
}

impl Log {
    /// The first record, in offset order, with a timestamp at or after `timestamp`, markers and
    /// undecided data included; whether it lies below the reader's bound is the caller's to judge.
    #[must_use]
    pub fn offset_for_timestamp(&self, timestamp: Timestamp) -> Option<TimestampHit> {
        self.runs
            .runs_from(self.start_offset())
            .filter(|run| run.max_timestamp() >= timestamp)
            .flat_map(|run| run.batches())
            .filter(|batch| batch.header().max_timestamp >= timestamp)
            .find_map(|batch| first_at(batch, timestamp, self.start_offset()))
    }

    /// The earliest record with the largest timestamp (KIP-734).
    #[must_use]
    pub fn offset_of_max_timestamp(&self) -> Option<TimestampHit> {
        let start = self.start_offset();
        let mut runs = self.runs.runs_from(start);
        // The log's start may lie inside the first run, whose own maximum then says too much.
        let first = runs.next()?.batches().iter();
        let first = first.filter(|batch| batch.last_offset() >= start);
        let first = first.filter_map(|batch| max_timestamp_from(batch, start)).max();
        let largest = runs.map(Run::max_timestamp).max().max(first)?;
        self.offset_for_timestamp(largest)
    }
}

/// The header knows it, unless the log's start cuts the batch.
fn max_timestamp_from(batch: &StoredBatch, start: Offset) -> Option<Timestamp> {
    if batch.base_offset() >= start {
        return Some(batch.header().max_timestamp);
    }
    let records = batch.records().ok()?;
    let left = records.iter().flatten().filter(|r| r.offset(batch.base_offset()) >= start);
    left.map(|record| record.timestamp).max()
}

fn first_at(batch: &StoredBatch, timestamp: Timestamp, start: Offset) -> Option<TimestampHit> {
    let records = batch.records().ok()?;
    let record = records.iter().flatten().find(|record| {
        record.timestamp >= timestamp && record.offset(batch.base_offset()) >= start
    })?;
    Some(TimestampHit {
        offset: record.offset(batch.base_offset()),
        timestamp: record.timestamp,
        leader_epoch: batch.leader_epoch(),
    })
}
