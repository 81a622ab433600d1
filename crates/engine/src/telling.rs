//! A recorded run as a story: who asked whom for what, and what happened inside.

mod asked;
mod messages;

use std::collections::BTreeMap;

use fencepost_ids::{BrokerId, ConnectionId};
use fencepost_model::Ticket;
use fencepost_trace as trace;
use fencepost_trace::{Deed, Ended, Happening, Header, Lane, Moment};
use fencepost_wire::{Request, RequestHeader, Response};

use self::messages::Transactions;
use crate::record::{BadHeader, recorded_event};
use crate::{Input, Output, Reached, Replay, ReplayError, describe};

/// Takes a recorded run again and tells it.
#[derive(Debug)]
pub struct Telling {
    replay: Replay,
    start: i64,
    connections: BTreeMap<ConnectionId, Client>,
    /// Requests that may still be answered, or carried out.
    asked: BTreeMap<Key, Asked>,
    transactions: Transactions,
    /// Topics that a request of this turn deletes.
    deleted: Vec<String>,
    /// The number of the turn.
    turn: u64,
}

#[derive(Debug)]
struct Client {
    broker: BrokerId,
    /// What it calls itself, from its first request on.
    name: Option<String>,
}

/// A connection and a correlation id.
type Key = (ConnectionId, i32);

/// What a client asked for.
#[derive(Clone, Debug)]
struct Asked {
    turn: u64,
    client: String,
    to: Lane,
    request: String,
    deed: Option<Deed>,
    /// The topics that it deletes.
    deletes: Vec<String>,
    has_arrived: bool,
}

impl Telling {
    /// The story of a trace before its first turn.
    ///
    /// # Errors
    /// The header's configuration cannot be.
    pub fn new(header: &Header) -> Result<Self, BadHeader> {
        let mut replay = Replay::new(header)?;
        replay.observe();
        Ok(Self {
            replay,
            start: header.start,
            connections: BTreeMap::new(),
            asked: BTreeMap::new(),
            transactions: Transactions::default(),
            deleted: Vec::new(),
            turn: 0,
        })
    }

    /// Takes a turn and tells it.
    ///
    /// # Errors
    /// As for [`Replay::turn`].
    pub fn turn(&mut self, turn: &trace::Turn) -> Result<Moment, ReplayError> {
        let input = self.replay.input(turn)?;
        let mut what = Vec::new();
        self.turn = turn.n;
        self.tell_input(&input, &mut what);
        let outputs = self.replay.take(turn, input)?.to_vec();
        outputs.iter().for_each(|output| self.tell_output(output, &mut what));
        self.tell_deleted(&mut what);
        Ok(Moment { n: turn.n, t: turn.t - self.start, what })
    }

    fn tell_input(&mut self, input: &Input, what: &mut Vec<Happening>) {
        let command = match input {
            Input::Connect { connection, broker, .. } => {
                self.connections.insert(*connection, Client { broker: *broker, name: None });
                return;
            }
            Input::Disconnect { connection } => {
                self.ends(*connection);
                return;
            }
            Input::Request { connection, header, request, .. } => {
                what.push(self.asks(*connection, header, request));
                return;
            }
            Input::Tick => return,
            Input::Reset(name) => {
                what.push(Happening::Reset { snapshot: name.to_string() });
                return;
            }
            Input::Crash(broker) => format!("crash broker {broker}"),
            Input::Stop(broker) => format!("stop broker {broker}"),
            Input::Restart(broker) => format!("restart broker {broker}"),
            Input::CreateInternalTopic(topic) => format!("create topic {}", topic.name()),
            Input::Elect { topic, partition, leader } => {
                format!("elect broker {leader} for {topic}-{partition}")
            }
            Input::Throttle(time_ms) => format!("throttle by {time_ms} ms"),
            Input::Snapshot(name) => format!("take snapshot {name}"),
            Input::Forget(name) => format!("forget snapshot {name}"),
            Input::Gate(command) => gate_command(command),
        };
        what.push(Happening::Command { what: command });
    }

    fn asks(
        &mut self,
        connection: ConnectionId,
        header: &RequestHeader,
        request: &Request,
    ) -> Happening {
        let broker = match self.connections.get_mut(&connection) {
            Some(client) => {
                let name = (!header.client_id.is_empty()).then(|| header.client_id.to_string());
                client.name = name.or_else(|| client.name.take());
                client.broker
            }
            None => BrokerId::NONE,
        };
        let cluster = self.replay.engine().look();
        let asked = Asked {
            turn: self.turn,
            client: self.name(connection),
            to: asked::lane(header, request, broker, cluster),
            request: describe::request(request, cluster),
            deed: asked::deed(request, cluster),
            deletes: asked::deletes(request, cluster),
            has_arrived: false,
        };
        let happening = Happening::Asked {
            client: asked.client.clone(),
            to: asked.to.clone(),
            request: asked.request.clone(),
            deed: asked.deed.clone(),
            arrives: false,
            is_routine: asked::is_routine(header.api),
        };
        if let Some(Deed::Commits { transactional_id, group, .. }) = &asked.deed {
            self.transactions.writes_to(transactional_id, group);
        }
        self.asked.insert((connection, header.correlation_id), asked);
        happening
    }

