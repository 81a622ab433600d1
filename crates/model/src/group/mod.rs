//! The group coordinator: groups, committed and pending offsets, and their records in
//! `__consumer_offsets`.
//!
//! The state machines ([`classic`], [`consumer`], [`offsets`]) know nothing of requests, logs or
//! brokers: they take plain values, and push [`Effect`]s or return what to write. A [`Shard`] holds
//! what belongs to one partition, a [`ShardStep`] gives it hands, and the coordinator knows which
//! shards a broker has.

pub(crate) mod assign;
pub(crate) mod classic;
mod classic_member_step;
mod commit_step;
pub(crate) mod consumer;
mod consumer_step;
mod effects;
pub(crate) use effects::{AfterWrite, Effect, JoinReply, SyncReply};
mod answers;
pub(crate) mod offsets;
pub(crate) use offsets::{CommittedOffset, Offsets};
pub(crate) mod records;
pub(crate) use answers::Answer;
pub(crate) use records::GroupRecord;
mod protocol;
pub(crate) use protocol::Group;
mod shard;
pub(crate) use shard::Shard;
mod load;
mod marker_step;
mod shard_step;
pub(crate) use shard_step::{ShardStep, TransactionalProducer};
mod waiting;
pub(crate) use waiting::append_error;
mod coordinator;
pub(crate) use coordinator::{
    GroupCoordinator, accepts_markers, elected, fire, marker_appended, replicated, resigned,
    started, topic_deleted, topics_changed,
};
