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
    #[error("turn {n}: {difference}")]
    Differs {
        /// Its number.
        n: u64,
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

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |f: &mut fmt::Formatter<'_>, output: &Option<trace::Output>| match output {
            Some(output) => write!(f, "{output:?}"),
            None => f.write_str("nothing more"),
        };
        write!(f, "output {} differs\n  recorded: ", self.place)?;
        show(f, &self.recorded)?;
        f.write_str("\n  replayed: ")?;
        show(f, &self.replayed)
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
        Err(ReplayError::Differs { n: turn.n, difference: Box::new(difference) })
    }
}
