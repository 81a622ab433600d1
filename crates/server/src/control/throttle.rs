//! Answers that ask their clients to wait.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::{Cluster, Said};
use super::refusal::Refusal;
use super::whole::whole;

/// How long every answer asks its client to wait.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Throttle {
    /// In milliseconds; 0 ends it.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    #[serde(deserialize_with = "whole")]
    ms: u32,
}

/// From now on every answer asks its client to wait, and its connection is not read for as long, as
/// with a quota (KIP-219).
#[utoipa::path(post, path = "/throttle", tag = "cluster", request_body = Throttle, responses(
    (status = 200, description = "How long it is now", body = Throttle),
))]
pub(super) async fn set(
    State(cluster): Cluster,
    Said(Throttle { ms }): Said<Throttle>,
) -> Result<Json<Throttle>, Refusal> {
    let ms =
        i32::try_from(ms).map_err(|_| Refusal::unprocessable("ms is 0 to 2147483647, 24 days"))?;
    cluster.throttle(ms)?;
    Ok(Json(Throttle { ms: ms.unsigned_abs() }))
}
