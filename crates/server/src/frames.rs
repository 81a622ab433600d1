//! From bytes as they arrive to whole frames. Nothing is allocated by a claimed length before the
//! bytes arrive (FRAME-02), and a frame gets a buffer of its own of exactly its size, since the
//! record batches in it stay in the log as slices of it.

use std::io;

use bytes::{BufMut, Bytes};
use fencepost_wire::{BadLength, frame_length};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Short frames are read together into one buffer of this many bytes.
const SHORT: usize = 8192;

/// A long frame's buffer begins with at most this many bytes.
const FIRST: usize = 64 * 1024;

/// A long frame's buffer grows to at most so many times the bytes that have arrived.
const GROWTH: usize = 4;

/// Cuts a stream of bytes into frames.
#[derive(Debug)]
pub(crate) struct FrameReader {
    limit: u32,
    short: Box<[u8; SHORT]>,
    /// The bytes of `short` that have arrived and are not yet part of a frame.
    begin: usize,
    end: usize,
    long: Option<LongFrame>,
}

#[derive(Debug)]
struct LongFrame {
    length: usize,
    bytes: Vec<u8>,
}

impl FrameReader {
    /// A reader of frames of at most `limit` bytes.
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, short: Box::new([0; SHORT]), begin: 0, end: 0, long: None }
    }

    /// The next whole frame, without its length, if all of it has arrived.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Bytes>, BadLength> {
        if let Some(long) = self.long.take_if(|long| long.bytes.len() == long.length) {
            return Ok(Some(Bytes::from(long.bytes)));
        }
        let arrived = &self.short[self.begin..self.end];
        let Some((prefix, rest)) = arrived.split_first_chunk::<4>() else { return Ok(None) };
        let length = frame_length(*prefix, self.limit)? as usize;
        if let Some(frame) = rest.get(..length) {
            let frame = Bytes::copy_from_slice(frame);
            self.begin += 4 + length;
            return Ok(Some(frame));
        }
        if length > SHORT - 4 {
            let mut bytes = Vec::with_capacity(length.min(FIRST));
            bytes.extend_from_slice(rest);
            (self.begin, self.end) = (0, 0);
            self.long = Some(LongFrame { length, bytes });
        }
        Ok(None)
    }

    /// Whether part of a frame has arrived.
    pub(crate) fn is_inside_frame(&self) -> bool {
        self.long.is_some() || self.begin < self.end
    }

    /// Reads once; 0 is the end of the stream. To be called when [`Self::next_frame`] has none.
    pub(crate) async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<usize> {
        if let Some(LongFrame { length, bytes }) = &mut self.long {
            if bytes.len() == bytes.capacity() {
                let grown = bytes.len().saturating_mul(GROWTH).min(*length);
                bytes.reserve_exact(grown - bytes.len());
            }
            let space = bytes.capacity().min(*length) - bytes.len();
            return stream.read_buf(&mut bytes.limit(space)).await;
        }
        if self.begin > 0 {
            self.short.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        let count = stream.read(&mut self.short[self.end..]).await?;
        self.end += count;
        Ok(count)
    }
}
