//! The records of the internal topics, read as their coordinators read them.

use std::fmt;

use fencepost_ids::{Timestamp, TopicPartition};

use crate::group::assign::Partitions;
use crate::group::classic::assigned_partitions;
use crate::group::consumer::ReconciliationState;
use crate::group::records::{
    ClassicGroupMemberValue, ClassicGroupValue, ConsumerGroupRecord, ConsumerMemberValue,
    CurrentAssignmentValue, GroupRecord, OffsetCommitKey, OffsetCommitValue, Subscription,
};
use crate::metadata::{CONSUMER_OFFSETS, TRANSACTION_STATE};
use crate::txn::TxnFields;
use crate::txn::log::{decode_key, decode_value};

/// A record of `__transaction_state` or `__consumer_offsets`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InternalRecord {
    /// What it is about.
    pub kind: InternalRecordKind,
    /// What its key names.
    pub key: RecordFields,
    /// What it says; none for a tombstone.
    pub value: Option<RecordFields>,
}

/// What a record of an internal topic is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InternalRecordKind {
    /// A transactional id (TLOG-04).
    Transaction,
    /// A committed offset (TXOFF-71).
    OffsetCommit,
    /// A classic group with its members (TXOFF-72).
    ClassicGroup,
    /// The epoch of a consumer group (KIP-848).
    ConsumerGroup,
    /// The topics that a consumer group is subscribed to, in releases up to 4.0.
    ConsumerGroupTopics,
    /// Who a member of a consumer group is, and what it subscribes to.
    ConsumerGroupMember,
    /// The epoch of a consumer group's target assignment.
    ConsumerGroupTarget,
    /// What a member should hold.
    ConsumerGroupTargetAssignment,
    /// What a member holds.
    ConsumerGroupAssignment,
    /// What a regular expression matched.
    ConsumerGroupRegularExpression,
}

/// Fields by name, in the order of their schema.
pub type RecordFields = Vec<(&'static str, RecordField)>;

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordField {
    /// It says nothing.
    Null,
    /// A number; times are in milliseconds since 1970.
    Number(i64),
    /// Text.
    Text(String),
    /// Several of a kind.
    List(Vec<RecordField>),
    /// Fields of its own.
    Fields(RecordFields),
}

impl InternalRecord {
    /// Reads a record. None if the topic is no internal one, if the record is of a kind that a
    /// coordinator passes over, and if its bytes are not what their version says.
    #[must_use]
    pub fn read(topic: &str, key: &[u8], value: Option<&[u8]>) -> Option<Self> {
        match topic {
            TRANSACTION_STATE => {
                let id = decode_key(key).ok()?;
                let fields = value.map(decode_value).transpose().ok()?;
                Some(Self {
                    kind: InternalRecordKind::Transaction,
                    key: vec![("transactional_id", text(&id))],
                    value: fields.as_ref().map(transaction),
                })
            }
            CONSUMER_OFFSETS => Some(match GroupRecord::decode(key, value).ok()?? {
                GroupRecord::OffsetCommit(key, value) => offset_commit(&key, value.as_ref()),
                GroupRecord::ClassicGroup(group, value) => Self {
                    kind: InternalRecordKind::ClassicGroup,
                    key: vec![("group", text(&group))],
                    value: value.as_ref().map(classic_group),
                },
                GroupRecord::ConsumerGroup(group, record) => consumer_group(&group, &record),
            }),
            _ => None,
        }
    }

    /// A field of the value by its name; none in a tombstone.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&RecordField> {
        let mut fields = self.value.iter().flatten();
        fields.find(|(known, _)| *known == name).map(|(_, field)| field)
    }
}

impl InternalRecordKind {
    /// Its name, as the control API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::OffsetCommit => "offset_commit",
            Self::ClassicGroup => "classic_group",
            Self::ConsumerGroup => "consumer_group",
            Self::ConsumerGroupTopics => "consumer_group_topics",
            Self::ConsumerGroupMember => "consumer_group_member",
            Self::ConsumerGroupTarget => "consumer_group_target",
            Self::ConsumerGroupTargetAssignment => "consumer_group_target_assignment",
            Self::ConsumerGroupAssignment => "consumer_group_assignment",
            Self::ConsumerGroupRegularExpression => "consumer_group_regular_expression",
        }
    }
}

