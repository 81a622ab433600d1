//! Three brokers behind an engine, and the network of a client in virtual time.

use std::collections::BTreeMap;

use fencepost_engine::{Engine, GateCommand, Input, Output};
use fencepost_faults::Plan;
use fencepost_ids::{BrokerId, ConnectionId, GroupId, Timestamp, TransactionalId};
use fencepost_model::{ClusterConfig, CoordinatorKey, NewTopic};
use fencepost_wire::messages::FindCoordinatorRequest;
use fencepost_wire::{Request, RequestHeader, Response, StrBytes, decode_response, encode_request};

const START: Timestamp = Timestamp(1_700_000_000_000);
/// How long a client waits for an answer.
const REQUEST_TIMEOUT_MS: i64 = 30_000;

pub(crate) const TX: &str = "tx";
pub(crate) const GROUP: &str = "group";

/// The engine, its clock, and the connections of clients.
pub(crate) struct World {
    pub(crate) engine: Engine,
    now: Timestamp,
    connections: BTreeMap<(&'static str, BrokerId), ConnectionId>,
    /// What the engine has told its driver to send and close, and nobody has looked at yet.
    told: Vec<Output>,
    /// What another process sends when the client waits for the first time, and in which version.
    pub(crate) meanwhile: Option<(Role, i16, Request)>,
    opened: u64,
    correlation_id: i32,
    /// The process `client` was killed.
    pub(crate) is_killed: bool,
}

/// What becomes of a request at its client.
pub(crate) enum Said {
    Answer(Box<Response>),
    /// The connection closed, or there was none to be had.
    Closed,
    /// The request timed out.
    Nothing,
}

/// Whom a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    TransactionCoordinator,
    GroupCoordinator,
    Leader,
}

impl World {
    pub(crate) fn new(transaction_version: i16, settings: &[(&str, &str)]) -> Self {
        let mut config = ClusterConfig::new(3);
        config.transaction_version = transaction_version;
        config.topics.push(NewTopic {
            name: "orders".into(),
            partitions: Some(1),
            replication_factor: Some(3),
        });
        let small =
            [("transaction.state.log.num.partitions", "1"), ("offsets.topic.num.partitions", "1")];
        for (name, value) in small.iter().chain(settings) {
            config.settings.set(name, value).unwrap();
        }
        let mut world = Self {
            engine: Engine::new(config, START),
            now: START,
            connections: BTreeMap::new(),
            told: Vec::new(),
            meanwhile: None,
            opened: 0,
            correlation_id: 0,
            is_killed: false,
        };
        for (kind, key) in [(0, GROUP), (1, TX)] {
            let request = FindCoordinatorRequest::default()
                .with_key_type(kind)
                .with_coordinator_keys(vec![StrBytes::from_static_str(key)]);
            world.ask("setup", BrokerId(0), 4, request.into());
        }
        world.wait(1_000);
        world
    }

    pub(crate) fn add(&mut self, plan: Plan) {
        self.engine.check_faults(&plan).unwrap();
        self.take(Input::Gate(GateCommand::Add(plan)));
    }

    pub(crate) fn raise(&mut self, event: &str) {
        self.take(Input::Gate(GateCommand::Raise(event.to_owned())));
    }

    pub(crate) fn broker(&self, role: Role) -> Option<BrokerId> {
        let look = self.engine.look();
        match role {
            Role::TransactionCoordinator => {
                look.coordinator(&CoordinatorKey::Transaction(TransactionalId::from(TX)))?.broker
            }
            Role::GroupCoordinator => {
                look.coordinator(&CoordinatorKey::Group(GroupId::from(GROUP)))?.broker
            }
            Role::Leader => look.topic_state("orders")?[0].leader,
        }
    }

    fn take(&mut self, input: Input) {
        let mut out = Vec::new();
        self.engine.handle(self.now, input, &mut out);
        self.follow(&mut out);
        self.told.extend(out);
    }

    /// Does what the engine tells its driver beside sending, and what is due.
    fn follow(&mut self, out: &mut Vec<Output>) {
        let mut seen = 0;
        loop {
            while seen < out.len() {
                match &out[seen] {
                    Output::AdvanceClock(ms) => {
                        self.now = self.now.plus_millis(i64::try_from(*ms).unwrap());
                    }
                    Output::Signal(_) => self.is_killed = true,
                    Output::Close { connection, .. } => {
                        self.connections.retain(|_, open| open != connection);
                    }
                    _ => (),
                }
                seen += 1;
            }
            if self.engine.next_deadline() > self.now {
                return;
            }
            self.engine.handle(self.now, Input::Tick, out);
        }
    }

    /// Lets the time pass.
    pub(crate) fn wait(&mut self, ms: i64) {
        let end = self.now.plus_millis(ms);
        while self.engine.next_deadline() <= end {
            self.tick();
        }
        self.now = self.now.max(end);
    }

    fn tick(&mut self) {
        self.now = self.now.max(self.engine.next_deadline());
        self.take(Input::Tick);
    }

    fn connection(&mut self, client: &'static str, broker: BrokerId) -> ConnectionId {
        if let Some(open) = self.connections.get(&(client, broker)) {
            return *open;
        }
        let connection = ConnectionId(self.opened);
        self.opened += 1;
        self.connections.insert((client, broker), connection);
        self.take(Input::Connect { connection, broker, host: "client".into() });
        connection
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(
        &mut self,
        client: &'static str,
        broker: BrokerId,
        version: i16,
        request: Request,
    ) -> Said {
        if !self.engine.look().is_running(broker) {
            return Said::Closed;
        }
        let connection = self.connection(client, broker);
        self.correlation_id += 1;
        let header = RequestHeader {
            api: request.api(),
            version,
            correlation_id: self.correlation_id,
            client_id: client.into(),
        };
        let frame = Some(encode_request(&header, &request).unwrap().into_payload());
        let api = header.api;
        self.take(Input::Request { connection, frame, header, request });
        let end = self.now.plus_millis(REQUEST_TIMEOUT_MS);
        loop {
            for output in std::mem::take(&mut self.told) {
                match output {
                    Output::Respond { ticket, response } if ticket.connection == connection => {
                        return Said::Answer(Box::new(response));
                    }
                    Output::RespondFrame { ticket, frame } if ticket.connection == connection => {
                        let read = decode_response(api, version, frame.into_payload());
                        return read.map_or(Said::Closed, |(_, it)| Said::Answer(Box::new(it)));
                    }
                    Output::Close { connection: closed, .. } if closed == connection => {
                        return Said::Closed;
                    }
                    other => self.told.push(other),
                }
            }
            if client == "client"
                && let Some((role, version, request)) = self.meanwhile.take()
                && let Some(broker) = self.broker(role)
            {
                self.ask("other", broker, version, request);
                continue;
            }
            if self.engine.next_deadline() > end {
                self.now = self.now.max(end);
                self.hang_up(client, broker);
                return Said::Nothing;
            }
            self.tick();
        }
    }

    fn hang_up(&mut self, client: &'static str, broker: BrokerId) {
        if let Some(connection) = self.connections.remove(&(client, broker)) {
            self.take(Input::Disconnect { connection });
        }
    }

    /// A killed process has no connections.
    pub(crate) fn bury(&mut self, client: &'static str) {
        for broker in [0, 1, 2].map(BrokerId) {
            self.hang_up(client, broker);
        }
        self.is_killed = false;
    }

    /// The faults that have not fired.
    pub(crate) fn never_fired(&self) -> Vec<String> {
        let faults = self.engine.faults().into_iter().filter(|fault| !fault.is_as_expected());
        faults.map(|fault| fault.name).collect()
    }
}
