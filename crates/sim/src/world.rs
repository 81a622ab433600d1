//! A cluster, its clients, and everything between them that is on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_engine::describe;
use fencepost_ids::{BrokerId, ClientId, ConnectionId, Timestamp, TopicName};
use fencepost_model::{Candidates, Cluster, Input, MessageId, Output, Timer};
use fencepost_oracle::{ActorId, Circumstances, History};
use fencepost_wire::{RequestHeader, encode_response};

use crate::chance::Chance;
use crate::client::{Client, Io, Protocol, Signal, Tag, Wait};
use crate::links::Links;
use crate::options::Options;
use crate::trace::Trace;

/// Where virtual time starts.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);

/// The transaction coordinators' log.
const TRANSACTION_STATE: &str = "__transaction_state";

/// Kinds of steps, in the trace.
mod kind {
    pub(super) const REQUEST: u8 = 1;
    pub(super) const RESPONSE: u8 = 2;
    pub(super) const MESSAGE: u8 = 3;
    pub(super) const LOST: u8 = 4;
    pub(super) const TIMER: u8 = 5;
    pub(super) const WAKE: u8 = 6;
    pub(super) const CUT: u8 = 7;
    pub(super) const GONE: u8 = 8;
    pub(super) const CRASH: u8 = 9;
    pub(super) const RESTART: u8 = 10;
    pub(super) const ELECT: u8 = 11;
}

/// One thing that can happen next.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// A broker reads the next request of a connection.
    Request(ConnectionId),
    /// A client reads its next response.
    Response(ConnectionId),
    /// A message between brokers arrives.
    Message(MessageId),
    /// A broker notices that a client is gone.
    Gone(ConnectionId),
}

/// The world of one run.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) now: Timestamp,
    pub(crate) history: History,
    pub(crate) trace: Trace,
    options: Options,
    clients: Vec<Client>,
    client_chance: Vec<Chance>,
    links: Links,
    /// Waits of clients, by moment and order of their making.
    waits: BTreeMap<(Timestamp, u64), (usize, Wait)>,
    waits_made: u64,
    schedule: Chance,
    faults: Chance,
    down: BTreeSet<BrokerId>,
    circumstances: Circumstances,
    /// Messages that are held up, and until which step.
    slow: BTreeMap<MessageId, u64>,
    choices: Vec<Choice>,
    out: Vec<Output>,
}

impl World {
    pub(crate) fn new(
        cluster: Cluster,
        clients: Vec<Client>,
        options: Options,
        seed: u64,
        trace: Trace,
    ) -> Self {
        let client_chance =
            (0..clients.len() as u64).map(|client| Chance::stream(seed, 100 + client)).collect();
        Self {
            cluster,
            now: START,
            history: History::default(),
            trace,
            options,
            clients,
            client_chance,
            links: Links::default(),
            waits: BTreeMap::new(),
            waits_made: 0,
            schedule: Chance::stream(seed, 1),
            faults: Chance::stream(seed, 2),
            down: BTreeSet::new(),
            circumstances: Circumstances::default(),
            slow: BTreeMap::new(),
            choices: Vec::new(),
            out: Vec::new(),
        }
    }

    /// What happened that allows a promise to be broken.
    pub(crate) fn circumstances(&self) -> Circumstances {
        let lenient = (0..).zip(&self.clients).filter(|(_, client)| client.is_lenient());
        Circumstances {
            acks_below_all: lenient.map(|(actor, _)| ActorId(actor)).collect(),
            ..self.circumstances.clone()
        }
    }

    pub(crate) fn start(&mut self) {
        for actor in 0..self.clients.len() {
            self.tell(actor, Signal::Start);
        }
    }

    /// Clients that are not done.
    pub(crate) fn unfinished(&self) -> Vec<ActorId> {
        let actors = (0..).zip(&self.clients).filter(|(_, client)| !client.is_done());
        actors.map(|(actor, _)| ActorId(actor)).collect()
    }

    /// No more faults: what is broken heals.
    pub(crate) fn heal(&mut self) {
        self.trace.line(self.now, || "all faults are over".to_owned());
        self.options.cut_odds = 0;
        self.options.loss_odds = 0;
        self.options.delay_odds = 0;
        self.slow.clear();
        self.options.election_odds = 0;
        self.options.hurry_odds = 0;
        self.options.crash_odds = 0;
        while !self.down.is_empty() {
            self.restart();
        }
    }

