//! What survives a crash: the logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, Offset};
use fencepost_log::Log;

use crate::metadata::PartitionKey;

/// One partition's history and how much of it each replica holds.
///
/// All replicas share the history; a replica is a prefix of it. When a replica that holds less
/// becomes the leader, the history is cut to its prefix.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) log: Log,
    pub(crate) replicas: BTreeMap<BrokerId, ReplicaOnDisk>,
}

/// A replica's share of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ReplicaOnDisk {
    /// The replica's log end offset.
    pub(crate) end: Offset,
    /// The high watermark that the replica last knew (RECOV-10).
    pub(crate) high_watermark: Offset,
}

impl ReplicaOnDisk {
    const EMPTY: Self = Self { end: Offset::ZERO, high_watermark: Offset::ZERO };
}

/// The disks of all brokers.
#[derive(Clone, Default, Debug)]
pub(crate) struct Disk {
    partitions: BTreeMap<PartitionKey, Arc<Stored>>,
}

impl Disk {
    pub(crate) fn create(&mut self, key: PartitionKey, replicas: &[BrokerId]) {
        let replicas = replicas.iter().map(|id| (*id, ReplicaOnDisk::EMPTY)).collect();
        self.partitions.insert(key, Arc::new(Stored { log: Log::new(), replicas }));
    }

    pub(crate) fn remove(&mut self, key: PartitionKey) {
        self.partitions.remove(&key);
    }

    pub(crate) fn get(&self, key: PartitionKey) -> Option<&Stored> {
        self.partitions.get(&key).map(|stored| &**stored)
    }

    pub(crate) fn get_mut(&mut self, key: PartitionKey) -> Option<&mut Stored> {
        self.partitions.get_mut(&key).map(Arc::make_mut)
    }
}

impl Stored {
    /// Sets how far a replica's log goes.
    pub(crate) fn extend_replica(&mut self, broker: BrokerId, end: Offset) {
        if let Some(replica) = self.replicas.get_mut(&broker) {
            replica.end = end;
        }
    }

    /// A replica becomes the leader: what it does not hold is gone for all. Says whether anything
    /// is.
    pub(crate) fn cut_to(&mut self, leader: BrokerId) -> bool {
        let end = self.replicas.get(&leader).map_or(Offset::ZERO, |replica| replica.end);
        let is_cut = end < self.log.end_offset();
        self.log.truncate_to(end);
        for replica in self.replicas.values_mut() {
            replica.end = replica.end.min(end);
            replica.high_watermark = replica.high_watermark.min(end);
        }
        is_cut
    }
}
