//! Batches that compaction writes anew (CLEAN-08 to CLEAN-10): offsets, sequences and producer stay.

use bytes::Bytes;
use fencepost_ids::Timestamp;

use super::builder::{put_record, seal};
use super::header::{Attributes, BATCH_OVERHEAD, BatchHeader, HEADER_BYTES, TimestampType};
use super::{Compression, NewRecord, Record, StoredBatch};

impl StoredBatch {
    /// The batch with some of its records alone, in the same codec, and with a delete horizon if
    /// there is one (KIP-534).
    pub(crate) fn with_records(
        &self,
        records: &[Record<'_>],
        delete_horizon: Option<Timestamp>,
    ) -> Self {
        let header = self.header();
        let compression = Compression::from_codec(header.attributes.codec()).unwrap_or_default();
        let first = records.first().map_or(Timestamp::NONE, |record| record.timestamp);
        let base_timestamp = delete_horizon.unwrap_or(first);
        let mut written = Vec::new();
        for record in records {
            let headers: Vec<_> = record.headers.collect();
            let offset_delta = record.offset_delta;
            let delta = record.timestamp.0.wrapping_sub(base_timestamp.0);
            let record = NewRecord { key: record.key, value: record.value, headers: &headers };
            put_record(&mut written, delta, offset_delta, record);
        }
        let max_timestamp = match header.attributes.timestamp_type() {
            TimestampType::CreateTime => records.iter().map(|record| record.timestamp).max(),
            TimestampType::LogAppendTime => None,
        };
        let written = match compression {
            Compression::None => written,
            codec => codec.compress(&written),
        };
        self.rewritten(
            BatchHeader {
                attributes: header.attributes.with_delete_horizon(delete_horizon.is_some()),
                base_timestamp,
                max_timestamp: max_timestamp.unwrap_or(header.max_timestamp),
                record_count: i32::try_from(records.len()).expect("no more than there were"),
                ..header
            },
            &written,
        )
    }

    /// The batch without records, which still tells the last offset and the last sequence.
    pub(crate) fn emptied(&self) -> Self {
        let header = self.header();
        let kept = Attributes::LOG_APPEND_TIME | Attributes::TRANSACTIONAL | Attributes::CONTROL;
        self.rewritten(
            BatchHeader {
                attributes: Attributes(header.attributes.0 & kept),
                base_timestamp: Timestamp::NONE,
                record_count: 0,
                ..header
            },
            &[],
        )
    }

    fn rewritten(&self, header: BatchHeader, records: &[u8]) -> Self {
        let size = HEADER_BYTES + records.len();
        let batch_length =
            i32::try_from(size - BATCH_OVERHEAD).expect("a batch is far below 2 GiB");
        let header = BatchHeader { batch_length, ..header };
        let mut bytes = Vec::with_capacity(size);
        header.write(&mut bytes);
        bytes.extend_from_slice(records);
        seal(&mut bytes);
        Self::of(&header, Bytes::from(bytes))
    }
}