    /// A request is carried out: as it arrives, or later.
    fn arrives(&mut self, key: Key, what: &mut Vec<Happening>) {
        let Some(asked) = self.asked.get_mut(&key) else { return };
        let is_first = !std::mem::replace(&mut asked.has_arrived, true);
        self.deleted.extend_from_slice(&asked.deletes);
        match what.first_mut() {
            // A turn has one request at most, which is told first.
            Some(Happening::Asked { arrives, .. }) if is_first && asked.turn == self.turn => {
                *arrives = true;
            }
            Some(_) | None => what.push(Happening::Arrived {
                client: asked.client.clone(),
                to: asked.to.clone(),
                request: asked.request.clone(),
                deed: asked.deed.clone(),
                asked_in: asked.turn,
            }),
        }
    }

    fn tell_output(&mut self, output: &Output, what: &mut Vec<Happening>) {
        let act = match output {
            Output::Respond { ticket, response } => {
                let is_done = match response {
                    Response::EndTxn(response) => response.error_code == 0,
                    _ => false,
                };
                what.push(self.answers(ticket, describe::response(response), is_done));
                return;
            }
            Output::RespondFrame { ticket, .. } => {
                let changed = format!("{} with other bytes", ticket.api.name());
                what.push(self.answers(ticket, changed, false));
                return;
            }
            Output::Done { ticket } => {
                self.asked.remove(&(ticket.connection, ticket.correlation_id));
                return;
            }
            Output::Close { connection, reason, .. } => {
                let client = self.name(*connection);
                what.push(Happening::Closed { client, reason: reason.clone() });
                self.ends(*connection);
                return;
            }
            Output::Event(event) => {
                let event = recorded_event(event);
                self.transactions.take(&event);
                what.push(Happening::Event(event));
                return;
            }
            Output::Reached(Reached::Request { connection, correlation_id }) => {
                self.arrives((*connection, *correlation_id), what);
                return;
            }
            Output::Reached(Reached::Message { message, delivery }) => {
                what.extend(self.transactions.said(message, *delivery));
                return;
            }
            Output::Hit { fault, matched } => {
                what.push(Happening::Hit { fault: fault.to_string(), matched: *matched });
                return;
            }
            Output::ClosePort(broker) => format!("close the port of broker {broker}"),
            Output::OpenPort(broker) => format!("open the port of broker {broker}"),
            Output::AdvanceClock(ms) => format!("advance the clock by {ms} ms"),
            Output::Signal(signal) => format!("signal {signal:?}"),
        };
        what.push(Happening::Command { what: act });
    }

    /// Topics that requests which were carried out have deleted.
    fn tell_deleted(&mut self, what: &mut Vec<Happening>) {
        let cluster = self.replay.engine().look();
        for topic in std::mem::take(&mut self.deleted) {
            if cluster.topic_state(&topic).is_none() {
                what.push(Happening::TopicDeleted { topic });
            }
        }
    }

    fn answers(&mut self, ticket: &Ticket, answer: String, is_done: bool) -> Happening {
        let asked = self.asked.remove(&(ticket.connection, ticket.correlation_id));
        let broker = self.connections.get(&ticket.connection).map_or(-1, |client| client.broker.0);
        let ended = asked.as_ref().and_then(|asked| match &asked.deed {
            Some(Deed::Ends { transactional_id, .. }) => Some(Ended {
                transactional_id: transactional_id.clone(),
                asked_in: asked.turn,
                is_done,
            }),
            _ => None,
        });
        Happening::Answered {
            client: self.name(ticket.connection),
            from: asked.map_or(Lane::Broker(broker), |asked| asked.to),
            answer,
            ended,
            is_routine: asked::is_routine(ticket.api),
        }
    }

    /// A connection has ended; what is held of it may still be carried out.
    fn ends(&mut self, connection: ConnectionId) {
        self.asked.retain(|(of, _), asked| *of != connection || !asked.has_arrived);
        self.connections.remove(&connection);
    }

    fn name(&self, connection: ConnectionId) -> String {
        let known = self.connections.get(&connection).and_then(|client| client.name.clone());
        known.unwrap_or_else(|| format!("connection {}", connection.0))
    }
}

fn gate_command(command: &crate::GateCommand) -> String {
    use crate::GateCommand;
    match command {
        GateCommand::Add(plan) => format!("faults added: {}", plan.faults.len()),
        GateCommand::Remove(name) => format!("remove fault {name}"),
        GateCommand::Raise(event) => format!("raise event {event}"),
        GateCommand::Release(number) => format!("release {number}"),
        GateCommand::Step => "stop at every request and message".to_owned(),
        GateCommand::Follow(_) => "follow a schedule".to_owned(),
        GateCommand::Flow => "let all pass".to_owned(),
    }
}
