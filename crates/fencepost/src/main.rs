//! The command line.

mod explore;
mod serve;

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
    Explore(explore::Explore),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Explore(explore) => explore.run(),
    }
}
