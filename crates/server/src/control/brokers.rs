//! Brokers: which there are, crash, clean stop and restart.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fencepost_ids::BrokerId;
use serde::Serialize;

use super::reading::{Cluster, Named};
use super::refusal::Refusal;
use crate::commands::{BrokerState, Commands, ControlError};

/// A broker as the API shows it.
#[derive(Serialize)]
pub(super) struct Broker {
    id: i32,
    address: String,
    state: Life,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Life {
    Up,
    Down,
}

impl From<BrokerState> for Broker {
    fn from(BrokerState { id, address, is_up }: BrokerState) -> Self {
        Self { id: id.0, address, state: if is_up { Life::Up } else { Life::Down } }
    }
}

pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Broker>>, Refusal> {
    Ok(Json(cluster.brokers()?.into_iter().map(Broker::from).collect()))
}

pub(super) async fn crash(
    State(cluster): Cluster,
    Named(id): Named<i32>,
) -> Result<Json<Broker>, Refusal> {
    change(cluster, BrokerId(id), Command::Crash).await
}

pub(super) async fn stop(
    State(cluster): Cluster,
    Named(id): Named<i32>,
) -> Result<Json<Broker>, Refusal> {
    change(cluster, BrokerId(id), Command::Stop).await
}

pub(super) async fn restart(
    State(cluster): Cluster,
    Named(id): Named<i32>,
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
