//! Snapshots of the cluster, to go back to between tests.

use axum::Json;
use axum::extract::State;
use fencepost_ids::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::{Cluster, Named, SnapshotPath};
use super::refusal::{Body, Refusal};
use crate::commands::ControlError;

/// A snapshot.
#[derive(Serialize, ToSchema)]
pub(super) struct Snapshot {
    /// Its name.
    name: String,
    /// The moment at which it was taken, in milliseconds since 1970.
    at_ms: i64,
}

impl From<(String, Timestamp)> for Snapshot {
    fn from((name, at): (String, Timestamp)) -> Self {
        Self { name, at_ms: at.0 }
    }
}

/// The snapshots.
#[utoipa::path(get, path = "/snapshots", tag = "snapshots", responses(
    (status = 200, description = "The snapshots, by name", body = Vec<Snapshot>),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Snapshot>>, Refusal> {
    Ok(Json(cluster.snapshots()?.into_iter().map(Snapshot::from).collect()))
}

/// Keep the cluster as it is now, under a name; a snapshot of that name is replaced.
#[utoipa::path(put, path = "/snapshots/{name}", tag = "snapshots", params(SnapshotPath), responses(
    (status = 200, description = "The snapshot", body = Snapshot),
    (status = 409, description = "There are too many snapshots", body = Body),
))]
pub(super) async fn take(
    State(cluster): Cluster,
    Named(SnapshotPath { name }): Named<SnapshotPath>,
) -> Result<Json<Snapshot>, Refusal> {
    Ok(Json((name.clone(), cluster.take_snapshot(&name)?).into()))
}

/// Forget a snapshot.
#[utoipa::path(delete, path = "/snapshots/{name}", tag = "snapshots", params(SnapshotPath), responses(
    (status = 200, description = "The snapshot that is forgotten", body = Snapshot),
    (status = 404, description = "There is no such snapshot", body = Body),
))]
pub(super) async fn forget(
    State(cluster): Cluster,
    Named(SnapshotPath { name }): Named<SnapshotPath>,
) -> Result<Json<Snapshot>, Refusal> {
    Ok(Json((name.clone(), cluster.forget_snapshot(&name)?).into()))
}

/// Make the cluster what it was at a snapshot. All connections are closed, and ports open or close as the
/// brokers ran then; their numbers stay. A manual clock goes back to that moment; the real one goes on,
/// and what came due since happens at once. The snapshot stays.
#[utoipa::path(post, path = "/snapshots/{name}/reset", tag = "snapshots", params(SnapshotPath), responses(
    (status = 200, description = "The snapshot", body = Snapshot),
    (status = 404, description = "There is no such snapshot", body = Body),
))]
pub(super) async fn reset(
    State(cluster): Cluster,
    Named(SnapshotPath { name }): Named<SnapshotPath>,
) -> Result<Json<Snapshot>, Refusal> {
    // Once begun it is carried out whole, even if the client goes away.
    let reset = tokio::spawn(async move {
        let at = cluster.reset(&name).await?;
        Ok((name, at))
    });
    Ok(Json(reset.await.unwrap_or(Err(ControlError::Broken))?.into()))
}
