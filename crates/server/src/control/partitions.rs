//! The partitions of a topic: how they stand, and elections.

use axum::Json;
use axum::extract::State;
use fencepost_ids::{BrokerId, Offset, PartitionIndex, TopicName};
use fencepost_model::{LeaderOffsets, PartitionState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reading::{Asked, Cluster, Named, PartitionPath, Said, TopicPath};
use super::refusal::{Body, Refusal};
use super::waiting::{Within, not_yet};
use super::whole::whole;

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

/// What to wait for, and how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    /// Until this broker leads it.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    leader: Option<i32>,
    /// Until so many replicas are in sync, or more.
    #[param(minimum = 0, maximum = 65_535)]
    in_sync: Option<u16>,
    /// Until the high watermark is there, or beyond it.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    high_watermark: Option<i64>,
    /// Until the last stable offset is there, or beyond it.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    last_stable_offset: Option<i64>,
    /// Until the log ends there, or beyond it.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    log_end_offset: Option<i64>,
    /// For so many milliseconds of the machine's time at most.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25_000, default = 10_000, value_type = u64)]
    within_ms: Within,
}

impl Until {
    const fn is_anything(&self) -> bool {
        self.leader.is_some()
            || self.in_sync.is_some()
            || self.high_watermark.is_some()
            || self.last_stable_offset.is_some()
            || self.log_end_offset.is_some()
    }

    fn is_in_range(&self) -> bool {
        let offsets = [self.high_watermark, self.last_stable_offset, self.log_end_offset];
        let mut all = offsets.into_iter().chain([self.leader.map(i64::from)]).flatten();
        all.all(|number| number >= 0)
    }

    fn is_met(&self, state: &PartitionState) -> bool {
        let has_come = |wanted: Option<i64>, at: fn(LeaderOffsets) -> Offset| {
            wanted.is_none_or(|wanted| state.offsets.is_some_and(|now| at(now).0 >= wanted))
        };
        self.leader.is_none_or(|leader| state.leader == Some(BrokerId(leader)))
            && self.in_sync.is_none_or(|count| state.in_sync.len() >= usize::from(count))
            && has_come(self.high_watermark, |offsets| offsets.high_watermark)
            && has_come(self.last_stable_offset, |offsets| offsets.last_stable)
            && has_come(self.log_end_offset, |offsets| offsets.log_end)
    }
}

/// One partition: as it is now, or as soon as all that is wanted of it is so.
#[utoipa::path(get, path = "/topics/{topic}/partitions/{partition}", tag = "topics",
    params(PartitionPath, Until), responses(
    (status = 200, description = "The partition", body = Partition),
    (status = 404, description = "There is no such partition", body = Body),
    (status = 408, description = "It was not so in that time", body = Body),
))]
pub(super) async fn one(
    State(cluster): Cluster,
    Named(PartitionPath { topic, partition }): Named<PartitionPath>,
    Asked(until): Asked<Until>,
) -> Result<Json<Partition>, Refusal> {
    if !until.is_in_range() {
        return Err(Refusal::bad_range("a broker and an offset are 0 or more"));
    }
    let partition = PartitionIndex(partition);
    // There will never be one below 0.
    if partition.0 < 0 || !until.is_anything() {
        return Ok(Json(cluster.partition(&topic, partition)?.into()));
    }
    let within_ms = until.within_ms;
    let wait = cluster.partition_until(&topic, partition, move |state| until.is_met(state));
    if let Some(state) = within_ms.wait(wait).await? {
        return Ok(Json(state.into()));
    }
    let is = match cluster.partition(&topic, partition) {
        Ok(state) => standing(&topic, &state),
        Err(unknown) => unknown.to_string(),
    };
    Err(not_yet(
        format!("not so in that time: {is}"),
        "wait again, or see with GET /held and GET /transactions what it waits for",
    ))
}

fn standing(topic: &str, state: &PartitionState) -> String {
    let leads = match state.leader {
        Some(leader) => format!("broker {leader} leads it"),
        None => "nobody leads it".to_owned(),
    };
    let offsets = state.offsets.map_or_else(String::new, |offsets| {
        let LeaderOffsets { high_watermark, last_stable, log_end, .. } = offsets;
        format!(
            ", the high watermark is {high_watermark}, the last stable offset {last_stable}, the end {log_end}"
        )
    });
    let (partition, in_sync) = (state.partition, state.in_sync.len());
    format!("{topic}-{partition}: {leads}, {in_sync} in sync{offsets}")
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
    Ok(Json(cluster.partition(&topic, partition)?.into()))
}
