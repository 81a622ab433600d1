//! `fencepost explore`: search the interleavings of faults and retries for a broken promise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use fencepost_ids::Rule;
use fencepost_oracle::{Allowance, Violation};
use fencepost_sim::{Fixed, Report, Setup, Switches, run};

/// Drive the cluster with model clients in virtual time, and look for a broken promise.
///
/// Each seed draws a world (brokers, replicas, producers, pipelines, faults), lets it run, heals
/// it, and checks that no acknowledged record is lost or duplicated, that order is kept, that
/// transactions are atomic under read_committed, that offsets and outputs go together, and that
/// every transaction ends. The same seed gives the same trace.
///
/// Some worlds are configured so that a failover may lose what was acknowledged: producers with
/// acks=0 or 1, or unclean elections. What they lose is told apart, with the reason.
#[derive(Args)]
pub(crate) struct Explore {
    /// How many seeds to run [default: 1000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// The first seed; alone, it runs this one and prints its steps
    #[arg(long)]
    seed: Option<u64>,
    /// A safety rule to switch off, by its id, as `fencepost rules` lists them (repeatable)
    #[arg(long = "without", value_name = "RULE")]
    without: Vec<Rule>,
    /// Only worlds of this transaction.version: 2 and clients that use it, or 1 as before KIP-890
    #[arg(long, value_parser = clap::value_parser!(i16).range(1..=2))]
    transaction_version: Option<i16>,
    /// Only worlds of this many brokers
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=9))]
    brokers: Option<i32>,
}

/// What all runs have in common.
struct Search {
    switches: Switches,
    fixed: Fixed,
}

impl Search {
    fn setup(&self, seed: u64, with_steps: bool) -> Setup {
        Setup { seed, switches: self.switches.clone(), fixed: self.fixed, with_steps }
    }
}

/// What the seeds came to that allowed a loss, for one reason.
#[derive(Clone, Default)]
struct Losses {
    /// Seeds that allowed a loss.
    allowed: u64,
    /// Seeds that lost something, and the first of them.
    lossy: u64,
    first: Option<u64>,
    /// Acknowledged records that are gone, and other promises that were broken.
    records: u64,
    others: u64,
}

/// How many seeds are run if nobody says.
const SEEDS: u64 = 1000;
/// How many lines of a failing run are shown before its end.
const LINES_SHOWN: usize = 60;
/// How many violations of a failing run are shown: the others mostly follow from them.
const VIOLATIONS_SHOWN: usize = 10;

/// What all seeds came to.
#[derive(Default)]
struct Total {
    seeds: u64,
    steps: u64,
    records: u64,
    transactions: u64,
    /// How many seeds ran with transaction.version 2 and clients that use it.
    current: u64,
    losses: BTreeMap<Allowance, Losses>,
    /// The trace hashes of all seeds, combined in a way that does not depend on their order.
    trace: u128,
}

impl Explore {
    pub(crate) fn run(self) -> ExitCode {
        let what = Search {
            switches: Switches { rules_off: self.without.clone() },
            fixed: Fixed { brokers: self.brokers, transaction_version: self.transaction_version },
        };
        match (self.seed, self.seeds) {
            (Some(seed), None) => show(seed, &what),
            (first, seeds) => search(first.unwrap_or(0), seeds.unwrap_or(SEEDS), &what),
        }
    }
}

