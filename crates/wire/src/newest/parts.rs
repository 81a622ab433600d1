//! What flexible messages are made of (FRAME-17). The guard has seen that all of it is there.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use uuid::Uuid;

/// Errors are texts, as kafka-protocol's are.
pub(super) type Result<T> = std::result::Result<T, String>;

fn cut(error: impl ToString) -> String {
    error.to_string()
}

pub(super) fn int8(bytes: &mut Bytes) -> Result<i8> {
    bytes.try_get_i8().map_err(cut)
}

pub(super) fn int16(bytes: &mut Bytes) -> Result<i16> {
    bytes.try_get_i16().map_err(cut)
}

pub(super) fn int32(bytes: &mut Bytes) -> Result<i32> {
    bytes.try_get_i32().map_err(cut)
}

pub(super) fn int64(bytes: &mut Bytes) -> Result<i64> {
    bytes.try_get_i64().map_err(cut)
}

pub(super) fn boolean(bytes: &mut Bytes) -> Result<bool> {
    bytes.try_get_u8().map(|byte| byte != 0).map_err(cut)
}

pub(super) fn uuid(bytes: &mut Bytes) -> Result<Uuid> {
    bytes.try_get_u128().map(Uuid::from_u128).map_err(cut)
}

fn varint(bytes: &mut Bytes) -> Result<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = bytes.try_get_u8().map_err(cut)?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a varint of more than 5 bytes".to_owned())
}

fn put_varint(out: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// A length or count: one more than it is, and 0 for null.
fn put_length(out: &mut BytesMut, length: usize) -> Result<()> {
    let more = u32::try_from(length).ok().and_then(|length| length.checked_add(1));
    put_varint(out, more.ok_or("longer than a compact length can say")?);
    Ok(())
}

pub(super) fn nullable_text(bytes: &mut Bytes) -> Result<Option<StrBytes>> {
    let Some(length) = varint(bytes)?.checked_sub(1) else { return Ok(None) };
    if length as usize > bytes.len() {
        return Err(format!("a text of {length} bytes with {} left", bytes.len()));
    }
    StrBytes::try_from(bytes.split_to(length as usize)).map(Some).map_err(cut)
}

pub(super) fn text(bytes: &mut Bytes) -> Result<StrBytes> {
    nullable_text(bytes).map(Option::unwrap_or_default)
}

pub(super) fn put_text(out: &mut BytesMut, text: &StrBytes) -> Result<()> {
    put_nullable_text(out, Some(text))
}

pub(super) fn put_nullable_text(out: &mut BytesMut, text: Option<&StrBytes>) -> Result<()> {
    match text {
        Some(text) => {
            put_length(out, text.len())?;
            out.put_slice(text.as_bytes());
        }
        None => put_varint(out, 0),
    }
    Ok(())
}

pub(super) fn nullable_array<T>(
    bytes: &mut Bytes,
    mut element: impl FnMut(&mut Bytes) -> Result<T>,
) -> Result<Option<Vec<T>>> {
    match varint(bytes)?.checked_sub(1) {
        Some(count) => (0..count).map(|_| element(bytes)).collect::<Result<_>>().map(Some),
        None => Ok(None),
    }
}

pub(super) fn array<T>(
    bytes: &mut Bytes,
    element: impl FnMut(&mut Bytes) -> Result<T>,
) -> Result<Vec<T>> {
    nullable_array(bytes, element).map(Option::unwrap_or_default)
}

pub(super) fn put_array<T>(
    out: &mut BytesMut,
    elements: &[T],
    mut element: impl FnMut(&mut BytesMut, &T) -> Result<()>,
) -> Result<()> {
    put_length(out, elements.len())?;
    elements.iter().try_for_each(|value| element(out, value))
}

pub(super) fn put_null(out: &mut BytesMut) {
    put_varint(out, 0);
}

/// A structure as kafka-protocol reads it in the version before.
pub(super) fn structure<T: Decodable>(bytes: &mut Bytes, version: i16) -> Result<T> {
    T::decode(bytes, version).map_err(cut)
}

/// A structure as kafka-protocol writes it in the version before.
pub(super) fn put_structure<T: Encodable>(
    out: &mut BytesMut,
    value: &T,
    version: i16,
) -> Result<()> {
    value.encode(out, version).map_err(cut)
}

/// Passes over the tagged fields that end a structure: none of them is known (API-07).
pub(super) fn skip_tagged_fields(bytes: &mut Bytes) -> Result<()> {
    for _ in 0..varint(bytes)? {
        let _tag = varint(bytes)?;
        let size = varint(bytes)? as usize;
        if size > bytes.len() {
            return Err(format!("a tagged field of {size} bytes with {} left", bytes.len()));
        }
        bytes.advance(size);
    }
    Ok(())
}

pub(super) fn put_no_tagged_fields(out: &mut BytesMut) {
    put_varint(out, 0);
}
