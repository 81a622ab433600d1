//! The old, non-flexible encoding of record fields: fixed-width big-endian numbers, strings with a
//! 16-bit length, bytes and arrays with a 32-bit length.

use bytes::{BufMut, Bytes};
use thiserror::Error;

/// Bytes that are not what their version says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum Malformed {
    /// The bytes end within a field.
    #[error("the record ends within a field")]
    Truncated,
    /// A length is negative where null is not allowed, or larger than what is left.
    #[error("length {0} does not fit")]
    Length(i64),
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// A version that this reader does not know.
    #[error("version {0} is not known")]
    Version(i16),
}

/// Reads fields from the front of a slice.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    /// An int16.
    ///
    /// # Errors
    /// If the bytes end before it does.
    pub(crate) fn int16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    /// An int32.
    ///
    /// # Errors
    /// If the bytes end before it does.
    pub(crate) fn int32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    /// An int64.
    ///
    /// # Errors
    /// If the bytes end before it does.
    pub(crate) fn int64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    /// A string that may be null.
    ///
    /// # Errors
    /// If it is cut short or not UTF-8.
    pub(crate) fn nullable_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let length = self.int16()?;
        if length == -1 {
            return Ok(None);
        }
        let count = usize::try_from(length).map_err(|_| Malformed::Length(length.into()))?;
        std::str::from_utf8(self.take(count)?).map(Some).map_err(|_| Malformed::NotUtf8)
    }

    /// A string.
    ///
    /// # Errors
    /// If it is null, cut short or not UTF-8.
    pub(crate) fn string(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_string()?.ok_or(Malformed::Length(-1))
    }

    /// Bytes that may be null.
    ///
    /// # Errors
    /// If they are cut short.
    pub(crate) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let length = self.int32()?;
        if length == -1 {
            return Ok(None);
        }
        let count = usize::try_from(length).map_err(|_| Malformed::Length(length.into()))?;
        self.take(count).map(Some)
    }

    /// Bytes.
    ///
    /// # Errors
    /// If they are null or cut short.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        self.nullable_bytes()?.ok_or(Malformed::Length(-1))
    }

    /// The count of an array whose elements take at least one byte each.
    ///
    /// # Errors
    /// If it is null or more than the bytes left can hold.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.int32()?;
        let fits = usize::try_from(count).ok().filter(|count| *count <= self.rest.len());
        fits.ok_or(Malformed::Length(count.into()))
    }
}

/// Writes a string.
///
/// # Panics
/// If it is longer than an int16 can say: the guard of requests lets no such string in.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) {
    out.put_i16(i16::try_from(text.len()).expect("strings on the wire fit their int16 length"));
    out.put_slice(text.as_bytes());
}

pub(super) fn put_nullable_string(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_string(out, text),
        None => out.put_i16(-1),
    }
}

/// Writes bytes.
///
/// # Panics
/// If they are longer than an int32 can say: no request is so large.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &Bytes) {
    put_count(out, bytes.len());
    out.put_slice(bytes);
}

/// Writes the count of an array.
///
/// # Panics
/// If it is larger than an int32 can say: no request is so large.
pub(super) fn put_count(out: &mut Vec<u8>, count: usize) {
    out.put_i32(i32::try_from(count).expect("counts on the wire fit an int32"));
}
