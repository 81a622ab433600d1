//! OffsetDelete (key 47), version 0: TXOFF-62.

use fencepost_ids::{ErrorCode, GroupId, PartitionIndex, Rule, TopicName, TopicPartition};
use fencepost_wire::FromWire;
use fencepost_wire::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use fencepost_wire::messages::{OffsetDeleteRequest, OffsetDeleteResponse};

use super::refused_first::refused_first;
use crate::group::records::GroupRecord;
use crate::group::{Answer, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: OffsetDeleteRequest) {
    let group = GroupId::from_wire(&request.group_id);
    let mut response = sort(step, &request);
    // The group is asked even if no partition is left (measured with Kafka 4.2.2).
    let waits = match delete(step, call, &group, &mut response) {
        Ok(waits) => waits,
        Err(error) => {
            fail(&mut response, error);
            false
        }
    };
    response.topics = refused_first(
        &response.topics,
        |one, other| one.name == other.name,
        |topic| &mut topic.partitions,
        |partition| partition.error_code,
    );
    let answer = Answer::OffsetDelete(response);
    step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
}

fn sort(step: &Step<'_>, request: &OffsetDeleteRequest) -> OffsetDeleteResponse {
    let metadata = &step.cluster.metadata;
    let named = request
        .topics
        .iter()
        .filter(|topic| !topic.partitions.is_empty() || metadata.topic(&topic.name).is_none());
    let topics = named.map(|topic| {
        let known = metadata.topic(&topic.name);
        let answers = topic.partitions.iter().map(|partition| {
            let index = PartitionIndex(partition.partition_index);
            let error = match known.and_then(|known| known.partition(index)) {
                None => ErrorCode::UnknownTopicOrPartition,
                Some(_) => ErrorCode::None,
            };
            OffsetDeleteResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.code())
        });
        OffsetDeleteResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(answers.collect())
    });
    OffsetDeleteResponse::default().with_topics(topics.collect())
}

/// Deletes what the group does not need; whether the answer waits for that to be replicated.
fn delete(
    step: &mut Step<'_>,
    call: &Call,
    group: &GroupId,
    response: &mut OffsetDeleteResponse,
) -> Result<bool, ErrorCode> {
    if group.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let mut shard = step.shard_of(call.broker, group)?;
    let known = shard.shard().group(group).ok_or(ErrorCode::GroupIdNotFound)?;
    known.validate_offset_deletion()?;
    let mut records = Vec::new();
    for topic in &mut response.topics {
        let name = TopicName::from_wire(&topic.name);
        let is_subscribed =
            shard.is_on(Rule::SubscribedOffsetsKept) && known.is_subscribed_to(&name);
        for answer in &mut topic.partitions {
            if answer.error_code != ErrorCode::None.code() {
                continue;
            }
            let index = PartitionIndex(answer.partition_index);
            let partition = TopicPartition::new(name.clone(), index);
            if is_subscribed {
                answer.error_code = ErrorCode::GroupSubscribedToTopic.code();
            } else if shard.shard().offsets().needs_tombstone(group, &partition) {
                records.push(GroupRecord::delete_offset(group, partition));
            }
        }
    }
    shard.write(records, None)?;
    Ok(shard.await_replication(call.ticket.serial, 0))
}

/// A top-level error takes the place of all answers.
pub(crate) fn fail(response: &mut OffsetDeleteResponse, error: ErrorCode) {
    response.error_code = append_error(error).code();
    response.topics.clear();
}
