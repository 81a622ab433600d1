//! Model clients: state machines that are told what happens and say what they send.

mod consumer;
mod coordinator;
mod directory;
mod idempotent;
mod pipeline;
mod sender;
mod transactional;
mod transactor;
pub(crate) use consumer::{Consumer, delivered, fetch_request};
pub(crate) use idempotent::Idempotent;
pub(crate) use pipeline::Pipeline;
pub(crate) use transactional::{Transactional, WhenFenced};
pub(crate) use transactor::{Protocol, Transactor, Work};

use fencepost_ids::{BrokerId, ErrorCode, Timestamp};
use fencepost_oracle::{ActorId, History};
use fencepost_wire::{Request, Response};

use crate::chance::Chance;

/// How long clients wait before they repeat a request: `retry.backoff.ms`.
pub(crate) const BACKOFF_MS: i64 = 100;

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tag {
    Metadata(Part),
    FindTransactionCoordinator,
    FindGroupCoordinator(Part),
    InitProducerId,
    AddPartitions,
    AddOffsets,
    OffsetCommit,
    EndTransaction,
    OffsetFetch,
    /// A batch on its way.
    Produce(BatchTag),
    /// A fetch of the partition of this number.
    Fetch(u32),
}

/// Which half of a client a request belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// What it writes.
    Output,
    /// What it reads.
    Input,
}

/// Names a batch on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BatchTag {
    lane: u32,
    base_sequence: i32,
    /// Which life of the sender made it.
    life: u32,
}

impl BatchTag {
    pub(crate) const fn lane(self) -> usize {
        self.lane as usize
    }
}

/// What a client goes on with after a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    Metadata(Part),
    TransactionCoordinator,
    GroupCoordinator(Part),
    Send,
    Fetch,
    Start,
}

/// What a client is told.
#[derive(Debug)]
pub(crate) enum Signal {
    /// It may begin.
    Start,
    /// A response came.
    Reply(Tag, Response),
    /// A request without a response went out.
    Unanswered(Tag),
    /// The connection broke; whether the request took effect is unknown.
    Broken(Tag),
    /// A wait is over.
    Wake(Wait),
}

/// What a client can do.
pub(crate) struct Io<'a> {
    pub(crate) now: Timestamp,
    pub(crate) actor: ActorId,
    pub(crate) brokers: i32,
    pub(crate) history: &'a mut History,
    pub(crate) chance: &'a mut Chance,
    /// Requests to put on their way: broker, version, request, what it is.
    pub(crate) requests: &'a mut Vec<(BrokerId, i16, Request, Tag)>,
    /// Waits to start: until when, and for what.
    pub(crate) waits: &'a mut Vec<(Timestamp, Wait)>,
}

impl Io<'_> {
    pub(crate) fn request(
        &mut self,
        broker: BrokerId,
        version: i16,
        request: impl Into<Request>,
        tag: Tag,
    ) {
        self.requests.push((broker, version, request.into(), tag));
    }

    pub(crate) fn wait(&mut self, millis: i64, wait: Wait) {
        self.waits.push((self.now.plus_millis(millis), wait));
    }
}

/// A client of the simulation.
#[derive(Debug)]
pub(crate) enum Client {
    Idempotent(Idempotent),
    Transactional(Box<Transactional>),
    Consumer(Consumer),
    Pipeline(Box<Pipeline>),
}

impl Client {
    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) {
        match self {
            Self::Idempotent(client) => client.handle(signal, io),
            Self::Transactional(client) => client.handle(signal, io),
            Self::Consumer(client) => client.handle(signal, io),
            Self::Pipeline(client) => client.handle(signal, io),
        }
    }

    /// Whether it asks for fewer acknowledgements than all.
    pub(crate) fn is_lenient(&self) -> bool {
        match self {
            Self::Idempotent(client) => client.is_lenient(),
            Self::Transactional(_) | Self::Consumer(_) | Self::Pipeline(_) => false,
        }
    }

    /// Whether its work is done. A consumer is never done.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Self::Idempotent(client) => client.is_done(),
            Self::Transactional(client) => client.is_done(),
            Self::Consumer(_) => true,
            Self::Pipeline(client) => client.is_done(),
        }
    }
}

/// Whether a client repeats a request after this error (CLIENT-06, CLIENT-07).
pub(crate) const fn is_retriable(error: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        error,
        E::UnknownTopicOrPartition
            | E::LeaderNotAvailable
            | E::NotLeaderOrFollower
            | E::RequestTimedOut
            | E::NetworkException
            | E::CoordinatorLoadInProgress
            | E::CoordinatorNotAvailable
            | E::NotCoordinator
            | E::NotEnoughReplicas
            | E::NotEnoughReplicasAfterAppend
            | E::ConcurrentTransactions
            | E::FencedLeaderEpoch
            | E::UnknownLeaderEpoch
            | E::OffsetNotAvailable
            | E::UnstableOffsetCommit
    )
}

/// The error of a number on the wire.
pub(crate) fn error_of(code: i16) -> ErrorCode {
    ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError)
}
