//! Which topics a group is subscribed to, and whether they changed (G848-14, G848-15).

use std::collections::BTreeSet;

use fencepost_ids::{MemberEpoch, TopicId, TopicName};

use super::{ConsumerGroup, Context, Draft};
use crate::group::records::{ConsumerGroupRecord, GroupEpochValue, SubscribedTopic};

/// The topics that exist.
pub(crate) trait TopicDirectory {
    /// The id of a topic and how many partitions it has.
    fn topic(&self, name: &str) -> Option<(TopicId, i32)>;
    /// The name of the topic of this id.
    fn name(&self, id: TopicId) -> Option<TopicName>;
    /// The names of all topics, in order.
    fn names(&self) -> Vec<TopicName>;
    /// A number that rises whenever a topic is created.
    fn creations(&self) -> i64;
}

impl ConsumerGroup {
    /// The subscribed topics that exist, by name.
    fn existing(&self, topics: &dyn TopicDirectory) -> Vec<SubscribedTopic> {
        self.subscribed_topics()
            .into_iter()
            .filter_map(|name| {
                let (id, partitions) = topics.topic(name)?;
                Some(SubscribedTopic { id, name: name.clone(), partitions })
            })
            .collect()
    }

    /// The ids of the topics that a member subscribes to and that exist.
    pub(super) fn topic_ids(
        &self,
        member: &super::ConsumerMember,
        topics: &dyn TopicDirectory,
    ) -> BTreeSet<TopicId> {
        let matched = member.regex().and_then(|regex| self.regexes.get(regex));
        let names = member.topics.iter().chain(matched.iter().flat_map(|regex| &regex.topics));
        names.filter_map(|name| topics.topic(name)).map(|(id, _)| id).collect()
    }
}

impl ConsumerGroup {
    /// The records of a group that begins with this epoch.
    pub(super) fn epoch_records(
        &self,
        context: &Context<'_>,
        epoch: MemberEpoch,
    ) -> Vec<ConsumerGroupRecord> {
        let topics = self.existing(context.topics);
        if context.settings.remembers_hash() {
            let value = GroupEpochValue { epoch, metadata_hash: hash(&topics) };
            return vec![ConsumerGroupRecord::GroupEpoch(Some(value))];
        }
        let value = GroupEpochValue { epoch, metadata_hash: 0 };
        vec![
            ConsumerGroupRecord::PartitionMetadata(Some(topics)),
            ConsumerGroupRecord::GroupEpoch(Some(value)),
        ]
    }
}

impl Draft<'_> {
    /// Raises the group epoch if that is asked for, or if the subscribed topics are not what they
    /// were when it last rose.
    pub(super) fn refresh_metadata(&mut self, context: &Context<'_>, raise: bool) {
        let topics = self.existing(context.topics);
        if context.settings.remembers_hash() {
            self.refresh_hash(hash(&topics), raise);
        } else {
            self.refresh_topics(topics, raise);
        }
    }

    fn refresh_topics(&mut self, topics: Vec<SubscribedTopic>, raise: bool) {
        let changed = self.partition_metadata.as_deref().unwrap_or_default() != topics;
        if changed {
            self.write(ConsumerGroupRecord::PartitionMetadata(Some(topics)));
        }
        if changed || raise {
            self.raise_epoch(0);
        }
    }

    fn refresh_hash(&mut self, hash: i64, raise: bool) {
        if hash != self.metadata_hash || raise {
            self.raise_epoch(hash);
        }
        // What a release up to 4.0 left behind.
        if self.partition_metadata.is_some() {
            self.write(ConsumerGroupRecord::PartitionMetadata(None));
        }
    }

    fn raise_epoch(&mut self, metadata_hash: i64) {
        let epoch = MemberEpoch(self.epoch.0.saturating_add(1));
        let value = GroupEpochValue { epoch, metadata_hash };
        self.write(ConsumerGroupRecord::GroupEpoch(Some(value)));
    }
}

/// A hash of topics, 0 for none. A real broker hashes with another function, and its racks too; no
/// reader can tell, since the number is only ever compared with a later one of the same broker.
fn hash(topics: &[SubscribedTopic]) -> i64 {
    if topics.is_empty() {
        return 0;
    }
    // FNV-1a, 64 bits.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for topic in topics {
        add(&topic.id.0);
        add(&topic.partitions.to_be_bytes());
    }
    hash.cast_signed()
}
