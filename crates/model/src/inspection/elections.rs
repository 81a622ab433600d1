//! Who may be elected.

use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use thiserror::Error;

use crate::cluster::Cluster;
use crate::metadata::PartitionKey;

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
