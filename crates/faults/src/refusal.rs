//! Why a plan is refused.

use std::fmt;

use fencepost_ids::BrokerId;
use fencepost_wire::{ApiKey, Level, Release};
use thiserror::Error;

use crate::{Field, Phase, Range};

/// Why a plan is refused, and where.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub struct PlanError {
    /// The line of the text, from 1; none if the plan was no text.
    pub line: Option<u32>,
    /// What the fault is called; none if it is not about one.
    pub fault: Option<String>,
    /// The place of the fault in the plan.
    pub(crate) index: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: Problem,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(fault) = &self.fault {
            write!(f, "fault `{fault}`: ")?;
        }
        fmt::Display::fmt(&self.problem, f)
    }
}

/// What is wrong with a plan, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Problem {
    /// The text is not one, or names what there is not.
    #[error("{0}")]
    Unreadable(String),
    /// Two faults share a name.
    #[error("another fault has this name: give each its own")]
    NameTaken,
    /// A name that would be hard to tell from others.
    #[error("the name of a fault is not empty, and `#` begins only the names of unnamed ones")]
    BadName,
    /// Brokers do not send each other requests of this API here.
    #[error(
        "no broker sends another `{0}`: only WriteTxnMarkers, AddPartitionsToTxn and Fetch go \
         between brokers; leave `from` out for the requests of clients"
    )]
    NoSuchMessage(ApiKey),
    /// What is asked of the request is nothing that it says.
    #[error("{what} of `{api}` has no {field}: leave `{}` out", .field.key())]
    NoSuchField {
        /// `a request` or `a message`.
        what: &'static str,
        /// The API.
        api: ApiKey,
        /// The field.
        field: Field,
    },
    /// A message between brokers has no client id and no version that could differ.
    #[error("messages between brokers have no {0}: leave `{0}` out")]
    OfClientsOnly(&'static str),
    /// No release answers these versions.
    #[error("no release answers `{api}` v{asked}: they answer {first} to {last}")]
    Version {
        /// The API.
        api: ApiKey,
        /// What was asked for.
        asked: Range,
        /// The first version that some release answers.
        first: i16,
        /// The last one.
        last: i16,
    },
    /// A range whose end is before its beginning.
    #[error("the range from {} to {} is empty: swap its ends", .range.from, .range.to.unwrap_or_default())]
    EmptyRange {
        /// `version` or `range`.
        key: &'static str,
        /// The range.
        range: Range,
    },
    /// Matches, and what is `every` so many, are counted from 1.
    #[error("`{0}` is counted from 1")]
    CountedFromOne(&'static str),
    /// `nth` is one match.
    #[error("`nth` is the one match that fires: leave `{0}` out, or `nth`")]
    NthAnd(&'static str),
    /// `nth` is outside of the range.
    #[error("`nth` {nth} is never reached: the range is {range}; leave one of them out")]
    NthOutOfRange {
        /// The match.
        nth: u32,
        /// The range.
        range: Range,
    },
    /// No match of the range is one of the `every`.
    #[error("no match of the range {range} is the {every}th of it: make the range longer")]
    EveryAboveRange {
        /// Each so many.
        every: u32,
        /// The range.
        range: Range,
    },
    /// It cannot fire as often as it is to.
    #[error(
        "`fires` is {expected}, and no more than {most} of the matches can fire: say which do, as in \
         `every = 1`, or ask for less"
    )]
    FiresTooRarely {
        /// How often it is to fire.
        expected: Range,
        /// How often it can.
        most: u64,
    },
    /// A number that no partition or broker has.
    #[error("`{0}` is not below 0")]
    Negative(&'static str),
    /// A state needs one of a transaction and a group.
    #[error("`while` asks for the state of a `transaction` or of a `group`: name one of them")]
    WhileOfWhat,
    /// No state, or none of these names.
    #[error("{0}")]
    UnknownState(String),
    /// The pattern of `while` stands for what the request or message is not about.
    #[error(
        "`while` with a pattern is about the request's own {0}, and `{1}` has none: write a name \
         without wildcards"
    )]
    WhileWithoutSubject(Field, ApiKey),
    /// Nothing to do.
    #[error("`do` is empty: name an action")]
    NoAction,
    /// An action at the wrong point.
    #[error("`{action}` makes no sense once the request or message is {}: {instead}", .phase.name())]
    WrongPhase {
        /// The action.
        action: &'static str,
        /// The point.
        phase: Phase,
        /// What to do.
        instead: &'static str,
    },
    /// Two actions that cannot both happen.
    #[error("`{0}` and `{1}` contradict each other: keep one of them")]
    Contradiction(&'static str, &'static str),
    /// An action that messages between brokers do not know.
    #[error("`{action}` is not for messages between brokers: {instead}")]
    NotForMessages {
        /// The action.
        action: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// No answer of these versions has a code at this level.
    #[error(
        "the answer of `{api}` has no error code at the level `{level}`: it has one at {}",
        list(.levels)
    )]
    NoSuchLevel {
        /// The API.
        api: ApiKey,
        /// The level that was asked for.
        level: Level,
        /// The levels that there are.
        levels: Vec<Level>,
    },
    /// A part of an answer that is not divided so.
    #[error("an error at the level `{level}` is not of one {part} alone: leave `{part}` out")]
    NoSuchPart {
        /// The level.
        level: Level,
        /// `topic` or `partition`.
        part: &'static str,
    },
    /// A role that nobody plays.
    #[error("`{action}` cannot mean the {role} here: {instead}")]
    Role {
        /// The action.
        action: &'static str,
        /// The role.
        role: String,
        /// What to do.
        instead: &'static str,
    },
    /// Half of a partition.
    #[error("`elect` needs both `topic` and `partition`, or neither")]
    HalfPartition,
    /// Both a transaction and a group.
    #[error(
        "`move-coordinator` moves that of a `transaction`, or of a `group`, or of what the request is about: keep one"
    )]
    TwoCoordinators,
    /// Bytes to overwrite with.
    #[error("`corrupt` overwrites nothing: give it `bytes`")]
    NoBytes,
    /// An offer that says nothing.
    #[error("`offer` {0}")]
    NoOffer(&'static str),
    /// Versions that no release answers, or that the cluster's does not.
    #[error("{} `{api}` v{asked}: {first} to {last} can be offered", whose(*.release))]
    NotServed {
        /// The release of the cluster; none if no release has them.
        release: Option<Release>,
        /// The API.
        api: ApiKey,
        /// What was to be offered.
        asked: Range,
        /// The first version that is answered.
        first: i16,
        /// The last one.
        last: i16,
    },
    /// An event that never comes.
    #[error(
        "nothing raises the event `{event}`{suggestion}: add a fault with \
         `do = {{ raise = \"{event}\" }}`, or name it in the plan's `events` if it comes from outside"
    )]
    NoSuchEvent {
        /// `do` or `after`.
        key: &'static str,
        /// The event.
        event: String,
        /// What was perhaps meant.
        suggestion: String,
    },
    /// A fault that is not there.
    #[error("there is no fault `{fault}` to wait for{suggestion}")]
    NoSuchFault {
        /// `do` or `after`.
        key: &'static str,
        /// The fault.
        fault: String,
        /// What was perhaps meant.
        suggestion: String,
    },
    /// A broker that the cluster has not.
    #[error("`{key}` names broker {broker}, and there is none: they are {first} to {last}")]
    NoSuchBroker {
        /// `broker` or `do`.
        key: &'static str,
        /// The broker.
        broker: BrokerId,
        /// The first one that there is.
        first: BrokerId,
        /// The last one.
        last: BrokerId,
    },
    /// A fault that waits for itself.
    #[error("it waits for itself: name another fault")]
    WaitsForItself(&'static str),
}

