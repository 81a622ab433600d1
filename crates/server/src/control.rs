//! The control API: commands and questions over HTTP and JSON, described by OpenAPI.
//!
//! One file for each resource. What is refused says so in JSON, with a status code, the error and
//! what to do. It takes nothing from a page in a browser, and off loopback nothing without its
//! token.

mod access;
pub(crate) use access::Access;
mod brokers;
mod clock;
mod cluster;
mod coordinators;
mod description;
mod events;
mod faults;
mod groups;
mod held;
mod internal_records;
mod listener;
pub(crate) use listener::Control;
mod logs;
mod partitions;
mod payload;
mod producers;
mod reading;
mod refusal;
mod snapshots;
mod throttle;
mod topics;
mod trace;
mod transactions;
mod waiting;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::commands::Commands;
use refusal::Refusal;

/// The longest body that is taken, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// The longest that a request may take from its head to its answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

fn routes(commands: Arc<Commands>, access: &Arc<Access>) -> Router {
    let (routes, described) = resources().split_for_parts();
    let described = description::finish(described, access);
    routes
        .route("/openapi.json", get(async move || Json(described.clone())))
        .fallback(async || Refusal::unknown_path())
        .method_not_allowed_fallback(async || Refusal::wrong_method())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(bounded))
        .layer(from_fn_with_state(Arc::clone(access), access::check))
        .with_state(commands)
}

fn resources() -> OpenApiRouter<Arc<Commands>> {
    OpenApiRouter::with_openapi(description::begin())
        .routes(routes!(cluster::state))
        .routes(routes!(cluster::connections))
        .routes(routes!(cluster::messages))
        .routes(routes!(cluster::timers))
        .routes(routes!(events::watch))
        .routes(routes!(trace::download))
        .routes(routes!(brokers::list))
        .routes(routes!(brokers::crash))
        .routes(routes!(brokers::stop))
        .routes(routes!(brokers::restart))
        .routes(routes!(topics::list))
        .routes(routes!(partitions::list))
        .routes(routes!(partitions::one))
        .routes(routes!(partitions::elect))
        .routes(routes!(logs::page))
        .routes(routes!(producers::list))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::one))
        .routes(routes!(coordinators::of_transaction, coordinators::move_transaction))
        .routes(routes!(groups::list))
        .routes(routes!(groups::one))
        .routes(routes!(coordinators::of_group, coordinators::move_group))
        .routes(routes!(throttle::set))
        .routes(routes!(faults::list, faults::add))
        .routes(routes!(faults::schema))
        .routes(routes!(faults::remove))
        .routes(routes!(faults::hits))
        .routes(routes!(faults::register))
        .routes(routes!(held::list))
        .routes(routes!(held::release))
        .routes(routes!(held::raise))
        .routes(routes!(held::stepped, held::step))
        .routes(routes!(clock::show))
        .routes(routes!(clock::advance))
        .routes(routes!(clock::next))
        .routes(routes!(snapshots::list))
        .routes(routes!(snapshots::take, snapshots::forget))
        .routes(routes!(snapshots::reset))
}

async fn bounded(request: Request, next: Next) -> Response {
    match timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::too_slow().into_response(),
    }
}
