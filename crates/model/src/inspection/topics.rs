//! Partitions as their leaders know them.

use fencepost_ids::{BrokerId, LeaderEpoch, Offset, PartitionIndex, TopicId, TopicName};

use crate::cluster::Cluster;
use crate::metadata::{Partition, PartitionKey};

/// A topic at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicDescription {
    /// Its name.
    pub name: TopicName,
    /// Its id, which a later topic of the same name does not share (KIP-516).
    pub id: TopicId,
    /// Whether it is one of Kafka's own.
    pub is_internal: bool,
    /// How many partitions it has.
    pub partitions: i32,
    /// The settings that were given for this topic itself, by name.
    pub settings: Vec<(String, String)>,
}

/// A partition at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionState {
    /// Which partition of its topic.
    pub partition: PartitionIndex,
    /// Who leads it; none if no replica that may lead is running.
    pub leader: Option<BrokerId>,
    /// The term of the present leader, or of the last one.
    pub leader_epoch: LeaderEpoch,
    /// The brokers that hold it, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// The in-sync replicas as the controller records them: the last one stays, even down.
    pub in_sync: Vec<BrokerId>,
    /// What the leader knows of its log; nothing without a leader.
    pub offsets: Option<LeaderOffsets>,
}

/// The offsets of a partition's log as its leader knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaderOffsets {
    /// The first offset that is kept.
    pub log_start: Offset,
    /// All in-sync replicas have what is below it (LSO-01).
    pub high_watermark: Offset,
    /// Where read_committed ends (LSO-03).
    pub last_stable: Offset,
    /// Where the next record goes.
    pub log_end: Offset,
}

impl Cluster {
    /// All topics, by name.
    #[must_use]
    pub fn topics(&self) -> Vec<TopicDescription> {
        let topics = self.metadata.topics().map(|topic| TopicDescription {
            name: topic.name.clone(),
            id: topic.id,
            is_internal: topic.internal,
            partitions: topic.partition_count(),
            settings: topic.overrides.clone().into_iter().collect(),
        });
        topics.collect()
    }

    /// The partitions of a topic, in order; none if there is no such topic.
    #[must_use]
    pub fn topic_state(&self, topic: &str) -> Option<Vec<PartitionState>> {
        let topic = self.metadata.topic(topic)?;
        Some(
            topic
                .keys()
                .zip(&topic.partitions)
                .map(|(key, partition)| self.state_of(key, partition))
                .collect(),
        )
    }

    /// A partition; none if there is no such.
    #[must_use]
    pub fn partition(&self, topic: &str, partition: PartitionIndex) -> Option<PartitionState> {
        let key = self.metadata.key(topic, partition)?;
        Some(self.state_of(key, self.metadata.partition(key)?))
    }

    fn state_of(&self, key: PartitionKey, partition: &Partition) -> PartitionState {
        let leader = partition.leader.and_then(|leader| self.brokers.get(&leader));
        let offsets = leader.and_then(|broker| broker.leaders.get(&key)).and_then(|leader| {
            let log = &self.disk.get(partition.leader?, key)?.log;
            Some(LeaderOffsets {
                log_start: log.start_offset(),
                high_watermark: leader.replica.high_watermark(),
                last_stable: leader.replica.last_stable_offset(log, &self.rules),
                log_end: log.end_offset(),
            })
        });
        PartitionState {
            partition: key.partition,
            leader: partition.leader,
            leader_epoch: partition.leader_epoch,
            replicas: partition.replicas.clone(),
            in_sync: partition.in_sync.clone(),
            offsets,
        }
    }
}
