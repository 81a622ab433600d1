//! Fault plans: which request of a client, or which message between brokers, is to suffer what.
//!
//! A [`Plan`] is data, written in TOML, in JSON or with the builder of [`Fault`]. A [`Gate`] is a
//! plan that was checked: it is asked at two points of every request and message, before it takes
//! effect and after, counts what matches, and says what is to happen. It does nothing itself: the
//! engine does. This crate knows nothing of clusters, connections or clocks; what it must know of
//! the cluster it asks a [`World`].

mod plan;
pub use plan::{Fault, Phase, Plan, Sender};
mod action;
mod builder;
pub use action::{
    Action, Actions, BrokerChoice, Coordinated, CoordinatorMove, Corruption, Delay, Election,
    ErrorAnswer, Message, Offer, Offered, ProcessId, Signal, SignalKind, Span, Until,
};
mod occurrence;
pub use occurrence::{Probability, Range};
mod condition;
pub use condition::{After, States, While};
mod glob;
pub use glob::Glob;
mod names;
mod nearest;
mod schema;
pub use schema::json_schema;
mod lines;
mod parse;
mod refusal;
pub use refusal::{PlanError, Problem};
mod check;
mod subject;
pub use subject::{Field, MessageKind, Origin, Subject, World};
mod effect;
mod of_request;
mod rule;
pub use effect::{Effect, Hit};
mod catalogue;
pub use catalogue::{
    Leaves, Outcome, Staged, Staging, Versions, Window, WindowChoice, WindowError,
};
mod gate;
pub use gate::{FaultStatus, Gate};

#[cfg(test)]
mod tests;
