//! Which batches and markers belong to transactions of which something is left (CLEAN-05, CLEAN-06, CLEAN-11).

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec;

use fencepost_ids::{Offset, ProducerId};

use crate::batch::{BatchHeader, ControlRecord, MarkerType, StoredBatch};
use crate::durable::AbortedTransaction;

/// What a walk over the batches of a log, in their order, knows of their transactions.
pub(super) struct CleanedTransactions {
    /// By first offset.
    ahead: Peekable<vec::IntoIter<AbortedTransaction>>,
    /// Aborted transactions that the walk is inside of, and whether it has met a batch of theirs.
    aborted: BTreeMap<ProducerId, (AbortedTransaction, bool)>,
    /// Producers of which it has met a committed batch since their last marker.
    committed: BTreeSet<ProducerId>,
    /// The aborted transactions of which a batch is left, in the order of their markers.
    pub(super) left: Vec<AbortedTransaction>,
}

impl CleanedTransactions {
    pub(super) fn new(index: &[AbortedTransaction], from: Offset) -> Self {
        let mut ahead: Vec<_> =
            index.iter().filter(|aborted| aborted.marker_offset >= from).copied().collect();
        ahead.sort_by_key(|aborted| aborted.first_offset);
        Self {
            ahead: ahead.into_iter().peekable(),
            aborted: BTreeMap::new(),
            committed: BTreeSet::new(),
            left: Vec::new(),
        }
    }

    /// Meets a batch of data; answers whether it was aborted.
    pub(super) fn meet_data(&mut self, batch: &BatchHeader) -> bool {
        self.enter_up_to(batch.last_offset());
        if !batch.attributes.is_transactional() {
            return false;
        }
        match self.aborted.get_mut(&batch.producer_id) {
            Some((_, is_met)) => {
                *is_met = true;
                true
            }
            None => {
                self.committed.insert(batch.producer_id);
                false
            }
        }
    }

    /// Meets a control batch; answers whether nothing is left of the transaction that it ends.
    pub(super) fn meet_control(&mut self, batch: &StoredBatch) -> bool {
        self.enter_up_to(batch.last_offset());
        let header = batch.header();
        if header.record_count == 0 {
            return true;
        }
        let record = batch.records().ok();
        let record = record.as_ref().and_then(|records| records.iter().next()?.ok());
        match record.map(|record| ControlRecord::read(&record)) {
            Some(Ok(ControlRecord::EndTransaction(MarkerType::Abort, _))) => {
                let (aborted, _) = match self.aborted.remove(&header.producer_id) {
                    Some(ended) if ended.1 => ended,
                    Some(_) | None => return true,
                };
                self.left.push(aborted);
                false
            }
            Some(Ok(ControlRecord::EndTransaction(MarkerType::Commit, _))) => {
                !self.committed.remove(&header.producer_id)
            }
            Some(Ok(ControlRecord::Other(_)) | Err(_)) | None => false,
        }
    }

    fn enter_up_to(&mut self, offset: Offset) {
        while let Some(aborted) = self.ahead.next_if(|aborted| aborted.first_offset <= offset) {
            self.aborted.entry(aborted.producer_id).or_insert((aborted, false));
        }
    }
}
