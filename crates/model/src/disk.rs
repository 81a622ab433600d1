//! What survives a crash: the logs, and what stands beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, Offset, Timestamp};
use fencepost_log::{Log, LogRules, ReplicaState};

use crate::metadata::PartitionKey;

/// One replica of a partition on the disk of its broker.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) log: Log,
    /// The high watermark at the last checkpoint (RECOV-10).
    pub(crate) high_watermark: Offset,
}

/// The disks of all brokers.
#[derive(Clone, Default, Debug)]
pub(crate) struct Disk {
    replicas: BTreeMap<(BrokerId, PartitionKey), Arc<Stored>>,
}

impl Disk {
    pub(crate) fn create(&mut self, key: PartitionKey, replicas: &[BrokerId]) {
        for broker in replicas {
            let empty = Stored { log: Log::new(), high_watermark: Offset::ZERO };
            self.replicas.insert((*broker, key), Arc::new(empty));
        }
    }

    pub(crate) fn remove(&mut self, key: PartitionKey) {
        self.replicas.retain(|(_, other), _| *other != key);
    }

    pub(crate) fn get(&self, broker: BrokerId, key: PartitionKey) -> Option<&Stored> {
        self.replicas.get(&(broker, key)).map(|stored| &**stored)
    }

    pub(crate) fn get_mut(&mut self, broker: BrokerId, key: PartitionKey) -> Option<&mut Stored> {
        self.replicas.get_mut(&(broker, key)).map(Arc::make_mut)
    }
}

impl Stored {
    /// The memory of this replica when its broker starts. Reading the log ends with a snapshot, also
    /// after a crash, and it is the snapshot that the memory is made of (RECOV-06).
    pub(crate) fn start(
        &mut self,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) -> ReplicaState {
        let recovered = self.load(now, expiration_ms, rules);
        self.log.keep_snapshot(recovered.snapshot());
        self.load(now, expiration_ms, rules)
    }

    /// What a replica's log says of its memory: the latest snapshot that can be used and what
    /// follows it in the log (RECOV-06, RECOV-10).
    pub(crate) fn load(
        &self,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) -> ReplicaState {
        let end = self.log.end_offset();
        ReplicaState::load(
            &self.log,
            end,
            self.high_watermark,
            self.log.snapshots(),
            now,
            expiration_ms,
            rules,
        )
    }

    /// A clean stop writes down the producers and the high watermark (RECOV-05, RECOV-10).
    pub(crate) fn close(&mut self, replica: &ReplicaState) {
        self.high_watermark = replica.high_watermark();
        self.log.keep_snapshot(replica.snapshot());
    }

    /// Cuts the log and rebuilds the replica; the rebuild ends with a snapshot (RECOV-05,
    /// RECOV-11).
    pub(crate) fn truncate(
        &mut self,
        replica: &mut ReplicaState,
        offset: Offset,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) {
        replica.truncate(&mut self.log, offset, now, expiration_ms, rules);
        self.high_watermark = self.high_watermark.min(offset);
        self.log.keep_snapshot(replica.snapshot());
    }

    /// Drops everything and goes on at `offset`, where the leader's log begins.
    pub(crate) fn restart_at(&mut self, offset: Offset) {
        self.log.restart_at(offset);
        self.high_watermark = offset;
    }
}
