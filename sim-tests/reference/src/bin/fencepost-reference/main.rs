//! `fencepost-reference`: plays scenarios at Apache Kafka and at fencepost.

mod chosen;
mod compare;
mod play;
mod record;
mod replay;
mod report;
mod rules;
mod show;
mod shrink;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Plays scenarios at Apache Kafka and at fencepost, and compares the answers")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays scenarios at a broker and at fencepost, and tells what differs
    Compare(compare::Compare),
    /// Plays scenarios at a broker twice, and keeps its answers as transcripts
    Record(record::Record),
    /// Plays scenarios at fencepost, and compares the answers with the transcripts
    Replay(replay::Replay),
    /// Leaves out steps of a scenario as long as a broker and fencepost still differ
    Shrink(chosen::Live),
    /// Shows scenarios, and what a broker, or fencepost, answers
    Show(show::Show),
    /// Tells for each safety rule which transcript fails when fencepost breaks it
    Rules(rules::Rules),
    /// Prints docs/fidelity.md
    Report,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Compare(what) => compare::run(&what),
        Command::Record(what) => record::run(&what),
        Command::Replay(what) => replay::run(&what),
        Command::Shrink(live) => shrink::run(&live),
        Command::Show(what) => show::run(&what),
        Command::Rules(what) => rules::run(&what),
        Command::Report => report::run(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
