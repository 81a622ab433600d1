//! Reading a trace, a line at a time. Nothing in a file is trusted.

use std::fmt;
use std::io::{self, BufRead, Read};

use bytes::Bytes;
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3Default;

use crate::digest::{Digest, TraceHash};
use crate::header::{FORMAT, Header, VERSION};
use crate::line::{InputHead, Line};
use crate::turn::{Input, Turn};
use crate::writer::hashed_header;

/// The longest line that is read, in bytes: that of a frame of `socket.request.max.bytes`, and more.
const LINE_BYTES_MAX: u64 = 192 << 20;

/// A line of a trace could not be read.
#[derive(Debug, Error)]
#[error("line {line}: {fault}")]
pub struct ReadError {
    /// Which, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line of a trace.
#[derive(Debug, Error)]
pub enum Fault {
    /// The file cannot be read on.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No file holds that much in a line.
    #[error("it is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// There is not even a header.
    #[error("the file is empty, or its first line is cut short")]
    Empty,
    /// The first line is no JSON.
    #[error("this is no trace of fencepost: its first line is no JSON")]
    NotJson,
    /// The header is that of another format.
    #[error("this is no trace of fencepost: the format is `{0}`")]
    Format(String),
    /// The header is of another version of the format.
    #[error("the version of the format is {0}, and only {VERSION} is read")]
    Version(u64),
    /// It is no JSON, or has other fields than it should have.
    #[error("{}", without_line(.0))]
    Json(#[from] serde_json::Error),
    /// It is neither a turn nor the end.
    #[error("{0}")]
    Shape(&'static str),
    /// The frame is no base64.
    #[error("the frame is not base64")]
    Base64,
    /// A turn is missing, or one stands here twice.
    #[error("it is turn {found}, and turn {expected} should stand here")]
    Number {
        /// The turn after the one before.
        expected: u64,
        /// The turn that it says it is.
        found: u64,
    },
    /// Time went back.
    #[error("its moment is before that of the line before")]
    Time,
    /// There is something after the end.
    #[error("it stands after the end of the run")]
    AfterEnd,
    /// The end does not belong to what stands before it.
    #[error("the lines before it are not those that were recorded: their hash is {found}")]
    Changed {
        /// The hash of what was read.
        found: TraceHash,
    },
}

/// Reads the lines of a trace, and holds one of them at a time.
pub struct Reader<R> {
    input: R,
    header: Header,
    line: Vec<u8>,
    lines: u64,
    turns: u64,
    t: i64,
    hash: Xxh3Default,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    Inside,
    /// The last line was read, and it fits.
    Ended,
    /// There is no last line.
    Cut,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, turns, progress, .. } = self;
        write!(f, "Reader({lines} lines, {turns} turns, {progress:?})")
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The file cannot be read, or is no trace of this version of the format.
    pub fn new(mut input: R) -> Result<Self, ReadError> {
        let mut line = Vec::new();
        let header = read_header(&mut input, &mut line);
        let header = header.map_err(|fault| ReadError { line: 1, fault })?;
        let mut hash = Xxh3Default::new();
        let hashed = hashed_header(&header);
        hash.update(&hashed.map_err(|it| ReadError { line: 1, fault: it.into() })?);
        let t = header.start;
        let progress = Progress::Inside;
        Ok(Self { input, header, line, lines: 1, turns: 0, t, hash, progress })
    }

    /// The first line.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next turn; none after the last one.
    ///
    /// # Errors
    /// What is wrong with the line. A last line without a line end is no error: the recording was
    /// cut short there.
    pub fn turn(&mut self) -> Result<Option<Turn>, ReadError> {
        if self.progress != Progress::Inside {
            return Ok(None);
        }
        self.lines += 1;
        self.next_turn().map_err(|fault| ReadError { line: self.lines, fault })
    }

    /// Whether the last line was read and fits what stands before it. If not, after the last turn,
    /// the recording was cut short.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.progress == Progress::Ended
    }

    /// The hash of all that was read so far.
    #[must_use]
    pub fn hash(&self) -> TraceHash {
        Digest(self.hash.digest())
    }

