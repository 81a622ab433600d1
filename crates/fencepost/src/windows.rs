//! `fencepost windows`: the catalogue of crash windows, with the plans that stage them.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use fencepost_faults::{Staging, Window, json_schema};

/// List the crash windows; of those that are named, where they lie, what they leave behind, what a
/// client must do, and the fault plans that bring one there.
#[derive(Args)]
pub(crate) struct List {
    /// Only these windows, by their ids or names
    #[arg(value_name = "WINDOW", value_parser = window)]
    windows: Vec<&'static Window>,

    /// Print the JSON Schema of fault plans instead
    #[arg(long, conflicts_with = "windows")]
    schema: bool,
}

fn window(id: &str) -> Result<&'static Window, String> {
    Window::find(id).ok_or_else(|| {
        format!("the catalogue has no window `{id}`; `fencepost windows` lists them")
    })
}

impl List {
    pub(crate) fn run(self) -> ExitCode {
        let mut text = String::new();
        if self.schema {
            text = json_schema();
        } else if self.windows.is_empty() {
            for window in Window::all() {
                let plan = match window.staging {
                    Staging::Plans(_) => "",
                    Staging::None(_) => " (no plan)",
                };
                _ = writeln!(text, "{} {:<28} {}{plan}", window.id, window.name, window.lies);
            }
        } else {
            let pages: Vec<_> = self.windows.iter().map(ToString::to_string).collect();
            text = pages.join("\n");
        }
        // A reader that has gone away wants no more output.
        _ = io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    }
}
