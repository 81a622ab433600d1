//! The group coordinator: classic groups, committed and pending offsets, and their records in
//! `__consumer_offsets`.
//!
//! The state machines here know nothing of requests: they take plain values and push [`Effect`]s.

pub mod classic;
pub mod effects;
pub use effects::{
    AfterWrite, Effect, JoinReply, JoinedMember, StaticReplacement, SyncReply, Ticket, Timer,
};
pub mod offsets;
pub use offsets::{CommittedOffset, Offsets, StableOffset, TransactionResult};
mod coordinator;
pub mod records;
pub(crate) use coordinator::{
    GroupCoordinator, elected, fire, marker_appended, replicated, resigned, started, topic_deleted,
    topics_changed,
};