    /// Takes one step: a fault, something that is on its way, or the next timer.
    pub(crate) fn step(&mut self) {
        if self.fault() {
            return;
        }
        self.gather();
        let hurry = self.faults.one_in(self.options.hurry_odds);
        if self.choices.is_empty() || hurry {
            self.next_timer();
            return;
        }
        let choice = self.choices[self.schedule.below(self.choices.len())];
        match choice {
            Choice::Request(connection) => self.deliver_request(connection),
            Choice::Response(connection) => self.deliver_response(connection),
            Choice::Message(id) => self.deliver_message(id),
            Choice::Gone(connection) => {
                self.trace.step(self.now, kind::GONE, &[connection.0]);
                self.links.remove(connection);
                self.handle(Input::Disconnect { connection });
            }
        }
    }

    fn gather(&mut self) {
        self.choices.clear();
        for (connection, link) in self.links.iter() {
            if !link.to_broker.is_empty() && !link.busy {
                self.choices.push(Choice::Request(connection));
            }
            if !link.to_client.is_empty() {
                self.choices.push(Choice::Response(connection));
            }
            if !link.has_client && link.to_broker.is_empty() {
                self.choices.push(Choice::Gone(connection));
            }
        }
        let steps = self.trace.steps();
        self.slow.retain(|_, until| *until > steps);
        let ready = |id: &MessageId| !self.slow.contains_key(id);
        let messages = self.cluster.deliverable().map(|message| message.id).filter(ready);
        self.choices.extend(messages.map(Choice::Message));
    }

    fn deliver_request(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(connection) else { return };
        let Some((header, request)) = link.to_broker.pop_front() else { return };
        link.busy = true;
        let (actor, broker, gone) = (link.actor, link.broker, !link.has_client);
        let facts = [connection.0, header.api.code() as u64, header.version as u64];
        self.trace.step(self.now, kind::REQUEST, &facts);
        let cluster = &self.cluster;
        self.trace.line(self.now, || {
            let after = if gone { " (its client is gone)" } else { "" };
            format!(
                "client {actor} -> broker {broker}: {}{after}",
                describe::request(&request, cluster)
            )
        });
        self.handle(Input::Request { connection, header, request });
    }

    fn deliver_response(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(connection) else { return };
        let (actor, broker) = (link.actor, link.broker);
        let Some((tag, response)) = link.receive() else { return };
        self.trace.step(self.now, kind::RESPONSE, &[connection.0]);
        self.trace.line(self.now, || {
            format!("broker {broker} -> client {actor}: {}", describe::response(&response))
        });
        self.tell(actor, Signal::Reply(tag, response));
    }

    fn deliver_message(&mut self, id: MessageId) {
        let lost = self.faults.one_in(self.options.loss_odds);
        let kind = if lost { kind::LOST } else { kind::MESSAGE };
        self.trace.step(self.now, kind, &[id.0]);
        if let Some(message) = self.cluster.in_flight().find(|message| message.id == id) {
            self.trace.line(self.now, || {
                let verb = if lost { "loses" } else { "->" };
                format!(
                    "broker {} {verb} broker {}: {}",
                    message.from,
                    message.to,
                    describe::message(&message.body)
                )
            });
        }
        self.handle(if lost { Input::Lose(id) } else { Input::Deliver(id) });
    }

    /// Lets the next timer of the cluster or of a client fire, and time move to it.
    fn next_timer(&mut self) {
        let cluster: Option<(Timestamp, Timer)> =
            self.cluster.deadlines().next().map(|next| (next.at, next.timer.clone()));
        let client = self.waits.first_key_value().map(|(key, _)| *key);
        match (cluster, client) {
            (Some((at, timer)), client) if client.is_none_or(|(wait, _)| at <= wait) => {
                self.now = self.now.max(at);
                self.trace.step(self.now, kind::TIMER, &[]);
                self.trace.line(self.now, || format!("timer {timer:?} fires"));
                self.handle(Input::Fire(timer));
            }
            (_, Some(key)) => {
                self.now = self.now.max(key.0);
                if let Some((actor, wait)) = self.waits.remove(&key) {
                    self.trace.step(self.now, kind::WAKE, &[actor as u64]);
                    self.tell(actor, Signal::Wake(wait));
                }
            }
            (Some(_) | None, None) => {}
        }
    }

