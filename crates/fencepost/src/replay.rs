//! `fencepost replay`: a recorded run again.

mod state;

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fencepost_engine::Replay as Again;
use fencepost_trace::Reader;

/// Take a recorded run again, turn by turn, and prove that every output is the same.
///
/// Records are made by `fencepost serve --record FILE`. Exit code 0: all is as it was recorded. 1: a
/// turn went otherwise, and it is told which and how; or the file cannot be read.
#[derive(Args)]
pub(crate) struct Replay {
    /// The trace
    file: PathBuf,
    /// Stop after this turn and print the state of the cluster
    #[arg(long, value_name = "TURN")]
    until: Option<u64>,
}

/// Read ahead in the file, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

impl Replay {
    pub(crate) fn run(self) -> ExitCode {
        match self.replay() {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("error: {}: {message}", self.file.display());
                ExitCode::FAILURE
            }
        }
    }

    fn replay(&self) -> Result<(), String> {
        let file = File::open(&self.file).map_err(|error| error.to_string())?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut reader = Reader::new(file).map_err(|error| error.to_string())?;
        let header = reader.header();
        let mut replay = Again::new(header).map_err(|error| format!("line 1: {error}"))?;
        let recorded_by = header.fencepost.clone();
        let explain = |message: String| match env!("CARGO_PKG_VERSION") {
            own if own == recorded_by => message,
            own => format!("{message}\nIt was recorded by fencepost {recorded_by}; this is {own}."),
        };
        let mut turns = 0;
        while self.until.is_none_or(|until| turns < until)
            && let Some(turn) = reader.turn().map_err(|error| error.to_string())?
        {
            replay.turn(&turn).map_err(|error| explain(error.to_string()))?;
            turns = turn.n;
        }
        let mut text = String::new();
        match self.until {
            Some(until) if turns < until => {
                return Err(format!("there are {turns} turns, and none with the number {until}"));
            }
            Some(_) => text = state::show(replay.engine().look()),
            None => {
                text.push_str(&format!("{turns} turns replayed, every output is as recorded\n"));
                text.push_str(&if reader.is_complete() {
                    format!("trace hash {}\n", reader.hash())
                } else {
                    "the recording was cut short: the turns after these are missing\n".to_owned()
                });
            }
        }
        io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())
    }
}
