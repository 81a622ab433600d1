//! What the members offer: which newcomers fit, which protocol wins, which topics it means
//! (GRP-12, GRP-21, GRP-50).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{PartitionIndex, TopicName, TopicPartition, java_string_hash};

use super::{CONSUMER_PROTOCOL_TYPE, ClassicGroup, Protocol, State};
use crate::group::records::{Fields, Malformed};

impl ClassicGroup {
    /// Whether a member with these protocols fits in (GRP-12).
    pub(super) fn accepts_protocols(&self, protocol_type: &str, offered: &[Protocol]) -> bool {
        match self.state {
            State::Empty => !protocol_type.is_empty() && !offered.is_empty(),
            State::PreparingRebalance(_) | State::CompletingRebalance | State::Stable => {
                self.protocol_type.as_deref() == Some(protocol_type)
                    && offered.iter().any(|protocol| self.all_offer(&protocol.name))
            }
        }
    }

    fn all_offer(&self, protocol: &str) -> bool {
        self.members.values().all(|member| member.offers(protocol))
    }

    /// The protocol that most members prefer among those that all offer; of several such the one that
    /// comes first in Kafka's hash table, and the smallest name where it leaves that to chance
    /// (GRP-21).
    pub(super) fn select_protocol(&self) -> Option<Arc<str>> {
        let mut votes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for member in self.members.values() {
            let names = member.protocols.iter().map(|protocol| &protocol.name);
            if let Some(choice) = names.into_iter().find(|name| self.all_offer(name)) {
                *votes.entry(choice).or_default() += 1;
            }
        }
        let most = votes.values().copied().max()?;
        let slots = hash_slots(votes.len());
        let first = votes.iter().filter(|(_, count)| **count == most).map(|(name, _)| *name);
        first.min_by_key(|name| (hash_slot(name, slots), *name)).cloned()
    }

    /// Whether the group must keep its offsets of a topic (GRP-50).
    #[must_use]
    pub(crate) fn is_subscribed_to(&self, topic: &TopicName) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.speaks_consumer_protocol(),
        }
    }

    #[must_use]
    pub(crate) fn speaks_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER_PROTOCOL_TYPE)
    }

    pub(super) fn refresh_subscribed_topics(&mut self) {
        self.subscribed_topics = self.read_subscriptions();
    }

    fn read_subscriptions(&self) -> Option<BTreeSet<TopicName>> {
        if !self.speaks_consumer_protocol() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol.as_deref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscribed_topics(&member.metadata(protocol)).ok()?);
        }
        Some(topics)
    }
}

/// How many slots Java's hash table has for so many names.
fn hash_slots(names: usize) -> u32 {
    let mut slots = 16;
    while names > slots as usize * 3 / 4 {
        slots *= 2;
    }
    slots
}

/// The slot of a name in a table of 2 to some power slots.
fn hash_slot(name: &str, slots: u32) -> u32 {
    let hash = java_string_hash(name).cast_unsigned();
    (hash ^ hash >> 16) & (slots - 1)
}

/// The partitions of a consumer's assignment, read as version 0, which every version begins with.
pub(crate) fn assigned_partitions(assignment: &[u8]) -> Result<Vec<TopicPartition>, Malformed> {
    let mut fields = Fields::new(assignment);
    fields.int16()?;
    let mut partitions = Vec::new();
    for _ in 0..fields.count()? {
        let topic = TopicName::from(fields.string()?);
        for _ in 0..fields.count()? {
            let partition = PartitionIndex(fields.int32()?);
            partitions.push(TopicPartition { topic: topic.clone(), partition });
        }
    }
    Ok(partitions)
}

/// The topics of a consumer's subscription, read as version 0, which every version begins with.
fn subscribed_topics(metadata: &[u8]) -> Result<Vec<TopicName>, Malformed> {
    let mut fields = Fields::new(metadata);
    fields.int16()?;
    let count = fields.count()?;
    let topics = (0..count).map(|_| Ok(fields.string()?.into())).collect::<Result<_, Malformed>>();
    let topics = topics?;
    fields.nullable_bytes()?;
    Ok(topics)
}
