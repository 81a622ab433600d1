//! New batches: the coordinators' records and the batches of model clients.

use bytes::Bytes;
use fencepost_ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};

use super::header::{ATTRIBUTES_AT, Attributes, BATCH_OVERHEAD, BatchHeader, CRC_AT, HEADER_BYTES};
use super::record::Header;
use super::varint::{put, size};
use super::{Compression, FramedBatch, TransactionBit};

/// A record to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRecord<'a> {
    /// The key, if there is one.
    pub key: Option<&'a [u8]>,
    /// The value, or none for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a [Header<'a>],
}

/// Gathers records and writes them as one batch, as a producer would: base offset 0, no leader
/// epoch, CRC in place (BATCH-01).
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    header: BatchHeader,
    compression: Compression,
    records: Vec<u8>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    /// A batch without records, producer or compression.
    #[must_use]
    pub const fn new() -> Self {
        let header = BatchHeader {
            base_offset: Offset::ZERO,
            batch_length: 0,
            leader_epoch: LeaderEpoch::NONE,
            crc: 0,
            attributes: Attributes(0),
            last_offset_delta: -1,
            base_timestamp: Timestamp::NONE,
            max_timestamp: Timestamp::NONE,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            base_sequence: Sequence::NONE,
            record_count: 0,
        };
        Self { header, compression: Compression::None, records: Vec::new() }
    }

    /// Sets the producer; coordinators give [`Sequence::NONE`] (IDEM-23).
    #[must_use]
    pub const fn producer(
        mut self,
        id: ProducerId,
        epoch: ProducerEpoch,
        base_sequence: Sequence,
    ) -> Self {
        self.header.producer_id = id;
        self.header.producer_epoch = epoch;
        self.header.base_sequence = base_sequence;
        self
    }

    /// Says whether the batch belongs to the producer's transaction.
    #[must_use]
    pub const fn transaction(mut self, bit: TransactionBit) -> Self {
        let attributes = self.header.attributes.0;
        self.header.attributes.0 = match bit {
            TransactionBit::Plain => attributes & !Attributes::TRANSACTIONAL,
            TransactionBit::Transactional => attributes | Attributes::TRANSACTIONAL,
        };
        self
    }

    /// Compresses the records.
    #[must_use]
    pub const fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    pub(super) const fn control(mut self) -> Self {
        self.header.attributes.0 |= Attributes::CONTROL;
        self
    }

    /// The same batch as `header` without its records, in another codec (BATCH-14).
    pub(super) const fn like(header: &BatchHeader, compression: Compression) -> Self {
        let bits = Attributes::TRANSACTIONAL | Attributes::CONTROL;
        let mut builder = Self::new();
        builder.header.attributes = Attributes(header.attributes.0 & bits);
        builder
            .producer(header.producer_id, header.producer_epoch, header.base_sequence)
            .compression(compression)
    }

    /// Adds a record.
    pub fn push(&mut self, timestamp: Timestamp, record: NewRecord<'_>) {
        let delta = self.header.record_count;
        if delta == 0 {
            self.header.base_timestamp = timestamp;
        }
        self.header.record_count += 1;
        self.header.last_offset_delta = delta;
        self.header.max_timestamp = self.header.max_timestamp.max(timestamp);
        let timestamp_delta = timestamp.0.wrapping_sub(self.header.base_timestamp.0);
        put_record(&mut self.records, timestamp_delta, delta, record);
    }

    /// How many records were added.
    #[must_use]
    pub const fn record_count(&self) -> i32 {
        self.header.record_count
    }

    /// Writes the batch.
    ///
    /// # Panics
    /// If no record was added: such a batch has no offset.
    #[must_use]
    pub fn build(mut self) -> FramedBatch {
        assert!(self.header.record_count > 0, "a batch holds at least one record");
        let records = match self.compression {
            Compression::None => self.records,
            codec => codec.compress(&self.records),
        };
        let size = HEADER_BYTES + records.len();
        self.header.attributes.0 |= self.compression.codec();
        self.header.batch_length =
            i32::try_from(size - BATCH_OVERHEAD).expect("a batch is far below 2 GiB");
        let mut bytes = Vec::with_capacity(size);
        self.header.write(&mut bytes);
        bytes.extend_from_slice(&records);
        seal(&mut bytes);
        FramedBatch::built(Bytes::from(bytes))
    }
}

/// Writes the CRC of a batch (BATCH-03).
pub(super) fn seal(batch: &mut [u8]) {
    let crc = crc32c::crc32c(&batch[ATTRIBUTES_AT..]);
    batch[CRC_AT..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
}

pub(super) fn put_record(
    out: &mut Vec<u8>,
    timestamp_delta: i64,
    offset_delta: i32,
    record: NewRecord<'_>,
) {
    let count = record.headers.len() as i64;
    let headers: usize = record
        .headers
        .iter()
        .map(|header| nullable_size(Some(header.key)) + nullable_size(header.value))
        .sum();
    let length = 1
        + size(timestamp_delta)
        + size(i64::from(offset_delta))
        + nullable_size(record.key)
        + nullable_size(record.value)
        + size(count)
        + headers;
    put(out, length as i64);
    out.push(0);
    put(out, timestamp_delta);
    put(out, i64::from(offset_delta));
    put_nullable(out, record.key);
    put_nullable(out, record.value);
    put(out, count);
    for header in record.headers {
        put_nullable(out, Some(header.key));
        put_nullable(out, header.value);
    }
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend_from_slice(bytes.unwrap_or_default());
}

fn nullable_size(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| size(bytes.len() as i64) + bytes.len())
}
