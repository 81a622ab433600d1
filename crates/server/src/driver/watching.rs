//! What happens, for those who watch.

use std::sync::Arc;

use fencepost_engine::record::recorded_event;
use fencepost_engine::{GateCommand, Input, Output};
use fencepost_ids::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use super::{Broken, Driver};

/// How many happenings a watcher may lag behind before it misses some.
const LAG_MAX: usize = 10_000;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Happening {
    /// Counts what happened while somebody watched, from 1.
    pub number: u64,
    /// The brokers' moment, in milliseconds since 1970.
    pub now_ms: i64,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A client connected.
    Connected {
        /// The connection.
        connection: u64,
        /// The broker.
        broker: i32,
        /// The client's host.
        host: String,
    },
    /// A connection is closed, by the client or by a broker.
    Closed {
        /// The connection.
        connection: u64,
        /// Why, if a broker or a fault closed it.
        reason: Option<String>,
    },
    /// A client asked for something.
    Request {
        /// The connection.
        connection: u64,
        /// The API, as in `EndTxn`.
        api: String,
        /// The version.
        version: i16,
        /// What the client calls itself.
        client_id: String,
        /// The client's number for it.
        correlation_id: i32,
    },
    /// A request is answered, or done without an answer.
    Answer {
        /// The connection.
        connection: u64,
        /// The API, as in `EndTxn`.
        api: String,
        /// The version.
        version: i16,
        /// The client's number for it.
        correlation_id: i32,
        /// Whether anything is sent.
        is_sent: bool,
    },
    /// The cluster or its gate was told something.
    Command {
        /// What, in words.
        command: String,
    },
    /// Something happened inside the cluster, in the field's terms.
    Inside {
        /// What: its kind in the field `event`, and the fields of that kind, as in docs/trace.md.
        #[schema(value_type = Object)]
        event: serde_json::Value,
    },
    /// A fault fired.
    Fault {
        /// Which.
        fault: String,
        /// How many requests or messages it was about until then, this one included.
        matched: u64,
    },
}

/// Those who watch.
#[derive(Debug)]
pub(super) struct Watchers {
    sender: broadcast::Sender<Happening>,
    told: u64,
    /// Whether there may be any.
    pub(super) is_watched: bool,
}

impl Watchers {
    pub(super) fn none() -> Self {
        Self { sender: broadcast::Sender::new(LAG_MAX), told: 0, is_watched: false }
    }

    /// Tells what a turn took in, if that is of interest, and what came of it.
    pub(super) fn tell(&mut self, now: Timestamp, asked: Option<What>, outputs: &[Output]) {
        for what in asked.into_iter().chain(outputs.iter().filter_map(came)) {
            self.told += 1;
            let happening = Happening { number: self.told, now_ms: now.0, what };
            self.is_watched = self.sender.send(happening).is_ok();
        }
    }
}

impl Driver {
    /// Watches what happens from now on.
    pub(crate) fn watch(&self) -> Result<broadcast::Receiver<Happening>, Broken> {
        let mut state = self.lock()?;
        state.watchers.is_watched = true;
        state.engine.observe(true);
        Ok(state.watchers.sender.subscribe())
    }
}

/// What an input is to those who watch.
pub(super) fn asked(input: &Input) -> Option<What> {
    let command = |words: String| Some(What::Command { command: words });
    match input {
        Input::Connect { connection, broker, host } => Some(What::Connected {
            connection: connection.0,
            broker: broker.0,
            host: host.to_string(),
        }),
        Input::Disconnect { connection } => {
            Some(What::Closed { connection: connection.0, reason: None })
        }
        Input::Request { connection, header, .. } => Some(What::Request {
            connection: connection.0,
            api: header.api.to_string(),
            version: header.version,
            client_id: header.client_id.to_string(),
            correlation_id: header.correlation_id,
        }),
        Input::Tick => None,
        Input::Crash(broker) => command(format!("crash broker {broker}")),
        Input::Stop(broker) => command(format!("stop broker {broker}")),
        Input::Restart(broker) => command(format!("restart broker {broker}")),
        Input::CreateInternalTopic(topic) => command(format!("create topic {}", topic.name())),
        Input::Elect { topic, partition, leader } => {
            command(format!("elect broker {leader} for {topic}-{partition}"))
        }
        Input::Throttle(ms) => command(format!("throttle by {ms} ms")),
        Input::Snapshot(name) => command(format!("take snapshot {name}")),
        Input::Forget(name) => command(format!("forget snapshot {name}")),
        Input::Reset(name) => command(format!("reset to snapshot {name}")),
        Input::Gate(told) => command(match told {
            GateCommand::Add(plan) => format!("add {} faults", plan.faults.len()),
            GateCommand::Remove(fault) => format!("remove fault {fault}"),
            GateCommand::Raise(event) => format!("raise event {event}"),
            GateCommand::Release(number) => format!("release {number}"),
            GateCommand::Step => "step by hand".to_owned(),
            GateCommand::Follow(_) => "step by a schedule".to_owned(),
            GateCommand::Flow => "let all pass".to_owned(),
        }),
    }
}

/// What an output is to those who watch.
fn came(output: &Output) -> Option<What> {
    let (ticket, is_sent) = match output {
        Output::Respond { ticket, .. } | Output::RespondFrame { ticket, .. } => (ticket, true),
        Output::Done { ticket } => (ticket, false),
        Output::Close { connection, reason, .. } => {
            return Some(What::Closed { connection: connection.0, reason: Some(reason.clone()) });
        }
        Output::Hit { fault, matched } => {
            return Some(What::Fault { fault: Arc::clone(fault).to_string(), matched: *matched });
        }
        Output::Event(event) => {
            let event = recorded_event(event);
            return serde_json::to_value(event).ok().map(|event| What::Inside { event });
        }
        // What comes of it is told.
        Output::Reached(_)
        | Output::ClosePort(_)
        | Output::OpenPort(_)
        | Output::AdvanceClock(_)
        | Output::Signal(_) => {
            return None;
        }
    };
    Some(What::Answer {
        connection: ticket.connection.0,
        api: ticket.api.to_string(),
        version: ticket.version,
        correlation_id: ticket.correlation_id,
        is_sent,
    })
}
