//! Between the engine's own types and those of a trace.

mod config;
mod event;
pub use config::{BadHeader, config_of, recorded_config};
pub use event::recorded_event;
mod gate;
mod input;
pub use input::{BadInput, input_of, recorded_input};
mod output;
pub use output::{encode_answers, recorded_outputs};

use fencepost_ids::Timestamp;
use fencepost_trace::{Input, Turn};

use crate::Output;

/// Numbers the turns of a run.
#[derive(Clone, Default, Debug)]
pub struct Recorder {
    turns: u64,
}

impl Recorder {
    /// The next turn: `input` as [`recorded_input`] gave it before the turn, and what came of it.
    pub fn turn(&mut self, now: Timestamp, input: Input, outputs: &[Output]) -> Turn {
        self.turns += 1;
        Turn { n: self.turns, t: now.0, input, out: recorded_outputs(outputs) }
    }
}
