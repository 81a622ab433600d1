//! A recorded run again, and the proof that it is the same.

use std::fmt;

use fencepost_ids::Timestamp;
use fencepost_trace as trace;
use fencepost_trace::Header;
use fencepost_wire::Release;
use thiserror::Error;

use crate::record::{BadHeader, BadInput, config_of, input_of, recorded_outputs};
use crate::{Engine, Input, Output};

/// Feeds an engine the inputs of a trace.
#[derive(Clone, Debug)]
pub struct Replay {
    engine: Engine,
    release: Release,
    /// Empty between turns; kept for its room.
    outputs: Vec<Output>,
}

/// A turn that did not go as it was recorded.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum ReplayError {
    /// It cannot have been.
    #[error("turn {n}: {source}")]
    Input {
        /// Its number.
        n: u64,
        /// Why not.
        source: BadInput,
    },
    /// Something else came of it.
    #[error("turn {n}, {what}: {difference}")]
    Differs {
        /// Its number.
        n: u64,
        /// What it began with.
        what: String,
        /// What.
        difference: Box<Difference>,
    },
}

/// The first output of a turn that is not as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Its place among the outputs, from 1.
    pub place: u64,
    /// As recorded; none if there were no more.
    pub recorded: Option<trace::Output>,
    /// As it is now; none if there are no more.
    pub replayed: Option<trace::Output>,
}

/// As they stand in a trace, and in words what the digest of an answer says.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |output: &Option<trace::Output>| match output {
            Some(output) => serde_json::to_string(output).map_err(|_| fmt::Error),
            None => Ok("nothing more".to_owned()),
        };
        let (recorded, replayed) = (show(&self.recorded)?, show(&self.replayed)?);
        write!(f, "output {} is another", self.place)?;
        write!(f, "\n  recorded: {recorded}\n  replayed: {replayed}")?;
        match (&self.recorded, &self.replayed) {
            (
                Some(trace::Output::Answer { length: was, digest: before, .. }),
                Some(trace::Output::Answer { length: is, digest: now, .. }),
            ) if was == is && before != now => {
                f.write_str("\nThe answers are of the same length, with other bytes.")
            }
            _ => Ok(()),
        }
    }
}

impl Replay {
    /// The engine of a trace before its first turn.
    ///
    /// # Errors
    /// The header's configuration cannot be.
    pub fn new(header: &Header) -> Result<Self, BadHeader> {
        let config = config_of(&header.config)?;
        let release = config.release;
        let engine = Engine::new(config, Timestamp(header.start));
        Ok(Self { engine, release, outputs: Vec::new() })
    }

    /// From now on the outputs of [`Self::take`] tell what happens inside.
    pub fn observe(&mut self) {
        self.engine.observe(true);
    }

    /// The engine after the last turn.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes a turn and compares what comes of it with what was recorded. An error leaves the engine
    /// after the turn, or before it if the turn cannot be.
    ///
    /// # Errors
    /// The turn cannot have been, or something else came of it.
    pub fn turn(&mut self, turn: &trace::Turn) -> Result<(), ReplayError> {
        let input = self.input(turn)?;
        self.take(turn, input).map(|_| ())
    }

    /// What a turn begins with.
    ///
    /// # Errors
    /// No driver can have handed it over.
    pub fn input(&self, turn: &trace::Turn) -> Result<Input, ReplayError> {
        input_of(&turn.input, self.release)
            .map_err(|source| ReplayError::Input { n: turn.n, source })
    }

    /// Takes a turn whose input was looked at, and returns what comes of it.
    ///
    /// # Errors
    /// It is not what was recorded.
    pub fn take(&mut self, turn: &trace::Turn, input: Input) -> Result<&[Output], ReplayError> {
        self.outputs.clear();
        self.engine.handle(Timestamp(turn.t), input, &mut self.outputs);
        let replayed = recorded_outputs(&self.outputs);
        if replayed == turn.out {
            return Ok(&self.outputs);
        }
        let pairs = replayed.iter().zip(&turn.out);
        let place = pairs.take_while(|(replayed, recorded)| replayed == recorded).count();
        let difference = Difference {
            place: place as u64 + 1,
            recorded: turn.out.get(place).cloned(),
            replayed: replayed.get(place).cloned(),
        };
        let what = self.words(turn);
        Err(ReplayError::Differs { n: turn.n, what, difference: Box::new(difference) })
    }

    /// What a turn begins with, in words.
    fn words(&self, turn: &trace::Turn) -> String {
        match self.input(turn) {
            Ok(Input::Request { connection, header, .. }) => {
                let (api, version) = (header.api, header.version);
                let of = match &header.client_id {
                    name if name.is_empty() => String::new(),
                    name => format!(" of `{name}`"),
                };
                format!("{api} version {version}{of} on connection {}", connection.0)
            }
            Ok(_) | Err(_) => format!("{:?}", turn.input),
        }
    }
}
