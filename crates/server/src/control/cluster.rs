//! The cluster as a whole, the connections of its clients, and what is on its way.

use axum::Json;
use axum::extract::State;
use fencepost_ids::Rule;
use fencepost_model::ConnectionDescription;
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::Cluster;
use super::refusal::Refusal;

/// The cluster as a whole.
#[derive(Serialize, ToSchema)]
pub(super) struct ClusterState {
    /// Its id, as clients see it.
    cluster_id: String,
    /// The release of Kafka that the brokers behave as, as in `4.4`.
    kafka_version: String,
    /// The broker that answers as the controller; null while all are down.
    controller: Option<i32>,
    /// How many brokers there are, up or down.
    brokers: usize,
    /// How many topics there are, internal ones too.
    topics: usize,
    /// How many connections are open.
    connections: usize,
    /// The finalized features.
    features: Vec<Feature>,
    /// Where chance begins.
    seed: u64,
    /// The safety rules that are switched off, by their ids.
    rules_off: Vec<String>,
    /// The brokers' present moment, in milliseconds since 1970.
    now_ms: i64,
}

/// A finalized feature (KIP-584).
#[derive(Serialize, ToSchema)]
pub(super) struct Feature {
    /// Its name, as in `transaction.version`.
    name: String,
    /// Its level.
    level: i16,
}

/// A client's connection.
#[derive(Serialize, ToSchema)]
pub(super) struct Connection {
    /// Its number; no two connections share one as long as the server runs.
    connection: u64,
    /// The broker whose port the client reached.
    broker: i32,
    /// The client's host.
    host: String,
    /// What the client called itself in its last request; null if it gave no client id, or has asked for
    /// nothing yet.
    client_id: Option<String>,
    /// What the client is; null if it has not said so with ApiVersions, from its version 3 on (KIP-511).
    software: Option<Software>,
}

/// What a client is, in its own words.
#[derive(Serialize, ToSchema)]
pub(super) struct Software {
    /// Its name, as in `apache-kafka-java`.
    name: String,
    /// Its version.
    version: String,
}

impl From<ConnectionDescription> for Connection {
    fn from(connection: ConnectionDescription) -> Self {
        let client_id = connection.client_id.filter(|client_id| !client_id.is_empty());
        let software = connection.software.map(|software| Software {
            name: software.name.to_string(),
            version: software.version.to_string(),
        });
        Self {
            connection: connection.id.0,
            broker: connection.broker.0,
            host: connection.host.to_string(),
            client_id: client_id.map(|client_id| client_id.to_string()),
            software,
        }
    }
}

/// A message between brokers on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    /// Its number.
    message: u64,
    /// The sender.
    from: i32,
    /// The receiver.
    to: i32,
    /// What it is, as in `WriteTxnMarkers`.
    kind: String,
    /// Whether an earlier message must arrive first.
    blocked: bool,
}

/// A timer that runs inside a broker.
#[derive(Serialize, ToSchema)]
pub(super) struct Timer {
    /// What it is for, in one word, as in `TransactionTimeouts`.
    timer: String,
    /// The broker in whose memory it runs.
    broker: i32,
    /// When it comes due, in milliseconds since 1970.
    at_ms: i64,
    /// How long that is from now, in milliseconds; negative if it is due.
    in_ms: i64,
    /// What it is for, and of what.
    text: String,
}

/// The cluster as a whole.
#[utoipa::path(get, path = "/cluster", tag = "cluster", responses(
    (status = 200, description = "The cluster", body = ClusterState),
))]
pub(super) async fn state(State(cluster): Cluster) -> Result<Json<ClusterState>, Refusal> {
    let now = cluster.now();
    Ok(Json(cluster.look(|cluster| {
        let config = cluster.config();
        let described = cluster.describe();
        let feature = |(name, level): (&str, i16)| Feature { name: name.to_owned(), level };
        ClusterState {
            cluster_id: described.cluster_id.to_string(),
            kafka_version: config.release.to_string(),
            controller: Some(described.controller.0).filter(|id| *id >= 0),
            brokers: config.brokers.len(),
            topics: cluster.topics().len(),
            connections: cluster.connections().count(),
            features: described.features.into_iter().map(feature).collect(),
            seed: config.seed,
            rules_off: Rule::ALL
                .iter()
                .filter(|rule| !config.rules.is_on(**rule))
                .map(|rule| rule.id().to_owned())
                .collect(),
            now_ms: now.0,
        }
    })?))
}

/// The open connections of clients.
#[utoipa::path(get, path = "/connections", tag = "cluster", responses(
    (status = 200, description = "The connections, by number", body = Vec<Connection>),
))]
pub(super) async fn connections(State(cluster): Cluster) -> Result<Json<Vec<Connection>>, Refusal> {
    let connections = cluster.look(|cluster| cluster.connections().map(Connection::from).collect());
    Ok(Json(connections?))
}

/// The messages between brokers that are on their way. They arrive at once unless a fault or the
/// stepped mode holds them back.
#[utoipa::path(get, path = "/messages", tag = "cluster", responses(
    (status = 200, description = "The messages, in the order in which they were sent", body = Vec<Message>),
))]
pub(super) async fn messages(State(cluster): Cluster) -> Result<Json<Vec<Message>>, Refusal> {
    let messages = cluster.look(|cluster| {
        let shown = cluster.messages().map(|message| Message {
            message: message.id.0,
            from: message.from.0,
            to: message.to.0,
            kind: message.kind.to_owned(),
            blocked: message.is_blocked,
        });
        shown.collect()
    });
    Ok(Json(messages?))
}

/// The timers that run inside the brokers.
#[utoipa::path(get, path = "/timers", tag = "clock", responses(
    (status = 200, description = "The timers, in the order in which they come due", body = Vec<Timer>),
))]
pub(super) async fn timers(State(cluster): Cluster) -> Result<Json<Vec<Timer>>, Refusal> {
    let now = cluster.now();
    let timers = cluster.look(|cluster| {
        let shown = cluster.deadlines().map(|deadline| Timer {
            timer: deadline.timer.name().to_owned(),
            broker: deadline.timer.broker().0,
            at_ms: deadline.at.0,
            in_ms: deadline.at.millis_since(now),
            text: deadline.timer.to_string(),
        });
        shown.collect()
    });
    Ok(Json(timers?))
}
