//! Brokers, coordinators and the cluster: the deterministic state machine.

#[allow(dead_code, reason = "the coordinator that runs this machine is being built")]
mod txn;

pub mod group;
