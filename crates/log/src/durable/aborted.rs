//! The index of aborted transactions (LSO-07, LSO-12).

use std::sync::Arc;

use fencepost_ids::{Offset, ProducerId};

/// An aborted transaction that wrote to this log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AbortedTransaction {
    /// Whose it was.
    pub producer_id: ProducerId,
    /// The first offset of its data.
    pub first_offset: Offset,
    /// The offset of its ABORT marker.
    pub marker_offset: Offset,
    /// The first offset of the oldest transaction that was open when the marker was appended, or
    /// the offset after the marker: no later entry begins below it.
    pub last_stable_offset: Offset,
}

/// The entries in the order of their markers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct AbortedIndex(Arc<Vec<AbortedTransaction>>);

impl AbortedIndex {
    pub(super) fn push(&mut self, aborted: AbortedTransaction) {
        Arc::make_mut(&mut self.0).push(aborted);
    }

    pub(super) fn entries(&self) -> &[AbortedTransaction] {
        &self.0
    }

    /// Those that a reader of `from..upper_bound` must know (LSO-12).
    pub(super) fn overlapping(&self, from: Offset, upper_bound: Offset) -> Vec<AbortedTransaction> {
        let mut overlapping = Vec::new();
        for aborted in &self.0[self.first_at(from)..] {
            if aborted.first_offset < upper_bound {
                overlapping.push(*aborted);
            }
            if aborted.last_stable_offset >= upper_bound {
                break;
            }
        }
        overlapping
    }

    pub(super) fn truncate(&mut self, log_end: Offset) {
        let kept = self.first_at(log_end);
        if kept < self.0.len() {
            Arc::make_mut(&mut self.0).truncate(kept);
        }
    }

    pub(super) fn drop_below(&mut self, log_start: Offset) {
        let dropped = self.first_at(log_start);
        if dropped > 0 {
            Arc::make_mut(&mut self.0).drain(..dropped);
        }
    }

    /// Puts `left` in the place of the entries whose marker lies below `end`.
    pub(super) fn replace_below(&mut self, end: Offset, mut left: Vec<AbortedTransaction>) {
        left.extend_from_slice(&self.0[self.first_at(end)..]);
        self.0 = Arc::new(left);
    }

    fn first_at(&self, marker_offset: Offset) -> usize {
        self.0.partition_point(|aborted| aborted.marker_offset < marker_offset)
    }
}
