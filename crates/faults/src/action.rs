//! What happens to what matches.

mod one_or_many;
mod parts;
pub use parts::{
    BrokerChoice, Coordinated, CoordinatorMove, Corruption, Election, ErrorAnswer, Message, Offer,
    Offered, ProcessId, Signal, SignalKind, Span,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Actions(pub Vec<Action>);

/// Something that happens to a request or message, or beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The connection is closed: before the request has an effect, or before its answer leaves.
    Disconnect,
    /// The request (`received`) or its answer (`applied`) is lost. The connection stays.
    Lose,
    /// It comes later.
    Delay(Delay),
    /// It stays in the network; it outlives its connection.
    Hold(Until),
    /// It has its effect twice in a row; the second answer is dropped.
    Duplicate,
    /// The answer is an error: without effect if `received`, with it if `applied`.
    Error(ErrorAnswer),
    /// Bytes of the request (`received`) or of the answer (`applied`) are overwritten.
    Corrupt(Corruption),
    /// The answer says that the client is held back, and its connection is.
    Throttle(Span),
    /// The answer to ApiVersions offers less of some APIs, and what is asked for beyond that on its
    /// connection closes it.
    Offer(Offer),
    /// A broker crashes: what it has in memory only is lost.
    Crash(BrokerChoice),
    /// A broker shuts down in order.
    Stop(BrokerChoice),
    /// A broker that is down starts again.
    Restart(BrokerChoice),
    /// A partition gets another leader.
    Elect(Election),
    /// A transaction or a group gets another coordinator.
    MoveCoordinator(CoordinatorMove),
    /// The manual clock moves on.
    AdvanceClock(Span),
    /// A process is signalled.
    Signal(Signal),
    /// An event is raised; it stays raised.
    Raise(String),
}

/// What a delay waits for. A delayed request ends with its connection; a held one does not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delay {
    /// So many milliseconds.
    Ms(u64),
    /// An event is raised, or has been.
    Event(String),
    /// A fault fires, or has fired.
    Fault(String),
}

/// What a held request or message waits for. All can be released by hand.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// It is released by hand.
    Released,
    /// An event is raised, or has been.
    Event(String),
    /// A fault fires, or has fired.
    Fault(String),
}

impl Action {
    /// The name in a plan.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Lose => "lose",
            Self::Delay(_) => "delay",
            Self::Hold(_) => "hold",
            Self::Duplicate => "duplicate",
            Self::Error(_) => "error",
            Self::Corrupt(_) => "corrupt",
            Self::Throttle(_) => "throttle",
            Self::Offer(_) => "offer",
            Self::Crash(_) => "crash",
            Self::Stop(_) => "stop",
            Self::Restart(_) => "restart",
            Self::Elect(_) => "elect",
            Self::MoveCoordinator(_) => "move-coordinator",
            Self::AdvanceClock(_) => "advance-clock",
            Self::Signal(_) => "signal",
            Self::Raise(_) => "raise",
        }
    }

    /// The broker that it is about, if it is about one.
    pub(crate) const fn broker(&self) -> Option<BrokerChoice> {
        match self {
            Self::Crash(choice) | Self::Stop(choice) | Self::Restart(choice) => Some(*choice),
            Self::Elect(election) => Some(election.broker),
            Self::MoveCoordinator(moved) => Some(moved.to),
            Self::Disconnect
            | Self::Lose
            | Self::Delay(_)
            | Self::Hold(_)
            | Self::Duplicate
            | Self::Error(_)
            | Self::Corrupt(_)
            | Self::Throttle(_)
            | Self::Offer(_)
            | Self::AdvanceClock(_)
            | Self::Signal(_)
            | Self::Raise(_) => None,
        }
    }

    /// The event that it waits for, if it waits for one.
    pub(crate) fn awaited_event(&self) -> Option<&str> {
        match self {
            Self::Delay(Delay::Event(event)) | Self::Hold(Until::Event(event)) => Some(event),
            _ => None,
        }
    }

    /// The fault that it waits for, if it waits for one.
    pub(crate) fn awaited_fault(&self) -> Option<&str> {
        match self {
            Self::Delay(Delay::Fault(fault)) | Self::Hold(Until::Fault(fault)) => Some(fault),
            _ => None,
        }
    }
}
