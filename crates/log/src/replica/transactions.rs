//! Open transactions, and decided ones whose marker is not replicated yet (LSO-03, LSO-04).

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{Offset, ProducerId, Rule};

use crate::config::LogRules;
use crate::durable::AbortedTransaction;

/// What holds back the last stable offset.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Transactions {
    /// First offset to producer id.
    ongoing: BTreeMap<Offset, ProducerId>,
    /// Marker offset to first offset.
    unreplicated: BTreeMap<Offset, Offset>,
    /// The first offsets in `unreplicated`.
    unreplicated_starts: BTreeSet<Offset>,
}

impl Transactions {
    pub(super) fn open(&mut self, first_offset: Offset, producer_id: ProducerId) {
        self.ongoing.insert(first_offset, producer_id);
    }

    /// The entry of a transaction that is about to end at `marker_offset` in an abort (LSO-07).
    pub(super) fn aborted_at(
        &self,
        marker_offset: Offset,
        producer_id: ProducerId,
        first_offset: Offset,
        rules: &LogRules,
    ) -> Option<AbortedTransaction> {
        let mut others = self.ongoing.iter().filter(|(_, other)| **other != producer_id);
        let last_stable_offset =
            others.next().map_or(marker_offset.plus(1), |(first_offset, _)| *first_offset);
        rules.in_force.is_on(Rule::AbortIndex).then_some(AbortedTransaction {
            producer_id,
            first_offset,
            marker_offset,
            last_stable_offset,
        })
    }

    /// Decides the transaction that began at `first_offset`; it holds back readers until its
    /// marker is replicated (MARK-08, LSO-04).
    pub(super) fn end(&mut self, first_offset: Offset, marker_offset: Offset, rules: &LogRules) {
        self.ongoing.remove(&first_offset);
        if rules.in_force.is_on(Rule::UnreplicatedMarker) {
            self.unreplicated.insert(marker_offset, first_offset);
            self.unreplicated_starts.insert(first_offset);
        }
    }

    /// Lets go of the decided transactions whose marker lies below `offset` (LSO-04).
    pub(super) fn settle_below(&mut self, offset: Offset) {
        while let Some(marker) = self.unreplicated.first_entry() {
            if *marker.key() >= offset {
                break;
            }
            let first_offset = marker.remove();
            self.unreplicated_starts.remove(&first_offset);
        }
    }

    pub(super) fn first_unstable(&self) -> Option<Offset> {
        let ongoing = self.ongoing.first_key_value().map(|(first_offset, _)| *first_offset);
        ongoing.into_iter().chain(self.unreplicated_starts.first().copied()).min()
    }

    /// First offset and producer id of each open transaction, oldest first.
    pub(super) fn ongoing(&self) -> impl Iterator<Item = (Offset, ProducerId)> {
        self.ongoing.iter().map(|(first_offset, producer_id)| (*first_offset, *producer_id))
    }
}
