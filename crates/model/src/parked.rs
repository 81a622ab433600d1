//! Requests that wait: each a value in a table, with the partitions whose changes may end its wait.

use std::collections::{BTreeMap, BTreeSet};

use crate::api;
use crate::metadata::PartitionKey;

/// A request that waits, and what for.
#[derive(Clone, Debug)]
pub(crate) enum Parked {
    /// A fetch that found too little (FETCH-25).
    Fetch(api::fetch::Waiting),
    /// A produce whose batches must be replicated (IDEM-06), or whose transaction must be
    /// verified first (VERIFY-06).
    Produce(api::produce::Waiting),
    /// Markers that must be replicated (MARKIN-03).
    Markers(api::write_txn_markers::Waiting),
    /// Deletions that the followers must take over (API-44).
    DeleteRecords(api::delete_records::Waiting),
}

/// The parked requests of one broker, by the serial numbers of their tickets.
#[derive(Clone, Default, Debug)]
pub(crate) struct ParkedRequests {
    requests: BTreeMap<u64, (Parked, Vec<PartitionKey>)>,
    watchers: BTreeMap<PartitionKey, BTreeSet<u64>>,
}

impl ParkedRequests {
    pub(crate) fn insert(&mut self, serial: u64, parked: Parked, watched: Vec<PartitionKey>) {
        for key in &watched {
            self.watchers.entry(*key).or_default().insert(serial);
        }
        self.requests.insert(serial, (parked, watched));
    }

    pub(crate) fn remove(&mut self, serial: u64) -> Option<Parked> {
        let (parked, watched) = self.requests.remove(&serial)?;
        for key in watched {
            if let Some(serials) = self.watchers.get_mut(&key) {
                serials.remove(&serial);
                if serials.is_empty() {
                    self.watchers.remove(&key);
                }
            }
        }
        Some(parked)
    }

    /// The requests that watch a partition, oldest first.
    pub(crate) fn watching(&self, key: PartitionKey) -> Vec<u64> {
        self.watchers.get(&key).map(|serials| serials.iter().copied().collect()).unwrap_or_default()
    }
}
