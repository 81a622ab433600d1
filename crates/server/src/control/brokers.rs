//! Brokers: which there are, crash, clean stop and restart.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fencepost_ids::BrokerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::{BrokerPath, Cluster, Named};
use super::refusal::{Body, Refusal};
use crate::commands::{BrokerState, Commands, ControlError};

/// A broker.
#[derive(Serialize, ToSchema)]
pub(super) struct Broker {
    /// Its id.
    id: i32,
    /// The host and port that clients are told.
    address: String,
    /// Whether it runs.
    state: Life,
}

/// Whether a broker runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Life {
    /// It runs.
    Up,
    /// It crashed or was stopped: its port refuses connections.
    Down,
}

impl From<BrokerState> for Broker {
    fn from(BrokerState { id, address, is_up }: BrokerState) -> Self {
        Self { id: id.0, address, state: if is_up { Life::Up } else { Life::Down } }
    }
}

/// The brokers, and whether they run.
#[utoipa::path(get, path = "/brokers", tag = "brokers", responses(
    (status = 200, description = "The brokers, by id", body = Vec<Broker>),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Broker>>, Refusal> {
    Ok(Json(cluster.brokers()?.into_iter().map(Broker::from).collect()))
}

/// Crash a broker: its memory, its connections and its port are gone, its disk stays. Crashing one
/// that is down changes nothing.
#[utoipa::path(post, path = "/brokers/{id}/crash", tag = "brokers", params(BrokerPath), responses(
    (status = 200, description = "The broker as it is now", body = Broker),
    (status = 404, description = "There is no such broker", body = Body),
))]
pub(super) async fn crash(
    State(cluster): Cluster,
    Named(BrokerPath { id }): Named<BrokerPath>,
) -> Result<Json<Broker>, Refusal> {
    change(cluster, BrokerId(id), Command::Crash).await
}

/// Stop a broker cleanly: its partitions get other leaders first, and it writes down its producers and
/// high watermarks. Stopping one that is down changes nothing.
#[utoipa::path(post, path = "/brokers/{id}/stop", tag = "brokers", params(BrokerPath), responses(
    (status = 200, description = "The broker as it is now", body = Broker),
    (status = 404, description = "There is no such broker", body = Body),
))]
pub(super) async fn stop(
    State(cluster): Cluster,
    Named(BrokerPath { id }): Named<BrokerPath>,
) -> Result<Json<Broker>, Refusal> {
    change(cluster, BrokerId(id), Command::Stop).await
}

/// Restart a broker that crashed or stopped: it reads its disk and listens again. Restarting one that
/// runs changes nothing.
#[utoipa::path(post, path = "/brokers/{id}/restart", tag = "brokers", params(BrokerPath), responses(
    (status = 200, description = "The broker as it is now", body = Broker),
    (status = 404, description = "There is no such broker", body = Body),
))]
pub(super) async fn restart(
    State(cluster): Cluster,
    Named(BrokerPath { id }): Named<BrokerPath>,
) -> Result<Json<Broker>, Refusal> {
    change(cluster, BrokerId(id), Command::Restart).await
}

enum Command {
    Crash,
    Stop,
    Restart,
}

/// Once begun it is carried out whole, even if the client goes away.
async fn change(
    cluster: Arc<Commands>,
    id: BrokerId,
    command: Command,
) -> Result<Json<Broker>, Refusal> {
    let changed = tokio::spawn(async move {
        match command {
            Command::Crash => cluster.crash(id).await?,
            Command::Stop => cluster.stop(id).await?,
            Command::Restart => cluster.restart(id).await?,
        }
        cluster.broker(id)
    });
    let broker = changed.await.unwrap_or(Err(ControlError::Broken))?;
    Ok(Json(broker.into()))
}