    /// Perhaps something breaks.
    fn fault(&mut self) -> bool {
        if self.faults.one_in(self.options.cut_odds) {
            let links: Vec<_> =
                self.links.iter().filter(|(_, link)| link.has_client).map(|(id, _)| id).collect();
            if !links.is_empty() {
                let connection = links[self.faults.below(links.len())];
                let abandon = self.faults.one_in(2);
                self.cut(connection, abandon);
                return true;
            }
        }
        if self.faults.one_in(self.options.election_odds) {
            self.elect();
            return true;
        }
        if self.faults.one_in(self.options.crash_odds) {
            let is_full = self.down.len() >= self.options.down_max;
            if is_full || (!self.down.is_empty() && self.faults.one_in(2)) {
                self.restart();
            } else {
                self.crash();
            }
            return true;
        }
        false
    }

    fn cut(&mut self, connection: ConnectionId, abandon: bool) {
        self.trace.step(self.now, kind::CUT, &[connection.0, u64::from(abandon)]);
        let Some(link) = self.links.get_mut(connection) else { return };
        let (actor, broker) = (link.actor, link.broker);
        self.trace
            .line(self.now, || format!("connection of client {actor} to broker {broker} is cut"));
        let left_in = self.history.begun_by(ActorId(actor as u32));
        let broken = self.links.break_client_end(connection, abandon);
        if let Some(link) = self.links.get_mut(connection) {
            link.left_in = left_in;
        }
        for tag in broken {
            self.tell(actor, Signal::Broken(tag));
        }
    }

    /// Moves a leader, or begins a new term of the same one; every second time a transaction
    /// coordinator's.
    fn elect(&mut self) {
        let mut places = self.cluster.partitions();
        if self.faults.one_in(2) && places.iter().any(is_coordinator) {
            places.retain(is_coordinator);
        }
        if places.is_empty() {
            return;
        }
        let place = places.swap_remove(self.faults.below(places.len()));
        let mut candidates = place.in_sync.clone();
        candidates.extend(&place.unclean);
        if candidates.is_empty() || !self.may_fail(std::iter::once(&place)) {
            return;
        }
        let leader = candidates[self.faults.below(candidates.len())];
        let Candidates { topic, partition, .. } = place;
        self.trace.step(self.now, kind::ELECT, &[partition.0 as u64, leader.0 as u64]);
        self.trace
            .line(self.now, || format!("broker {leader} is elected leader of {topic}-{partition}"));
        self.handle_failover(Input::Elect { topic, partition, leader });
    }

    fn crash(&mut self) {
        let broker = BrokerId(self.faults.below(self.options.brokers as usize) as i32);
        let places = self.cluster.partitions();
        let led = places.iter().filter(|place| place.leader == Some(broker));
        if self.down.contains(&broker) || !self.may_fail(led) {
            return;
        }
        self.down.insert(broker);
        let is_clean = self.faults.one_in(3);
        self.trace.step(self.now, kind::CRASH, &[broker.0 as u64, u64::from(is_clean)]);
        let verb = if is_clean { "stops" } else { "crashes" };
        self.trace.line(self.now, || format!("broker {broker} {verb}"));
        self.handle_failover(if is_clean { Input::Stop(broker) } else { Input::Crash(broker) });
    }

    /// One of the brokers that are down comes back.
    fn restart(&mut self) {
        if self.down.is_empty() {
            return;
        }
        let at = self.faults.below(self.down.len());
        let Some(broker) = self.down.iter().copied().nth(at) else { return };
        self.down.remove(&broker);
        self.trace.step(self.now, kind::RESTART, &[broker.0 as u64]);
        self.trace.line(self.now, || format!("broker {broker} restarts"));
        self.handle_failover(Input::Restart(broker));
    }

