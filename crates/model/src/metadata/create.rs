//! Creating topics and adding partitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, ErrorCode, LeaderEpoch, PartitionIndex, TopicId, TopicName};

use super::{
    CONSUMER_OFFSETS, Metadata, Partition, PartitionKey, SHARE_GROUP_STATE, TRANSACTION_STATE,
    Topic, TopicIndex,
};
use crate::config::TopicSettings;

/// A topic about to be created: what is asked for, all of it checked.
#[derive(Clone, Debug)]
pub(crate) struct TopicDraft {
    pub(crate) name: TopicName,
    pub(crate) id: TopicId,
    /// The replicas of each partition, the preferred leader first.
    pub(crate) assignment: Vec<Vec<BrokerId>>,
    pub(crate) overrides: BTreeMap<String, String>,
    pub(crate) settings: TopicSettings,
}

/// Why replicas could not be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CreateError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// Whether a topic may have this name (API-20); the text says why not.
pub(crate) fn check_topic_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the empty string is not allowed as a topic name".to_owned());
    }
    if name == "." || name == ".." {
        return Err("`.` and `..` are not allowed as topic names".to_owned());
    }
    if name.len() > 249 {
        return Err(format!("a topic name has at most 249 characters, `{name}` has more"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(legal) {
        return Err(format!(
            "the topic name `{name}` has a character other than ASCII letters, digits, `.`, `_` and `-`"
        ));
    }
    Ok(())
}

impl Metadata {
    /// Places replicas round robin over the live brokers, the first replica of partition 0 of
    /// topic `n` on broker `n`, so that leaders are spread and the placement is the same each time.
    pub(crate) fn place(
        &self,
        topic: TopicIndex,
        first_partition: i32,
        count: i32,
        replication_factor: i32,
    ) -> Result<Vec<Vec<BrokerId>>, CreateError> {
        let live: Vec<_> = self.live_brokers().map(|broker| broker.id).collect();
        let factor = usize::try_from(replication_factor).unwrap_or(0);
        if factor > live.len() {
            return Err(CreateError {
                code: ErrorCode::InvalidReplicationFactor,
                message: format!(
                    "Unable to replicate the partition {replication_factor} time(s): only {} broker(s) are registered",
                    live.len()
                ),
            });
        }
        Ok((first_partition..first_partition + count)
            .map(|partition| {
                let first = topic.0 as usize + partition as usize;
                (0..factor).map(|replica| live[(first + replica) % live.len()]).collect()
            })
            .collect())
    }

    /// The index that the next topic will get.
    pub(crate) fn next_topic(&self) -> TopicIndex {
        TopicIndex(self.next_topic)
    }

    /// Creates a topic; every partition starts with its first live replica as leader and all live
    /// replicas in sync.
    pub(crate) fn create_topic(&mut self, draft: TopicDraft) -> TopicIndex {
        let index = self.next_topic();
        self.next_topic += 1;
        let partitions =
            draft.assignment.into_iter().map(|replicas| self.new_partition(replicas)).collect();
        self.by_name.insert(draft.name.clone(), index);
        self.by_id.insert(draft.id, index);
        let topic = Topic {
            index,
            internal: matches!(
                &*draft.name,
                CONSUMER_OFFSETS | TRANSACTION_STATE | SHARE_GROUP_STATE
            ),
            name: draft.name,
            id: draft.id,
            overrides: draft.overrides,
            settings: draft.settings,
            partitions,
        };
        self.topics.insert(index, Arc::new(topic));
        index
    }

    /// Adds partitions to a topic and returns their keys.
    pub(crate) fn add_partitions(
        &mut self,
        index: TopicIndex,
        assignment: Vec<Vec<BrokerId>>,
    ) -> Vec<PartitionKey> {
        let partitions: Vec<_> =
            assignment.into_iter().map(|replicas| self.new_partition(replicas)).collect();
        let Some(topic) = self.topics.get_mut(&index) else {
            return Vec::new();
        };
        let topic = Arc::make_mut(topic);
        let first = topic.partition_count();
        topic.partitions.extend(partitions);
        (first..topic.partition_count())
            .map(|partition| PartitionKey { topic: index, partition: PartitionIndex(partition) })
            .collect()
    }

    fn new_partition(&self, replicas: Vec<BrokerId>) -> Partition {
        let in_sync: Vec<_> =
            replicas.iter().copied().filter(|id| self.live_broker(*id).is_some()).collect();
        Partition {
            leader: in_sync.first().copied(),
            leader_epoch: LeaderEpoch(0),
            replicas,
            in_sync,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_20_legal_topic_names() {
        for name in ["t", "a.b", "a_b-c", &"x".repeat(249)] {
            assert_eq!(check_topic_name(name), Ok(()), "{name}");
        }
        for name in ["", ".", "..", "a b", "é", &"x".repeat(250)] {
            assert!(check_topic_name(name).is_err(), "{name}");
        }
    }
}
