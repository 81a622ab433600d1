//! Brokers, coordinators and the cluster: the deterministic state machine.
//!
//! [`Cluster::handle`] takes one [`Input`] in one atomic step and pushes its [`Output`]s. There is
//! no clock, socket, thread or ambient chance in here: time comes in as an argument, and a clone
//! of a cluster is a fork of its world.

mod api;
mod append;
mod broker;
mod cleaning;
mod cluster;
pub use cluster::{Candidates, Cluster};
mod config;
pub use config::{
    BrokerConfig, BrokerSettings, CleanupPolicy, ClusterConfig, NewTopic, ProducerIdBlocks,
    SettingError, TopicSettings,
};
mod disk;
mod event;
pub use event::{BatchAppend, Event, GroupOffset, GroupStanding, TransactionChange};
mod features;
mod following;
mod gate;
mod host;
mod input;
pub use input::{Input, Output};
mod inspection;
pub use inspection::{
    ClientSoftware, ClusterDescription, CommittedOffsetDescription, ConnectionDescription,
    CoordinatorKey, CoordinatorState, ElectionRefused, GroupDescription, GroupDirectory,
    InternalRecord, InternalRecordKind, LeaderOffsets, LogPage, LogRange, LoggedBatch,
    MemberDescription, MessageDescription, PartitionProducers, PartitionState,
    PendingOffsetDescription, PendingTransition, RecordField, RecordFields, ReplicaUnknown,
    TopicDescription, TransactionDescription, TransactionDirectory, TransactionStatus,
};
mod leadership;
mod metadata;
pub use metadata::{InternalTopic, PartitionKey, TopicIndex};
mod network;
pub use network::{
    Channel, MarkerEntry, MarkerResult, Message, MessageBody, MessageId, ReplicaFetch,
    TransactionAnswer, TransactionQuestion,
};
mod observing;
mod parked;
mod random;
mod replication;
mod step;
mod ticket;
pub use ticket::Ticket;
mod timers;
pub use timers::{Deadline, GroupTimer, Timer};
mod topics;
mod txn;
pub use txn::TransactionState;

mod group;
