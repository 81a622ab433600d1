//! The control API: commands and questions over HTTP and JSON.
//!
//! One file for each resource. What is refused says so in JSON, with a status code, the error and
//! what to do. It listens on loopback alone, and takes nothing from a page in a browser.

mod brokers;
mod coordinators;
mod listener;
pub(crate) use listener::Control;
mod partitions;
mod reading;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::timeout;

use crate::commands::Commands;
use refusal::Refusal;

/// The longest body that is taken, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// The longest that a request may take from its head to its answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

fn routes(commands: Arc<Commands>) -> Router {
    Router::new()
        .route("/brokers", get(brokers::list))
        .route("/brokers/{id}/crash", post(brokers::crash))
        .route("/brokers/{id}/stop", post(brokers::stop))
        .route("/brokers/{id}/restart", post(brokers::restart))
        .route("/topics/{topic}/partitions", get(partitions::list))
        .route("/topics/{topic}/partitions/{partition}/elect", post(partitions::elect))
        .route(
            "/transactions/{transactional_id}/coordinator",
            get(coordinators::of_transaction).post(coordinators::move_transaction),
        )
        .route(
            "/groups/{group}/coordinator",
            get(coordinators::of_group).post(coordinators::move_group),
        )
        .fallback(async || Refusal::unknown_path())
        .method_not_allowed_fallback(async || Refusal::wrong_method())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(bounded))
        .layer(from_fn(not_from_a_page))
        .with_state(commands)
}

async fn bounded(request: Request, next: Next) -> Response {
    match timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::too_slow().into_response(),
    }
}

/// A page that somebody has open in a browser on this machine could reach loopback too.
async fn not_from_a_page(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return Refusal::new(
            StatusCode::FORBIDDEN,
            "a request with an Origin comes from a page in a browser",
            "send it from a program, without an Origin",
        )
        .into_response();
    }
    next.run(request).await
}
