//! What happens, as a stream of server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::reading::Cluster;
use super::refusal::Refusal;
use crate::driver::Happening;

/// What happens from now on, as server-sent events: requests, answers, connections, commands and faults
/// that fire, in the order in which they happen. The name of an event is its kind, its data a Happening in
/// JSON. A comment comes first, when all that follows is told. Who reads too slowly misses some, and an
/// event named missed says how many.
#[utoipa::path(get, path = "/events", tag = "cluster", responses(
    (status = 200, description = "The events, without an end", body = Happening,
        content_type = "text/event-stream"),
))]
pub(super) async fn watch(
    State(cluster): Cluster,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let watcher = cluster.watch()?;
    Ok(Sse::new(unfold((watcher, true), next)))
}

/// A watcher, and whether it has just begun.
type Watching = (Receiver<Happening>, bool);

async fn next((mut watcher, is_first): Watching) -> Option<(Result<Event, Infallible>, Watching)> {
    let event = if is_first {
        Event::default().comment("watching")
    } else {
        match watcher.recv().await {
            Ok(happening) => event(&happening),
            Err(RecvError::Lagged(count)) => {
                Event::default().event("missed").data(json!({ "count": count }).to_string())
            }
            Err(RecvError::Closed) => return None,
        }
    };
    Some((Ok(event), (watcher, false)))
}

fn event(happening: &Happening) -> Event {
    let data = serde_json::to_value(happening).expect("a happening is JSON");
    let kind = data["kind"].as_str().unwrap_or_default();
    Event::default().id(happening.number.to_string()).event(kind).data(data.to_string())
}
