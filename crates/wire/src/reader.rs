//! Reads primitive values from bytes that nobody has vouched for.

use crate::Problem;

/// The part of a frame that is still to be read.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader that begins `position` bytes in, which must not lie beyond the end.
    pub(crate) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position }
    }

    /// The number of bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// The same place, with the end of the bytes `count` bytes from here.
    pub(crate) fn narrowed(&self, count: usize) -> Result<Self, Problem> {
        let mut ahead = Self { bytes: self.bytes, position: self.position };
        ahead.take(count)?;
        Ok(Self { bytes: &self.bytes[..ahead.position], position: self.position })
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let rest = &self.bytes[self.position..];
        let Some(taken) = rest.get(..count) else {
            return Err(Problem::Short { needed: count as u64, left: rest.len() as u64 });
        };
        self.position += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn int8(&mut self) -> Result<i8, Problem> {
        self.array().map(i8::from_be_bytes)
    }

    pub(crate) fn int16(&mut self) -> Result<i16, Problem> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn int32(&mut self) -> Result<i32, Problem> {
        self.array().map(i32::from_be_bytes)
    }

    /// An unsigned varint of at most five bytes (FRAME-17); bits beyond the 32nd are dropped, as
    /// Kafka does.
    pub(crate) fn varint(&mut self) -> Result<u32, Problem> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Problem::Varint)
    }
}
