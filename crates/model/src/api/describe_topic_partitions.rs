//! DescribeTopicPartitions (key 75), version 0 (API-26, KIP-966).

use fencepost_ids::{BrokerId, ErrorCode, TopicName};
use fencepost_wire::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use fencepost_wire::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use fencepost_wire::{FromWire, ToWire};

use super::metadata::ALL_TOPIC_OPERATIONS;
use crate::metadata::{Metadata, Partition, check_topic_name};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeTopicPartitionsRequest) {
    let metadata = &step.cluster.metadata;
    let largest = step.cluster.config.settings.max_request_partition_size_limit;
    let mut left = request.response_partition_limit.clamp(1, largest);
    let mut names: Vec<_> =
        request.topics.iter().map(|topic| TopicName::from_wire(&topic.name)).collect();
    if names.is_empty() {
        names = metadata.topics().map(|topic| topic.name.clone()).collect();
    }
    names.sort();
    names.dedup();
    if let Some(error) = unanswerable(&request, &names) {
        let refused = request.topics.iter().map(|topic| {
            DescribeTopicPartitionsResponseTopic::default()
                .with_error_code(error.code())
                .with_name(Some(topic.name.clone()))
        });
        let response = DescribeTopicPartitionsResponse::default().with_topics(refused.collect());
        return step.respond(call.ticket, response);
    }
    let (first_name, first_partition) = request.cursor.as_ref().map_or_else(
        || (TopicName::from(""), 0),
        |cursor| (TopicName::from_wire(&cursor.topic_name), cursor.partition_index),
    );
    let mut topics = Vec::new();
    let mut next_cursor = None;
    for name in names.into_iter().filter(|name| *name >= first_name) {
        if left == 0 {
            next_cursor = Some(cursor(&name, 0));
            break;
        }
        let from = if name == first_name { first_partition } else { 0 };
        let row = DescribeTopicPartitionsResponseTopic::default()
            .with_name(Some(name.to_wire()))
            .with_topic_authorized_operations(ALL_TOPIC_OPERATIONS);
        let Some(topic) = metadata.topic(&name) else {
            let error = match check_topic_name(&name) {
                Ok(()) => ErrorCode::UnknownTopicOrPartition,
                Err(_) => ErrorCode::InvalidTopicException,
            };
            topics.push(row.with_error_code(error.code()));
            continue;
        };
        let until = from.saturating_add(left).min(topic.partition_count());
        let partitions: Vec<_> = (0..)
            .zip(&topic.partitions)
            .filter(|(index, _)| (from..until).contains(index))
            .map(|(index, partition)| describe(metadata, index, partition))
            .collect();
        left -= (until - from).max(0);
        topics.push(
            row.with_topic_id(topic.id.to_wire())
                .with_is_internal(topic.internal)
                .with_partitions(partitions),
        );
        if until < topic.partition_count() {
            next_cursor = Some(cursor(&name, until));
            break;
        }
    }
    let response = DescribeTopicPartitionsResponse::default()
        .with_topics(topics)
        .with_next_cursor(next_cursor);
    step.respond(call.ticket, response);
}

/// The error of the whole request: a cursor that points at nothing in the list, or a topic without
/// a name.
fn unanswerable(
    request: &DescribeTopicPartitionsRequest,
    names: &[TopicName],
) -> Option<ErrorCode> {
    let cursor = request.cursor.as_ref();
    if cursor.is_some_and(|cursor| {
        cursor.partition_index < 0
            || !names.contains(&TopicName::from_wire(&cursor.topic_name))
                && !request.topics.is_empty()
    }) {
        return Some(ErrorCode::InvalidRequest);
    }
    names.iter().any(|name| name.as_str().is_empty()).then_some(ErrorCode::UnknownServerError)
}

fn cursor(name: &TopicName, partition: i32) -> Cursor {
    Cursor::default().with_topic_name(name.to_wire()).with_partition_index(partition)
}

fn describe(
    metadata: &Metadata,
    index: i32,
    partition: &Partition,
) -> DescribeTopicPartitionsResponsePartition {
    let error = match partition.leader {
        Some(_) => ErrorCode::None,
        None => ErrorCode::LeaderNotAvailable,
    };
    let offline = |id: &&BrokerId| metadata.live_broker(**id).is_none();
    DescribeTopicPartitionsResponsePartition::default()
        .with_error_code(error.code())
        .with_partition_index(index)
        .with_leader_id(partition.leader.unwrap_or(BrokerId::NONE).to_wire())
        .with_leader_epoch(partition.leader_epoch.0)
        .with_replica_nodes(partition.replicas.iter().map(ToWire::to_wire).collect())
        .with_isr_nodes(partition.in_sync.iter().map(ToWire::to_wire).collect())
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()))
        .with_offline_replicas(
            partition.replicas.iter().filter(offline).map(ToWire::to_wire).collect(),
        )
}
