//! Writing a trace, a line at a time.

use std::io::{self, Write};

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3Default;

use crate::digest::{Digest, TraceHash};
use crate::header::Header;
use crate::line::{End, Head, LastLine};
use crate::turn::{Input, Turn};

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

/// Writes the lines of a trace. What it holds is one line.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    line: Vec<u8>,
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
    /// Writes the first line. Lines go out in one piece each; a buffer below is the caller's.
    ///
    /// # Errors
    /// The file refuses.
    pub fn new(mut out: W, header: &Header) -> Result<Self, WriteError> {
        let mut hash = Xxh3Default::new();
        hash.update(&hashed_header(header)?);
        let mut line = serde_json::to_vec(header)?;
        line.push(b'\n');
        out.write_all(&line)?;
        Ok(Self { out, line, hash: Xxh3(hash), turns: 0 })
    }

    /// Writes a turn.
    ///
    /// # Errors
    /// The file refuses.
    pub fn turn(&mut self, turn: &Turn) -> Result<(), WriteError> {
        let line = &mut self.line;
        line.clear();
        serde_json::to_writer(&mut *line, &Head::of(turn))?;
        if let Input::Request { frame, .. } = &turn.input {
            line.pop();
            line.extend_from_slice(b",\"frame\":\"");
            let begin = line.len();
            line.resize(begin + base64_simd::STANDARD.encoded_length(frame.len()), 0);
            let _ = base64_simd::STANDARD
                .encode(frame, base64_simd::Out::from_slice(&mut line[begin..]));
            line.extend_from_slice(b"\"}");
        }
        line.push(b'\n');
        self.hash.0.update(line);
        self.turns += 1;
        Ok(self.out.write_all(line)?)
    }

    /// What was written to, without a last line.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Hands on what a buffer below holds.
    ///
    /// # Errors
    /// The file refuses.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }

    /// Writes the last line; returns the hash of the run.
    ///
    /// # Errors
    /// The file refuses.
    pub fn finish(mut self) -> Result<TraceHash, WriteError> {
        let hash = Digest(self.hash.0.digest());
        let end = End { turns: self.turns, hash };
        serde_json::to_writer(&mut self.out, &LastLine { end })?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        Ok(hash)
    }
}

/// The header as it goes into the hash: without the time of the recording.
pub(crate) fn hashed_header(header: &Header) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(&Header { recorded_at: None, ..header.clone() })?;
    line.push(b'\n');
    Ok(line)
}
