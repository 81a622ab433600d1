//! Runs the scenarios against a cluster, one line of standard output for each.

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fencepost_client_krafka::{Failure, Scenario, Scope, open_transaction_forever};
use tokio::time::timeout;

const SCENARIO_TIME: Duration = Duration::from_secs(60);

const USAGE: &str = "usage: fencepost-client-krafka --bootstrap host:port[,host:port] \
    [--scenario NAME]... [--transaction-version 1|2] [--prefix TEXT]";

#[derive(Default)]
struct Arguments {
    bootstrap: String,
    prefix: Option<String>,
    scenarios: Vec<Scenario>,
    transaction_version: Option<i16>,
    /// The prefix of the names of a process that is to be killed.
    child: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if let Some(prefix) = &arguments.child {
        return match child(&arguments, prefix).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                println!("{failure}");
                ExitCode::FAILURE
            }
        };
    }
    let mut failed = false;
    for scenario in &arguments.scenarios {
        failed |= !run(*scenario, &arguments).await;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn child(arguments: &Arguments, prefix: &str) -> Result<(), Failure> {
    let scope = connect(arguments, prefix.to_owned()).await?;
    timeout(SCENARIO_TIME, open_transaction_forever(&scope)).await.unwrap_or(Ok(()))
}

async fn run(scenario: Scenario, arguments: &Arguments) -> bool {
    let prefix = arguments.prefix.as_deref().unwrap_or("krafka");
    let start = Instant::now();
    let outcome = timeout(SCENARIO_TIME, async {
        let scope = connect(arguments, format!("{prefix}-{scenario}")).await?;
        scenario.run(&scope).await
    })
    .await;
    let millis = start.elapsed().as_millis();
    let reason = match outcome {
        Ok(Ok(())) => {
            let left_out = scenario.left_out().map(|part| format!(" {part}")).unwrap_or_default();
            println!("PASS {scenario} {millis}{left_out}");
            return true;
        }
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!("not done after {SCENARIO_TIME:?}"),
    };
    let reason: Vec<&str> = reason.split_whitespace().collect();
    println!("FAIL {scenario} {millis} {}", reason.join(" "));
    false
}

async fn connect(arguments: &Arguments, name: String) -> Result<Scope, Failure> {
    let program = env::current_exe()?;
    Scope::connect(&arguments.bootstrap, program, name, arguments.transaction_version).await
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--bootstrap" => arguments.bootstrap = value,
            "--prefix" => arguments.prefix = Some(value),
            "--scenario" => {
                let scenario = Scenario::named(&value);
                arguments.scenarios.push(scenario.ok_or(format!("no scenario {value}"))?);
            }
            "--transaction-version" => {
                let level = value.parse().map_err(|_| format!("{value} is no version"))?;
                arguments.transaction_version = Some(level);
            }
            "--child-with-open-transaction" => arguments.child = Some(value),
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    if arguments.bootstrap.is_empty() {
        return Err("--bootstrap is missing".to_owned());
    }
    if arguments.scenarios.is_empty() {
        arguments.scenarios.extend(Scenario::ALL);
    }
    Ok(arguments)
}