    /// Whether these leaders may be replaced now. A transaction coordinator that has loaded what is
    /// not committed acts on it all the same, and its successor may not have it; or the successor
    /// has more, which contradicts it: holes of the protocol (FAILOVER-02), not of the broker. Most
    /// worlds leave them out.
    fn may_fail<'a>(&mut self, mut places: impl Iterator<Item = &'a Candidates>) -> bool {
        let acts = places
            .any(|place| is_coordinator(place) && (place.inherits_uncommitted || place.is_outrun));
        self.circumstances.uncommitted_decision |= acts && self.options.uncommitted_decisions;
        !acts || self.options.uncommitted_decisions
    }

    /// Something that may bring other leaders; notes whether one was not in sync.
    fn handle_failover(&mut self, input: Input) {
        if !self.options.unclean {
            return self.handle(input);
        }
        let before = self.leaders();
        self.handle(input);
        let after = self.leaders();
        for (place, (leader, _)) in after {
            let in_sync = before.get(&place).map(|(_, in_sync)| in_sync);
            let (Some(leader), Some(in_sync)) = (leader, in_sync) else { continue };
            self.circumstances.unclean_election |= !in_sync.contains(&leader);
        }
    }

    /// Leaders and in-sync sets, as the controller records them.
    fn leaders(&self) -> BTreeMap<(TopicName, i32), (Option<BrokerId>, Vec<BrokerId>)> {
        let places = self.cluster.partitions();
        let names: BTreeSet<_> = places.into_iter().map(|place| place.topic).collect();
        let states = names.into_iter().flat_map(|name| {
            let partitions = self.cluster.topic_state(&name).unwrap_or_default();
            partitions.into_iter().map(move |state| {
                ((name.clone(), state.partition.0), (state.leader, state.in_sync))
            })
        });
        states.collect()
    }

    /// The cluster takes an input; its outputs go on their way.
    pub(crate) fn handle(&mut self, input: Input) {
        let mut out = std::mem::take(&mut self.out);
        self.cluster.handle(self.now, input, &mut out);
        let mut closed = Vec::new();
        let mut unanswered = Vec::new();
        for output in out.drain(..) {
            match output {
                Output::Respond { ticket, response } => {
                    if let Ok(frame) =
                        encode_response(ticket.correlation_id, ticket.version, &response)
                    {
                        for chunk in frame.chunks() {
                            self.trace.bytes(chunk);
                        }
                    }
                    if let Some(link) = self.links.get_mut(ticket.connection) {
                        link.busy = false;
                        if link.has_client {
                            link.to_client.push_back((ticket.correlation_id, response));
                        } else if self.options.protocol() == Protocol::Tv1 {
                            let begun = self.history.begun_by(ActorId(link.actor as u32));
                            self.circumstances.late_request |= begun > link.left_in;
                        }
                    }
                }
                Output::Done { ticket } => {
                    if let Some(link) = self.links.get_mut(ticket.connection) {
                        link.busy = false;
                        let tag = link.unanswered(ticket.correlation_id);
                        unanswered.extend(tag.map(|tag| (link.actor, tag)));
                    }
                }
                Output::Close { connection, reason } => closed.push((connection, reason)),
                Output::Sent(id) => {
                    if self.faults.one_in(self.options.delay_odds) {
                        let steps = self.faults.between(20, 1_500) as u64;
                        self.slow.insert(id, self.trace.steps() + steps);
                    }
                }
            }
        }
        self.out = out;
        for (actor, tag) in unanswered {
            self.tell(actor, Signal::Unanswered(tag));
        }
        for (connection, reason) in closed {
            let actor = self.links.get_mut(connection).map(|link| link.actor);
            self.trace.line(self.now, || format!("a broker closes a connection: {reason}"));
            let broken = self.links.break_client_end(connection, false);
            self.links.remove(connection);
            for tag in broken {
                if let Some(actor) = actor {
                    self.tell(actor, Signal::Broken(tag));
                }
            }
        }
    }

    /// A client is told something, and what it does about it goes on its way.
    fn tell(&mut self, actor: usize, signal: Signal) {
        let mut requests = Vec::new();
        let mut waits = Vec::new();
        let mut io = Io {
            now: self.now,
            actor: ActorId(actor as u32),
            brokers: self.options.brokers,
            history: &mut self.history,
            chance: &mut self.client_chance[actor],
            requests: &mut requests,
            waits: &mut waits,
        };
        self.clients[actor].handle(signal, &mut io);
        for (at, wait) in waits {
            self.waits.insert((at, self.waits_made), (actor, wait));
            self.waits_made += 1;
        }
        for (broker, version, request, tag) in requests {
            let reads = matches!(tag, Tag::Fetch(_));
            let (connection, is_new) = self.links.connect(actor, broker, reads);
            let header = RequestHeader {
                api: request.api(),
                version,
                correlation_id: 0,
                client_id: ClientId::from(""),
            };
            self.links.send(connection, header, request, tag);
            if is_new {
                // A broker that is down closes the connection, and the request is lost with it.
                let host = Arc::from("127.0.0.1");
                self.handle(Input::Connect { connection, broker, host });
            }
        }
    }
}

fn is_coordinator(place: &Candidates) -> bool {
    &*place.topic == TRANSACTION_STATE
}
