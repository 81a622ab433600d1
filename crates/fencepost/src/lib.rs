//! fencepost: a deterministic Kafka for testing transactions.
//!
//! [`TestCluster`] is a Kafka cluster inside a test. It speaks the real protocol on loopback, so
//! any client can be pointed at it, and its brokers crash, restart and change leaders when told.

mod test_cluster;
pub use test_cluster::{StartError, Stopped, TestCluster, TestClusterBuilder, UnmetFaults};

pub use fencepost_engine::{Crossing, Held, Order, Patience, Schedule, ScheduleError};
pub use fencepost_faults as faults;
pub use fencepost_ids::{
    BrokerId, GroupId, LeaderEpoch, Offset, PartitionIndex, Rule, Timestamp, TopicName,
    TransactionalId,
};
pub use fencepost_model::{
    BrokerSettings, ClientSoftware, ClusterDescription, ConnectionDescription, CoordinatorKey,
    CoordinatorState, Deadline, ElectionRefused, GroupDescription, InternalRecord,
    InternalRecordKind, LeaderOffsets, LogPage, LogRange, MessageDescription, PartitionProducers,
    PartitionState, RecordField, RecordFields, SettingError, TopicDescription,
    TransactionDescription, TransactionStatus,
};
pub use fencepost_server::{
    Addresses, BrokerState, ClockKind, ClockState, ControlAddress, ControlError, Happening,
    ListenError, Unwatched, Watcher, What,
};
pub use fencepost_trace::{TraceHash, WriteError};
pub use fencepost_wire::Release;
