//! The transaction coordinator, and the partition leaders' side of its talk with them.
//!
//! The state machine of one transactional id ([`state`], [`init`], [`add`], [`end`], [`expiry`])
//! takes plain values and returns plain verdicts; it knows nothing of requests, logs or brokers.
//! [`log`] reads and writes its records. [`coordinator`] holds the cache and carries out requests;
//! a change waits in [`appends`] until its record is committed, and a decided transaction in
//! [`markers`] until every leader has written its marker.

mod state;
pub use state::TxnState as TransactionState;
pub(crate) use state::{Identity, Pending, TxnFields, TxnMetadata, TxnPath, TxnState};
mod add;
mod end;
mod expiry;
mod init;
mod profile;

pub(crate) mod log;

mod coordinator;
pub(crate) use coordinator::{EndRequest, InitRequest, Progress, TxnCoordinator};
mod appends;
mod markers;
mod ownership;
mod producer_ids;
pub(crate) use producer_ids::ProducerIds;
mod questions;
pub(crate) use questions::Inquirer;
mod timeouts;

mod messages;
pub(crate) use messages::{
    crashed, delivered, elected, fire, lost, replicated, resigned, started, topic_deleted,
};

mod verification;
pub(crate) use verification::{Answer, Asker, Question, QuestionMode, TransactionVerifier, ask};

#[cfg(test)]
mod decision_tests;
