//! A set of partitions, by topic id.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{PartitionIndex, TopicId};

/// Partitions of some topics; no topic in it is without a partition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(crate) struct Partitions(BTreeMap<TopicId, BTreeSet<PartitionIndex>>);

impl Partitions {
    /// Whether there is none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    /// Whether a partition is in it.
    #[must_use]
    pub(crate) fn contains(&self, topic: TopicId, partition: PartitionIndex) -> bool {
        self.0.get(&topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    /// Adds a partition.
    pub(crate) fn insert(&mut self, topic: TopicId, partition: PartitionIndex) {
        self.0.entry(topic).or_default().insert(partition);
    }

    /// Every partition, by topic id and index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TopicId, PartitionIndex)> {
        self.0
            .iter()
            .flat_map(|(topic, partitions)| partitions.iter().map(|partition| (*topic, *partition)))
    }

    /// Every topic with its partitions, by topic id.
    pub(crate) fn topics(
        &self,
    ) -> impl ExactSizeIterator<Item = (TopicId, &BTreeSet<PartitionIndex>)> {
        self.0.iter().map(|(topic, partitions)| (*topic, partitions))
    }

    /// The partitions that are in both.
    #[must_use]
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.iter().filter(|(topic, partition)| other.contains(*topic, *partition)).collect()
    }

    /// The partitions that are here and not there.
    #[must_use]
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.iter().filter(|(topic, partition)| !other.contains(*topic, *partition)).collect()
    }

    /// Whether some partition is in both.
    #[must_use]
    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.iter().any(|(topic, partition)| other.contains(topic, partition))
    }

    /// Whether every partition of this is in the other.
    #[must_use]
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|(topic, partition)| other.contains(topic, partition))
    }
}

impl FromIterator<(TopicId, PartitionIndex)> for Partitions {
    fn from_iter<I: IntoIterator<Item = (TopicId, PartitionIndex)>>(partitions: I) -> Self {
        let mut set = Self::default();
        set.extend(partitions);
        set
    }
}

impl Extend<(TopicId, PartitionIndex)> for Partitions {
    fn extend<I: IntoIterator<Item = (TopicId, PartitionIndex)>>(&mut self, partitions: I) {
        for (topic, partition) in partitions {
            self.insert(topic, partition);
        }
    }
}
