//! The field's terms as newtypes, Kafka's error codes, and virtual time.
//!
//! This crate knows nothing of logs, requests or brokers; every other crate speaks in its words.

mod error_code;
pub use error_code::ErrorCode;
mod numbers;
pub use numbers::{
    BrokerId, ConnectionId, CoordinatorEpoch, GenerationId, LeaderEpoch, MemberEpoch, Offset,
    PartitionIndex, ProducerEpoch, ProducerId, Sequence,
};
mod names;
pub use names::{ClientId, GroupId, InstanceId, MemberId, TopicName, TransactionalId};
mod partitioning;
pub use partitioning::{java_string_hash, partition_of};
mod rule;
pub use rule::{Rule, Rules, UnknownRule};
mod time;
pub use time::Timestamp;
mod topic_id;
pub use topic_id::TopicId;
mod topic_partition;
pub use topic_partition::TopicPartition;
