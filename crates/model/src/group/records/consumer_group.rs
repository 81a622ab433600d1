//! KIP-848 consumer groups: keys of version 3 to 8 and 16 with their values of version 0 (TXOFF-70,
//! G848-04, KIP-848, KIP-1101).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fencepost_ids::{
    ClientId, GroupId, InstanceId, MemberEpoch, MemberId, PartitionIndex, Timestamp, TopicId,
    TopicName,
};

use super::encoding::{Fields, Malformed, put_string};
use crate::group::assign::Partitions;
use crate::group::classic::Protocol;
use crate::group::consumer::ReconciliationState;

mod value;

#[cfg(test)]
mod tests;

/// A record of a consumer group: what its key names, and its value, or none for a tombstone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ConsumerGroupRecord {
    /// Key 3: the group itself.
    GroupEpoch(Option<GroupEpochValue>),
    /// Key 4: the topics that the group is subscribed to, in releases up to 4.0.
    PartitionMetadata(Option<Vec<SubscribedTopic>>),
    /// Key 5: who a member is and what it subscribes to.
    Member(MemberId, Option<ConsumerMemberValue>),
    /// Key 6: the epoch of the target assignment.
    TargetEpoch(Option<TargetEpochValue>),
    /// Key 7: what a member should hold.
    TargetAssignment(MemberId, Option<Partitions>),
    /// Key 8: what a member holds.
    CurrentAssignment(MemberId, Option<CurrentAssignmentValue>),
    /// Key 16: what a regular expression matched.
    RegularExpression(Arc<str>, Option<RegularExpressionValue>),
}

/// The value of key 3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupEpochValue {
    /// The group epoch.
    pub(crate) epoch: MemberEpoch,
    /// A hash of the subscribed topics, 0 for none; releases from 4.1 write it (KIP-1101).
    pub(crate) metadata_hash: i64,
}

/// A topic in the value of key 4.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SubscribedTopic {
    /// Its id.
    pub(crate) id: TopicId,
    /// Its name.
    pub(crate) name: TopicName,
    /// How many partitions it had.
    pub(crate) partitions: i32,
}

/// The value of key 5.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ConsumerMemberValue {
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// Its rack.
    pub(crate) rack: Option<Arc<str>>,
    /// What its client called itself.
    pub(crate) client_id: ClientId,
    /// Where its client connected from, with a leading slash.
    pub(crate) client_host: Arc<str>,
    /// The names that it subscribes to.
    pub(crate) topics: BTreeSet<TopicName>,
    /// The regular expression that it subscribes to, or "".
    pub(crate) regex: Arc<str>,
    /// How long it may take to give up partitions.
    pub(crate) rebalance_timeout_ms: i32,
    /// The assignor that it asks for.
    pub(crate) assignor: Option<Arc<str>>,
    /// What a member of the classic protocol says of itself; none of the consumer protocol (GRP-49).
    pub(crate) classic: Option<ClassicMemberMetadata>,
}

/// What only a member of the classic protocol has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ClassicMemberMetadata {
    /// How long it may be silent.
    pub(crate) session_timeout_ms: i32,
    /// What it offers, most wanted first; never empty.
    pub(crate) protocols: Vec<Protocol>,
}

/// The value of key 6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TargetEpochValue {
    /// The group epoch that the target was computed for.
    pub(crate) epoch: MemberEpoch,
    /// When it was computed, 0 for unknown; releases from 4.3 write it (KIP-1263).
    pub(crate) time: Timestamp,
}

/// The epoch at which its member got each partition; releases from 4.3 write them (KIP-1251).
pub(crate) type AssignmentEpochs = BTreeMap<(TopicId, PartitionIndex), MemberEpoch>;

/// The value of key 8.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CurrentAssignmentValue {
    /// The member's epoch.
    pub(crate) epoch: MemberEpoch,
    /// The epoch before it.
    pub(crate) previous_epoch: MemberEpoch,
    /// Where its reconciliation stands.
    pub(crate) state: ReconciliationState,
    /// What it holds.
    pub(crate) assigned: Partitions,
    /// What it must give up.
    pub(crate) pending_revocation: Partitions,
    /// Since when it has all that.
    pub(crate) since: AssignmentEpochs,
}

/// The value of key 16.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RegularExpressionValue {
    /// The topics that it matched.
    pub(crate) topics: BTreeSet<TopicName>,
    /// The state of the metadata that it was matched against.
    pub(crate) version: i64,
    /// When.
    pub(crate) time: Timestamp,
}

