//! What a partition keeps on disk: batches, leader epochs, the index of aborted transactions and
//! snapshots of the producers.

mod aborted;
pub use aborted::AbortedTransaction;
mod epochs;
pub use epochs::EpochEnd;
mod log;
pub use log::{Log, LogRead, OffsetOutOfRange};
mod runs;
mod segments;
pub(crate) use segments::Segment;
mod snapshot;
pub use snapshot::ProducerSnapshot;
pub(crate) use snapshot::SnapshotEntry;
mod timestamps;
pub use timestamps::TimestampHit;
