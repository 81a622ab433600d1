//! A cluster and all that reaches it from outside, one turn at a time.
//!
//! [`Engine::handle`] takes one [`Input`] in one atomic turn: the step of the cluster that it is,
//! and all that brokers then have to tell each other. What the driver must do is pushed as
//! [`Output`]s. The inputs of a run, with their moments, are all that it takes to have the run
//! again: there is no clock, socket, thread or ambient chance in here.
//!
//! Between the cluster and its network stands a gate: what a fault plan says happens to requests,
//! answers and messages between brokers there, and what is held waits there.

pub mod describe;
mod engine;
pub use engine::Engine;
mod gatehouse;
pub use gatehouse::{Crossing, Held, Order, Patience, Schedule, ScheduleError};
mod input;
pub use input::{GateCommand, Input};
mod output;
pub use output::{Delivery, Output, Reached};
pub mod record;
mod replay;
pub use replay::{Difference, Replay, ReplayError};
mod telling;
pub use telling::Telling;
mod snapshots;
