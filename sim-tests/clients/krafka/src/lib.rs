//! The common scenarios of real clients, with krafka.
//!
//! Each is a function over a [`Scope`]; [`Scenario`] names them all. The program runs them against
//! any cluster, the tests against one of ours.

mod admin;
mod fencing;
mod numbered;
mod pipeline;
mod round_trip;
mod scenario;
mod scope;
mod visibility;

pub use fencing::open_transaction_forever;
pub use scenario::Scenario;
pub use scope::{Failure, Scope};
