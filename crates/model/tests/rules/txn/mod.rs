//! Transactions at the level of `Cluster::handle`: what clients read, and what the logs say.

pub(crate) mod driver;
mod tables;

mod adding;
mod arguments;
mod clients;
mod compaction;
mod decisions;
mod events;
mod failover;
mod fencing;
mod histories;
mod init;
mod inspecting;
mod levels;
mod markers;
mod offsets;
mod records;
mod reference;
mod schedules;
mod switches;
mod timeouts;
