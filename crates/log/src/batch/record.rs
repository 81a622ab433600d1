//! Records, walked in place (BATCH-04, BATCH-09): nothing is copied and nothing allocated.

use std::fmt;

use bytes::Bytes;
use fencepost_ids::{Offset, Timestamp};
use thiserror::Error;

use super::header::{BatchHeader, TimestampType};
use super::varint::{take_i32, take_i64};

/// What is wrong with the records of a batch; each is `INVALID_RECORD` (BATCH-09).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RecordError {
    /// The bytes end before the number of records that the header promises.
    #[error("fewer records than the batch promises (BATCH-09)")]
    TooFew,
    /// Bytes are left after the last record.
    #[error("bytes after the last record of the batch (BATCH-09)")]
    BytesLeft,
    /// A record's own lengths do not add up.
    #[error("malformed record (BATCH-09)")]
    Malformed,
}

/// One record; keys, values and headers are slices of the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Offset minus the batch's base offset.
    pub offset_delta: i32,
    /// The record's own timestamp, or the batch's under log append time.
    pub timestamp: Timestamp,
    /// The key, if there is one.
    pub key: Option<&'a [u8]>,
    /// The value, or none for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers, in order, duplicates included.
    pub headers: Headers<'a>,
}

impl Record<'_> {
    /// The record's offset in a batch that begins at `base`.
    #[must_use]
    pub const fn offset(&self, base: Offset) -> Offset {
        base.plus(self.offset_delta as i64)
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| bytes.escape_ascii().to_string());
        f.debug_struct("Record")
            .field("offset_delta", &self.offset_delta)
            .field("timestamp", &self.timestamp.0)
            .field("key", &text(self.key))
            .field("value", &text(self.value))
            .field("headers", &self.headers.count)
            .finish()
    }
}

/// A header of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header<'a> {
    /// The name: UTF-8 by convention, not checked.
    pub key: &'a [u8],
    /// The value, if there is one.
    pub value: Option<&'a [u8]>,
}

/// The headers of one record, already known to be well formed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Headers<'a> {
    count: i32,
    bytes: &'a [u8],
}

impl Headers<'_> {
    /// How many headers are left.
    #[must_use]
    pub const fn count(&self) -> i32 {
        self.count
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1).filter(|left| *left >= 0)?;
        take_header(&mut self.bytes)
    }
}

/// The records of one batch, decompressed if they were compressed, with what is needed to read them.
#[derive(Clone, Debug)]
pub struct RecordSet {
    header: BatchHeader,
    bytes: Bytes,
}

impl RecordSet {
    pub(crate) const fn new(header: BatchHeader, bytes: Bytes) -> Self {
        Self { header, bytes }
    }

    /// The header of the batch.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// Walks the records from the first.
    #[must_use]
    pub fn iter(&self) -> Records<'_> {
        Records::new(&self.header, &self.bytes)
    }
}

impl<'a> IntoIterator for &'a RecordSet {
    type Item = Result<Record<'a>, RecordError>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// Walks the records of a batch; ends after the first error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    left: i32,
    base_timestamp: i64,
    log_append_time: Option<Timestamp>,
}

impl<'a> Records<'a> {
    pub(crate) fn new(header: &BatchHeader, bytes: &'a [u8]) -> Self {
        let log_append_time = match header.attributes.timestamp_type() {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(header.max_timestamp),
        };
        let base_timestamp = header.base_timestamp.0;
        Self { bytes, left: header.record_count, base_timestamp, log_append_time }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left <= 0 {
            if self.bytes.is_empty() {
                return None;
            }
            self.bytes = &[];
            return Some(Err(RecordError::BytesLeft));
        }
        self.left -= 1;
        let record = if self.bytes.is_empty() {
            Err(RecordError::TooFew)
        } else {
            take_record(&mut self.bytes, self.base_timestamp).ok_or(RecordError::Malformed)
        };
        match record {
            Ok(record) => {
                let timestamp = self.log_append_time.unwrap_or(record.timestamp);
                Some(Ok(Record { timestamp, ..record }))
            }
            Err(error) => {
                (self.left, self.bytes) = (0, &[]);
                Some(Err(error))
            }
        }
    }
}

#[inline]
fn take_record<'a>(bytes: &mut &'a [u8], base_timestamp: i64) -> Option<Record<'a>> {
    let length = usize::try_from(take_i32(bytes)?).ok()?;
    let (mut body, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    // The record's own attributes have no meaning yet.
    body = body.get(1..)?;
    let timestamp = Timestamp(base_timestamp.wrapping_add(take_i64(&mut body)?));
    let offset_delta = take_i32(&mut body)?;
    let key = take_nullable(&mut body)?;
    let value = take_nullable(&mut body)?;
    let count = take_i32(&mut body).filter(|count| *count >= 0)?;
    let headers = Headers { count, bytes: body };
    for _ in 0..count {
        take_header(&mut body)?;
    }
    body.is_empty().then_some(Record { offset_delta, timestamp, key, value, headers })
}

fn take_header<'a>(bytes: &mut &'a [u8]) -> Option<Header<'a>> {
    let key = take_nullable(bytes)??;
    let value = take_nullable(bytes)?;
    Some(Header { key, value })
}

/// Bytes behind their length; a negative length is null.
#[inline]
fn take_nullable<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = take_i32(bytes)?;
    let Ok(length) = usize::try_from(length) else { return Some(None) };
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(taken))
}
