//! What happened, as a hash of every step, and as text when somebody wants to read it.

use std::fmt;

use fencepost_ids::Timestamp;
use xxhash_rust::xxh3::Xxh3Default;

/// The trace of one run.
pub(crate) struct Trace {
    hash: Xxh3Default,
    steps: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(keep_lines: bool) -> Self {
        Self { hash: Xxh3Default::new(), steps: 0, lines: keep_lines.then(Vec::new) }
    }

    /// One step, told by a number for its kind and what identifies it.
    pub(crate) fn step(&mut self, now: Timestamp, kind: u8, facts: &[u64]) {
        self.steps += 1;
        self.hash.update(&[kind]);
        self.hash.update(&now.0.to_le_bytes());
        for fact in facts {
            self.hash.update(&fact.to_le_bytes());
        }
    }

    /// Bytes that a step put on the wire.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// A line for the reader; made only if lines are kept.
    pub(crate) fn line(&mut self, now: Timestamp, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>6} {:>8} {}", self.steps, now.0, line()));
        }
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn finish(self) -> (TraceHash, u64, Vec<String>) {
        (TraceHash(self.hash.digest128()), self.steps, self.lines.unwrap_or_default())
    }
}

/// The hash of a trace: equal hashes, equal runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TraceHash(pub u128);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
