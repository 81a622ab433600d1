//! A recorded run told as text or as a picture.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use fencepost_engine::Telling;
use fencepost_trace::{Moment, html, mermaid, svg, text};

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

/// More moments than this make no picture that anybody can read.
const MOMENTS_MAX: usize = 20_000;

impl Replay {
    pub(super) fn tell(&self, mut trace: Trace, form: Form) -> Result<(), String> {
        let mut telling = Telling::new(trace.header()).map_err(|it| format!("line 1: {it}"))?;
        let mut out = Out::open(self)?;
        let mut moments: Vec<Moment> = Vec::new();
        self.each_turn(&mut trace, |turn| {
            let moment = telling.turn(turn).map_err(|error| error.to_string())?;
            match form {
                Form::Text => out.write(|out| text::write(out, &moment))?,
                Form::Mermaid | Form::Svg | Form::Html => moments.push(moment),
            }
            if moments.len() > MOMENTS_MAX {
                let advice = "tell the first ones with --until, or all with --as text";
                return Err(format!("more than {MOMENTS_MAX} turns make no picture: {advice}"));
            }
            Ok(())
        })?;
        let title = self.file.display().to_string();
        match form {
            Form::Text => {}
            Form::Mermaid => out.write(|out| mermaid::write(out, &moments))?,
            Form::Svg => out.write(|out| svg::write(out, &moments))?,
            Form::Html => out.write(|out| html::write(out, &title, &moments))?,
        }
        out.0.flush().map_err(|error| error.to_string())
    }
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
        self.0.write_all(text.as_bytes()).map_err(|error| error.to_string())
    }
}