impl ConsumerGroupRecord {
    /// The version of the key.
    const fn key_version(&self) -> i16 {
        match self {
            Self::GroupEpoch(_) => 3,
            Self::PartitionMetadata(_) => 4,
            Self::Member(..) => 5,
            Self::TargetEpoch(_) => 6,
            Self::TargetAssignment(..) => 7,
            Self::CurrentAssignment(..) => 8,
            Self::RegularExpression(..) => 16,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub(crate) const fn is_tombstone(&self) -> bool {
        match self {
            Self::GroupEpoch(value) => value.is_none(),
            Self::PartitionMetadata(value) => value.is_none(),
            Self::Member(_, value) => value.is_none(),
            Self::TargetEpoch(value) => value.is_none(),
            Self::TargetAssignment(_, value) => value.is_none(),
            Self::CurrentAssignment(_, value) => value.is_none(),
            Self::RegularExpression(_, value) => value.is_none(),
        }
    }

    /// Whether a key of this version belongs to a consumer group.
    #[must_use]
    pub(crate) const fn is_key_version(version: i16) -> bool {
        matches!(version, 3..=8 | 16)
    }

    /// The key's bytes, version first.
    #[must_use]
    pub(crate) fn encode_key(&self, group: &GroupId) -> Bytes {
        let mut out = Vec::with_capacity(8 + group.len());
        out.put_i16(self.key_version());
        put_string(&mut out, group);
        match self {
            Self::GroupEpoch(_) | Self::PartitionMetadata(_) | Self::TargetEpoch(_) => {}
            Self::Member(member, _)
            | Self::TargetAssignment(member, _)
            | Self::CurrentAssignment(member, _) => put_string(&mut out, member),
            Self::RegularExpression(regex, _) => put_string(&mut out, regex),
        }
        out.into()
    }

    /// The value's bytes, or none for a tombstone.
    #[must_use]
    pub(crate) fn encode_value(&self) -> Option<Bytes> {
        let mut out = Vec::new();
        out.put_i16(0);
        match self {
            Self::GroupEpoch(value) => value::put_group_epoch(&mut out, value.as_ref()?),
            Self::PartitionMetadata(value) => value::put_topics(&mut out, value.as_ref()?),
            Self::Member(_, value) => value::put_member(&mut out, value.as_ref()?),
            Self::TargetEpoch(value) => value::put_target_epoch(&mut out, value.as_ref()?),
            Self::TargetAssignment(_, value) => value::put_target(&mut out, value.as_ref()?),
            Self::CurrentAssignment(_, value) => value::put_current(&mut out, value.as_ref()?),
            Self::RegularExpression(_, value) => value::put_regex(&mut out, value.as_ref()?),
        }
        Some(out.into())
    }

    /// Reads a record whose key, behind its version, is in `key`.
    ///
    /// # Errors
    /// If the version is not of a consumer group, or the bytes are not such a key or value.
    pub(crate) fn decode(
        key_version: i16,
        mut key: Fields<'_>,
        value: Option<&[u8]>,
    ) -> Result<(GroupId, Self), Malformed> {
        let group = GroupId::from(key.string()?);
        let value = value.map(value_fields).transpose()?;
        let record = match key_version {
            3 => Self::GroupEpoch(value.map(value::group_epoch).transpose()?),
            4 => Self::PartitionMetadata(value.map(value::topics).transpose()?),
            5 => Self::Member(key.string()?.into(), value.map(value::member).transpose()?),
            6 => Self::TargetEpoch(value.map(value::target_epoch).transpose()?),
            7 => {
                Self::TargetAssignment(key.string()?.into(), value.map(value::target).transpose()?)
            }
            8 => Self::CurrentAssignment(
                key.string()?.into(),
                value.map(value::current).transpose()?,
            ),
            16 => {
                Self::RegularExpression(key.string()?.into(), value.map(value::regex).transpose()?)
            }
            other => return Err(Malformed::Version(other)),
        };
        Ok((group, record))
    }
}

/// The fields behind the version of a value.
fn value_fields(value: &[u8]) -> Result<Fields<'_>, Malformed> {
    let mut fields = Fields::new(value);
    match fields.int16()? {
        0 => Ok(fields),
        other => Err(Malformed::Version(other)),
    }
}
