//! `fencepost windows`: the catalogue of crash windows, with the plans that stage them.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use fencepost_faults::{Staging, Window, WindowChoice, json_schema};

/// List the crash windows; of those that are named, where they lie, what they leave behind, what a
/// client must do, and the fault plans that bring one there.
#[derive(Args)]
pub(crate) struct List {
    /// Only these windows, by their ids or names
    #[arg(value_name = "WINDOW", value_parser = window)]
    windows: Vec<String>,

    /// Have the plans be about this transactional id
    #[arg(long, value_name = "ID", requires = "windows")]
    transactional_id: Option<String>,

    /// Have the plans be about this group
    #[arg(long, value_name = "GROUP", requires = "windows")]
    group: Option<String>,

    /// Have the plans be about records and markers of this topic
    #[arg(long, value_name = "TOPIC", requires = "windows")]
    topic: Option<String>,

    /// Have the plans be about those of this partition
    #[arg(long, value_name = "PARTITION", requires = "windows", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,

    /// Only the plans for a client of this transaction version
    #[arg(long, value_name = "LEVEL", requires = "windows", value_parser = clap::value_parser!(i16).range(0..=2))]
    transaction_version: Option<i16>,

    /// Print the JSON Schema of fault plans instead
    #[arg(long, conflicts_with = "windows")]
    schema: bool,
}

fn window(id: &str) -> Result<String, String> {
    let choice = WindowChoice { window: id.to_owned(), ..WindowChoice::default() };
    choice.find().map(|window| window.id.to_owned()).map_err(|error| error.to_string())
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
            let about = WindowChoice {
                window: String::new(),
                transactional_id: self.transactional_id,
                group: self.group,
                topic: self.topic,
                partition: self.partition,
                transaction_version: self.transaction_version,
            };
            let choices =
                self.windows.into_iter().map(|window| WindowChoice { window, ..about.clone() });
            // It was found before.
            let pages = choices.filter_map(|choice| choice.page().ok());
            text = pages.collect::<Vec<_>>().join("\n");
        }
        // A reader that has gone away wants no more output.
        _ = io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    }
}
