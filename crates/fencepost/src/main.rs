//! The command line.

mod ctl;
mod explore;
mod moment;
mod plan;
mod replay;
mod rules;
mod serve;
mod windows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A deterministic Kafka for testing transactions.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Ctl(ctl::Ctl),
    Explore(explore::Explore),
    Replay(replay::Replay),
    Rules(rules::List),
    Windows(windows::List),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Ctl(ctl) => ctl.run(),
        Command::Explore(explore) => explore.run(),
        Command::Replay(replay) => replay.run(),
        Command::Rules(list) => list.run(),
        Command::Windows(list) => list.run(),
    }
}