fn transaction(fields: &TxnFields) -> RecordFields {
    let other = |id: i64| if id >= 0 { number(id) } else { RecordField::Null };
    vec![
        ("state", text(fields.state.name())),
        ("producer_id", number(fields.producer_id.0)),
        ("producer_epoch", number(fields.epoch.0)),
        ("previous_producer_id", other(fields.previous_producer_id.0)),
        ("next_producer_id", other(fields.next_producer_id.0)),
        ("timeout_ms", number(fields.timeout_ms)),
        ("start_ms", some(Some(fields.start).filter(|at| *at != Timestamp::NONE).map(|at| at.0))),
        ("last_update_ms", number(fields.last_update.0)),
        ("partitions", partitions(&fields.partitions)),
        ("transaction_version", number(fields.path.level())),
    ]
}

fn offset_commit(key: &OffsetCommitKey, value: Option<&OffsetCommitValue>) -> InternalRecord {
    let fields = |value: &OffsetCommitValue| {
        vec![
            ("offset", number(value.offset.0)),
            ("leader_epoch", some(value.leader_epoch.map(|epoch| epoch.0))),
            ("metadata", text(&value.metadata)),
            ("commit_ms", number(value.commit_time.0)),
            ("expire_ms", some(value.expire_time.map(|at| at.0))),
        ]
    };
    InternalRecord {
        kind: InternalRecordKind::OffsetCommit,
        key: vec![
            ("group", text(&key.group)),
            ("topic", text(&key.topic)),
            ("partition", number(key.partition.0)),
        ],
        value: value.map(fields),
    }
}

fn classic_group(value: &ClassicGroupValue) -> RecordFields {
    let is_consumer = &*value.protocol_type == "consumer";
    let members = value.members.iter().map(|member| classic_member(member, is_consumer));
    vec![
        ("protocol_type", text(&value.protocol_type)),
        ("generation", number(value.generation.0)),
        ("protocol", words(value.protocol.as_deref())),
        ("leader", words(value.leader.as_deref())),
        ("state_since_ms", some(value.state_since.map(|at| at.0))),
        ("members", RecordField::List(members.collect())),
    ]
}

/// What members tell each other is shown if they are consumers.
fn classic_member(member: &ClassicGroupMemberValue, is_consumer: bool) -> RecordField {
    let topics = Subscription::decode(&member.subscription).ok().filter(|_| is_consumer);
    let assigned = assigned_partitions(&member.assignment).ok().filter(|_| is_consumer);
    RecordField::Fields(vec![
        ("member", text(&member.member)),
        ("instance", words(member.instance.as_deref())),
        ("client_id", text(&member.client_id)),
        ("client_host", text(&member.client_host)),
        ("rebalance_timeout_ms", number(member.rebalance_timeout_ms)),
        ("session_timeout_ms", number(member.session_timeout_ms)),
        ("subscribed", topics.map_or(RecordField::Null, |said| list(&said.topics))),
        ("assigned", assigned.map_or(RecordField::Null, |assigned| partitions(&assigned))),
    ])
}

