//! The codecs of BATCH-02, with a bound on what a small batch can grow to.

use std::io::{self, Read, Write};

use bytes::Bytes;
use thiserror::Error;

use super::snappy;

/// The most bytes that the records of one batch may take when decompressed: 64 MiB. Kafka knows no
/// such bound; here it keeps a compressed bomb from taking the memory of all connections.
pub const DECOMPRESSED_BYTES_MAX: u64 = 64 << 20;

/// How the records of a batch are compressed (BATCH-02).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Snappy, in the framing of snappy-java or raw.
    Snappy,
    /// The LZ4 frame format.
    Lz4,
    /// Zstandard (KIP-110).
    Zstd,
}

/// Why compressed records cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CompressionError {
    /// The stream of the codec is broken.
    #[error("broken {codec:?} stream: {reason} (BATCH-09)")]
    Broken {
        /// The codec.
        codec: Compression,
        /// What the codec says.
        reason: String,
    },
    /// More than [`DECOMPRESSED_BYTES_MAX`].
    #[error("the records decompress to more than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: u64,
    },
}

impl Compression {
    /// The codec that the number in the attributes stands for; 5 to 7 stand for none.
    #[must_use]
    pub const fn from_codec(codec: i16) -> Option<Self> {
        match codec {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The number in the attributes.
    #[must_use]
    pub const fn codec(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Decompresses `bytes` into at most `limit` bytes; shares them if they are not compressed.
    pub(crate) fn decompress(self, bytes: &Bytes, limit: u64) -> Result<Bytes, CompressionError> {
        let input = &bytes[..];
        let broken =
            |error: io::Error| CompressionError::Broken { codec: self, reason: error.to_string() };
        let output = match self {
            Self::None => return Ok(bytes.clone()),
            Self::Gzip => gunzip(input, limit),
            Self::Snappy => snappy::decompress(input, limit),
            Self::Lz4 => read_up_to(lz4_flex::frame::FrameDecoder::new(input), limit),
            Self::Zstd => ruzstd::decoding::StreamingDecoder::new(input)
                .map_err(io::Error::other)
                .and_then(|decoder| read_up_to(decoder, limit)),
        };
        output.map_err(broken)?.map(Bytes::from).ok_or(CompressionError::TooLarge { limit })
    }

    pub(crate) fn compress(self, bytes: &[u8]) -> Vec<u8> {
        const IN_MEMORY: &str = "writing to memory does not fail";
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => {
                let level = flate2::Compression::default();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).expect(IN_MEMORY);
                encoder.finish().expect(IN_MEMORY)
            }
            Self::Snappy => snappy::compress(bytes),
            Self::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(bytes).expect(IN_MEMORY);
                encoder.finish().expect(IN_MEMORY)
            }
            Self::Zstd => ruzstd::encoding::compress_to_vec(
                bytes,
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
        }
    }
}

/// Decompresses one gzip member after another; like Java's reader it stops where no further member
/// begins, whatever is there. `None` if there is more than `limit`.
fn gunzip(mut input: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut output = Vec::new();
    loop {
        let mut member = flate2::bufread::GzDecoder::new(input);
        if member.header().is_none() && !output.is_empty() {
            return Ok(Some(output));
        }
        (&mut member).take(limit + 1 - output.len() as u64).read_to_end(&mut output)?;
        if output.len() as u64 > limit {
            return Ok(None);
        }
        input = member.into_inner();
        if input.is_empty() {
            return Ok(Some(output));
        }
    }
}

/// Reads to the end; `None` if there is more than `limit`.
fn read_up_to(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut output = Vec::new();
    reader.take(limit + 1).read_to_end(&mut output)?;
    Ok((output.len() as u64 <= limit).then_some(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_09_decompression_stops_at_its_limit() {
        for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
            let bomb = Bytes::from(codec.compress(&[0; 100_000]));
            assert!(bomb.len() < 10_000, "{codec:?}");
            let whole = codec.decompress(&bomb, 100_000).map(|bytes| bytes.len());
            assert_eq!(whole, Ok(100_000), "{codec:?}");
            let limit = 99_999;
            let refused = codec.decompress(&bomb, limit);
            assert_eq!(refused, Err(CompressionError::TooLarge { limit }), "{codec:?}");
        }
    }
}
