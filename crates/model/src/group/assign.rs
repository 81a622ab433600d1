//! Target assignments of KIP-848 groups: which member should hold which partition (G848-16).
//!
//! An assignor is a function of the members' subscriptions, the topics, and the target before; the
//! same values give the same target on every machine.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{InstanceId, MemberId, PartitionIndex, TopicId};

mod partitions;
pub(crate) use partitions::Partitions;
mod range;
mod uniform;

/// An assignor that the broker knows (`group.consumer.assignors`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Assignor {
    /// As even as the subscriptions allow, and as few moves as that allows (G848-27).
    Uniform,
    /// Contiguous ranges of each topic by the order of the members (G848-26).
    Range,
}

impl Assignor {
    /// The name on the wire.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    /// The assignor of this name.
    #[must_use]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Uniform, Self::Range].into_iter().find(|assignor| assignor.name() == name)
    }

    /// The new target of every subscriber.
    #[must_use]
    pub(crate) fn assign(self, input: &Assignable<'_>) -> BTreeMap<MemberId, Partitions> {
        match self {
            Self::Uniform => uniform::assign(input),
            Self::Range => range::assign(input),
        }
    }
}

/// What an assignor decides on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignable<'a> {
    /// The members.
    pub(crate) subscribers: &'a BTreeMap<MemberId, Subscriber>,
    /// How many partitions each topic has that some member subscribes to.
    pub(crate) topics: &'a BTreeMap<TopicId, i32>,
    /// The target before; members that left may still be in it.
    pub(crate) previous: &'a BTreeMap<MemberId, Partitions>,
}

/// What an assignor knows of a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Subscriber {
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// The topics that it subscribes to and that exist.
    pub(crate) topics: BTreeSet<TopicId>,
}

impl Assignable<'_> {
    /// Every partition that may be assigned, in order.
    fn partitions(&self) -> impl Iterator<Item = (TopicId, PartitionIndex)> {
        self.topics
            .iter()
            .flat_map(|(topic, count)| (0..*count).map(|index| (*topic, PartitionIndex(index))))
    }
}

#[cfg(test)]
mod tests;
