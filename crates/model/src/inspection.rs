//! Looking at a cluster from outside, between two steps: nothing in here changes it.

mod brokers;
pub use brokers::{ClientSoftware, ClusterDescription, ConnectionDescription};
mod coordinators;
pub use coordinators::{CoordinatorKey, CoordinatorState};
mod elections;
pub use elections::ElectionRefused;
mod groups;
pub use groups::{
    CommittedOffsetDescription, GroupDescription, GroupDirectory, MemberDescription,
    PendingOffsetDescription,
};
mod internal_records;
pub use internal_records::{InternalRecord, InternalRecordKind, RecordField, RecordFields};
mod logs;
pub use logs::{LogPage, LogRange, LoggedBatch, TransactionStatus};
mod messages;
pub use messages::MessageDescription;
mod producers;
pub use producers::PartitionProducers;
mod replicas;
pub use replicas::ReplicaUnknown;
mod timers;
mod topics;
pub use topics::{LeaderOffsets, PartitionState, TopicDescription};
mod transactions;
pub use transactions::{PendingTransition, TransactionDescription, TransactionDirectory};
