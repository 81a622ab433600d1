//! What the gate asks of the cluster.

use fencepost_faults::World;
use fencepost_ids::{BrokerId, GroupId, PartitionIndex, TopicName, TransactionalId};
use fencepost_model::{Cluster, CoordinatorKey};

/// The cluster, as the gate sees it.
pub(super) struct Surroundings<'a>(pub(super) &'a Cluster);

impl Surroundings<'_> {
    fn coordinated(&self, key: &CoordinatorKey) -> Option<(TopicName, PartitionIndex)> {
        let coordinator = self.0.coordinator(key)?;
        Some((coordinator.topic, coordinator.partition))
    }
}

impl World for Surroundings<'_> {
    fn transaction_state(&self, id: &str) -> Option<&'static str> {
        self.0.transaction_state(id)
    }

    fn group_state(&self, group: &str) -> Option<&'static str> {
        self.0.group_state(group)
    }

    fn leader(&self, topic: &str, partition: PartitionIndex) -> Option<BrokerId> {
        self.0.leader_of(topic, partition)
    }

    fn electable(&self, topic: &str, partition: PartitionIndex) -> Vec<BrokerId> {
        self.0.running_in_sync(topic, partition)
    }

    fn may_lead(&self, topic: &str, partition: PartitionIndex, broker: BrokerId) -> bool {
        self.0.check_election(topic, partition, broker).is_ok()
    }

    fn transaction_partition(&self, id: &str) -> Option<(TopicName, PartitionIndex)> {
        self.coordinated(&CoordinatorKey::Transaction(TransactionalId::from(id)))
    }

    fn group_partition(&self, group: &str) -> Option<(TopicName, PartitionIndex)> {
        self.coordinated(&CoordinatorKey::Group(GroupId::from(group)))
    }
}
