//! Frames: an int32 length, then that many bytes (FRAME-01).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

/// The largest frame that a broker takes by default, in bytes: `socket.request.max.bytes`
/// (FRAME-02).
pub const MAX_FRAME_BYTES: u32 = 104_857_600;

/// Chunks shorter than this are copied into the bytes around them, in bytes.
const COPY_BELOW: usize = 2048;

/// A length that closes the connection (FRAME-02).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("frame length {length} is outside 0..={limit}{looks_like}")]
pub struct BadLength {
    /// The length that was read.
    pub length: i32,
    /// The largest that is allowed.
    pub limit: u32,
    /// What the four bytes look like.
    pub looks_like: LooksLike,
}

/// What a length that is out of bounds looks like (FRAME-20).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LooksLike {
    /// The first bytes of a TLS handshake: a client that expects an encrypted listener.
    Tls,
    /// The first bytes of an HTTP request.
    Http,
    /// Nothing known.
    Nothing,
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => " (it looks like TLS on a plaintext listener)",
            Self::Http => " (it looks like HTTP)",
            Self::Nothing => "",
        })
    }
}

/// The length of the frame that follows, in bytes, from its first four bytes (FRAME-01). Nothing
/// may be allocated by it before the bytes arrive.
///
/// # Errors
/// If it is negative or above `limit`: the connection is closed (FRAME-02).
pub fn frame_length(prefix: [u8; 4], limit: u32) -> Result<u32, BadLength> {
    let length = i32::from_be_bytes(prefix);
    match u32::try_from(length) {
        Ok(bytes) if bytes <= limit => Ok(bytes),
        _ => Err(BadLength { length, limit, looks_like: looks_like(prefix) }),
    }
}

fn looks_like(prefix: [u8; 4]) -> LooksLike {
    const METHODS: [&[u8; 4]; 9] =
        [b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"PRI "];
    match prefix {
        [0x16, 0x03, ..] => LooksLike::Tls,
        _ if METHODS.contains(&&prefix) => LooksLike::Http,
        _ => LooksLike::Nothing,
    }
}

/// A whole frame, its length included, as chunks for a vectored write. Record batches stand in it
/// as they were given, uncopied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    head: Bytes,
    rest: Vec<Bytes>,
}

impl Frame {
    /// A frame of bytes that were written elsewhere, without their length; none if they are too
    /// long for one.
    #[must_use]
    pub fn of_payload(payload: Bytes) -> Option<Self> {
        let length = i32::try_from(payload.len()).ok()?;
        let head = Bytes::copy_from_slice(&length.to_be_bytes());
        let rest = if payload.is_empty() { Vec::new() } else { vec![payload] };
        Some(Self { head, rest })
    }

    /// The chunks, in order; none is empty.
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.head).chain(&self.rest)
    }

    /// The chunks, in order; none is empty.
    pub fn into_chunks(self) -> impl Iterator<Item = Bytes> {
        std::iter::once(self.head).chain(self.rest)
    }

    /// The number of bytes in all chunks together, the length included.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.chunks().map(Bytes::len).sum()
    }

    /// All chunks as one, the length left out: what [`crate::decode_request`] and
    /// [`crate::decode_response`] take. It copies only if there is more than one chunk.
    #[must_use]
    pub fn into_payload(self) -> Bytes {
        if self.rest.is_empty() {
            return self.head.slice(4..);
        }
        let mut whole = BytesMut::with_capacity(self.byte_len());
        self.chunks().for_each(|chunk| whole.extend_from_slice(chunk));
        whole.freeze().slice(4..)
    }
}

/// A frame that is being written: bytes, and large chunks to be put between them.
pub(crate) struct FrameBuilder {
    pub(crate) bytes: BytesMut,
    chunks: Vec<(usize, Bytes)>,
}

impl FrameBuilder {
    pub(crate) fn new() -> Self {
        let mut bytes = BytesMut::with_capacity(256);
        bytes.put_i32(0);
        Self { bytes, chunks: Vec::new() }
    }

    /// Puts a chunk at the present position; only a short one is copied.
    pub(crate) fn put_chunk(&mut self, chunk: &Bytes) {
        if chunk.len() < COPY_BELOW {
            self.bytes.extend_from_slice(chunk);
        } else {
            self.chunks.push((self.bytes.len(), chunk.clone()));
        }
    }

    /// The frame, with its length filled in; the number of bytes if they exceed an int32.
    pub(crate) fn finish(mut self) -> Result<Frame, usize> {
        let chunk_bytes: usize = self.chunks.iter().map(|(_, chunk)| chunk.len()).sum();
        let length = self.bytes.len() - 4 + chunk_bytes;
        let prefix = i32::try_from(length).map_err(|_| length)?;
        self.bytes[..4].copy_from_slice(&prefix.to_be_bytes());
        let mut bytes = self.bytes.freeze();
        let Some(&(first, _)) = self.chunks.first() else {
            return Ok(Frame { head: bytes, rest: Vec::new() });
        };
        let head = bytes.split_to(first);
        let mut rest = Vec::with_capacity(self.chunks.len() * 2);
        let mut written = first;
        for (position, chunk) in self.chunks {
            if position > written {
                rest.push(bytes.split_to(position - written));
                written = position;
            }
            rest.push(chunk);
        }
        if !bytes.is_empty() {
            rest.push(bytes);
        }
        Ok(Frame { head, rest })
    }
}