fn whose(release: Option<Release>) -> String {
    release.map_or_else(
        || "no release answers".to_owned(),
        |release| format!("Kafka {release} does not answer"),
    )
}

fn list(levels: &[Level]) -> String {
    let names: Vec<_> = levels.iter().map(|level| format!("`{level}`")).collect();
    names.join(" and ")
}

impl Problem {
    /// The key of the fault that it is about.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::NameTaken | Self::BadName => "name",
            Self::NoSuchMessage(_) => "from",
            Self::NoSuchField { field, .. } => field.key(),
            Self::OfClientsOnly(key)
            | Self::CountedFromOne(key)
            | Self::Negative(key)
            | Self::EmptyRange { key, .. } => key,
            Self::Version { .. } => "version",
            Self::EveryAboveRange { .. } => "range",
            Self::FiresTooRarely { .. } => "fires",
            Self::NthAnd(_) | Self::NthOutOfRange { .. } => "nth",
            Self::WhileOfWhat | Self::UnknownState(_) | Self::WhileWithoutSubject(..) => "while",
            Self::NoAction
            | Self::WrongPhase { .. }
            | Self::Contradiction(..)
            | Self::NotForMessages { .. }
            | Self::NoSuchLevel { .. }
            | Self::NoSuchPart { .. }
            | Self::Role { .. }
            | Self::HalfPartition
            | Self::TwoCoordinators
            | Self::NoBytes
            | Self::NoOffer(_)
            | Self::NotServed { .. } => "do",
            Self::NoSuchEvent { key, .. }
            | Self::NoSuchBroker { key, .. }
            | Self::NoSuchFault { key, .. }
            | Self::WaitsForItself(key) => key,
        }
    }
}
