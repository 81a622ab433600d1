//! The options of faults and schedules, and the report at the end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fencepost::faults::{FaultStatus, Plan};
use fencepost::{Crossing, Held, Order, Schedule, TestClusterBuilder};

use super::refuse;
use crate::plan::{self, PlanName};

/// What happens between the clients and the brokers.
#[derive(Args)]
pub(super) struct GateOptions {
    /// A plan of faults, in TOML, or in JSON if its name ends in .json; or a crash window by its id or
    /// name, as in W083 or 'W083 transactional_id=app topic=payments'. Repeat it for more. On exit
    /// stderr says which faults fired, how often, and which never did
    #[arg(long = "faults", value_name = "FILE|WINDOW", value_parser = plan::parse)]
    plans: Vec<PlanName>,
    /// End with exit code 1 if a fault did not fire as often as it is to, which is once or more unless
    /// its plan says `fires`; or if a schedule did not come to its end
    #[arg(long)]
    strict: bool,
    /// Let every request and every message between brokers wait until it is released
    #[arg(long, conflicts_with = "schedule")]
    stepped: bool,
    /// The order in which requests and messages between brokers go: one line for each, as in
    /// `EndTxn client=orders-1` or `WriteTxnMarkers to=1`; all passes after the last
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,
}

impl GateOptions {
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    pub(super) fn applied_to(self, mut cluster: TestClusterBuilder) -> TestClusterBuilder {
        for plan in self.plans {
            cluster = match plan {
                PlanName::File(path) => cluster.faults(plan_in(&path)),
                PlanName::Window(window) => cluster.window(window),
            };
        }
        if self.stepped {
            cluster = cluster.stepped();
        }
        match self.schedule {
            Some(path) => cluster.schedule(schedule(&path)),
            None => cluster,
        }
    }
}

fn plan_in(path: &Path) -> Plan {
    let text = read(path);
    let plan = if plan::is_json(path) { Plan::from_json(&text) } else { Plan::from_toml(&text) };
    plan.unwrap_or_else(|error| refuse(&format!("{}: {error}", path.display())))
}

fn schedule(path: &Path) -> Schedule {
    let schedule = read(path).parse();
    schedule.unwrap_or_else(|error| refuse(&format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> String {
    plan::read(path).unwrap_or_else(|error| refuse(&error))
}

/// Says on stderr what became of the faults, whose turn it was in a schedule that did not come to
/// its end, and what was held. The exit code is 1 if that is strict, and a fault did not fire as often as it is
/// to or there was a turn.
pub(super) fn report(
    faults: &[FaultStatus],
    turn: Option<(u64, String)>,
    held: &[Held],
    order: Order,
    is_strict: bool,
) -> ExitCode {
    for status in faults {
        eprintln!("fault {}: {status}", status.name);
    }
    if order.turns > 0 {
        eprintln!("stepped: {} turns, order {:016x}", order.turns, order.hash);
    }
    if let Some((number, text)) = &turn {
        eprintln!("schedule: stopped before turn {number}, `{text}`");
    }
    for Held { number, api, is_answer, crossing, .. } in held {
        let what = if *is_answer { "the answer to" } else { "the" };
        match crossing {
            Crossing::Client { client_id, .. } => {
                eprintln!("held: {number}: {what} {api} of client `{client_id}`");
            }
            Crossing::Brokers { from, to } => {
                eprintln!("held: {number}: {what} {api} from broker {from} to {to}");
            }
        }
    }
    let is_unmet = faults.iter().any(|fault| !fault.is_as_expected());
    match is_strict && (turn.is_some() || is_unmet) {
        true if turn.is_some() => eprintln!("error: the schedule did not come to its end"),
        true => eprintln!("error: a fault did not fire as often as it is to"),
        false => return ExitCode::SUCCESS,
    }
    ExitCode::FAILURE
}
