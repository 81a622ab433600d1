//! The brokers' time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::{Cluster, Said};
use super::refusal::{Body, Refusal};
use super::whole::whole;
use crate::clock::ClockState;
use crate::commands::{ADVANCE_MS_MAX, Commands, ControlError};

/// The brokers' time.
#[derive(Serialize, ToSchema)]
pub(super) struct Clock {
    /// Whether the time runs by itself or moves by commands alone.
    kind: Kind,
    /// The present moment, in milliseconds since 1970.
    now_ms: i64,
    /// When the next timer is due; null if none runs.
    next_deadline_ms: Option<i64>,
}

/// What a clock goes by.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ClockKind)]
enum Kind {
    /// The machine's time.
    Real,
    /// Commands.
    Manual,
}

impl From<ClockState> for Clock {
    fn from(ClockState { is_manual, now, next_deadline }: ClockState) -> Self {
        Self {
            kind: if is_manual { Kind::Manual } else { Kind::Real },
            now_ms: now.0,
            next_deadline_ms: next_deadline.map(|at| at.0),
        }
    }
}

/// How far to move.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    /// By so many milliseconds, 31 days at most.
    #[schema(minimum = 0, maximum = 2_678_400_000_i64)]
    #[serde(deserialize_with = "whole")]
    ms: u64,
}

/// How far to move.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Next {
    /// To the next timer of this name, as GET /timers shows them; to the very next one if not given.
    timer: Option<String>,
}

/// The brokers' time.
#[utoipa::path(get, path = "/clock", tag = "clock", responses(
    (status = 200, description = "The time", body = Clock),
))]
pub(super) async fn show(State(cluster): Cluster) -> Result<Json<Clock>, Refusal> {
    Ok(Json(cluster.clock()?.into()))
}

/// Move the manual clock on. Every timer that is due on the way fires, in order, each at its own moment;
/// all of it is done when the answer comes.
#[utoipa::path(post, path = "/clock/advance", tag = "clock", request_body = Advance, responses(
    (status = 200, description = "The time now", body = Clock),
    (status = 409, description = "The clock is not manual", body = Body),
))]
pub(super) async fn advance(
    State(cluster): Cluster,
    Said(Advance { ms }): Said<Advance>,
) -> Result<Json<Clock>, Refusal> {
    let by = i64::try_from(ms).ok().filter(|ms| *ms <= ADVANCE_MS_MAX);
    let by = by.ok_or_else(|| Refusal::unprocessable("ms is 0 to 2678400000, 31 days"))?;
    moved(cluster, async move |cluster| cluster.advance(by).await).await
}

/// Move the manual clock to the next moment at which a timer is due, or a timer of some name. All that is
/// due until then fires.
#[utoipa::path(post, path = "/clock/next", tag = "clock", request_body = Next, responses(
    (status = 200, description = "The time now", body = Clock),
    (status = 404, description = "No such timer runs", body = Body),
    (status = 409, description = "The clock is not manual", body = Body),
))]
pub(super) async fn next(
    State(cluster): Cluster,
    Said(Next { timer }): Said<Next>,
) -> Result<Json<Clock>, Refusal> {
    moved(cluster, async move |cluster| cluster.advance_to_next(timer.as_deref()).await).await
}

/// Once begun it is carried out whole, even if the client goes away.
async fn moved<F>(
    cluster: Arc<Commands>,
    command: impl FnOnce(Arc<Commands>) -> F + Send + 'static,
) -> Result<Json<Clock>, Refusal>
where
    F: Future<Output = Result<ClockState, ControlError>> + Send + 'static,
{
    let moved = tokio::spawn(command(cluster)).await;
    Ok(Json(moved.unwrap_or(Err(ControlError::Broken))?.into()))
}
