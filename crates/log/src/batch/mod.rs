//! Record batches of format v2 (section 7 of the log rules, KIP-98).

mod builder;
pub use builder::{BatchBuilder, NewRecord};
mod compression;
pub use compression::{Compression, CompressionError, DECOMPRESSED_BYTES_MAX};
mod framing;
pub use framing::{FramedBatch, FramingError};
mod header;
pub use header::{Attributes, BATCH_OVERHEAD, BatchHeader, TimestampType, TransactionBit};
mod marker;
pub use marker::{ControlRecord, MARKER_BATCH_BYTES, Marker, MarkerType, MarkerVersion};
mod record;
pub use record::{Header, Headers, Record, RecordError, RecordSet, Records};
mod rewriting;
mod snappy;
mod stored;
pub use stored::StoredBatch;
mod validation;
pub(crate) use validation::{Origin, ValidBatch, validate};
mod varint;
