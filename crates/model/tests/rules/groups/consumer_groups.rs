//! KIP-848 groups at the wire, and the words that their tests are written in.

mod descriptions;
mod heartbeats;
mod life;
mod members;
mod offsets;
mod without;

use std::collections::BTreeMap;

use fencepost_wire::messages::consumer_group_heartbeat_request::TopicPartitions;
use fencepost_wire::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse, MetadataRequest,
};

use super::*;

/// A heartbeat that says nothing but who it is from.
pub(super) fn quiet(member: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group(GROUP))
        .with_member_id(text(member))
        .with_member_epoch(epoch)
        .with_rebalance_timeout_ms(-1)
        .with_subscribed_topic_names(None)
        .with_topic_partitions(None)
}

/// A heartbeat that joins and subscribes to topic `t`.
pub(super) fn joining(member: &str) -> ConsumerGroupHeartbeatRequest {
    quiet(member, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![topic("t")]))
        .with_topic_partitions(Some(vec![]))
}

/// The topic id of `t` in a world.
pub(super) fn topic_id(world: &mut World, client: Client) -> TopicPartitions {
    let Response::Metadata(metadata) =
        world.call(client, 12, MetadataRequest::default().with_topics(None))
    else {
        panic!("not a Metadata response")
    };
    let topic = metadata.topics.iter().find(|found| found.name == Some(topic("t"))).unwrap();
    TopicPartitions::default().with_topic_id(topic.topic_id)
}

pub(super) fn owning(
    world: &mut World,
    client: Client,
    partitions: &[i32],
) -> Vec<TopicPartitions> {
    vec![topic_id(world, client).with_partitions(partitions.to_vec())]
}

pub(super) fn answered(response: Option<Response>) -> ConsumerGroupHeartbeatResponse {
    match response {
        Some(Response::ConsumerGroupHeartbeat(response)) => response,
        other => panic!("not a ConsumerGroupHeartbeat response: {other:?}"),
    }
}

pub(super) fn beat(
    world: &mut World,
    client: Client,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    answered(Some(world.call(client, 1, request)))
}

/// The epoch and the partitions, if they are told; the error otherwise.
pub(super) type Beat = Result<(i32, Option<Vec<i32>>), i16>;

pub(super) fn shown(response: &ConsumerGroupHeartbeatResponse) -> Beat {
    if response.error_code != 0 {
        return Err(response.error_code);
    }
    let assignment = response.assignment.as_ref().map(|assignment| {
        let topics = assignment.topic_partitions.iter();
        topics.flat_map(|topic| topic.partitions.clone()).collect()
    });
    Ok((response.member_epoch, assignment))
}

#[track_caller]
pub(super) fn check(
    world: &mut World,
    client: Client,
    request: ConsumerGroupHeartbeatRequest,
    expected: Beat,
) {
    assert_eq!(shown(&beat(world, client, request)), expected);
}

pub(super) fn describe(
    world: &mut World,
    client: Client,
    id: &str,
) -> ConsumerGroupDescribeResponse {
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(id)]);
    match world.call(client, 1, request) {
        Response::ConsumerGroupDescribe(response) => response,
        other => panic!("not a ConsumerGroupDescribe response: {other:?}"),
    }
}

/// The state, the epochs and each member with its epoch.
pub(super) fn described(
    world: &mut World,
    client: Client,
) -> (String, i32, i32, BTreeMap<String, i32>) {
    let group = describe(world, client, GROUP).groups.remove(0);
    let members = group.members.into_iter();
    let members = members.map(|member| (member.member_id.to_string(), member.member_epoch));
    (group.group_state.to_string(), group.group_epoch, group.assignment_epoch, members.collect())
}
