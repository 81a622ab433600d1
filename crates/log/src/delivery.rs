//! What a read_committed client does with the batches of one answer (LSO-14).

use std::collections::BTreeSet;

use fencepost_ids::{Offset, ProducerId};

use crate::batch::{ControlRecord, MarkerType, StoredBatch};

/// What becomes of a batch at a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Its records reach the application.
    Deliver,
    /// It holds control records, which no client delivers (MARK-13).
    Control,
    /// It belongs to an aborted transaction.
    Aborted,
}

/// Decides batch by batch, in offset order, for one answer of Fetch; the next answer starts anew.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    /// Not reached yet, the lowest first offset last.
    pending: Vec<(Offset, ProducerId)>,
    aborted: BTreeSet<ProducerId>,
}

impl DeliveryFilter {
    /// A filter for an answer with this list of aborted transactions, in any order; an empty list
    /// for read_uncommitted.
    #[must_use]
    pub fn new(aborted: impl IntoIterator<Item = (ProducerId, Offset)>) -> Self {
        let mut pending: Vec<_> =
            aborted.into_iter().map(|(producer_id, first)| (first, producer_id)).collect();
        pending.sort_by(|a, b| b.cmp(a));
        Self { pending, aborted: BTreeSet::new() }
    }

    /// What becomes of the next batch.
    pub fn judge(&mut self, batch: &StoredBatch) -> Delivery {
        let header = batch.header();
        while let Some((_, producer_id)) =
            self.pending.pop_if(|(first, _)| *first <= header.last_offset())
        {
            self.aborted.insert(producer_id);
        }
        if header.attributes.is_control() {
            if ends_aborted(batch) {
                self.aborted.remove(&header.producer_id);
            }
            Delivery::Control
        } else if header.attributes.is_transactional() && self.aborted.contains(&header.producer_id)
        {
            Delivery::Aborted
        } else {
            Delivery::Deliver
        }
    }
}

fn ends_aborted(batch: &StoredBatch) -> bool {
    let Ok(records) = batch.records() else { return false };
    let Some(Ok(record)) = records.iter().next() else { return false };
    matches!(ControlRecord::read(&record), Ok(ControlRecord::EndTransaction(MarkerType::Abort, _)))
}
