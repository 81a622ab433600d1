//! One partition's log, as the leader and its followers of a Kafka 4.x cluster keep it.
//!
//! What survives a crash and what does not are different types: [`Log`] is durable,
//! [`ReplicaState`] is what one replica holds in memory and rebuilds by [`ReplicaState::load`].
//! Batches are checked in place and kept as shared bytes; nothing is encoded again unless a rule
//! asks for it.
//!
//! This crate knows nothing of requests, connections, replication or coordinators: plain values
//! come in, a typed outcome with its rule goes out.

mod batch;
pub use batch::{
    Attributes, BATCH_OVERHEAD, BatchBuilder, BatchHeader, Compression, CompressionError,
    ControlRecord, DECOMPRESSED_BYTES_MAX, FramedBatch, FramingError, Header, Headers,
    MARKER_BATCH_BYTES, Marker, MarkerType, MarkerVersion, NewRecord, Record, RecordError,
    RecordSet, Records, StoredBatch, TimestampType, TransactionBit,
};
mod cleaning;
pub use cleaning::Cleanable;
mod config;
pub use config::{LogConfig, LogRules, ONE};
mod delivery;
pub use delivery::{Delivery, DeliveryFilter};
mod durable;
pub use durable::{
    AbortedTransaction, EpochEnd, Log, LogRead, OffsetOutOfRange, ProducerSnapshot, TimestampHit,
};
mod error;
pub use error::{AppendError, RecordFault};
mod replica;
pub use replica::{
    AppendedBatch, AppendedMarker, BatchMetadata, EndedTransaction, FetchData, GuardIds, Isolation,
    LeaderContext, ProducerDescription, ProducerEntry, ReplicaState, Verification,
    VerificationGuard, VerificationMode, VerificationQuestion,
};
