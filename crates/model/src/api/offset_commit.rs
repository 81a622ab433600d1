//! OffsetCommit (key 8), versions 2 to 10: TXOFF-55 to TXOFF-61.

use fencepost_ids::{
    ErrorCode, GenerationId, GroupId, InstanceId, LeaderEpoch, Offset, PartitionIndex, Timestamp,
    TopicId,
};
use fencepost_wire::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use fencepost_wire::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use fencepost_wire::messages::{OffsetCommitRequest, OffsetCommitResponse};
use fencepost_wire::{FromWire, Release, ToWire};

use super::refused_first::refused_first;
use crate::group::classic::{CommitKind, Identity};
use crate::group::records::{OffsetCommitKey, OffsetCommitValue};
use crate::group::{Answer, append_error};
use crate::metadata::Metadata;
use crate::step::{Call, Step};

/// The version from which topics are named by their ids (KIP-848).
const TOPIC_ID_VERSION: i16 = 10;

/// The release from which a commit by name is written with the topic's id (TXOFF-71).
const NAMED_IDS: Release = Release::V4_3;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, mut request: OffsetCommitRequest) {
    let mut topics = std::mem::take(&mut request.topics);
    let by_id = call.ticket.version >= TOPIC_ID_VERSION;
    if by_id {
        for topic in &mut topics {
            let known = step.cluster.metadata.topic_by_id(TopicId::from_wire(&topic.topic_id));
            topic.name = known.map_or_else(Default::default, |known| known.name.to_wire());
        }
    }
    let is_unknown_id = |topic: &OffsetCommitRequestTopic| by_id && topic.name.is_empty();
    let is_known = |name: &str| step.cluster.metadata.topic(name).is_some();
    topics.retain(|topic| !topic.partitions.is_empty() || !is_known(&topic.name));
    let mut response = OffsetCommitResponse::default();
    let mut is_any_known = false;
    for topic in &topics {
        let known = step.cluster.metadata.topic(&topic.name);
        let answers = topic.partitions.iter().map(|partition| {
            let index = PartitionIndex(partition.partition_index);
            let error = match known.and_then(|known| known.partition(index)) {
                None if is_unknown_id(topic) => ErrorCode::UnknownTopicId,
                None => ErrorCode::UnknownTopicOrPartition,
                Some(_) => ErrorCode::None,
            };
            is_any_known |= error.is_none();
            OffsetCommitResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.code())
        });
        let answered = OffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(answers.collect());
        response.topics.push(answered);
    }
    if !by_id && step.cluster.config.release >= NAMED_IDS {
        for topic in &mut topics {
            topic.topic_id = id_of(&step.cluster.metadata, &topic.name).to_wire();
        }
    }
    let waits = if is_any_known {
        match commit(step, call, &request, &topics, &mut response) {
            Ok(waits) => waits,
            Err(error) => {
                fail(&mut response, error);
                false
            }
        }
    } else {
        false
    };
    response.topics = refused_first(
        &response.topics,
        |one, other| (&one.name, one.topic_id) == (&other.name, other.topic_id),
        |topic| &mut topic.partitions,
        |partition| partition.error_code,
    );
    let answer = Answer::OffsetCommit(response);
    step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
}

/// Writes what the group allows; whether the answer waits for writes to be replicated.
fn commit(
    step: &mut Step<'_>,
    call: &Call,
    request: &OffsetCommitRequest,
    topics: &[OffsetCommitRequestTopic],
    response: &mut OffsetCommitResponse,
) -> Result<bool, ErrorCode> {
    let group = GroupId::from_wire(&request.group_id);
    let instance = request.group_instance_id.as_ref().map(InstanceId::from_wire);
    let identity = Identity {
        generation: GenerationId(request.generation_id_or_member_epoch),
        member: &request.member_id,
        instance: instance.as_ref(),
    };
    let mut shard = step.shard_of(call.broker, &group)?;
    shard.validate_commit(&group, &identity, CommitKind::Plain, call.ticket.version)?;
    let mut out = Vec::new();
    if let Some((classic, now)) = shard.classic(&group) {
        classic.committed_plainly(now, identity.member, &mut out);
    }
    shard.apply(&group, out);
    let now = shard.host.now;
    let expire_time =
        (request.retention_time_ms != -1).then(|| now.plus_millis(request.retention_time_ms));
    let mut records = Vec::new();
    for (topic, answered) in topics.iter().zip(&mut response.topics) {
        let id = id_of(shard.host.metadata, &topic.name);
        for (partition, answer) in topic.partitions.iter().zip(&mut answered.partitions) {
            if answer.error_code != ErrorCode::None.code() {
                continue;
            }
            let key = OffsetCommitKey {
                group: group.clone(),
                topic: (*topic.name).as_str().into(),
                partition: PartitionIndex(partition.partition_index),
            };
            let topic_id = TopicId::from_wire(&topic.topic_id);
            let value = value(topic_id, partition, now, expire_time);
            let error = shard.offer(&mut records, key, value);
            if error.is_none() {
                let version = call.ticket.version;
                let at = (id, PartitionIndex(partition.partition_index));
                shard.validate_partition(&group, &identity, CommitKind::Plain, version, at)?;
            }
            answer.error_code = error.code();
        }
    }
    shard.write(records, None)?;
    Ok(shard.await_replication(call.ticket.serial, 0))
}

/// The id of a topic, or none.
pub(super) fn id_of(metadata: &Metadata, name: &str) -> TopicId {
    metadata.topic(name).map_or(TopicId::ZERO, |topic| topic.id)
}

fn value(
    topic_id: TopicId,
    partition: &OffsetCommitRequestPartition,
    now: Timestamp,
    expire_time: Option<Timestamp>,
) -> OffsetCommitValue {
    OffsetCommitValue {
        offset: Offset(partition.committed_offset),
        leader_epoch: leader_epoch(partition.committed_leader_epoch),
        metadata: partition.committed_metadata.as_deref().unwrap_or_default().into(),
        commit_time: now,
        expire_time,
        topic_id,
    }
}

/// A leader epoch of a commit; -1 is none.
pub(super) fn leader_epoch(epoch: i32) -> Option<LeaderEpoch> {
    (epoch != LeaderEpoch::NONE.0).then_some(LeaderEpoch(epoch))
}

/// The error stands on every partition that was handed to the group.
pub(crate) fn fail(response: &mut OffsetCommitResponse, error: ErrorCode) {
    let unknown = [ErrorCode::UnknownTopicOrPartition, ErrorCode::UnknownTopicId];
    let unknown = unknown.map(ErrorCode::code);
    let partitions = response.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    for partition in partitions.filter(|partition| !unknown.contains(&partition.error_code)) {
        partition.error_code = append_error(error).code();
    }
}
