//! Snappy as Kafka's clients send it: in the framing of snappy-java (a magic, then blocks behind
//! their lengths), or as one raw block.

use std::io;

const MAGIC: &[u8; 8] = b"\x82SNAPPY\0";
/// Magic, version and lowest compatible version.
const FRAMING_BYTES: usize = 16;
const BLOCK_BYTES: usize = 32 << 10;
/// Three bytes of input stand for 64 bytes of output at most.
const EXPANSION_MAX: usize = 22;

/// `None` if the output would be larger than `limit`.
pub(super) fn decompress(input: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut output = Vec::new();
    if !input.starts_with(MAGIC) {
        return Ok(push_block(&mut output, input, limit)?.then_some(output));
    }
    let mut rest = input.get(FRAMING_BYTES..).ok_or(io::ErrorKind::UnexpectedEof)?;
    while !rest.is_empty() {
        let (length, tail) = rest.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (block, tail) = tail.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        if !push_block(&mut output, block, limit)? {
            return Ok(None);
        }
        rest = tail;
    }
    Ok(Some(output))
}

/// Whether the block still fits; its claimed length is checked before memory is taken.
fn push_block(output: &mut Vec<u8>, block: &[u8], limit: u64) -> io::Result<bool> {
    let length = snap::raw::decompress_len(block).map_err(io::Error::other)?;
    let start = output.len();
    if (start + length) as u64 > limit {
        return Ok(false);
    }
    if length / EXPANSION_MAX > block.len() {
        return Err(io::Error::other("a block claims more bytes than it can hold"));
    }
    output.resize(start + length, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, &mut output[start..])
        .map_err(io::Error::other)?;
    output.truncate(start + written);
    Ok(true)
}

pub(super) fn compress(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len() / 2 + FRAMING_BYTES);
    output.extend_from_slice(MAGIC);
    output.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    let mut encoder = snap::raw::Encoder::new();
    for block in input.chunks(BLOCK_BYTES) {
        let block = encoder.compress_vec(block).expect("a block is far below snappy's limit");
        output.extend_from_slice(&(block.len() as u32).to_be_bytes());
        output.extend_from_slice(&block);
    }
    output
}