fn consumer_group(group: &str, record: &ConsumerGroupRecord) -> InternalRecord {
    use ConsumerGroupRecord as Of;
    let mut key = vec![("group", text(group))];
    let (kind, value) = match record {
        Of::GroupEpoch(value) => (
            InternalRecordKind::ConsumerGroup,
            value.as_ref().map(|value| {
                let hash = Some(value.metadata_hash).filter(|hash| *hash != 0);
                vec![("epoch", number(value.epoch.0)), ("metadata_hash", some(hash))]
            }),
        ),
        Of::PartitionMetadata(value) => {
            let topics = value.as_ref().map(|topics| {
                topics.iter().map(|topic| {
                    RecordField::Fields(vec![
                        ("topic", text(&topic.name)),
                        ("topic_id", text(topic.id)),
                        ("partitions", number(topic.partitions)),
                    ])
                })
            });
            (
                InternalRecordKind::ConsumerGroupTopics,
                topics.map(|topics| vec![("topics", RecordField::List(topics.collect()))]),
            )
        }
        Of::Member(member, value) => {
            key.push(("member", text(member)));
            (InternalRecordKind::ConsumerGroupMember, value.as_ref().map(consumer_member))
        }
        Of::TargetEpoch(value) => (
            InternalRecordKind::ConsumerGroupTarget,
            value.as_ref().map(|value| {
                let time = Some(value.time.0).filter(|time| *time != 0);
                vec![("epoch", number(value.epoch.0)), ("computed_ms", some(time))]
            }),
        ),
        Of::TargetAssignment(member, value) => {
            key.push(("member", text(member)));
            let assigned = value.as_ref().map(|assigned| vec![("assigned", by_id(assigned))]);
            (InternalRecordKind::ConsumerGroupTargetAssignment, assigned)
        }
        Of::CurrentAssignment(member, value) => {
            key.push(("member", text(member)));
            (InternalRecordKind::ConsumerGroupAssignment, value.as_ref().map(current_assignment))
        }
        Of::RegularExpression(regex, value) => {
            key.push(("regular_expression", text(regex)));
            let matched = value.as_ref().map(|value| {
                vec![
                    ("topics", list(&value.topics)),
                    ("metadata_version", number(value.version)),
                    ("matched_ms", number(value.time.0)),
                ]
            });
            (InternalRecordKind::ConsumerGroupRegularExpression, matched)
        }
    };
    InternalRecord { kind, key, value }
}

fn consumer_member(value: &ConsumerMemberValue) -> RecordFields {
    let classic = value.classic.as_ref();
    let protocols = classic.map(|classic| {
        let names = classic.protocols.iter().map(|protocol| text(&protocol.name));
        RecordField::List(names.collect())
    });
    vec![
        ("instance", words(value.instance.as_deref())),
        ("rack", words(value.rack.as_deref())),
        ("client_id", text(&value.client_id)),
        ("client_host", text(&value.client_host)),
        ("subscribed", list(&value.topics)),
        ("regular_expression", words(Some(&*value.regex).filter(|regex| !regex.is_empty()))),
        ("rebalance_timeout_ms", number(value.rebalance_timeout_ms)),
        ("assignor", words(value.assignor.as_deref())),
        ("classic_session_timeout_ms", some(classic.map(|classic| classic.session_timeout_ms))),
        ("classic_protocols", protocols.unwrap_or(RecordField::Null)),
    ]
}

fn current_assignment(value: &CurrentAssignmentValue) -> RecordFields {
    let state = match value.state {
        ReconciliationState::Stable => "Stable",
        ReconciliationState::UnrevokedPartitions => "UnrevokedPartitions",
        ReconciliationState::UnreleasedPartitions => "UnreleasedPartitions",
    };
    vec![
        ("epoch", number(value.epoch.0)),
        ("previous_epoch", number(value.previous_epoch.0)),
        ("state", text(state)),
        ("assigned", by_id(&value.assigned)),
        ("pending_revocation", by_id(&value.pending_revocation)),
    ]
}

fn number(number: impl Into<i64>) -> RecordField {
    RecordField::Number(number.into())
}

fn some(given: Option<impl Into<i64>>) -> RecordField {
    given.map_or(RecordField::Null, number)
}

fn text(text: impl fmt::Display) -> RecordField {
    RecordField::Text(text.to_string())
}

fn words(given: Option<&str>) -> RecordField {
    given.map_or(RecordField::Null, text)
}

fn list<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> RecordField {
    RecordField::List(all.into_iter().map(text).collect())
}

fn partitions<'a>(all: impl IntoIterator<Item = &'a TopicPartition>) -> RecordField {
    let each = all.into_iter().map(|TopicPartition { topic, partition }| {
        RecordField::Fields(vec![("topic", text(topic)), ("partition", number(partition.0))])
    });
    RecordField::List(each.collect())
}

/// The log knows the topics of consumer groups by their ids alone.
fn by_id(all: &Partitions) -> RecordField {
    let each = all.iter().map(|(topic, partition)| {
        RecordField::Fields(vec![("topic_id", text(topic)), ("partition", number(partition.0))])
    });
    RecordField::List(each.collect())
}

#[cfg(test)]
mod tests;
