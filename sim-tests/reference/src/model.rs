//! The model as a peer: bytes in, bytes out, and a clock that moves only when told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fencepost_ids::{BrokerId, ConnectionId, Rule, Timestamp};
use fencepost_model::{Cluster, ClusterConfig, Input, Output, SettingError, Timer};
use fencepost_wire::{
    MAX_FRAME_BYTES, Refusal, Release, decode_request, encode_response,
    encode_unsupported_api_versions, frame_length,
};
use thiserror::Error;

use crate::peer::{Heard, Line, Peer, PeerError};
use crate::run::{RunError, warm_up};
use crate::target::Target;

/// Far from every time that a scenario names.
const START: Timestamp = Timestamp(2_000_000_000_000);

const BROKER: BrokerId = BrokerId(1);

/// The settings that both sides have; those of a real broker's footprint are not among them.
const SETTINGS: &str = include_str!("../settings.properties");

/// A model that cannot be played at.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ModelError {
    /// A setting of `settings.properties` is refused.
    #[error("settings.properties: {0}")]
    Setting(#[from] SettingError),
    /// Its coordinators do not answer.
    #[error(transparent)]
    WarmUp(#[from] RunError),
}

/// One broker of the model. A clone is a world of its own.
#[derive(Clone, Debug)]
pub struct Model {
    cluster: Cluster,
    release: Release,
    now: Timestamp,
    lines: Vec<Connection>,
}

#[derive(Clone, Debug, Default)]
struct Connection {
    unread: BytesMut,
    /// Frames that wait until the one before them is done (FRAME-07).
    waiting: VecDeque<Bytes>,
    in_process: bool,
    answers: VecDeque<Vec<u8>>,
    closed: bool,
}

impl Model {
    /// A broker whose coordinators are at work, with some rules switched off.
    ///
    /// # Errors
    /// If a setting is refused, or its coordinators cannot be reached.
    pub fn new(
        target: Target,
        change: impl FnOnce(&mut ClusterConfig),
    ) -> Result<Self, ModelError> {
        let mut config = ClusterConfig::new(1);
        config.release = target.release;
        config.transaction_version = target.level;
        for broker in &mut config.brokers {
            broker.id = BROKER;
            broker.port = 9092;
        }
        let lines = SETTINGS.lines().filter(|line| !line.starts_with('#'));
        for (name, value) in lines.filter_map(|line| line.split_once('=')) {
            config.settings.set(name, value)?;
        }
        change(&mut config);
        let cluster = Cluster::new(config, START);
        let mut model = Self { cluster, release: target.release, now: START, lines: Vec::new() };
        model.settle();
        warm_up(&mut model)?;
        Ok(model)
    }

    fn connect(&mut self) -> Line {
        let line = Line(self.lines.len());
        self.lines.push(Connection::default());
        let host = Arc::from("127.0.0.1");
        self.step(Input::Connect { connection: id(line), broker: BROKER, host });
        line
    }

    /// Takes one input, and delivers what brokers have to tell each other.
    fn step(&mut self, input: Input) {
        self.handle(input);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            let message = self.cluster.deliverable().next().map(|it| Input::Deliver(it.id));
            let Some(next) = message.or_else(|| self.load()) else { break };
            self.handle(next);
        }
    }

    /// A coordinator that reads its partition.
    fn load(&self) -> Option<Input> {
        let mut timers = self.cluster.deadlines().map(|due| &due.timer);
        let load = timers
            .find(|it| matches!(it, Timer::TransactionLoad { .. } | Timer::GroupLoad { .. }))?;
        Some(Input::Fire(load.clone()))
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.cluster.handle(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Respond { ticket, response } => {
                    let frame = encode_response(ticket.correlation_id, ticket.version, &response)
                        .expect("an answer can be written in the version of its request");
                    let line = line(ticket.connection);
                    self.lines[line.0].answers.push_back(frame.into_payload().to_vec());
                    self.next(line);
                }
                Output::Done { ticket } => self.next(line(ticket.connection)),
                Output::Close { connection, reason: _ } => self.lines[line(connection).0].shut(),
                Output::Sent(_) => {}
            }
        }
    }

    /// The request before is done: the next frame of the connection is read.
    fn next(&mut self, line: Line) {
        let connection = &mut self.lines[line.0];
        connection.in_process = false;
        if let Some(frame) = connection.waiting.pop_front() {
            self.frame(line, frame);
        }
    }

    fn frame(&mut self, line: Line, frame: Bytes) {
        match decode_request(frame, self.release) {
            Ok((header, request)) => {
                self.lines[line.0].in_process =
                    self.cluster.config().rules.is_on(Rule::OneRequestInProcess);
                self.step(Input::Request { connection: id(line), header, request });
            }
            Err(Refusal::UnsupportedApiVersions { correlation_id }) => {
                let frame = encode_unsupported_api_versions(correlation_id, self.release)
                    .expect("version 0 can be written");
                self.lines[line.0].answers.push_back(frame.into_payload().to_vec());
                self.next(line);
            }
            Err(Refusal::Close(_)) => self.close(line),
        }
    }

    /// Reads the frames that are whole.
    fn read(&mut self, line: Line) {
        loop {
            let connection = &mut self.lines[line.0];
            let Some(prefix) = connection.unread.first_chunk() else { return };
            let Ok(length) = frame_length(*prefix, MAX_FRAME_BYTES) else {
                return self.close(line);
            };
            let end = 4 + length as usize;
            if connection.unread.len() < end {
                return;
            }
            let frame = connection.unread.split_to(end).freeze().slice(4..);
            if connection.in_process {
                connection.waiting.push_back(frame);
            } else {
                self.frame(line, frame);
            }
        }
    }

    /// Lets time pass and fires what comes due, each at its own moment, until something is so.
    fn pass(&mut self, time: Duration, until: impl Fn(&Self) -> bool) {
        let end = self.now.plus_millis(time.as_millis() as i64);
        while !until(self) {
            let next = self.cluster.deadlines().next().filter(|due| due.at <= end).cloned();
            let Some(due) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due.at);
            self.step(Input::Fire(due.timer));
        }
    }
}

