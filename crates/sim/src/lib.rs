//! The simulated network, model clients and worlds that drive a cluster in virtual time.
//!
//! [`run`] takes a seed: it draws the options of a world, lets model clients work on the cluster
//! over a network that delays, reorders and breaks, then heals everything and checks the oracle's
//! properties. The same seed and switches give the same [`Report`], trace hash included.

mod chance;
mod client;
mod links;
mod options;
pub use options::{Fixed, Options};
mod run;
pub use run::{Report, Setup, Switches, run};
mod trace;
pub use trace::TraceHash;
mod world;
