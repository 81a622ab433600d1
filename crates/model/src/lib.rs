//! Brokers, coordinators and the cluster: the deterministic state machine.
