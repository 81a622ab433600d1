//! Writing a trace.

use std::io::{self, Write};

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3Default;

use crate::digest::{Digest, TraceHash};
use crate::header::Header;
use crate::line::{End, LastLine};
use crate::lines::Lines;

/// Why a trace could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The file refused.
    #[error("the trace cannot be written: {0}")]
    Io(#[from] io::Error),
    /// A line cannot be JSON: a bug in fencepost.
    #[error("the trace cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// Lines of that many bytes are gathered for one write.
const GATHERED_BYTES: usize = 1 << 18;

/// Writes the lines of a trace. What it holds is less than that, and one frame.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// Text that is not written yet.
    text: Vec<u8>,
    hash: Xxh3,
    turns: u64,
}

struct Xxh3(Xxh3Default);

impl std::fmt::Debug for Xxh3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Xxh3")
    }
}

impl<W: Write> Writer<W> {
    /// Begins with the first line. Lines are gathered into large writes; [`Self::flush`] writes them.
    ///
    /// # Errors
    /// The file refuses.
    pub fn new(out: W, header: &Header) -> Result<Self, WriteError> {
        let mut hash = Xxh3Default::new();
        hash.update(&hashed_header(header)?);
        let mut text = serde_json::to_vec(header)?;
        text.push(b'\n');
        Ok(Self { out, text, hash: Xxh3(hash), turns: 0 })
    }

    /// Writes the lines of turns, and leaves none of them there.
    ///
    /// # Errors
    /// The file refuses.
    pub fn lines(&mut self, lines: &mut Lines) -> Result<(), WriteError> {
        for piece in lines.pieces() {
            let begin = self.text.len();
            piece.append_to(&mut self.text);
            self.hash.0.update(&self.text[begin..]);
            if self.text.len() >= GATHERED_BYTES {
                self.write_text()?;
            }
        }
        self.turns += lines.turns();
        lines.clear();
        Ok(())
    }

    fn write_text(&mut self) -> Result<(), WriteError> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// What was written to, without a last line.
    ///
    /// # Errors
    /// The file refuses.
    pub fn into_inner(mut self) -> Result<W, WriteError> {
        self.write_text()?;
        Ok(self.out)
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// The file refuses.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.write_text()?;
        Ok(self.out.flush()?)
    }

    /// Writes the last line; returns the hash of the run.
    ///
    /// # Errors
    /// The file refuses.
    pub fn finish(mut self) -> Result<TraceHash, WriteError> {
        let hash = Digest(self.hash.0.digest());
        let end = End { turns: self.turns, hash };
        serde_json::to_writer(&mut self.text, &LastLine { end })?;
        self.text.push(b'\n');
        self.flush()?;
        Ok(hash)
    }
}

/// The header as it goes into the hash: without the time of the recording.
pub(crate) fn hashed_header(header: &Header) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(&Header { recorded_at: None, ..header.clone() })?;
    line.push(b'\n');
    Ok(line)
}
