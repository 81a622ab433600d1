//! The flexible encoding of record fields (KIP-482): lengths as unsigned varints, one more than
//! they are so that 0 is null, and tagged fields at the end of every structure.

use bytes::BufMut;

use super::encoding::{Fields, Malformed};

impl<'a> Fields<'a> {
    /// An int8.
    ///
    /// # Errors
    /// If the bytes end before it does.
    pub(crate) fn int8(&mut self) -> Result<i8, Malformed> {
        self.array().map(i8::from_be_bytes)
    }

    /// Sixteen bytes.
    ///
    /// # Errors
    /// If the bytes end before they do.
    pub(crate) fn uuid(&mut self) -> Result<[u8; 16], Malformed> {
        self.array()
    }

    /// An unsigned varint of at most 32 bits.
    ///
    /// # Errors
    /// If it is cut short or longer than five bytes.
    pub(crate) fn unsigned_varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::Length(value.into()))
    }

    /// A compact length, or none for null, of elements that take at least one byte each.
    pub(crate) fn compact_length(&mut self) -> Result<Option<usize>, Malformed> {
        let length = self.unsigned_varint()?;
        let Some(length) = length.checked_sub(1) else { return Ok(None) };
        let fits = usize::try_from(length).ok().filter(|length| *length <= self.remaining());
        fits.map(Some).ok_or(Malformed::Length(length.into()))
    }

    /// A compact string that may be null.
    ///
    /// # Errors
    /// If it is cut short or not UTF-8.
    pub(crate) fn compact_nullable_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Some(length) = self.compact_length()? else { return Ok(None) };
        std::str::from_utf8(self.take(length)?).map(Some).map_err(|_| Malformed::NotUtf8)
    }

    /// A compact string.
    ///
    /// # Errors
    /// If it is null, cut short or not UTF-8.
    pub(crate) fn compact_string(&mut self) -> Result<&'a str, Malformed> {
        self.compact_nullable_string()?.ok_or(Malformed::Length(-1))
    }

    /// Compact bytes.
    ///
    /// # Errors
    /// If they are null or cut short.
    pub(crate) fn compact_bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.compact_count()?;
        self.take(length)
    }

    /// The count of a compact array whose elements take at least one byte each.
    ///
    /// # Errors
    /// If it is null or more than the bytes left can hold.
    pub(crate) fn compact_count(&mut self) -> Result<usize, Malformed> {
        self.compact_length()?.ok_or(Malformed::Length(-1))
    }

    /// The tagged fields that end a structure: each tag with a reader of its bytes.
    ///
    /// # Errors
    /// If they are cut short, or `read` says so.
    pub(crate) fn tagged(
        &mut self,
        mut read: impl FnMut(u32, &mut Fields<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for _ in 0..self.unsigned_varint()? {
            let tag = self.unsigned_varint()?;
            let length = self.unsigned_varint()?;
            let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
            read(tag, &mut Fields::new(self.take(length)?))?;
        }
        Ok(())
    }

    /// Passes over the tagged fields that end a structure.
    ///
    /// # Errors
    /// If they are cut short.
    pub(crate) fn skip_tagged(&mut self) -> Result<(), Malformed> {
        self.tagged(|_, _| Ok(()))
    }
}

pub(super) fn put_unsigned_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Writes the count of a compact array or the length of compact bytes.
///
/// # Panics
/// If it does not fit 32 bits: no request is so large.
pub(super) fn put_compact_count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).ok().and_then(|count| count.checked_add(1));
    put_unsigned_varint(out, count.expect("counts on the wire fit 32 bits"));
}

pub(super) fn put_compact_string(out: &mut Vec<u8>, text: &str) {
    put_compact_bytes(out, text.as_bytes());
}

pub(super) fn put_compact_nullable_string(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_compact_string(out, text),
        None => put_unsigned_varint(out, 0),
    }
}

pub(super) fn put_compact_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_compact_count(out, bytes.len());
    out.put_slice(bytes);
}

/// Writes the end of a structure without tagged fields.
pub(super) fn put_no_tagged(out: &mut Vec<u8>) {
    put_unsigned_varint(out, 0);
}

/// Writes the end of a structure with one tagged field.
pub(super) fn put_tagged(out: &mut Vec<u8>, tag: u32, field: &[u8]) {
    put_unsigned_varint(out, 1);
    put_unsigned_varint(out, tag);
    put_unsigned_varint(out, u32::try_from(field.len()).expect("fields on the wire fit 32 bits"));
    out.put_slice(field);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_varints_come_back_and_overlong_ones_do_not() {
        for value in [0, 1, 127, 128, 300, u32::MAX] {
            let mut bytes = Vec::new();
            put_unsigned_varint(&mut bytes, value);
            assert_eq!(Fields::new(&bytes).unsigned_varint(), Ok(value));
        }
        assert!(Fields::new(&[0x80; 6]).unsigned_varint().is_err());
    }

    #[test]
    fn a_huge_compact_count_is_refused_before_anything_is_allocated() {
        let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(Fields::new(&huge).compact_count(), Err(Malformed::Length(0xffff_fffe)));
    }
}
