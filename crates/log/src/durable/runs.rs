//! The batches of a log in shared runs of a few dozen, so that a clone is cheap, an append touches
//! one run, and a lookup is a binary search.

use std::sync::Arc;

use fencepost_ids::{Offset, Timestamp};

use crate::batch::StoredBatch;

/// Batches in one run.
const RUN_LENGTH: usize = 64;

/// A run of batches; never empty once it is sealed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Run {
    batches: Vec<StoredBatch>,
    max_timestamp: Timestamp,
}

impl Default for Run {
    fn default() -> Self {
        Self { batches: Vec::new(), max_timestamp: Timestamp(i64::MIN) }
    }
}

impl Run {
    pub(super) fn batches(&self) -> &[StoredBatch] {
        &self.batches
    }

    pub(super) const fn max_timestamp(&self) -> Timestamp {
        self.max_timestamp
    }

    fn push(&mut self, batch: StoredBatch) {
        self.max_timestamp = self.max_timestamp.max(batch.header().max_timestamp);
        self.batches.push(batch);
    }

    /// Where the batch that holds `offset`, or the first one after it, stands.
    fn position(&self, offset: Offset) -> usize {
        self.batches.partition_point(|batch| batch.last_offset() < offset)
    }

    fn ends_before(&self, offset: Offset) -> bool {
        self.batches.last().is_none_or(|batch| batch.last_offset() < offset)
    }
}

/// All batches, in offset order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Runs {
    sealed: Arc<Vec<Arc<Run>>>,
    active: Arc<Run>,
}

impl Runs {
    pub(super) fn push(&mut self, batch: StoredBatch) {
        let active = Arc::make_mut(&mut self.active);
        active.push(batch);
        if active.batches.len() == RUN_LENGTH {
            let full = std::mem::take(&mut self.active);
            Arc::make_mut(&mut self.sealed).push(full);
        }
    }

    fn run(&self, index: usize) -> Option<&Run> {
        match self.sealed.get(index) {
            Some(run) => Some(run),
            None if index == self.sealed.len() => Some(&self.active),
            None => None,
        }
    }

    /// Every run that reaches `offset` or lies beyond it.
    pub(super) fn runs_from(&self, offset: Offset) -> impl Iterator<Item = &Run> {
        let first = self.sealed.partition_point(|run| run.ends_before(offset));
        (first..).map_while(|index| self.run(index))
    }

    /// Every batch from the one that holds `offset`, or the first one after it.
    pub(super) fn from(&self, offset: Offset) -> impl Iterator<Item = &StoredBatch> {
        self.runs_from(offset).flat_map(move |run| &run.batches[run.position(offset)..])
    }

    /// Drops every batch that holds `offset` or lies beyond it (RECOV-11).
    pub(super) fn truncate(&mut self, offset: Offset) {
        let kept = self.sealed.partition_point(|run| run.ends_before(offset));
        let cut = match self.sealed.get(kept) {
            Some(run) => Arc::clone(run),
            None => Arc::clone(&self.active),
        };
        let mut active = Run::default();
        for batch in &cut.batches[..cut.position(offset)] {
            active.push(batch.clone());
        }
        if kept < self.sealed.len() {
            Arc::make_mut(&mut self.sealed).truncate(kept);
        }
        self.active = Arc::new(active);
    }

    /// Drops runs that lie below `offset` whole, which nobody reads any more.
    pub(super) fn drop_below(&mut self, offset: Offset) {
        let dropped = self.sealed.partition_point(|run| run.ends_before(offset));
        if dropped > 0 {
            Arc::make_mut(&mut self.sealed).drain(..dropped);
        }
    }
}
