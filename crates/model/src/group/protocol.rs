//! A group of either protocol, for what both have.

use fencepost_ids::{ErrorCode, GroupId, Timestamp, TopicName};

use super::classic::{ClassicGroup, CommitKind, Identity, State};
use super::offsets::ExpiryBase;
use super::records::GroupRecord;

/// A group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    /// Of the classic protocol, or one that exists through its offsets alone (GRP-03).
    Classic(ClassicGroup),
}

impl Group {
    /// A group that a commit of offsets creates (TXOFF-21, TXOFF-57).
    pub(crate) fn simple(now: Timestamp) -> Self {
        Self::Classic(ClassicGroup::new(now))
    }

    /// The name of its state on the wire.
    pub(crate) const fn state_name(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state().name(),
        }
    }

    /// The name of its type on the wire (GRP-43).
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
        }
    }

    /// Its protocol type, "" for none.
    pub(crate) fn protocol_type(&self) -> &str {
        match self {
            Self::Classic(group) => group.protocol_type().unwrap_or_default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.state() == State::Empty,
        }
    }

    pub(crate) fn is_subscribed_to(&self, topic: &TopicName) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed_to(topic),
        }
    }

    pub(crate) fn offset_expiry(&self) -> ExpiryBase {
        match self {
            Self::Classic(group) => group.offset_expiry(),
        }
    }

    /// Whether a commit is allowed now; `version` is that of the request.
    pub(crate) fn validate_offset_commit(
        &self,
        identity: &Identity<'_>,
        kind: CommitKind,
        _version: i16,
    ) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_offset_commit(identity, kind),
        }
    }

    /// The records that delete the group itself.
    pub(crate) fn tombstones(&self, id: &GroupId) -> Vec<GroupRecord> {
        match self {
            Self::Classic(_) => vec![GroupRecord::ClassicGroup(id.clone(), None)],
        }
    }

    /// Whether the group may be deleted (TXOFF-65).
    pub(crate) fn validate_deletion(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_deletion(),
        }
    }

    /// Whether offsets of the group may be deleted (TXOFF-62).
    pub(crate) fn validate_offset_deletion(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Classic(group) => group.validate_offset_deletion(),
        }
    }
}
