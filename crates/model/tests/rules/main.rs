//! The rules of the specification, shown at `Cluster::handle`: one module for each subject, and in
//! [`world`] the small language that the tests are written in.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a test binary has no outside")]

mod administration;
mod api_versions;
mod cleaning;
mod coordinators;
mod events;
mod failover;
mod fetch;
mod groups;
mod inspection;
mod leaders;
mod log;
mod metadata;
mod offsets;
mod produce;
mod settings;
mod topics;
mod txn;
mod world;
mod write_txn_markers;
