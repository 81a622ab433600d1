//! `fencepost replay`: a recorded run again.

mod picture;
mod state;

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fencepost_engine::Replay as Again;
use fencepost_trace::Reader;

use picture::Form;

/// Take a recorded run again, turn by turn, and prove that every output is the same.
///
/// Runs are recorded by `fencepost serve --record FILE`. Exit code 0: all is as it was recorded. 1: a
/// turn went another way, and it is told which and how; or the file cannot be read.
#[derive(Args)]
pub(crate) struct Replay {
    /// The trace
    file: PathBuf,
    /// Stop after this turn; without --as, print the state of the cluster then
    #[arg(long, value_name = "TURN")]
    until: Option<u64>,
    /// Tell what happened from this turn on; what was before is taken into account
    #[arg(long, value_name = "TURN", requires = "form")]
    from: Option<u64>,
    /// Tell what happened, in this form
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,
    /// What stands above a picture [default: the name of the file]
    #[arg(long, value_name = "TEXT", requires = "form")]
    title: Option<String>,
    /// Where the telling goes [default: stdout]
    #[arg(long, value_name = "FILE", requires = "form")]
    out: Option<PathBuf>,
}

/// Read ahead in the file, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// What is said of a trace without an end.
const CUT_SHORT: &str = "the recording was cut short: the turns after these are missing";

/// A trace that is being read.
type Trace = Reader<BufReader<File>>;

impl Replay {
    pub(crate) fn run(self) -> ExitCode {
        if let (Some(from), Some(until)) = (self.from, self.until)
            && from > until
        {
            eprintln!("error: --from {from} is after --until {until}");
            return ExitCode::FAILURE;
        }
        let done = self.open().and_then(|trace| match self.form {
            None => self.replay(trace),
            Some(form) => self.tell(trace, form),
        });
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("error: {}: {message}", self.file.display());
                ExitCode::FAILURE
            }
        }
    }

    fn open(&self) -> Result<Trace, String> {
        let file = File::open(&self.file).map_err(|error| error.to_string())?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        Reader::new(file).map_err(|error| error.to_string())
    }

    fn replay(&self, mut trace: Trace) -> Result<(), String> {
        let mut replay = Again::new(trace.header()).map_err(|error| format!("line 1: {error}"))?;
        let turns = self
            .each_turn(&mut trace, |turn| replay.turn(turn).map_err(|error| error.to_string()))?;
        let text = if self.until.is_some() {
            state::show(replay.engine().look())
        } else {
            let end = if trace.is_complete() {
                format!("trace hash {}", trace.hash())
            } else {
                CUT_SHORT.to_owned()
            };
            format!("{turns} turns replayed, every output is as recorded\n{end}\n")
        };
        io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())
    }

    /// Takes the turns one after another, up to the last that is wanted: how many there were.
    fn each_turn(
        &self,
        trace: &mut Trace,
        mut take: impl FnMut(&fencepost_trace::Turn) -> Result<(), String>,
    ) -> Result<u64, String> {
        let mut turns = 0;
        while self.until.is_none_or(|until| turns < until)
            && let Some(turn) = trace.turn().map_err(|error| error.to_string())?
        {
            take(&turn).map_err(|message| explained(message, &trace.header().fencepost))?;
            turns = turn.n;
        }
        if self.form.is_some() && self.until.is_none() && !trace.is_complete() {
            eprintln!("{}: {CUT_SHORT}", self.file.display());
        }
        match self.until {
            Some(until) if turns < until => {
                Err(format!("there are {turns} turns, and none with the number {until}"))
            }
            Some(_) | None => Ok(turns),
        }
    }
}

/// A difference may be that of two versions.
fn explained(message: String, recorded_by: &str) -> String {
    let own = env!("CARGO_PKG_VERSION");
    if own == recorded_by {
        return message;
    }
    format!("{message}\nIt was recorded by fencepost {recorded_by}; this is {own}.")
}
