//! A group of either protocol, for what both have.

use fencepost_ids::{
    ErrorCode, GroupId, MemberEpoch, PartitionIndex, Rules, Timestamp, TopicId, TopicName,
};
use fencepost_wire::Release;

use super::classic::{ClassicGroup, CommitKind, Identity, State};
use super::consumer::ConsumerGroup;
use super::offsets::ExpiryBase;
use super::records::GroupRecord;
use crate::event::GroupStanding;

/// A group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    /// Of the classic protocol, or one that exists through its offsets alone (GRP-03).
    Classic(ClassicGroup),
    /// Of KIP-848.
    Consumer(ConsumerGroup),
}

impl Group {
    /// A group that a commit of offsets creates (TXOFF-21, TXOFF-57).
    pub(crate) fn simple(now: Timestamp) -> Self {
        Self::Classic(ClassicGroup::new(now))
    }

    /// The name of its state on the wire.
    pub(crate) fn state_name(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state().name(),
            Self::Consumer(group) => group.state().name(),
        }
    }

    /// How it stands, for those who watch.
    pub(crate) fn standing(&self) -> GroupStanding {
        let (epoch, members) = match self {
            Self::Classic(group) => (group.generation().0, group.members().count()),
            Self::Consumer(group) => (group.epoch().0, group.members().count()),
        };
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        let (group_type, state) = (self.type_name(), self.state_name());
        GroupStanding { group_type, state, epoch, members }
    }

    /// The name of its type on the wire (GRP-43).
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
            Self::Consumer(_) => "consumer",
        }
    }

    /// Its protocol type, "" for none.
    pub(crate) fn protocol_type(&self) -> &str {
        match self {
            Self::Classic(group) => group.protocol_type().unwrap_or_default(),
            Self::Consumer(_) => "consumer",
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.state() == State::Empty,
            Self::Consumer(group) => group.is_empty(),
        }
    }

    pub(crate) fn is_subscribed_to(&self, topic: &TopicName) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed_to(topic),
            Self::Consumer(group) => group.is_subscribed_to(topic),
        }
    }

    pub(crate) fn offset_expiry(&self) -> ExpiryBase {
        match self {
            Self::Classic(group) => group.offset_expiry(),
            Self::Consumer(group) => group.offset_expiry(),
        }
    }

    /// Whether a commit is allowed now; `version` is that of the request.
    pub(crate) fn validate_offset_commit(
        &self,
        identity: &Identity<'_>,
        kind: CommitKind,
        version: i16,
        (release, rules): (Release, Rules),
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_offset_commit(identity, kind, rules),
            Self::Consumer(group) => {
                group.validate_offset_commit(identity, kind, version, (release, rules))
            }
        }
    }

    /// Whether a commit of an identity that was found good may touch a partition; in a classic group
    /// it may touch any.
    pub(crate) fn validate_partition(
        &self,
        identity: &Identity<'_>,
        topic: TopicId,
        partition: PartitionIndex,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(_) => Ok(()),
            Self::Consumer(group) => group.validate_partition(identity, topic, partition),
        }
    }

    /// Whether a fetch by this member at this epoch is allowed; a classic group takes any (TXOFF-52).
    pub(crate) fn validate_offset_fetch(
        &self,
        member: Option<&str>,
        epoch: MemberEpoch,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(_) => Ok(()),
            Self::Consumer(group) => group.validate_offset_fetch(member, epoch),
        }
    }

    /// The records that delete the group itself.
    pub(crate) fn tombstones(&self, id: &GroupId) -> Vec<GroupRecord> {
        match self {
            Self::Classic(_) => vec![GroupRecord::ClassicGroup(id.clone(), None)],
            Self::Consumer(group) => group
                .tombstones()
                .into_iter()
                .map(|record| GroupRecord::ConsumerGroup(id.clone(), record))
                .collect(),
        }
    }

    /// Whether the group may be deleted (TXOFF-65).
    pub(crate) fn validate_deletion(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_deletion(),
            Self::Consumer(group) => group.validate_deletion(),
        }
    }

    /// Whether offsets of the group may be deleted (TXOFF-62).
    pub(crate) fn validate_offset_deletion(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_offset_deletion(),
            // Topics without subscribers may lose their offsets in any state.
            Self::Consumer(_) => Ok(()),
        }
    }
}
