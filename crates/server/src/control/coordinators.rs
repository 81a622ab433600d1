//! The coordinators of transactional ids and groups: where they are, and moving them.

use axum::Json;
use axum::extract::State;
use fencepost_ids::BrokerId;
use fencepost_model::{CoordinatorKey, CoordinatorState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::{Cluster, GroupPath, Named, Said, TransactionPath};
use super::refusal::{Body, Refusal};
use super::whole::whole;
use crate::commands::Commands;

/// Where a coordinator is.
#[derive(Serialize, ToSchema)]
pub(super) struct Coordinator {
    /// The internal topic whose partition it leads.
    topic: String,
    /// The partition that the id falls into.
    partition: i32,
    /// The broker; null while the partition has no leader.
    broker: Option<i32>,
}

impl From<CoordinatorState> for Coordinator {
    fn from(CoordinatorState { topic, partition, broker }: CoordinatorState) -> Self {
        Self { topic: topic.to_string(), partition: partition.0, broker: broker.map(|id| id.0) }
    }
}

/// Where to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    /// The broker that is to be the coordinator.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    #[serde(deserialize_with = "whole")]
    broker: i32,
}

type Answer = Result<Json<Coordinator>, Refusal>;

/// Where the coordinator of a transactional id is.
#[utoipa::path(get, path = "/transactions/{transactional_id}/coordinator", tag = "transactions", params(TransactionPath), responses(
    (status = 200, description = "Where it is", body = Coordinator),
    (status = 409, description = "No such coordinator was asked for or moved yet", body = Body),
))]
pub(super) async fn of_transaction(
    State(cluster): Cluster,
    Named(TransactionPath { transactional_id }): Named<TransactionPath>,
) -> Answer {
    find(&cluster, &CoordinatorKey::Transaction(transactional_id.into()))
}

/// Move the coordinator of a transactional id to a broker, and with it those of all others of its partition. Moved
/// to where it is, it begins a new term. Before the first client has asked for one, their topic is created.
#[utoipa::path(post, path = "/transactions/{transactional_id}/coordinator", tag = "transactions",
    params(TransactionPath), request_body = Move, responses(
    (status = 200, description = "Where it is now", body = Coordinator),
    (status = 404, description = "There is no such broker", body = Body),
    (status = 409, description = "The broker cannot take it over", body = Body),
))]
pub(super) async fn move_transaction(
    State(cluster): Cluster,
    Named(TransactionPath { transactional_id }): Named<TransactionPath>,
    Said(to): Said<Move>,
) -> Answer {
    move_to(&cluster, &CoordinatorKey::Transaction(transactional_id.into()), &to)
}

/// Where the coordinator of a group is.
#[utoipa::path(get, path = "/groups/{group}/coordinator", tag = "groups", params(GroupPath), responses(
    (status = 200, description = "Where it is", body = Coordinator),
    (status = 409, description = "No such coordinator was asked for or moved yet", body = Body),
))]
pub(super) async fn of_group(
    State(cluster): Cluster,
    Named(GroupPath { group }): Named<GroupPath>,
) -> Answer {
    find(&cluster, &CoordinatorKey::Group(group.into()))
}

/// Move the coordinator of a group to a broker, and with it those of all others of its partition. Moved
/// to where it is, it begins a new term. Before the first client has asked for one, their topic is created.
#[utoipa::path(post, path = "/groups/{group}/coordinator", tag = "groups",
    params(GroupPath), request_body = Move, responses(
    (status = 200, description = "Where it is now", body = Coordinator),
    (status = 404, description = "There is no such broker", body = Body),
    (status = 409, description = "The broker cannot take it over", body = Body),
))]
pub(super) async fn move_group(
    State(cluster): Cluster,
    Named(GroupPath { group }): Named<GroupPath>,
    Said(to): Said<Move>,
) -> Answer {
    move_to(&cluster, &CoordinatorKey::Group(group.into()), &to)
}

fn find(cluster: &Commands, key: &CoordinatorKey) -> Answer {
    Ok(Json(cluster.coordinator(key)?.into()))
}

fn move_to(cluster: &Commands, key: &CoordinatorKey, to: &Move) -> Answer {
    cluster.move_coordinator(key, BrokerId(to.broker))?;
    find(cluster, key)
}
