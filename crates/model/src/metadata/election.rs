//! Leaders and in-sync replicas.

use std::sync::Arc;

use fencepost_ids::{BrokerId, LeaderEpoch};

use super::{Metadata, Partition, PartitionKey};

impl Metadata {
    fn partition_mut(&mut self, key: PartitionKey) -> Option<&mut Partition> {
        let topic = Arc::make_mut(self.topics.get_mut(&key.topic)?);
        topic.partitions.get_mut(usize::try_from(key.partition.0).ok()?)
    }

    /// A broker is gone: it leaves the in-sync sets, unless it is the last of one, and loses the
    /// partitions that it led. Returns the partitions that changed.
    pub(crate) fn broker_down(&mut self, broker: BrokerId) -> Vec<PartitionKey> {
        self.set_alive(broker, false);
        let mut changed = Vec::new();
        for key in self.hosted_by(broker) {
            let Some(partition) = self.partition_mut(key) else { continue };
            if !partition.in_sync.contains(&broker) {
                continue;
            }
            if partition.in_sync.len() > 1 {
                partition.in_sync.retain(|replica| *replica != broker);
            }
            if partition.leader == Some(broker) {
                partition.leader = None;
                self.elect(key);
            }
            changed.push(key);
        }
        changed
    }

    /// A broker is back: partitions without a leader whose in-sync set names it get it as leader.
    /// Returns the partitions that changed.
    pub(crate) fn broker_up(&mut self, broker: BrokerId) -> Vec<PartitionKey> {
        self.set_alive(broker, true);
        self.hosted_by(broker)
            .into_iter()
            .filter(|key| self.leader(*key).is_none() && self.elect(*key))
            .collect()
    }

    /// Makes the first live in-sync replica the leader of a new term (API-25); false if there is
    /// none.
    fn elect(&mut self, key: PartitionKey) -> bool {
        let Some(partition) = self.partition(key) else { return false };
        let candidate = partition
            .replicas
            .iter()
            .copied()
            .find(|id| partition.in_sync.contains(id) && self.live_broker(*id).is_some());
        match candidate {
            Some(leader) => self.set_leader(key, leader),
            None => false,
        }
    }

    /// Makes a live in-sync replica the leader of a new term; false if it is not one.
    pub(crate) fn set_leader(&mut self, key: PartitionKey, leader: BrokerId) -> bool {
        let live = self.live_broker(leader).is_some();
        let Some(partition) = self.partition_mut(key) else { return false };
        if !live || !partition.in_sync.contains(&leader) {
            return false;
        }
        partition.leader = Some(leader);
        partition.leader_epoch = LeaderEpoch(partition.leader_epoch.0 + 1);
        true
    }

    /// A follower has caught up with its leader.
    pub(crate) fn join_in_sync(&mut self, key: PartitionKey, broker: BrokerId) {
        if let Some(partition) = self.partition_mut(key) {
            let Partition { replicas, in_sync, .. } = partition;
            if !in_sync.contains(&broker) {
                in_sync.push(broker);
                in_sync.sort_by_key(|id| replicas.iter().position(|replica| replica == id));
            }
        }
    }

    fn set_alive(&mut self, id: BrokerId, alive: bool) {
        if let Some(broker) = self.brokers.iter_mut().find(|broker| broker.id == id) {
            broker.alive = alive;
        }
    }

    /// Every partition with a replica on a broker, in order.
    pub(crate) fn hosted_by(&self, broker: BrokerId) -> Vec<PartitionKey> {
        self.topics
            .values()
            .flat_map(|topic| topic.keys())
            .filter(|key| self.partition(*key).is_some_and(|p| p.replicas.contains(&broker)))
            .collect()
    }
}
