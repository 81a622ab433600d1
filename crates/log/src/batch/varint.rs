//! Zigzag varints, as in records (BATCH-04).

/// Takes a varint of at most 32 bits from the front of `bytes`.
#[inline]
pub(crate) fn take_i32(bytes: &mut &[u8]) -> Option<i32> {
    // Nearly all fields of a record take one or two bytes.
    let value = match **bytes {
        [first @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            u32::from(first)
        }
        [first, second @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            u32::from(first & 0x7f) | u32::from(second) << 7
        }
        _ => take_long(bytes, 5)? as u32,
    };
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// Takes a varint of at most 64 bits from the front of `bytes`.
#[inline]
pub(crate) fn take_i64(bytes: &mut &[u8]) -> Option<i64> {
    let value = match **bytes {
        [first @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            u64::from(first)
        }
        _ => take_long(bytes, 10)?,
    };
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// Takes at most `most` bytes, without undoing the zigzag.
fn take_long(bytes: &mut &[u8], most: usize) -> Option<u64> {
    let mut value = 0u64;
    for index in 0..most {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Appends `value` in as few bytes as it needs; right for 32-bit fields too.
pub(crate) fn put(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// How many bytes [`put`] appends.
pub(crate) fn size(value: i64) -> usize {
    let zigzag = ((value << 1) ^ (value >> 63)).cast_unsigned();
    (64 - (zigzag | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_04_varints_are_zigzag_and_come_back() {
        for value in [0, -1, 1, 63, -64, 64, 300, i64::from(i32::MAX), i64::MIN, i64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes.len(), size(value), "{value}");
            assert_eq!(take_i64(&mut &bytes[..]), Some(value));
        }
        let mut minimum = Vec::new();
        put(&mut minimum, i64::from(i32::MIN));
        assert_eq!(take_i32(&mut &minimum[..]), Some(i32::MIN));
        assert_eq!(take_i32(&mut &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00][..]), None);
        assert_eq!(take_i64(&mut &[0x80][..]), None);
    }
}
