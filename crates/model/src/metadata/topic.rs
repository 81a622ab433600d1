//! Topics and partitions as the controller records them.

use std::collections::BTreeMap;

use fencepost_ids::{BrokerId, LeaderEpoch, PartitionIndex, TopicId, TopicName};

use crate::config::TopicSettings;

/// A topic's number inside the model: smaller than its name, and never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicIndex(pub u32);

/// A partition's key inside the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PartitionKey {
    /// The topic.
    pub topic: TopicIndex,
    /// The partition within it.
    pub partition: PartitionIndex,
}

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) index: TopicIndex,
    pub(crate) name: TopicName,
    pub(crate) id: TopicId,
    /// Kafka's own: `__consumer_offsets` or `__transaction_state` (API-23).
    pub(crate) internal: bool,
    /// The settings that were given for this topic itself.
    pub(crate) overrides: BTreeMap<String, String>,
    /// The settings in effect.
    pub(crate) settings: TopicSettings,
    pub(crate) partitions: Vec<Partition>,
}

/// A partition's place in the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Partition {
    pub(crate) leader: Option<BrokerId>,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) replicas: Vec<BrokerId>,
    /// In-sync replicas, in the order of `replicas`.
    pub(crate) in_sync: Vec<BrokerId>,
}

impl Topic {
    pub(crate) fn partition(&self, index: PartitionIndex) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index.0).ok()?)
    }

    pub(crate) fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).expect("the number of partitions came as an int32")
    }

    /// The keys of its partitions, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = PartitionKey> + use<> {
        let topic = self.index;
        (0..self.partition_count())
            .map(move |partition| PartitionKey { topic, partition: PartitionIndex(partition) })
    }
}

impl Partition {
    /// How many in-sync replicas an acks=all append needs: `min.insync.replicas`, but never more
    /// than there are replicas (LSO-01).
    pub(crate) fn effective_min_in_sync(&self, settings: &TopicSettings) -> usize {
        usize::try_from(settings.min_insync_replicas).unwrap_or(0).min(self.replicas.len())
    }

    /// Whether enough replicas are in sync for an acks=all append.
    pub(crate) fn has_enough_in_sync(&self, settings: &TopicSettings) -> bool {
        self.in_sync.len() >= self.effective_min_in_sync(settings)
    }
}
