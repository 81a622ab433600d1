//! The partitions of a topic: how they stand, and elections.

use axum::Json;
use axum::extract::State;
use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use fencepost_model::{ElectionRefused, PartitionState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::{Cluster, Named, PartitionPath, Said, TopicPath};
use super::refusal::{Body, Refusal};
use super::whole::whole;
use crate::commands::{Commands, ControlError};

/// A partition; while it has no leader its offsets are null.
#[derive(Serialize, ToSchema)]
pub(super) struct Partition {
    /// Its number.
    partition: i32,
    /// Who leads it; null if no replica that may lead is running.
    leader: Option<i32>,
    /// The term of the present leader, or of the last one.
    leader_epoch: i32,
    /// The brokers that hold it, the preferred leader first.
    replicas: Vec<i32>,
    /// The in-sync replicas as the controller records them: the last one stays, even down.
    in_sync: Vec<i32>,
    /// The first offset that is kept.
    log_start_offset: Option<i64>,
    /// All in-sync replicas have what is below it.
    high_watermark: Option<i64>,
    /// Where read_committed ends.
    last_stable_offset: Option<i64>,
    /// Where the next record goes.
    log_end_offset: Option<i64>,
}

impl From<PartitionState> for Partition {
    fn from(state: PartitionState) -> Self {
        let PartitionState { partition, leader, leader_epoch, replicas, in_sync, offsets } = state;
        let ids = |brokers: Vec<BrokerId>| brokers.into_iter().map(|id| id.0).collect();
        Self {
            partition: partition.0,
            leader: leader.map(|id| id.0),
            leader_epoch: leader_epoch.0,
            replicas: ids(replicas),
            in_sync: ids(in_sync),
            log_start_offset: offsets.map(|offsets| offsets.log_start.0),
            high_watermark: offsets.map(|offsets| offsets.high_watermark.0),
            last_stable_offset: offsets.map(|offsets| offsets.last_stable.0),
            log_end_offset: offsets.map(|offsets| offsets.log_end.0),
        }
    }
}

/// Whom to elect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Election {
    /// The broker that is to lead.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    #[serde(deserialize_with = "whole")]
    leader: i32,
}

/// The partitions of a topic.
#[utoipa::path(get, path = "/topics/{topic}/partitions", tag = "topics", params(TopicPath), responses(
    (status = 200, description = "The partitions, in order", body = Vec<Partition>),
    (status = 404, description = "There is no such topic", body = Body),
))]
pub(super) async fn list(
    State(cluster): Cluster,
    Named(TopicPath { topic }): Named<TopicPath>,
) -> Result<Json<Vec<Partition>>, Refusal> {
    Ok(Json(cluster.topic_state(&topic)?.into_iter().map(Partition::from).collect()))
}

/// Make a replica the leader of a partition in a new term, also if it leads already. For a partition of
/// `__transaction_state` or `__consumer_offsets` this moves its coordinator.
#[utoipa::path(post, path = "/topics/{topic}/partitions/{partition}/elect", tag = "topics",
    params(PartitionPath), request_body = Election, responses(
    (status = 200, description = "The partition as it is now", body = Partition),
    (status = 404, description = "There is no such partition or broker", body = Body),
    (status = 409, description = "The broker is down, holds no replica or is out of sync", body = Body),
))]
pub(super) async fn elect(
    State(cluster): Cluster,
    Named(PartitionPath { topic, partition }): Named<PartitionPath>,
    Said(Election { leader }): Said<Election>,
) -> Result<Json<Partition>, Refusal> {
    let (topic, partition) = (TopicName::from(topic), PartitionIndex(partition));
    cluster.elect(topic.clone(), partition, BrokerId(leader))?;
    Ok(Json(state_of(&cluster, topic, partition)?.into()))
}

fn state_of(
    cluster: &Commands,
    topic: TopicName,
    partition: PartitionIndex,
) -> Result<PartitionState, ControlError> {
    let found = cluster.topic_state(&topic)?.into_iter().find(|state| state.partition == partition);
    Ok(found.ok_or(ElectionRefused::UnknownPartition { topic, partition })?)
}
