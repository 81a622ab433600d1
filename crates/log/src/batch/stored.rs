//! A batch as the log keeps it.

use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::{BufMut, Bytes};
use fencepost_ids::{LeaderEpoch, Offset};

use super::header::{BATCH_OVERHEAD, BatchHeader, HEADER_BYTES, MAGIC_AT, PATCHED_BYTES};
use super::{Compression, CompressionError, DECOMPRESSED_BYTES_MAX, RecordSet};

/// Up to this size a batch is copied out of its request.
const COPIED_BYTES_MAX: usize = 4096;

/// A checked batch in the log: the bytes that came, shared, and the two fields that the leader
/// writes over them (BATCH-05). A clone costs a reference count.
#[derive(Clone)]
pub struct StoredBatch {
    base_offset: Offset,
    leader_epoch: LeaderEpoch,
    /// As in the bytes; here so that a search need not touch them.
    last_offset_delta: i32,
    bytes: Bytes,
}

impl StoredBatch {
    /// A batch that has passed validation, with the header that the leader gave it.
    pub(crate) fn new(header: &BatchHeader, bytes: Bytes) -> Self {
        // A small batch takes less memory as a copy than with the whole request around it.
        let bytes =
            if bytes.len() <= COPIED_BYTES_MAX { Bytes::copy_from_slice(&bytes) } else { bytes };
        Self::of(header, bytes)
    }

    pub(super) const fn of(header: &BatchHeader, bytes: Bytes) -> Self {
        Self {
            base_offset: header.base_offset,
            leader_epoch: header.leader_epoch,
            last_offset_delta: header.last_offset_delta,
            bytes,
        }
    }

    /// Takes the first batch off the bytes of a Fetch answer, with the leader's fields as they
    /// stand there; `None` if no whole batch of format v2 is left. The CRC is not looked at.
    #[must_use]
    pub fn take(fetched: &mut Bytes) -> Option<Self> {
        let header = BatchHeader::read(fetched)?;
        let length = usize::try_from(header.batch_length).ok()?;
        let size = length.checked_add(BATCH_OVERHEAD)?;
        if size < HEADER_BYTES || size > fetched.len() || fetched[MAGIC_AT] != 2 {
            return None;
        }
        Some(Self::of(&header, fetched.split_to(size)))
    }

    /// The offset of the first record.
    #[must_use]
    pub const fn base_offset(&self) -> Offset {
        self.base_offset
    }

    /// The offset of the last record.
    #[must_use]
    pub const fn last_offset(&self) -> Offset {
        self.base_offset.plus(self.last_offset_delta as i64)
    }

    /// The term of the leader that appended it.
    #[must_use]
    pub const fn leader_epoch(&self) -> LeaderEpoch {
        self.leader_epoch
    }

    /// Total size in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The header with the leader's fields.
    #[must_use]
    pub fn header(&self) -> BatchHeader {
        let header = BatchHeader::read(&self.bytes).expect("validation refuses shorter batches");
        BatchHeader { base_offset: self.base_offset, leader_epoch: self.leader_epoch, ..header }
    }

    /// The first 16 bytes, with the leader's fields; [`StoredBatch::tail`] follows them.
    #[must_use]
    pub fn head(&self) -> [u8; PATCHED_BYTES] {
        let mut head = *self.bytes.first_chunk().expect("validation refuses shorter batches");
        let (base_offset, rest) = head.split_at_mut(8);
        base_offset.copy_from_slice(&self.base_offset.0.to_be_bytes());
        rest[4..].copy_from_slice(&self.leader_epoch.0.to_be_bytes());
        head
    }

    /// Everything from the magic on, as it came.
    #[must_use]
    pub fn tail(&self) -> Bytes {
        self.bytes.slice(PATCHED_BYTES..)
    }

    /// Appends the batch as it goes to a reader.
    pub fn write_to(&self, out: &mut impl BufMut) {
        out.put_slice(&self.head());
        out.put_slice(&self.bytes[PATCHED_BYTES..]);
    }

    /// The records, decompressed if need be.
    ///
    /// # Errors
    /// None for a batch that a log accepted; the error is that of the codec.
    pub fn records(&self) -> Result<RecordSet, CompressionError> {
        let header = self.header();
        let compression = Compression::from_codec(header.attributes.codec()).unwrap_or_default();
        let records = self.bytes.slice(HEADER_BYTES..);
        let records = compression.decompress(&records, DECOMPRESSED_BYTES_MAX)?;
        Ok(RecordSet::new(header, records))
    }
}

/// What stands below the patched fields in `bytes` is the sender's and has no meaning.
impl PartialEq for StoredBatch {
    fn eq(&self, other: &Self) -> bool {
        (self.base_offset, self.leader_epoch) == (other.base_offset, other.leader_epoch)
            && self.bytes[PATCHED_BYTES..] == other.bytes[PATCHED_BYTES..]
    }
}

impl Eq for StoredBatch {}

impl Hash for StoredBatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.base_offset, self.leader_epoch).hash(state);
        self.bytes[PATCHED_BYTES..].hash(state);
    }
}

impl fmt::Debug for StoredBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header().fmt(f)
    }
}
