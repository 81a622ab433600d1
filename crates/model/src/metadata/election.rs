//! Leaders and in-sync replicas: what the controller decides (RECOV-19 to RECOV-21).

use std::sync::Arc;

use fencepost_ids::{BrokerId, LeaderEpoch, Rule, Rules};

use super::{Metadata, Partition, PartitionKey};

impl Metadata {
    fn partition_mut(&mut self, key: PartitionKey) -> Option<&mut Partition> {
        let topic = Arc::make_mut(self.topics.get_mut(&key.topic)?);
        topic.partitions.get_mut(usize::try_from(key.partition.0).ok()?)
    }

    /// A broker is gone: it leaves the in-sync sets, unless it is the last of one, and loses the
    /// partitions that it led; one that gets no other leader begins a term without any (API-25).
    /// Returns the partitions that changed.
    pub(crate) fn broker_down(&mut self, broker: BrokerId, rules: Rules) -> Vec<PartitionKey> {
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
            if partition.leader == Some(broker) && !self.elect(key, rules) {
                self.begin_term(key, None);
            }
            changed.push(key);
        }
        changed
    }

    /// A broker is back: partitions without a leader get it as leader if it may be.
    /// Returns the partitions that changed.
    pub(crate) fn broker_up(&mut self, broker: BrokerId, rules: Rules) -> Vec<PartitionKey> {
        self.set_alive(broker, true);
        let mut changed = self.hosted_by(broker);
        changed.retain(|key| self.leader(*key).is_none() && self.elect(*key, rules));
        changed
    }

    /// Makes the first live replica in sync the leader of a new term, or else the first live one
    /// where unclean elections are allowed; false if there is none (API-25).
    pub(crate) fn elect(&mut self, key: PartitionKey, rules: Rules) -> bool {
        let Some(partition) = self.partition(key) else { return false };
        let live = |id: &BrokerId| self.live_broker(*id).is_some();
        let is_clean = |id: &BrokerId| partition.in_sync.contains(id) && live(id);
        let mut replicas = partition.replicas.iter().copied();
        let clean = replicas.find(is_clean);
        let unclean = || partition.replicas.iter().copied().find(live);
        match clean.or_else(|| unclean().filter(|_| self.allows_unclean(key, rules))) {
            Some(leader) => {
                self.set_leader(key, leader);
                true
            }
            None => false,
        }
    }

    /// Whether a replica that is not in sync may lead (RECOV-21).
    pub(crate) fn allows_unclean(&self, key: PartitionKey, rules: Rules) -> bool {
        !rules.is_on(Rule::CleanElection)
            || self
                .topic_at(key.topic)
                .is_some_and(|topic| topic.settings.unclean_leader_election_enable)
    }

    /// Makes a replica the leader of a new term. One that was not in sync is then alone in the
    /// in-sync set (RECOV-21).
    pub(crate) fn set_leader(&mut self, key: PartitionKey, leader: BrokerId) {
        if let Some(partition) = self.partition_mut(key)
            && !partition.in_sync.contains(&leader)
        {
            partition.in_sync = vec![leader];
        }
        self.begin_term(key, Some(leader));
    }

    fn begin_term(&mut self, key: PartitionKey, leader: Option<BrokerId>) {
        if let Some(partition) = self.partition_mut(key) {
            partition.leader = leader;
            partition.leader_epoch = LeaderEpoch(partition.leader_epoch.0 + 1);
        }
    }

    /// A follower has caught up with its leader (RECOV-20).
    pub(crate) fn join_in_sync(&mut self, key: PartitionKey, broker: BrokerId) {
        if self.partition(key).is_none_or(|partition| partition.in_sync.contains(&broker)) {
            return;
        }
        if let Some(Partition { replicas, in_sync, .. }) = self.partition_mut(key) {
            in_sync.push(broker);
            in_sync.sort_by_key(|id| replicas.iter().position(|replica| replica == id));
        }
    }

    /// A follower has lagged for too long (RECOV-19).
    pub(crate) fn leave_in_sync(&mut self, key: PartitionKey, broker: BrokerId) {
        if let Some(partition) = self.partition_mut(key) {
            partition.in_sync.retain(|id| *id != broker);
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
