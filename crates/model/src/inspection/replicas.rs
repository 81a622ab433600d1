//! One replica of a partition: what its disk holds and what its broker remembers of it.

use std::borrow::Cow;

use fencepost_ids::{BrokerId, PartitionIndex, Timestamp, TopicName};
use fencepost_log::ReplicaState;
use thiserror::Error;

use crate::cluster::Cluster;
use crate::disk::Stored;
use crate::metadata::PartitionKey;

/// Why there is no such replica to look at.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ReplicaUnknown {
    /// There is no such partition.
    #[error("there is no partition {partition} of a topic `{topic}`")]
    Partition {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
    },
    /// No replica was named, and the partition has no leader.
    #[error("the partition has no leader")]
    NoLeader,
    /// The broker holds no replica of it.
    #[error("broker {0} holds no replica of the partition")]
    NotReplica(BrokerId),
}

/// A replica as it stands.
pub(super) struct Replica<'a> {
    pub(super) broker: BrokerId,
    pub(super) is_running: bool,
    pub(super) stored: &'a Stored,
    /// What its broker remembers; if that is down, what its disk says of it.
    pub(super) state: Cow<'a, ReplicaState>,
}

impl Cluster {
    /// The replica of a partition on a broker, or the leader's.
    pub(super) fn replica(
        &self,
        topic: &str,
        partition: PartitionIndex,
        broker: Option<BrokerId>,
    ) -> Result<Replica<'_>, ReplicaUnknown> {
        let key = self
            .metadata
            .key(topic, partition)
            .ok_or_else(|| ReplicaUnknown::Partition { topic: topic.into(), partition })?;
        let broker =
            broker.or_else(|| self.metadata.leader(key)).ok_or(ReplicaUnknown::NoLeader)?;
        let stored = self.disk.get(broker, key).ok_or(ReplicaUnknown::NotReplica(broker))?;
        let state = self.remembered(broker, key).map_or_else(
            // No producer has expired at the beginning of time.
            || Cow::Owned(stored.load(Timestamp(i64::MIN), i64::MAX, &self.rules)),
            Cow::Borrowed,
        );
        Ok(Replica { broker, is_running: self.is_running(broker), stored, state })
    }

    fn remembered(&self, broker: BrokerId, key: PartitionKey) -> Option<&ReplicaState> {
        let running = self.brokers.get(&broker)?;
        let led = running.leaders.get(&key).map(|leader| &leader.replica);
        led.or_else(|| running.followers.get(&key).map(|follower| &**follower))
    }
}
