//! The transaction coordinator.
//!
//! The state machine of one transactional id ([`state`], [`init`], [`add`], [`end`], [`expiry`])
//! takes plain values and returns plain verdicts; it knows nothing of requests, logs or brokers.
//! [`log`] reads and writes its records.

mod add;
mod end;
mod expiry;
mod init;
mod log;
mod profile;
mod state;

mod coordinator;
pub(crate) use coordinator::{
    ProducerIds, TxnCoordinator, delivered, elected, fire, lost, replicated, resigned, started,
    topic_deleted,
};

mod verification;
pub(crate) use verification::{Answer, Asker, Question, QuestionMode, TransactionVerifier, ask};
