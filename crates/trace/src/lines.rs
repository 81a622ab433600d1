//! Turns on their way to a file: a thread that must not wait pushes them, another writes them.

use bytes::Bytes;

use crate::line::Head;
use crate::turn::{Input, Turn};

/// A longer frame is put into text by whoever writes, in bytes.
const SHORT_FRAME_BYTES: usize = 1 << 10;

/// Text is handed on in pieces of at most that many bytes.
const PIECE_BYTES: usize = 1 << 16;

/// Room for text that is kept for the next turns, in bytes.
const ROOM_BYTES: usize = 1 << 22;

/// The lines of turns. They are text already: that takes less than to leave it to another thread to
/// free what a turn is made of. Long frames alone are kept as they are.
#[derive(Default, Debug)]
pub struct Lines {
    text: Vec<u8>,
    frames: Vec<LongFrame>,
    frame_bytes: usize,
    turns: u64,
}

#[derive(Debug)]
struct LongFrame {
    /// Where it belongs in the text.
    at: usize,
    frame: Bytes,
}

/// What comes next in the file.
pub(crate) enum Piece<'a> {
    Text(&'a [u8]),
    Frame(&'a [u8]),
}

impl Lines {
    /// Adds the line of a turn.
    pub fn push(&mut self, turn: &Turn) {
        self.turns += 1;
        let text = &mut self.text;
        serde_json::to_writer(&mut *text, &Head::of(turn)).expect("memory takes plain data");
        if let Input::Request { frame, .. } = &turn.input {
            text.pop();
            text.extend_from_slice(b",\"frame\":\"");
            if frame.len() <= SHORT_FRAME_BYTES {
                base64_simd::STANDARD.encode_append(frame, text);
            } else {
                self.frame_bytes += frame.len();
                self.frames.push(LongFrame { at: text.len(), frame: frame.clone() });
            }
            text.extend_from_slice(b"\"}");
        }
        text.push(b'\n');
    }

    /// How many bytes they keep.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.frame_bytes
    }

    /// How many turns there are.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns
    }

    pub(crate) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let text = |from, to| self.text[from..to].chunks(PIECE_BYTES).map(Piece::Text);
        let mut from = 0;
        let until_frames = self.frames.iter().flat_map(move |LongFrame { at, frame }| {
            let before = text(from, *at);
            from = *at;
            before.chain([Piece::Frame(frame)])
        });
        let last = self.frames.last().map_or(0, |it| it.at);
        until_frames.chain(text(last, self.text.len()))
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(ROOM_BYTES);
        self.frames.clear();
        self.frame_bytes = 0;
        self.turns = 0;
    }
}

impl Piece<'_> {
    pub(crate) fn append_to(&self, text: &mut Vec<u8>) {
        match self {
            Self::Text(piece) => text.extend_from_slice(piece),
            Self::Frame(frame) => base64_simd::STANDARD.encode_append(frame, text),
        }
    }
}
