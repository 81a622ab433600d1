//! The properties that a history of clients must have, checked against the final logs.
//!
//! A [`History`] holds what clients did and were told; [`FinalState`] what readers find in the
//! end. [`check`] compares the two and names every promise that was broken.

mod history;
pub use history::{
    ActorId, Delivered, End, FinalState, History, Place, RecordId, SentRecord, Transaction,
    TransactionId,
};
mod violation;
pub use violation::Violation;
mod allowance;
pub use allowance::{Allowance, Circumstances};
mod acknowledged;
mod atomicity;
mod delivery;
mod endings;
mod offsets;
mod order;

/// Checks every property; the violations come in the order of the properties.
#[must_use]
pub fn check(history: &History, state: &FinalState) -> Vec<Violation> {
    let mut violations = Vec::new();
    acknowledged::check(history, state, &mut violations);
    order::check(history, state, &mut violations);
    atomicity::check(history, state, &mut violations);
    delivery::check(history, state, &mut violations);
    offsets::check(history, state, &mut violations);
    endings::check(history, state, &mut violations);
    violations
}
