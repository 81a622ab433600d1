//! What one replica of a partition holds in memory, and what the leader does with it.

mod append;
pub use append::{AppendedBatch, AppendedMarker, EndedTransaction, LeaderContext};
mod checks;
mod delete;
mod fetch;
pub use fetch::{FetchData, Isolation};
mod follow;
mod load;
mod producer;
pub use producer::{ProducerDescription, ProducerEntry};
mod state;
pub use state::ReplicaState;
mod transactions;
mod verification;
pub use verification::{
    GuardIds, Verification, VerificationGuard, VerificationMode, VerificationQuestion,
};
mod window;
pub use window::BatchMetadata;
