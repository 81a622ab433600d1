//! ConsumerGroupHeartbeat (key 68), versions 0 and 1: G848-05 to G848-25.

use std::sync::Arc;

use fencepost_ids::{
    ErrorCode, GroupId, InstanceId, MemberEpoch, MemberId, PartitionIndex, TopicId, TopicName,
};
use fencepost_wire::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use fencepost_wire::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::group::assign::Partitions;
use crate::group::consumer::{
    Heartbeat, HeartbeatReply, JOIN_EPOCH, LEAVE_EPOCH, Refusal, STATIC_LEAVE_EPOCH, Settings,
    validate,
};
use crate::group::{Answer, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ConsumerGroupHeartbeatRequest) {
    let (response, waits) = match heartbeat(step, call, request) {
        Ok(answered) => answered,
        Err(refusal) => (refused(refusal), false),
    };
    let answer = Answer::ConsumerGroupHeartbeat(response);
    step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
}

/// The answer, and whether it waits for writes to be replicated.
fn heartbeat(
    step: &mut Step<'_>,
    call: &Call,
    request: ConsumerGroupHeartbeatRequest,
) -> Result<(ConsumerGroupHeartbeatResponse, bool), Refusal> {
    if !step.cluster.metadata.features.has_consumer_groups() {
        return Err(Refusal::of(ErrorCode::UnsupportedVersion));
    }
    let group = GroupId::from_wire(&request.group_id);
    let settings = Settings::of(&step.cluster.config);
    let mut heartbeat = translate(call, request);
    validate(call.ticket.version, &group, &heartbeat, &settings)?;
    let mut shard = step.shard_of(call.broker, &group).map_err(Refusal::of)?;
    if heartbeat.member.is_empty() {
        heartbeat.member = shard.host.random.uuid_base64().into();
    }
    heartbeat.client_host = shard.host.client_host(call.ticket).into();
    let reply = shard.consumer_heartbeat(&settings, &group, &heartbeat)?;
    let waits = shard.await_replication(call.ticket.serial, 0);
    Ok((response(reply, settings.heartbeat_interval_ms), waits))
}

/// The request in the model's own terms, but for the client's host.
fn translate(call: &Call, request: ConsumerGroupHeartbeatRequest) -> Heartbeat {
    let text = |text: StrBytes| Arc::from(text.as_str());
    // A member that joins may not even list a topic without partitions, which counts as no list.
    let joins = request.member_epoch == JOIN_EPOCH.0;
    let owned = request.topic_partitions.filter(|topics| !joins || topics.is_empty());
    let owned = owned.map(|topics| {
        let partitions = topics.iter().flat_map(|topic| {
            let id = TopicId::from_wire(&topic.topic_id);
            topic.partitions.iter().map(move |partition| (id, PartitionIndex(*partition)))
        });
        partitions.collect()
    });
    Heartbeat {
        member: MemberId::from_wire(&request.member_id),
        epoch: MemberEpoch(request.member_epoch),
        instance: request.instance_id.as_ref().map(InstanceId::from_wire),
        rack: request.rack_id.map(text),
        rebalance_timeout_ms: request.rebalance_timeout_ms,
        topics: request
            .subscribed_topic_names
            .map(|names| names.iter().map(TopicName::from_wire).collect()),
        regex: request.subscribed_topic_regex.map(text),
        assignor: request.server_assignor.map(text),
        owned,
        client_id: call.client_id.clone(),
        client_host: Arc::from(""),
    }
}

/// A member that left is not told when to come again.
fn response(reply: HeartbeatReply, interval_ms: i32) -> ConsumerGroupHeartbeatResponse {
    let left = reply.epoch == LEAVE_EPOCH || reply.epoch == STATIC_LEAVE_EPOCH;
    ConsumerGroupHeartbeatResponse::default()
        .with_member_id(Some(reply.member.to_wire()))
        .with_member_epoch(reply.epoch.0)
        .with_heartbeat_interval_ms(if left { 0 } else { interval_ms })
        .with_assignment(reply.assignment.as_ref().map(assignment))
}

fn assignment(partitions: &Partitions) -> Assignment {
    let topics = partitions.topics().map(|(topic, partitions)| {
        TopicPartitions::default()
            .with_topic_id(topic.to_wire())
            .with_partitions(partitions.iter().map(|partition| partition.0).collect())
    });
    Assignment::default().with_topic_partitions(topics.collect())
}

fn refused(refusal: Refusal) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default()
        .with_error_code(refusal.error.code())
        .with_error_message(refusal.message())
}

pub(crate) fn fail(response: &mut ConsumerGroupHeartbeatResponse, error: ErrorCode) {
    *response = refused(Refusal::of(append_error(error)));
}
