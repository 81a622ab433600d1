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

    /// Whether more may be read before [`Self::next_frame`] is asked again.
    pub(crate) fn has_room(&self) -> bool {
        self.long.is_none() && self.end - self.begin < SHORT
    }

    /// Reads once; 0 is the end of the stream. To be called when [`Self::next_frame`] has none, or
    /// there is room.
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u32 = 104_857_600;

    async fn arrive(reader: &mut FrameReader, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            reader.read(&mut bytes).await.unwrap();
            let Some(LongFrame { length, bytes }) = &reader.long else { continue };
            assert!(bytes.capacity() <= FIRST.max(bytes.len() * GROWTH).min(*length));
        }
    }

    /// The frame claims the most that is taken, and its bytes arrive slowly at first.
    #[tokio::test]
    async fn frame_02_memory_follows_the_bytes_and_not_the_length() {
        let mut reader = FrameReader::new(LIMIT);
        arrive(&mut reader, &LIMIT.to_be_bytes()).await;
        assert_eq!(reader.next_frame(), Ok(None));
        for _ in 0..100 {
            arrive(&mut reader, b"slowly").await;
            assert_eq!(reader.next_frame(), Ok(None));
            assert!(reader.long.as_ref().unwrap().bytes.capacity() <= FIRST);
        }
        for _ in 0..100 {
            arrive(&mut reader, &[7; 10_000]).await;
            assert_eq!(reader.next_frame(), Ok(None));
        }
    }

    /// A record batch stays in the log as a slice of its frame, so room to spare would stay too.
    #[tokio::test]
    async fn frame_01_a_frame_fills_its_buffer() {
        for length in [0, 1, SHORT - 4, SHORT - 3, SHORT, FIRST - 1, FIRST, FIRST + 1, 300_001] {
            let mut reader = FrameReader::new(LIMIT);
            let payload = vec![9; length];
            let prefix = u32::try_from(length).unwrap().to_be_bytes();
            let mut sent = &[&prefix[..], &payload].concat()[..];
            let frame = loop {
                if let Some(frame) = reader.next_frame().unwrap() {
                    break frame;
                }
                assert_ne!(reader.read(&mut sent).await.unwrap(), 0);
            };
            assert_eq!(frame, payload);
            assert!(!reader.is_inside_frame());
            let room = Vec::from(frame).capacity();
            assert_eq!(room, length);
        }
    }

    #[tokio::test]
    async fn frame_01_short_frames_arrive_together() {
        let mut reader = FrameReader::new(LIMIT);
        arrive(&mut reader, &[0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0]).await;
        assert_eq!(reader.next_frame(), Ok(Some(Bytes::from_static(&[7]))));
        assert_eq!(reader.next_frame(), Ok(Some(Bytes::new())));
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.is_inside_frame());
        arrive(&mut reader, &[0, 2, 8, 9]).await;
        assert_eq!(reader.next_frame(), Ok(Some(Bytes::from_static(&[8, 9]))));
        assert!(!reader.is_inside_frame());
    }
}
