//! Looking at a cluster from outside: its partitions, its coordinators, and who may lead.

use fencepost_ids::{
    BrokerId, GroupId, LeaderEpoch, Offset, PartitionIndex, TopicName, TransactionalId,
    partition_of,
};
use thiserror::Error;

use crate::cluster::Cluster;
use crate::metadata::{CONSUMER_OFFSETS, Partition, PartitionKey, TRANSACTION_STATE};

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

/// What a coordinator is asked for by (API-27).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CoordinatorKey {
    /// The transactions of a transactional id.
    Transaction(TransactionalId),
    /// A consumer group.
    Group(GroupId),
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

/// Why a broker cannot be elected.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ElectionRefused {
    /// There is no such partition.
    #[error("there is no partition {partition} of a topic `{topic}`")]
    UnknownPartition {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
    },
    /// It is not running.
    #[error("broker {0} is down")]
    Down(BrokerId),
    /// It holds no replica.
    #[error("broker {broker} holds no replica of the partition, only {} do", list(.replicas))]
    NotReplica {
        /// The broker.
        broker: BrokerId,
        /// The brokers that do.
        replicas: Vec<BrokerId>,
    },
    /// Its replica may lack acknowledged records, and `unclean.leader.election.enable` is off.
    #[error("broker {broker} is out of sync, only {} are in sync", list(.in_sync))]
    OutOfSync {
        /// The broker.
        broker: BrokerId,
        /// The brokers that are in sync.
        in_sync: Vec<BrokerId>,
    },
}

fn list(brokers: &[BrokerId]) -> String {
    let names: Vec<_> = brokers.iter().map(ToString::to_string).collect();
    names.join(", ")
}

impl Cluster {
    /// The partitions of a topic, in order; none if there is no such topic.
    #[must_use]
    pub fn topic_state(&self, topic: &str) -> Option<Vec<PartitionState>> {
        let topic = self.metadata.topic(topic)?;
        Some(
            topic
                .keys()
                .zip(&topic.partitions)
                .map(|(key, partition)| self.partition_state(key, partition))
                .collect(),
        )
    }

    fn partition_state(&self, key: PartitionKey, partition: &Partition) -> PartitionState {
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

    /// Where a coordinator is; none until the first client that asks for one has the internal
    /// topic created (API-28).
    #[must_use]
    pub fn coordinator(&self, key: &CoordinatorKey) -> Option<CoordinatorState> {
        let (topic, name) = match key {
            CoordinatorKey::Transaction(id) => (TRANSACTION_STATE, id.as_str()),
            CoordinatorKey::Group(id) => (CONSUMER_OFFSETS, id.as_str()),
        };
        let topic = self.metadata.topic(topic)?;
        let partition = partition_of(name, topic.partition_count());
        let broker = topic.partition(partition).and_then(|partition| partition.leader);
        Some(CoordinatorState { topic: topic.name.clone(), partition, broker })
    }

    /// Whether a broker may become the leader of a partition.
    ///
    /// # Errors
    /// Why not.
    pub fn check_election(
        &self,
        topic: &str,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<(), ElectionRefused> {
        let unknown =
            || ElectionRefused::UnknownPartition { topic: TopicName::from(topic), partition };
        let topic = self.metadata.topic(topic).ok_or_else(unknown)?;
        let found = topic.partition(partition).ok_or_else(unknown)?;
        if !found.replicas.contains(&leader) {
            let replicas = found.replicas.clone();
            return Err(ElectionRefused::NotReplica { broker: leader, replicas });
        }
        if !self.is_running(leader) {
            return Err(ElectionRefused::Down(leader));
        }
        let key = PartitionKey { topic: topic.index, partition };
        let is_clean = found.in_sync.contains(&leader);
        if !is_clean && !self.metadata.allows_unclean(key, self.config.rules) {
            let in_sync = found.in_sync.clone();
            return Err(ElectionRefused::OutOfSync { broker: leader, in_sync });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fencepost_ids::Timestamp;

    use super::*;
    use crate::config::{ClusterConfig, NewTopic};
    use crate::input::Input;

    const LEADER: BrokerId = BrokerId(0);
    const FOLLOWER: BrokerId = BrokerId(1);
    const STRANGER: BrokerId = BrokerId(2);

    fn check(cluster: &Cluster, partition: i32, leader: BrokerId) -> Result<(), ElectionRefused> {
        cluster.check_election("orders", PartitionIndex(partition), leader)
    }

    /// Three brokers, and a partition with replicas on the first two.
    fn cluster(settings: &[(&str, &str)]) -> Cluster {
        let mut config = ClusterConfig::new(3);
        for (name, value) in settings {
            config.settings.set(name, value).unwrap();
        }
        config.topics.push(NewTopic {
            name: "orders".into(),
            partitions: Some(1),
            replication_factor: Some(2),
        });
        Cluster::new(config, Timestamp(0))
    }

    /// The follower dies and returns, and what its leader sends it is not delivered yet.
    fn behind(settings: &[(&str, &str)]) -> Cluster {
        let mut cluster = cluster(settings);
        for input in [Input::Crash(FOLLOWER), Input::Restart(FOLLOWER)] {
            cluster.handle(Timestamp(0), input, &mut Vec::new());
        }
        cluster
    }

    #[test]
    fn only_a_running_replica_in_sync_may_lead() {
        let mut cluster = cluster(&[]);
        assert_eq!(check(&cluster, 0, LEADER), Ok(()));
        assert_eq!(check(&cluster, 0, FOLLOWER), Ok(()));
        let replicas = vec![LEADER, FOLLOWER];
        assert_eq!(
            check(&cluster, 0, STRANGER),
            Err(ElectionRefused::NotReplica { broker: STRANGER, replicas })
        );
        assert_eq!(
            check(&cluster, 1, LEADER),
            Err(ElectionRefused::UnknownPartition {
                topic: "orders".into(),
                partition: PartitionIndex(1)
            })
        );
        cluster.handle(Timestamp(0), Input::Crash(FOLLOWER), &mut Vec::new());
        assert_eq!(check(&cluster, 0, FOLLOWER), Err(ElectionRefused::Down(FOLLOWER)));
    }

    #[test]
    fn a_replica_that_has_not_caught_up_may_lead_only_where_that_is_allowed() {
        let in_sync = vec![LEADER];
        assert_eq!(
            check(&behind(&[]), 0, FOLLOWER),
            Err(ElectionRefused::OutOfSync { broker: FOLLOWER, in_sync })
        );
        let unclean = behind(&[("unclean.leader.election.enable", "true")]);
        assert_eq!(check(&unclean, 0, FOLLOWER), Ok(()));
    }
}
