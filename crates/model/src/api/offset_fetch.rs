//! OffsetFetch (key 9), versions 1 to 10: TXOFF-44 to TXOFF-54.

use std::collections::BTreeMap;

use fencepost_ids::{
    ErrorCode, GroupId, MemberEpoch, Offset, PartitionIndex, Rule, TopicId, TopicName,
    TopicPartition,
};
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use fencepost_wire::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use fencepost_wire::messages::{OffsetFetchRequest, OffsetFetchResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::group::offsets::{CommittedOffset, StableOffset};
use crate::group::{Answer, ShardStep, append_error};
use crate::step::{Call, Step};

/// The version from which one request names several groups (KIP-709).
const GROUPS_VERSION: i16 = 8;
/// The version from which topics are named by their ids (KIP-848).
const TOPIC_ID_VERSION: i16 = 10;
/// The version from which an error stands at the top level.
const TOP_LEVEL_ERROR_VERSION: i16 = 2;

/// What was found for each group, in the shape of the newest version.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    groups: Vec<OffsetFetchResponseGroup>,
    version: i16,
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: OffsetFetchRequest) {
    let version = call.ticket.version;
    let is_stable = request.require_stable;
    let mut asked =
        if version < GROUPS_VERSION { vec![only_group(request)] } else { request.groups };
    let mut fetched = Fetched { groups: Vec::with_capacity(asked.len()), version };
    let mut waits = 0;
    for (part, group) in asked.iter_mut().enumerate() {
        let unknown =
            if version < TOPIC_ID_VERSION { Vec::new() } else { set_aside_unknown(step, group) };
        match fetch(step, call, part, group, is_stable) {
            Ok((mut found, has_to_wait)) => {
                found.topics.extend(unknown);
                fetched.groups.push(found);
                waits += usize::from(has_to_wait);
            }
            Err(error) => {
                fetched.groups.push(asked_for(group));
                fetched.refuse(part, error);
            }
        }
    }
    let answer = Answer::OffsetFetch(fetched);
    step.answer_when_replicated(call.broker, call.ticket, answer, waits);
}

fn only_group(request: OffsetFetchRequest) -> OffsetFetchRequestGroup {
    let topics = request.topics.map(|topics| {
        let topics = topics.into_iter().map(|topic| {
            OffsetFetchRequestTopics::default()
                .with_name(topic.name)
                .with_partition_indexes(topic.partition_indexes)
        });
        topics.collect()
    });
    OffsetFetchRequestGroup::default().with_group_id(request.group_id).with_topics(topics)
}

/// Gives topics the names that their ids stand for, and takes out those whose ids stand for none.
fn set_aside_unknown(
    step: &Step<'_>,
    group: &mut OffsetFetchRequestGroup,
) -> Vec<OffsetFetchResponseTopics> {
    let mut unknown = Vec::new();
    if let Some(topics) = &mut group.topics {
        topics.retain_mut(|topic| {
            match step.cluster.metadata.topic_by_id(TopicId::from_wire(&topic.topic_id)) {
                Some(known) => topic.name = known.name.to_wire(),
                None => {
                    let rows = topic
                        .partition_indexes
                        .iter()
                        .map(|index| row(*index).with_error_code(ErrorCode::UnknownTopicId.code()));
                    unknown.push(
                        OffsetFetchResponseTopics::default()
                            .with_topic_id(topic.topic_id)
                            .with_partitions(rows.collect()),
                    );
                }
            }
            !topic.name.is_empty()
        });
    }
    unknown
}

/// The group's offsets, and whether they wait to be replicated (TXOFF-49, TXOFF-50).
fn fetch(
    step: &mut Step<'_>,
    call: &Call,
    part: usize,
    request: &OffsetFetchRequestGroup,
    is_stable: bool,
) -> Result<(OffsetFetchResponseGroup, bool), ErrorCode> {
    let group = GroupId::from_wire(&request.group_id);
    let mut shard = step.shard_of(call.broker, &group)?;
    if let Some(known) = shard.shard().group(&group) {
        known.validate_offset_fetch(
            request.member_id.as_deref(),
            MemberEpoch(request.member_epoch),
        )?;
    }
    let topics = match &request.topics {
        // A group that does not exist has no offsets, whatever is left of it (TXOFF-51); of one that
        // went a moment ago, what is replicated may still be seen (TXOFF-49).
        _ if is_stable && shard.shard().group(&group).is_none() => asked_for(request).topics,
        Some(topics) => explicit(&shard, &group, topics, is_stable),
        None => all(&shard, &group, call.ticket.version >= TOPIC_ID_VERSION, is_stable),
    };
    let found = OffsetFetchResponseGroup::default()
        .with_group_id(request.group_id.clone())
        .with_topics(topics);
    let has_to_wait = is_stable && shard.is_on(Rule::StableFetchWait);
    let waits = has_to_wait && shard.await_replication(call.ticket.serial, part);
    Ok((found, waits))
}

