//! A cluster with clients' connections, a clock that moves only when told, and messages between
//! brokers that arrive at once unless they are held.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{
    BrokerId, ClientId, ConnectionId, PartitionIndex, ProducerEpoch, ProducerId, Sequence,
    Timestamp,
};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_model::{
    Channel, Cluster, ClusterConfig, Event, Input, MessageId, NewTopic, Output, Timer,
};
use fencepost_wire::{Release, Request, RequestHeader, Response, encode_response};

/// Where virtual time starts.
pub const START: Timestamp = Timestamp(1_700_000_000_000);

/// A cluster and its surroundings.
#[derive(Clone)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    /// The present moment.
    pub now: Timestamp,
    /// Channels whose messages stay in flight until [`World::release`].
    held: Vec<fn(&Channel) -> bool>,
    /// Brokers whose replication stays in flight until [`World::release`].
    isolated: Vec<BrokerId>,
    next_connection: u64,
    next_correlation: i32,
    answers: BTreeMap<(ConnectionId, i32), Response>,
    closed: BTreeMap<ConnectionId, String>,
    /// What the cluster told since it observes itself.
    pub events: Vec<Event>,
}

/// A client's connection to one broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client(pub ConnectionId);

/// A request that may not be answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending(ConnectionId, i32);

impl World {
    /// A cluster of `brokers` brokers with the given topics, `(name, partitions, replicas)`.
    pub fn new(brokers: i32, topics: &[(&str, i32, i16)]) -> Self {
        Self::with(brokers, topics, |_| {})
    }

    /// The same, with a changed configuration.
    pub fn with(
        brokers: i32,
        topics: &[(&str, i32, i16)],
        change: impl FnOnce(&mut ClusterConfig),
    ) -> Self {
        let mut config = ClusterConfig::new(brokers);
        // What is told of records and epochs in bytes was measured with this one.
        config.release = Release::V4_2;
        config.topics = topics
            .iter()
            .map(|(name, partitions, replicas)| NewTopic {
                name: (*name).into(),
                partitions: Some(*partitions),
                replication_factor: Some(*replicas),
            })
            .collect();
        for broker in &mut config.brokers {
            broker.port = 9092 + u16::try_from(broker.id.0).unwrap();
        }
        change(&mut config);
        let mut world = Self {
            cluster: Cluster::new(config, START),
            now: START,
            held: Vec::new(),
            isolated: Vec::new(),
            next_connection: 0,
            next_correlation: 0,
            answers: BTreeMap::new(),
            closed: BTreeMap::new(),
            events: Vec::new(),
        };
        world.settle();
        world
    }

    /// Opens a connection to a broker.
    pub fn connect(&mut self, broker: i32) -> Client {
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let host = Arc::from("127.0.0.1");
        self.step(Input::Connect { connection, broker: BrokerId(broker), host });
        Client(connection)
    }

    /// Closes a connection from the client's side.
    pub fn disconnect(&mut self, client: Client) {
        self.step(Input::Disconnect { connection: client.0 });
    }

    /// Sends a request without waiting for its answer.
    pub fn send(&mut self, client: Client, version: i16, request: impl Into<Request>) -> Pending {
        self.send_as(client, "test", version, request)
    }

    /// Sends a request with a client id.
    pub fn send_as(
        &mut self,
        client: Client,
        client_id: &str,
        version: i16,
        request: impl Into<Request>,
    ) -> Pending {
        let request = request.into();
        let correlation_id = self.next_correlation;
        self.next_correlation += 1;
        let client_id = ClientId::from(client_id);
        let header = RequestHeader { api: request.api(), version, correlation_id, client_id };
        self.step(Input::Request { connection: client.0, header, request });
        Pending(client.0, correlation_id)
    }

    /// The answer to a request, if it is there.
    pub fn answer(&mut self, pending: Pending) -> Option<Response> {
        self.answers.remove(&(pending.0, pending.1))
    }

    /// Whether a request still waits.
    pub fn waits(&self, pending: Pending) -> bool {
        !self.answers.contains_key(&(pending.0, pending.1)) && !self.is_closed(Client(pending.0))
    }

    /// Sends a request that must be answered in the same step.
    pub fn call(&mut self, client: Client, version: i16, request: impl Into<Request>) -> Response {
        let pending = self.send(client, version, request);
        match self.answer(pending) {
            Some(response) => response,
            None => panic!("no answer; connection closed: {:?}", self.closed.get(&client.0)),
        }
    }

    /// Whether the cluster closed a connection.
    pub fn is_closed(&self, client: Client) -> bool {
        self.closed.contains_key(&client.0)
    }

