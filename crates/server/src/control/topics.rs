//! Topics.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::Cluster;
use super::refusal::Refusal;

/// A topic.
#[derive(Serialize, ToSchema)]
pub(super) struct Topic {
    /// Its name.
    name: String,
    /// Its id, which a later topic of the same name does not share.
    id: String,
    /// Whether it is one of Kafka's own.
    internal: bool,
    /// How many partitions it has.
    partitions: i32,
    /// The settings that were given for this topic itself.
    settings: BTreeMap<String, String>,
}

/// The topics.
#[utoipa::path(get, path = "/topics", tag = "topics", responses(
    (status = 200, description = "The topics, by name", body = Vec<Topic>),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Topic>>, Refusal> {
    let topics = cluster.look(fencepost_model::Cluster::topics)?.into_iter().map(|topic| Topic {
        name: topic.name.to_string(),
        id: topic.id.to_string(),
        internal: topic.is_internal,
        partitions: topic.partitions,
        settings: topic.settings.into_iter().collect(),
    });
    Ok(Json(topics.collect()))
}