    fn next_turn(&mut self) -> Result<Option<Turn>, Fault> {
        if !read_line(&mut self.input, &mut self.line, LINE_BYTES_MAX)? {
            self.progress = Progress::Cut;
            return Ok(None);
        }
        let Line { n, t, input, out, frame, end } = serde_json::from_slice(&self.line)?;
        if let Some(end) = end {
            if n.is_some() || t.is_some() || input.is_some() || frame.is_some() {
                return Err(Fault::Shape("it is a turn and the end at once"));
            }
            let found = self.hash();
            if (end.turns, end.hash) != (self.turns, found) {
                return Err(Fault::Changed { found });
            }
            self.lines += 1;
            if !self.input.fill_buf()?.is_empty() {
                return Err(Fault::AfterEnd);
            }
            self.progress = Progress::Ended;
            return Ok(None);
        }
        let (Some(n), Some(t), Some(input)) = (n, t, input) else {
            return Err(Fault::Shape("a turn has a number `n`, a moment `t` and an input `in`"));
        };
        let expected = self.turns + 1;
        if n != expected {
            return Err(Fault::Number { expected, found: n });
        }
        let input = joined(input, frame)?;
        if t < self.t && !matches!(input, Input::Reset { .. }) {
            return Err(Fault::Time);
        }
        self.hash.update(&self.line);
        (self.turns, self.t) = (n, t);
        Ok(Some(Turn { n, t, input, out }))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Turn, ReadError>;

    /// The next turn; after an error nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        let turn = self.turn().transpose()?;
        if turn.is_err() {
            self.progress = Progress::Cut;
        }
        Some(turn)
    }
}

fn read_header(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Header, Fault> {
    if !read_line(input, line, LINE_BYTES_MAX)? {
        return Err(Fault::Empty);
    }
    // Looked at first, since another version may have other fields.
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| Fault::NotJson)?;
    match value.get("format") {
        Some(serde_json::Value::String(format)) if format == FORMAT => {}
        format => {
            let format = format.map_or_else(String::new, ToString::to_string);
            return Err(Fault::Format(format.chars().take(40).collect()));
        }
    }
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => Ok(serde_json::from_value(value)?),
        version => Err(Fault::Version(version.unwrap_or(0))),
    }
}

/// Each line is a text of its own to the parser: its first.
fn without_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Reads up to the next line end, which stays; false at the end of the file, and where the last line
/// has no line end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, bytes_max: u64) -> Result<bool, Fault> {
    line.clear();
    let read = input.take(bytes_max).read_until(b'\n', line)?;
    if line.ends_with(b"\n") {
        Ok(true)
    } else if read as u64 == bytes_max {
        Err(Fault::TooLong)
    } else {
        Ok(false)
    }
}

fn joined(
    input: InputHead<String, serde_json::Value>,
    frame: Option<&str>,
) -> Result<Input, Fault> {
    let input = match (input, frame) {
        (InputHead::Request { connection }, Some(frame)) => {
            let frame = base64_simd::STANDARD.decode_to_vec(frame).map_err(|_| Fault::Base64)?;
            return Ok(Input::Request { connection, frame: Bytes::from(frame) });
        }
        (InputHead::Request { .. }, None) => return Err(Fault::Shape("a request has a frame")),
        (_, Some(_)) => return Err(Fault::Shape("only a request has a frame")),
        (input, None) => input,
    };
    Ok(match input {
        InputHead::Connect { connection, broker, host } => {
            Input::Connect { connection, broker, host }
        }
        InputHead::Disconnect { connection } => Input::Disconnect { connection },
        InputHead::Request { .. } => unreachable!("requests were looked at above"),
        InputHead::Tick => Input::Tick,
        InputHead::Crash { broker } => Input::Crash { broker },
        InputHead::Stop { broker } => Input::Stop { broker },
        InputHead::Restart { broker } => Input::Restart { broker },
        InputHead::CreateInternalTopic { topic } => Input::CreateInternalTopic { topic },
        InputHead::Elect { topic, partition, leader } => Input::Elect { topic, partition, leader },
        InputHead::Throttle { time_ms } => Input::Throttle { time_ms },
        InputHead::Snapshot { name } => Input::Snapshot { name },
        InputHead::Forget { name } => Input::Forget { name },
        InputHead::Reset { name } => Input::Reset { name },
        InputHead::Gate(command) => Input::Gate(command),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_limit() {
        let mut line = Vec::new();
        let mut read = |text: &str, limit| read_line(&mut text.as_bytes(), &mut line, limit);
        assert!(matches!(read("abc\nd", 4), Ok(true)));
        assert!(matches!(read("abcd\n", 4), Err(Fault::TooLong)));
        assert!(matches!(read("abc", 4), Ok(false)));
        assert!(matches!(read("", 4), Ok(false)));
    }
}