impl Connection {
    fn shut(&mut self) {
        self.closed = true;
        self.waiting.clear();
        self.unread.clear();
    }
}

const fn id(line: Line) -> ConnectionId {
    ConnectionId(line.0 as u64)
}

const fn line(connection: ConnectionId) -> Line {
    Line(connection.0 as usize)
}

impl Peer for Model {
    fn open(&mut self) -> Result<Line, PeerError> {
        Ok(self.connect())
    }

    fn close(&mut self, line: Line) {
        if !self.lines[line.0].closed {
            self.lines[line.0].shut();
            self.step(Input::Disconnect { connection: id(line) });
        }
    }

    fn send(&mut self, line: Line, bytes: &[u8]) {
        // Time goes on a little between two requests, as it does everywhere.
        self.pass(Duration::from_millis(1), |_| false);
        if !self.lines[line.0].closed {
            self.lines[line.0].unread.extend_from_slice(bytes);
            self.read(line);
        }
    }

    fn hear(&mut self, line: Line, patience: Duration) -> Result<Heard, PeerError> {
        self.pass(patience, |model| {
            let connection = &model.lines[line.0];
            !connection.answers.is_empty() || connection.closed
        });
        let connection = &mut self.lines[line.0];
        Ok(match connection.answers.pop_front() {
            Some(frame) => Heard::Frame(frame),
            None if connection.closed => Heard::Closed,
            None => Heard::Nothing,
        })
    }

    fn rest(&mut self, time: Duration) {
        self.pass(time, |_| false);
    }

    fn now(&self) -> i64 {
        self.now.0
    }

    fn prefix(&mut self) -> String {
        "000000000000-".to_owned()
    }

    fn lags(&self) -> bool {
        false
    }
}