fn explicit(
    shard: &ShardStep<'_>,
    group: &GroupId,
    topics: &[OffsetFetchRequestTopics],
    is_stable: bool,
) -> Vec<OffsetFetchResponseTopics> {
    let topics = topics.iter().map(|topic| {
        let name = TopicName::from_wire(&topic.name);
        let partitions = topic.partition_indexes.iter().map(|index| {
            let partition = TopicPartition::new(name.clone(), PartitionIndex(*index));
            look_up(shard, group, &partition, TopicId::from_wire(&topic.topic_id), is_stable)
        });
        OffsetFetchResponseTopics::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(partitions.collect())
    });
    topics.collect()
}

fn all(
    shard: &ShardStep<'_>,
    group: &GroupId,
    by_id: bool,
    is_stable: bool,
) -> Vec<OffsetFetchResponseTopics> {
    let high_watermark = (!is_stable).then(|| shard.high_watermark());
    let mut topics: BTreeMap<&TopicName, Vec<_>> = BTreeMap::new();
    for partition in shard.shard().offsets().partitions(group, high_watermark) {
        let found = look_up(shard, group, partition, TopicId::ZERO, is_stable);
        topics.entry(&partition.topic).or_default().push(found);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        let topic = shard.host.metadata.topic(name).filter(|_| by_id);
        let id = topic.map_or(TopicId::ZERO, |topic| topic.id);
        OffsetFetchResponseTopics::default()
            .with_name(name.to_wire())
            .with_topic_id(id.to_wire())
            .with_partitions(partitions)
    });
    topics.collect()
}

fn look_up(
    shard: &ShardStep<'_>,
    group: &GroupId,
    partition: &TopicPartition,
    topic_id: TopicId,
    is_stable: bool,
) -> OffsetFetchResponsePartitions {
    let offsets = shard.shard().offsets();
    let found = if is_stable {
        offsets.fetch_stable(group, partition)
    } else {
        let committed = offsets.fetch(group, partition, shard.high_watermark());
        committed.map_or(StableOffset::Absent, StableOffset::Committed)
    };
    let row = row(partition.partition.0);
    match found {
        StableOffset::Unstable => row.with_error_code(ErrorCode::UnstableOffsetCommit.code()),
        StableOffset::Committed(committed) if committed.is_for(topic_id) => {
            with_offset(row, committed)
        }
        StableOffset::Absent | StableOffset::Committed(_) => row,
    }
}

/// A partition without a committed offset.
fn row(index: i32) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions::default()
        .with_partition_index(index)
        .with_committed_offset(Offset::NONE.0)
        .with_committed_leader_epoch(-1)
        .with_metadata(Some(StrBytes::default()))
}

fn with_offset(
    row: OffsetFetchResponsePartitions,
    committed: &CommittedOffset,
) -> OffsetFetchResponsePartitions {
    row.with_committed_offset(committed.offset.0)
        .with_committed_leader_epoch(committed.leader_epoch.map_or(-1, |epoch| epoch.0))
        .with_metadata(Some(StrBytes::from_string(committed.metadata.to_string())))
}

/// What was asked for, with nothing found.
fn asked_for(group: &OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
    let topics = group.topics.iter().flatten().map(|topic| {
        OffsetFetchResponseTopics::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(topic.partition_indexes.iter().map(|index| row(*index)).collect())
    });
    OffsetFetchResponseGroup::default()
        .with_group_id(group.group_id.clone())
        .with_topics(topics.collect())
}

impl Fetched {
    /// The wait for the replicas ended badly (TXOFF-50).
    pub(crate) fn fail(&mut self, part: usize, error: ErrorCode) {
        let error = match append_error(error) {
            ErrorCode::CoordinatorNotAvailable => ErrorCode::NotCoordinator,
            other => other,
        };
        self.refuse(part, error);
    }

    /// The error stands on each partition in version 1, else on the group.
    fn refuse(&mut self, part: usize, error: ErrorCode) {
        let Some(group) = self.groups.get_mut(part) else { return };
        group.error_code = error.code();
        if self.version >= TOP_LEVEL_ERROR_VERSION {
            group.topics.clear();
        }
        for partition in group.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            *partition = row(partition.partition_index).with_error_code(error.code());
        }
    }

    pub(crate) fn into_response(mut self) -> OffsetFetchResponse {
        if self.version >= GROUPS_VERSION {
            return OffsetFetchResponse::default().with_groups(self.groups);
        }
        let Some(group) = self.groups.pop() else { return OffsetFetchResponse::default() };
        let topics = group.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.into_iter().map(|partition| {
                OffsetFetchResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_committed_offset(partition.committed_offset)
                    .with_committed_leader_epoch(partition.committed_leader_epoch)
                    .with_metadata(partition.metadata)
                    .with_error_code(partition.error_code)
            });
            OffsetFetchResponseTopic::default()
                .with_name(topic.name)
                .with_partitions(partitions.collect())
        });
        let error = if self.version >= TOP_LEVEL_ERROR_VERSION { group.error_code } else { 0 };
        OffsetFetchResponse::default().with_topics(topics.collect()).with_error_code(error)
    }
}
