//! What waits at the gate: held or delayed by a fault, or for its turn in stepped mode.

use axum::Json;
use axum::extract::State;
use fencepost_engine::{Crossing, Held as AtGate, Patience, Schedule};
use fencepost_faults::Until;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::{Cluster, EventPath, HeldPath, Named, Said};
use super::refusal::{Body, Refusal};
use crate::commands::Commands;

/// A request, an answer or a message between brokers that waits.
#[derive(Serialize, ToSchema)]
pub(super) struct Held {
    /// Names it; what came later has a higher number.
    number: u64,
    /// The API of the request or message, or of what it answers.
    api: String,
    /// Whether it is an answer.
    answer: bool,
    /// The client's connection; null for what goes between brokers.
    connection: Option<u64>,
    /// What the client calls itself; null for what goes between brokers.
    client_id: Option<String>,
    /// The broker of the connection; null for what goes between brokers, and if the connection has ended.
    broker: Option<i32>,
    /// The broker that sent the message; null for what goes to or from a client.
    from: Option<i32>,
    /// The broker that it goes to; null for what goes to or from a client.
    to: Option<i32>,
    /// What it waits for.
    waits_for: Wait,
    /// The moment, in milliseconds since 1970, the event or the fault that it waits for; null if it waits
    /// to be released.
    until: Option<String>,
}

/// What something waits for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HeldUntil)]
enum Wait {
    /// A moment.
    Moment,
    /// An event that is raised.
    Event,
    /// A fault that fires.
    Fault,
    /// To be released.
    Release,
    /// Its turn.
    Step,
}

impl From<AtGate> for Held {
    fn from(held: AtGate) -> Self {
        let (waits_for, until) = match held.patience {
            Patience::At(moment) => (Wait::Moment, Some(moment.0.to_string())),
            Patience::Until(Until::Event(event)) => (Wait::Event, Some(event)),
            Patience::Until(Until::Fault(fault)) => (Wait::Fault, Some(fault)),
            Patience::Until(Until::Released) => (Wait::Release, None),
            Patience::Step => (Wait::Step, None),
        };
        let shown = Self {
            number: held.number,
            api: held.api.to_string(),
            answer: held.is_answer,
            connection: None,
            client_id: None,
            broker: None,
            from: None,
            to: None,
            waits_for,
            until,
        };
        match held.crossing {
            Crossing::Client { connection, client_id, broker } => Self {
                connection: Some(connection.0),
                client_id: Some(client_id.to_string()),
                broker: broker.map(|broker| broker.0),
                ..shown
            },
            Crossing::Brokers { from, to } => Self { from: Some(from.0), to: Some(to.0), ..shown },
        }
    }
}

/// Whether requests and messages go one at a time, and which have.
#[derive(Serialize, ToSchema)]
pub(super) struct Stepped {
    /// Whether they do.
    stepped: bool,
    /// How many have had their turn.
    turns: u64,
    /// A hash of who sent what in which order, and of the answers, in 16 hexadecimal digits: two runs that
    /// went the same way have the same.
    order: String,
    /// The next turn of a schedule that has not come to its end.
    next: Option<Turn>,
}

/// A turn of a schedule.
#[derive(Serialize, ToSchema)]
pub(super) struct Turn {
    /// Its number, from 1.
    number: u64,
    /// What the schedule says of it.
    turn: String,
}

impl Stepped {
    fn of(cluster: &Commands) -> Result<Self, Refusal> {
        let order = cluster.order()?;
        Ok(Self {
            stepped: cluster.is_stepped()?,
            turns: order.turns,
            order: format!("{:016x}", order.hash),
            next: cluster.next_turn()?.map(|(number, turn)| Turn { number, turn }),
        })
    }
}

/// How requests and messages are to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mode {
    /// Whether they are to go one at a time.
    stepped: bool,
    /// The order in which they go, one line for each, as in `EndTxn client=orders-1` or
    /// `WriteTxnMarkers to=1`; released by hand if not given.
    schedule: Option<String>,
}

/// What waits: held or delayed by a fault, or for its turn.
#[utoipa::path(get, path = "/held", tag = "gate", responses(
    (status = 200, description = "What waits, in the order in which it came", body = Vec<Held>),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Held>>, Refusal> {
    Ok(Json(cluster.held()?.into_iter().map(Held::from).collect()))
}

/// Let something go on that waits.
#[utoipa::path(post, path = "/held/{number}/release", tag = "gate", params(HeldPath), responses(
    (status = 200, description = "What waits now", body = Vec<Held>),
    (status = 404, description = "Nothing waits under this number", body = Body),
))]
pub(super) async fn release(
    State(cluster): Cluster,
    Named(HeldPath { number }): Named<HeldPath>,
) -> Result<Json<Vec<Held>>, Refusal> {
    cluster.release(number)?;
    Ok(Json(cluster.held()?.into_iter().map(Held::from).collect()))
}

/// Raise an event for which requests, answers and messages may wait; it stays raised.
#[utoipa::path(post, path = "/raised/{event}", tag = "gate", params(EventPath), responses(
    (status = 200, description = "What waits now", body = Vec<Held>),
))]
pub(super) async fn raise(
    State(cluster): Cluster,
    Named(EventPath { event }): Named<EventPath>,
) -> Result<Json<Vec<Held>>, Refusal> {
    cluster.raise(&event)?;
    Ok(Json(cluster.held()?.into_iter().map(Held::from).collect()))
}

/// Whether every request and every message between brokers waits for its turn, and what has passed.
#[utoipa::path(get, path = "/stepped", tag = "gate", responses(
    (status = 200, description = "How it stands", body = Stepped),
))]
pub(super) async fn stepped(State(cluster): Cluster) -> Result<Json<Stepped>, Refusal> {
    Ok(Json(Stepped::of(&cluster)?))
}

/// Have every request and every message between brokers wait, until it is released or until it is its
/// turn in a schedule; or have all pass again.
#[utoipa::path(put, path = "/stepped", tag = "gate", request_body = Mode, responses(
    (status = 200, description = "How it stands now", body = Stepped),
))]
pub(super) async fn step(
    State(cluster): Cluster,
    Said(mode): Said<Mode>,
) -> Result<Json<Stepped>, Refusal> {
    match mode {
        Mode { stepped: true, schedule: None } => cluster.step_by_hand()?,
        Mode { stepped: true, schedule: Some(schedule) } => {
            let schedule = schedule.parse::<Schedule>();
            cluster.follow(schedule.map_err(|error| Refusal::bad_schedule(&error))?)?;
        }
        Mode { stepped: false, .. } => cluster.flow()?,
    }
    Ok(Json(Stepped::of(&cluster)?))
}