fn search(first: u64, seeds: u64, what: &Search) -> ExitCode {
    let started = Instant::now();
    let next = AtomicU64::new(first);
    let end = first.saturating_add(seeds);
    let stop = AtomicBool::new(false);
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (send, receive) = mpsc::channel();
    let (total, failed) = thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next, stop) = (send.clone(), &next, &stop);
            scope.spawn(move || work(next, end, stop, what, &send));
        }
        drop(send);
        collect(&receive, &stop, seeds, started)
    });
    let elapsed = started.elapsed();
    let summary = format!(
        "{} seeds, {} steps, {} records, {} transactions in {:.1} s ({:.0} steps/s); traces {:032x}",
        total.seeds,
        total.steps,
        total.records,
        total.transactions,
        elapsed.as_secs_f64(),
        total.steps as f64 / elapsed.as_secs_f64(),
        total.trace,
    );
    say(&total.losses());
    match failed {
        None => {
            say(&format!("no violation: {summary}\n"));
            ExitCode::SUCCESS
        }
        Some(report) => {
            say(&describe(&report, what, LINES_SHOWN));
            say(&format!("violation found: {summary}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Runs seeds until there are none left, or somebody found a violation.
fn work(next: &AtomicU64, end: u64, stop: &AtomicBool, what: &Search, send: &mpsc::Sender<Report>) {
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let report = run(&what.setup(seed, false));
        if send.send(report).is_err() {
            return;
        }
    }
}

/// Adds up the reports; the violation of the lowest seed wins.
fn collect(
    reports: &mpsc::Receiver<Report>,
    stop: &AtomicBool,
    seeds: u64,
    started: Instant,
) -> (Total, Option<Report>) {
    let mut total = Total::default();
    let mut failed: Option<Report> = None;
    let mut shown = started;
    for report in reports {
        total.seeds += 1;
        total.steps += report.steps;
        total.note_losses(&report);
        total.records += report.counts.0 as u64;
        total.transactions += report.counts.1 as u64;
        total.trace ^= report.trace.0.rotate_left((report.seed % 128) as u32);
        if !report.violations.is_empty() {
            stop.store(true, Ordering::Relaxed);
            if failed.as_ref().is_none_or(|first| report.seed < first.seed) {
                failed = Some(report);
            }
        } else if shown.elapsed() > Duration::from_secs(5) {
            shown = Instant::now();
            // Nobody may be reading; the search goes on all the same.
            let _ = writeln!(io::stderr(), "{} of {seeds} seeds, no violation yet", total.seeds);
        }
    }
    (total, failed)
}

impl Total {
    fn note_losses(&mut self, report: &Report) {
        let options = &report.options;
        self.current += u64::from(options.transaction_version >= 2 && !options.old_clients);
        for allowance in &report.allowances {
            let losses = self.losses.entry(*allowance).or_default();
            losses.allowed += 1;
            let mut lost = report.allowed.iter().filter(|(why, _)| why == allowance).peekable();
            if lost.peek().is_some() {
                losses.lossy += 1;
                let first = losses.first.map_or(report.seed, |first| first.min(report.seed));
                losses.first = Some(first);
            }
            for (_, violation) in lost {
                match violation {
                    Violation::Lost { .. } => losses.records += 1,
                    _ => losses.others += 1,
                }
            }
        }
    }

    /// What was lost where that is allowed.
    fn losses(&self) -> String {
        let mut text = format!(
            "{} seeds with transaction.version 2 and clients that use it, {} with older ones\n",
            self.current,
            self.seeds - self.current
        );
        for (allowance, losses) in &self.losses {
            let _ = write!(
                text,
                "{} seeds could lose by {allowance}: {} did, {} acknowledged records and {} other promises",
                losses.allowed, losses.lossy, losses.records, losses.others
            );
            let _ = match losses.first {
                Some(seed) => writeln!(text, " (seed {seed} is the first)"),
                None => writeln!(text),
            };
        }
        text
    }
}

/// Runs one seed and prints all its steps.
fn show(seed: u64, what: &Search) -> ExitCode {
    let report = run(&what.setup(seed, true));
    let failed = !report.violations.is_empty();
    say(&describe(&report, what, usize::MAX));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A report in words, with the last of its steps.
fn describe(report: &Report, what: &Search, lines: usize) -> String {
    let steps = if report.lines.is_empty() {
        run(&what.setup(report.seed, true)).lines
    } else {
        report.lines.clone()
    };
    let mut text = format!("seed {}: {}\n", report.seed, report.options);
    let all = lines == usize::MAX;
    // The healed end of a run tells nothing: what matters is before it.
    let until = steps.iter().position(|line| line.ends_with(HEALED)).unwrap_or(steps.len());
    let shown = if all { &steps[..] } else { &steps[until.saturating_sub(lines)..until] };
    if shown.len() < steps.len() {
        let _ = writeln!(
            text,
            "  ({} steps in all; the last {} before the faults ended)",
            report.steps,
            shown.len()
        );
    }
    for line in shown {
        let _ = writeln!(text, "{line}");
    }
    let violations = if all { usize::MAX } else { VIOLATIONS_SHOWN };
    for violation in report.violations.iter().take(violations) {
        let _ = writeln!(text, "violation: {violation}");
    }
    if report.violations.len() > violations {
        let _ = writeln!(text, "({} violations in all)", report.violations.len());
    }
    for (allowance, violation) in report.allowed.iter().take(violations) {
        let _ = writeln!(text, "allowed by {allowance}: {violation}");
    }
    let mut rules: String =
        what.switches.rules_off.iter().map(|rule| format!(" --without {rule}")).collect();
    if let Some(version) = what.fixed.transaction_version {
        let _ = write!(rules, " --transaction-version {version}");
    }
    if let Some(brokers) = what.fixed.brokers {
        let _ = write!(rules, " --brokers {brokers}");
    }
    let _ = writeln!(text, "trace {} of {} steps", report.trace, report.steps);
    let _ = writeln!(text, "to repeat: fencepost explore --seed {}{rules}", report.seed);
    text
}

/// How the line of a run ends at which all faults are over.
const HEALED: &str = "all faults are over";

fn say(text: &str) {
    // A reader that has gone away wants no more output.
    let _ = io::stdout().write_all(text.as_bytes());
}
