//! Where coordinators are.

use fencepost_ids::{BrokerId, GroupId, PartitionIndex, TopicName, TransactionalId, partition_of};

use crate::cluster::Cluster;
use crate::metadata::InternalTopic;

/// What a coordinator is asked for by (API-27).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CoordinatorKey {
    /// The transactions of a transactional id.
    Transaction(TransactionalId),
    /// A consumer group.
    Group(GroupId),
}

impl CoordinatorKey {
    /// The topic that the coordinator keeps its log in.
    #[must_use]
    pub const fn topic(&self) -> InternalTopic {
        match self {
            Self::Transaction(_) => InternalTopic::TransactionState,
            Self::Group(_) => InternalTopic::ConsumerOffsets,
        }
    }
}

/// Where a coordinator is: the leader of a partition of an internal topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoordinatorState {
    /// `__transaction_state` or `__consumer_offsets`.
    pub topic: TopicName,
    /// The partition that the id or the group falls into (TLOG-01, TXOFF-01).
    pub partition: PartitionIndex,
    /// The coordinator; none while the partition has no leader.
    pub broker: Option<BrokerId>,
}

impl Cluster {
    /// Where a coordinator is; none until its topic is created, for the first client that asks for
    /// one (API-28) or as told.
    #[must_use]
    pub fn coordinator(&self, key: &CoordinatorKey) -> Option<CoordinatorState> {
        let name = match key {
            CoordinatorKey::Transaction(id) => id.as_str(),
            CoordinatorKey::Group(id) => id.as_str(),
        };
        let topic = self.metadata.topic(key.topic().name())?;
        let partition = partition_of(name, topic.partition_count());
        let broker = topic.partition(partition).and_then(|partition| partition.leader);
        Some(CoordinatorState { topic: topic.name.clone(), partition, broker })
    }
}
