//! A recorded run as a story: who asked whom for what, and what happened inside.

use std::collections::BTreeMap;

use fencepost_faults::Subject;
use fencepost_ids::{BrokerId, ConnectionId};
use fencepost_model::Ticket;
use fencepost_trace as trace;
use fencepost_trace::{Happening, Header, Lane, Moment};
use fencepost_wire::{ApiKey, Request, RequestHeader};

use crate::record::{BadHeader, recorded_event};
use crate::{Input, Output, Replay, ReplayError, describe};

/// Takes a recorded run again and tells it.
#[derive(Debug)]
pub struct Telling {
    replay: Replay,
    start: i64,
    connections: BTreeMap<ConnectionId, Client>,
    /// Who is to hear the answers to requests, by the connection and the correlation id.
    asked: BTreeMap<(ConnectionId, i32), Lane>,
}

#[derive(Debug)]
struct Client {
    broker: BrokerId,
    /// What it calls itself, from its first request on.
    name: Option<String>,
}

impl Telling {
    /// The story of a trace before its first turn.
    ///
    /// # Errors
    /// The header's configuration cannot be.
    pub fn new(header: &Header) -> Result<Self, BadHeader> {
        let mut replay = Replay::new(header)?;
        replay.observe();
        let (connections, asked) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { replay, start: header.start, connections, asked })
    }

    /// Takes a turn and tells it.
    ///
    /// # Errors
    /// As for [`Replay::turn`].
    pub fn turn(&mut self, turn: &trace::Turn) -> Result<Moment, ReplayError> {
        let input = self.replay.input(turn)?;
        let mut what = Vec::new();
        self.tell_input(&input, &mut what);
        let outputs = self.replay.take(turn, input)?.to_vec();
        outputs.iter().for_each(|output| self.tell_output(output, &mut what));
        Ok(Moment { n: turn.n, t: turn.t - self.start, what })
    }

    fn tell_input(&mut self, input: &Input, what: &mut Vec<Happening>) {
        let command = match input {
            Input::Connect { connection, broker, .. } => {
                self.connections.insert(*connection, Client { broker: *broker, name: None });
                return;
            }
            Input::Disconnect { connection } => {
                self.asked.retain(|(of, _), _| of != connection);
                self.connections.remove(connection);
                return;
            }
            Input::Request { connection, header, request, .. } => {
                what.push(self.asks(*connection, header, request));
                return;
            }
            Input::Tick => return,
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
            Input::Reset(name) => format!("reset to snapshot {name}"),
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
        let subject =
            Subject::of_request(header, request, broker, |id| cluster.topic_name(id).cloned());
        let to = lane(header.api, &subject, broker);
        let asked = describe::request(request, cluster);
        self.asked.insert((connection, header.correlation_id), to.clone());
        Happening::Asked {
            client: self.name(connection),
            to,
            request: asked,
            is_routine: is_routine(header.api),
        }
    }

    fn tell_output(&mut self, output: &Output, what: &mut Vec<Happening>) {
        let act = match output {
            Output::Respond { ticket, response } => {
                what.push(self.answers(ticket, describe::response(response)));
                return;
            }
            Output::RespondFrame { ticket, .. } => {
                let changed = format!("{} with other bytes", ticket.api.name());
                what.push(self.answers(ticket, changed));
                return;
            }
            Output::Done { ticket } => {
                self.asked.remove(&(ticket.connection, ticket.correlation_id));
                return;
            }
            Output::Close { connection, reason, .. } => {
                let client = self.name(*connection);
                what.push(Happening::Closed { client, reason: reason.clone() });
                return;
            }
            Output::Event(event) => {
                what.push(Happening::Event(recorded_event(event)));
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

    fn answers(&mut self, ticket: &Ticket, answer: String) -> Happening {
        let asked = self.asked.remove(&(ticket.connection, ticket.correlation_id));
        let broker = self.connections.get(&ticket.connection).map_or(-1, |client| client.broker.0);
        Happening::Answered {
            client: self.name(ticket.connection),
            from: asked.unwrap_or(Lane::Broker(broker)),
            answer,
            is_routine: is_routine(ticket.api),
        }
    }

    fn name(&self, connection: ConnectionId) -> String {
        let known = self.connections.get(&connection).and_then(|client| client.name.clone());
        known.unwrap_or_else(|| format!("connection {}", connection.0))
    }
}

/// Who serves a request, as the story tells it.
fn lane(api: ApiKey, subject: &Subject, broker: BrokerId) -> Lane {
    let transaction =
        || subject.transactional_ids.first().map(|id| Lane::Transaction(id.to_string()));
    let group = || subject.groups.first().map(|id| Lane::Group(id.to_string()));
    let partition = || {
        let (topic, partition) = subject.topics.first()?;
        Some(Lane::Partition(format!("{topic}-{}", (*partition)?)))
    };
    let lane = match api {
        ApiKey::Produce | ApiKey::Fetch | ApiKey::ListOffsets => partition(),
        ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn => transaction(),
        _ => group(),
    };
    lane.unwrap_or(Lane::Broker(broker.0))
}

/// Whether clients ask it all the time, so that a picture leaves it out.
const fn is_routine(api: ApiKey) -> bool {
    matches!(
        api,
        ApiKey::ApiVersions
            | ApiKey::Metadata
            | ApiKey::FindCoordinator
            | ApiKey::Heartbeat
            | ApiKey::ConsumerGroupHeartbeat
            | ApiKey::Fetch
            | ApiKey::ListOffsets
    )
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
