//! A recorded run told as text or as a picture.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use fencepost_engine::Telling;
use fencepost_trace::{Scene, Story, Turn, html, mermaid, svg, text};

use super::{Replay, Trace};

/// How a run is told.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Form {
    /// Lines of text, all of it
    Text,
    /// A sequence diagram of Mermaid
    Mermaid,
    /// A picture
    Svg,
    /// One page with the picture, to step through; it loads nothing
    Html,
}

/// More rows than these make no picture that anybody can read.
const ROWS_MAX: usize = 20_000;

impl Replay {
    pub(super) fn tell(&self, mut trace: Trace, form: Form) -> Result<(), String> {
        let mut told = Told {
            telling: Telling::new(trace.header()).map_err(|it| format!("line 1: {it}"))?,
            story: Story::new(self.title()),
            from: self.from.unwrap_or(1),
        };
        let write: fn(&mut String, &Story) -> fmt::Result = match form {
            Form::Text => return self.tell_lines(&mut trace, told),
            Form::Mermaid => mermaid::write,
            Form::Svg => svg::write,
            Form::Html => html::write,
        };
        let mut rows = 0;
        let turns = self.each_turn(&mut trace, |turn| {
            if let Some(scene) = told.take(turn)?.filter(|scene| !scene.is_empty()) {
                rows += scene.len();
                told.story.scenes.push(scene);
            }
            if rows > ROWS_MAX { Err(too_long(told.from, turn.n)) } else { Ok(()) }
        })?;
        told.has_begun(turns)?;
        // Only now, so that nothing is left behind if there is none.
        let mut out = Out::open(self)?;
        out.write(|out| write(out, &told.story))?;
        out.0.flush().map_err(|error| error.to_string())
    }

    /// Text is not kept, so that it may be of any length.
    fn tell_lines(&self, trace: &mut Trace, mut told: Told) -> Result<(), String> {
        let mut out = Out::open(self)?;
        let turns = self.each_turn(trace, |turn| match told.take(turn)? {
            Some(scene) => out.write(|out| text::write(out, &scene)),
            None => Ok(()),
        })?;
        told.has_begun(turns)?;
        out.write(|out| text::write_end(out, &told.story))?;
        out.0.flush().map_err(|error| error.to_string())
    }

    /// What stands above: what is asked for, or the file's name, and the turns if it is not all of them.
    fn title(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy();
        let mut title = self.title.clone().unwrap_or_else(|| name.into_owned());
        match (self.from, self.until) {
            (None, None) => {}
            (from, None) => title += &format!(", from turn {}", from.unwrap_or(1)),
            (from, Some(until)) => title += &format!(", turns {} to {until}", from.unwrap_or(1)),
        }
        title
    }
}

/// A run that is told as it is replayed.
struct Told {
    telling: Telling,
    story: Story,
    from: u64,
}

impl Told {
    /// Takes a turn, and tells it if it is to be told.
    fn take(&mut self, turn: &Turn) -> Result<Option<Scene>, String> {
        let moment = self.telling.turn(turn).map_err(|error| error.to_string())?;
        let scene = self.story.take(moment);
        Ok((turn.n >= self.from).then_some(scene))
    }

    fn has_begun(&self, turns: u64) -> Result<(), String> {
        if turns >= self.from || self.from <= 1 {
            return Ok(());
        }
        Err(format!("there are {turns} turns, and none with the number {}", self.from))
    }
}

fn too_long(from: u64, turn: u64) -> String {
    format!(
        "the turns {from} to {turn} are more than a picture can hold, {ROWS_MAX} rows: choose some with \
         --from and --until, as in --from {from} --until {}, or take --as text, which holds any number",
        turn - 1
    )
}

struct Out(Box<dyn Write>);

impl Out {
    fn open(replay: &Replay) -> Result<Self, String> {
        Ok(Self(match &replay.out {
            None => Box::new(io::stdout().lock()),
            Some(path) => {
                let file = File::create(path);
                let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
                Box::new(BufWriter::new(file))
            }
        }))
    }

    fn write(&mut self, write: impl FnOnce(&mut String) -> fmt::Result) -> Result<(), String> {
        let mut text = String::new();
        write(&mut text).map_err(|_| "it cannot be told".to_owned())?;
        match self.0.write_all(text.as_bytes()) {
            // Whoever reads it has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            written => written.map_err(|error| error.to_string()),
        }
    }
}
