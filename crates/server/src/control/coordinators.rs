//! The coordinators of transactional ids and groups: where they are, and moving them.

use axum::Json;
use axum::extract::State;
use fencepost_ids::BrokerId;
use fencepost_model::{CoordinatorKey, CoordinatorState};
use serde::{Deserialize, Serialize};

use super::reading::{Cluster, Named, Said};
use super::refusal::Refusal;
use crate::commands::Commands;

/// A coordinator as the API shows it: the broker is null while its partition has no leader.
#[derive(Serialize)]
pub(super) struct Coordinator {
    topic: String,
    partition: i32,
    broker: Option<i32>,
}

impl From<CoordinatorState> for Coordinator {
    fn from(CoordinatorState { topic, partition, broker }: CoordinatorState) -> Self {
        Self { topic: topic.to_string(), partition: partition.0, broker: broker.map(|id| id.0) }
    }
}

/// Where to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    broker: i32,
}

type Answer = Result<Json<Coordinator>, Refusal>;

pub(super) async fn of_transaction(State(cluster): Cluster, Named(id): Named<String>) -> Answer {
    find(&cluster, &CoordinatorKey::Transaction(id.into()))
}

pub(super) async fn move_transaction(
    State(cluster): Cluster,
    Named(id): Named<String>,
    Said(to): Said<Move>,
) -> Answer {
    move_to(&cluster, &CoordinatorKey::Transaction(id.into()), &to)
}

pub(super) async fn of_group(State(cluster): Cluster, Named(id): Named<String>) -> Answer {
    find(&cluster, &CoordinatorKey::Group(id.into()))
}

pub(super) async fn move_group(
    State(cluster): Cluster,
    Named(id): Named<String>,
    Said(to): Said<Move>,
) -> Answer {
    move_to(&cluster, &CoordinatorKey::Group(id.into()), &to)
}

fn find(cluster: &Commands, key: &CoordinatorKey) -> Answer {
    Ok(Json(cluster.coordinator(key)?.into()))
}

fn move_to(cluster: &Commands, key: &CoordinatorKey, to: &Move) -> Answer {
    cluster.move_coordinator(key, BrokerId(to.broker))?;
    find(cluster, key)
}
