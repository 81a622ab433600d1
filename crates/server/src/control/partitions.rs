//! The partitions of a topic: how they stand, and elections.

use axum::Json;
use axum::extract::State;
use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use fencepost_model::{ElectionRefused, PartitionState};
use serde::{Deserialize, Serialize};

use super::reading::{Cluster, Named, Said};
use super::refusal::Refusal;
use crate::commands::{Commands, ControlError};

/// A partition as the API shows it; without a leader its offsets are null.
#[derive(Serialize)]
pub(super) struct Partition {
    partition: i32,
    leader: Option<i32>,
    leader_epoch: i32,
    replicas: Vec<i32>,
    in_sync: Vec<i32>,
    log_start_offset: Option<i64>,
    high_watermark: Option<i64>,
    last_stable_offset: Option<i64>,
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
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Election {
    leader: i32,
}

pub(super) async fn list(
    State(cluster): Cluster,
    Named(topic): Named<String>,
) -> Result<Json<Vec<Partition>>, Refusal> {
    Ok(Json(cluster.topic_state(&topic)?.into_iter().map(Partition::from).collect()))
}

pub(super) async fn elect(
    State(cluster): Cluster,
    Named((topic, partition)): Named<(String, i32)>,
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
