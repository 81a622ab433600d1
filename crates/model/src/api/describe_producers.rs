//! DescribeProducers (key 61), version 0 (RECOV-15, KIP-664).

use fencepost_ids::{ErrorCode, PartitionIndex};
use fencepost_log::ProducerDescription;
use fencepost_wire::messages::describe_producers_request::TopicRequest;
use fencepost_wire::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use fencepost_wire::messages::{DescribeProducersRequest, DescribeProducersResponse};
use fencepost_wire::{StrBytes, ToWire};

use crate::host::Host;
use crate::metadata::check_topic_name;
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeProducersRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let topics = request.topics.iter().map(|topic| describe_topic(&parts.host, topic)).collect();
    let response = DescribeProducersResponse::default().with_topics(topics);
    parts.host.respond(call.ticket, response);
}

fn describe_topic(host: &Host<'_>, topic: &TopicRequest) -> TopicResponse {
    // Only a partition that was looked for among the hosted ones is refused without words.
    let is_known = host.metadata.topic(&topic.name).is_some();
    let partitions = topic.partition_indexes.iter().map(|index| {
        let response = PartitionResponse::default().with_partition_index(*index);
        match describe(host, topic.name.as_str(), PartitionIndex(*index)) {
            Ok(producers) => response.with_active_producers(producers.iter().map(row).collect()),
            Err(error) => {
                let message = (!is_known).then(|| StrBytes::from_string(error.to_string()));
                response.with_error_code(error.to_wire()).with_error_message(message)
            }
        }
    });
    TopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
}

/// The producers that a replica knows, be it the leader's or a follower's.
fn describe(
    host: &Host<'_>,
    topic: &str,
    partition: PartitionIndex,
) -> Result<Vec<ProducerDescription>, ErrorCode> {
    check_topic_name(topic).map_err(|_| ErrorCode::InvalidTopicException)?;
    let key = host.key(topic, partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let replica = host.replica(key).ok_or(ErrorCode::NotLeaderOrFollower)?;
    Ok(replica.describe_producers().collect())
}

fn row(producer: &ProducerDescription) -> ProducerState {
    ProducerState::default()
        .with_producer_id(producer.producer_id.to_wire())
        .with_producer_epoch(i32::from(producer.producer_epoch.0))
        .with_last_sequence(producer.last_sequence.to_wire())
        .with_last_timestamp(producer.last_timestamp.to_wire())
        .with_coordinator_epoch(producer.coordinator_epoch.to_wire())
        .with_current_txn_start_offset(producer.transaction_start.map_or(-1, |offset| offset.0))
}