    /// Takes one input, and delivers every message that is not held.
    pub fn step(&mut self, input: Input) {
        self.handle(input);
        self.settle();
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.cluster.handle(self.now, input, &mut out);
        self.events.extend(self.cluster.take_events());
        for output in out {
            match output {
                Output::Respond { ticket, response } => {
                    encode_response(ticket.correlation_id, ticket.version, &response)
                        .expect("an answer can be written in the version of its request");
                    self.answers.insert((ticket.connection, ticket.correlation_id), response);
                }
                Output::Close { connection, reason } => {
                    self.closed.insert(connection, reason);
                }
                Output::Done { .. } | Output::Sent(_) => {}
            }
        }
    }

    fn settle(&mut self) {
        while let Some(id) = self.next_message() {
            self.handle(Input::Deliver(id));
        }
    }

    fn next_message(&self) -> Option<MessageId> {
        self.cluster
            .deliverable()
            .find(|message| {
                let channel = message.body.channel();
                let ends = [message.from, message.to];
                let is_cut_off = matches!(channel, Channel::Replication(_))
                    && self.isolated.iter().any(|broker| ends.contains(broker));
                !is_cut_off && !self.held.iter().any(|held| held(&channel))
            })
            .map(|message| message.id)
    }

    /// Keeps messages of some channels in flight from now on.
    pub fn hold(&mut self, channel: fn(&Channel) -> bool) {
        self.held.push(channel);
    }

    /// Keeps what a broker replicates, to or from it, in flight from now on.
    pub fn isolate(&mut self, broker: i32) {
        self.isolated.push(BrokerId(broker));
    }

    /// Lets all messages go again.
    pub fn release(&mut self) {
        self.held.clear();
        self.isolated.clear();
        self.settle();
    }

    /// Delivers one held message, the oldest that may arrive.
    pub fn deliver_next(&mut self) {
        let id = self.cluster.deliverable().next().map(|message| message.id);
        self.handle(Input::Deliver(id.expect("a message is in flight")));
    }

    /// Loses the oldest message that may arrive, if there is one.
    pub fn lose_next(&mut self) {
        let next = self.cluster.deliverable().next().map(|message| message.id);
        if let Some(id) = next {
            self.handle(Input::Lose(id));
        }
    }

    /// Moves the clock and fires what comes due on the way, each timer at its own moment.
    pub fn advance(&mut self, millis: i64) {
        let end = self.now.plus_millis(millis);
        while let Some((at, timer)) = self.next_timer(end) {
            self.now = self.now.max(at);
            self.step(Input::Fire(timer));
        }
        self.now = end;
    }

    fn next_timer(&self, end: Timestamp) -> Option<(Timestamp, Timer)> {
        let next = self.cluster.deadlines().next().filter(|next| next.at <= end)?;
        Some((next.at, next.timer.clone()))
    }

    /// A broker dies.
    pub fn crash(&mut self, broker: i32) {
        self.step(Input::Crash(BrokerId(broker)));
    }

    /// A broker stops as told.
    pub fn stop(&mut self, broker: i32) {
        self.step(Input::Stop(BrokerId(broker)));
    }

    /// A broker comes back.
    pub fn restart(&mut self, broker: i32) {
        self.step(Input::Restart(BrokerId(broker)));
    }

    /// Makes a broker the leader of a partition in a new term.
    pub fn elect(&mut self, topic: &str, partition: i32, leader: i32) {
        let partition = PartitionIndex(partition);
        self.step(Input::Elect { topic: topic.into(), partition, leader: BrokerId(leader) });
    }
}

/// A batch of a producer as a client sends it: `count` records with values `v<sequence>`.
pub fn batch(producer: (i64, i16), base_sequence: i32, count: i32, bit: TransactionBit) -> Bytes {
    let mut builder = BatchBuilder::new().transaction(bit).producer(
        ProducerId(producer.0),
        ProducerEpoch(producer.1),
        Sequence(base_sequence),
    );
    for index in 0..count {
        let value = format!("v{}", base_sequence + index);
        let record = NewRecord { key: Some(b"k"), value: Some(value.as_bytes()), headers: &[] };
        builder.push(START, record);
    }
    builder.build().bytes().clone()
}

/// A batch outside transactions.
pub fn plain(producer: (i64, i16), base_sequence: i32, count: i32) -> Bytes {
    batch(producer, base_sequence, count, TransactionBit::Plain)
}

/// A batch inside a transaction.
pub fn transactional(producer: (i64, i16), base_sequence: i32, count: i32) -> Bytes {
    batch(producer, base_sequence, count, TransactionBit::Transactional)
}
