//! `fencepost-reference`: plays scenarios at Apache Kafka and at fencepost.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::{Args, Parser, Subcommand};
use fencepost_ids::Rule;
use fencepost_reference::{
    Kafka, Model, Peer, Scenario, Target, Transcript, all_scenarios, differences, generated,
    keep_transcripts, run, transcripts_of, warm_up,
};
use serde_json::Value;

#[derive(Parser)]
#[command(about = "Plays scenarios at Apache Kafka and at fencepost, and compares the answers")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays scenarios at a broker and at fencepost, and tells what differs
    Compare(Live),
    /// Plays scenarios at a broker twice, and keeps its answers as transcripts
    Record(Live),
    /// Plays scenarios at fencepost, and compares the answers with the transcripts
    Replay(Replay),
    /// Leaves out steps of a scenario as long as a broker and fencepost still differ
    Shrink(Live),
    /// Shows what a broker, or fencepost, answers
    Show(Show),
}

#[derive(Args)]
struct Chosen {
    /// What is played at, such as 4.2-tv2
    #[arg(long)]
    target: Target,
    /// Only scenarios whose titles contain one of these texts
    titles: Vec<String>,
    /// So many scenarios by chance instead of those that are written
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    generated: u64,
    /// The seed of the first scenario by chance
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Args)]
struct Live {
    #[command(flatten)]
    chosen: Chosen,
    /// The address of the broker
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap: SocketAddr,
    /// How many scenarios are played at once
    #[arg(long, default_value_t = 4)]
    jobs: usize,
}

#[derive(Args)]
struct Replay {
    #[command(flatten)]
    chosen: Chosen,
    /// A rule that fencepost breaks
    #[arg(long, value_name = "RULE")]
    without: Option<Rule>,
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    chosen: Chosen,
    /// The address of a broker [default: fencepost answers]
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap: Option<SocketAddr>,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Compare(live) => compare(&live),
        Command::Record(live) => record(&live),
        Command::Replay(what) => replay(&what),
        Command::Shrink(live) => shrink(&live),
        Command::Show(what) => show(&what),
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

impl Chosen {
    fn scenarios(&self) -> Result<Vec<Scenario>, String> {
        if self.generated > 0 {
            let seeds = self.seed..self.seed + self.generated;
            return Ok(seeds.map(|seed| generated(seed, self.target)).collect());
        }
        let mut scenarios = all_scenarios()?;
        scenarios.retain(|scenario| {
            let fits = self.titles.is_empty()
                || self.titles.iter().any(|part| scenario.title.contains(part.as_str()));
            fits && scenario.targets.contains(&self.target)
        });
        if scenarios.is_empty() {
            return Err(format!("no scenario for {} has such a title", self.target));
        }
        Ok(scenarios)
    }
}

/// The answers to every scenario, several at a time.
fn play_all(
    scenarios: &[Scenario],
    jobs: usize,
    play: impl Fn(&Scenario) -> Result<Vec<Value>, String> + Sync,
) -> Vec<Result<Vec<Value>, String>> {
    let next = AtomicUsize::new(0);
    let played = Mutex::new(vec![Err("not played".to_owned()); scenarios.len()]);
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(index) else { break };
                    let answers = play(scenario);
                    if let Ok(mut played) = played.lock() {
                        played[index] = answers;
                    }
                }
            });
        }
    });
    played.into_inner().unwrap_or_default()
}

fn at_broker(live: &Live, scenarios: &[Scenario]) -> Vec<Result<Vec<Value>, String>> {
    if let Err(error) = warm_up(&mut Kafka::new(live.bootstrap)) {
        return scenarios.iter().map(|_| Err(error.to_string())).collect();
    }
    play_all(scenarios, live.jobs, |scenario| {
        run(scenario, &mut Kafka::new(live.bootstrap)).map_err(|error| error.to_string())
    })
}

fn model(target: Target, without: Option<Rule>) -> Result<Model, String> {
    let model = Model::new(target, |config| {
        if let Some(rule) = without {
            config.rules.without(rule);
        }
    });
    model.map_err(|error| error.to_string())
}

/// Tells what differs in one scenario; whether nothing does.
fn tell(scenario: &Scenario, reference: &[Value], fencepost: &[Value]) -> bool {
    let found = differences(scenario, reference, fencepost);
    if found.is_empty() {
        return true;
    }
    println!("DIFFERS {}", scenario.title);
    for difference in found.iter().take(20) {
        println!("{difference}");
    }
    false
}

fn compare(live: &Live) -> Result<bool, String> {
    let scenarios = live.chosen.scenarios()?;
    let base = model(live.chosen.target, None)?;
    let mut agreed = 0;
    for (scenario, reference) in scenarios.iter().zip(at_broker(live, &scenarios)) {
        let fencepost = run(scenario, &mut base.clone()).map_err(|error| error.to_string());
        match (reference, fencepost) {
            (Ok(reference), Ok(fencepost)) if reference == fencepost => agreed += 1,
            (Ok(_), Ok(fencepost)) => {
                // Scenarios that run at the same time may share a broker's question to a coordinator,
                // and with it the error that old clients are told (VERIFY-06): by itself, none does.
                let alone = run(scenario, &mut Kafka::new(live.bootstrap));
                let alone = alone.map_err(|error| error.to_string())?;
                agreed += usize::from(tell(scenario, &alone, &fencepost));
            }
            (Err(error), _) => println!("FAILED at Kafka: {error}"),
            (_, Err(error)) => println!("FAILED at fencepost: {error}"),
        }
    }
    println!("{agreed} of {} scenarios agree", scenarios.len());
    Ok(agreed == scenarios.len())
}

fn record(live: &Live) -> Result<bool, String> {
    let target = live.chosen.target;
    let scenarios = live.chosen.scenarios()?;
    let mut kept = transcripts_of(target).map_err(|error| error.to_string())?;
    let known = all_scenarios()?;
    kept.retain(|_, old| known.iter().any(|scenario| old.is_of(scenario)));
    let first = at_broker(live, &scenarios);
    let second = at_broker(live, &scenarios);
    let mut steady = 0;
    for ((scenario, first), second) in scenarios.iter().zip(first).zip(second) {
        match (first, second) {
            (Ok(first), Ok(second)) if first == second => {
                kept.insert(scenario.title.clone(), Transcript::new(scenario, first));
                steady += 1;
            }
            (Ok(first), Ok(second)) => {
                println!("NOT THE SAME TWICE {}", scenario.title);
                for difference in differences(scenario, &first, &second).iter().take(20) {
                    println!("{difference}");
                }
            }
            (Err(error), _) | (_, Err(error)) => println!("FAILED {error}"),
        }
    }
    keep_transcripts(target, &kept).map_err(|error| error.to_string())?;
    println!(
        "{steady} of {} scenarios recorded, {} kept for {target}",
        scenarios.len(),
        kept.len()
    );
    Ok(steady == scenarios.len())
}

/// Prints the shortest scenario that was found, in the form of a file.
fn shrink(live: &Live) -> Result<bool, String> {
    let base = model(live.chosen.target, None)?;
    warm_up(&mut Kafka::new(live.bootstrap)).map_err(|error| error.to_string())?;
    // One that cannot be played, since an answer is missing that it refers to, does not differ.
    let differs = |scenario: &Scenario| {
        let reference = run(scenario, &mut Kafka::new(live.bootstrap));
        let fencepost = run(scenario, &mut base.clone());
        matches!((reference, fencepost), (Ok(a), Ok(b)) if !differences(scenario, &a, &b).is_empty())
    };
    for mut scenario in live.chosen.scenarios()? {
        if !differs(&scenario) {
            println!("# {}: no difference", scenario.title);
            continue;
        }
        let mut index = 0;
        while index < scenario.steps.len() {
            let mut shorter = scenario.clone();
            shorter.steps.remove(index);
            if differs(&shorter) {
                scenario = shorter;
            } else {
                index += 1;
            }
        }
        println!("scenario {}", scenario.title);
        for step in &scenario.steps {
            println!("  {}", step.line);
        }
    }
    Ok(true)
}

fn replay(what: &Replay) -> Result<bool, String> {
    let scenarios = what.chosen.scenarios()?;
    let base = model(what.chosen.target, what.without)?;
    let kept = transcripts_of(what.chosen.target).map_err(|error| error.to_string())?;
    let mut agreed = 0;
    for scenario in &scenarios {
        match kept.get(&scenario.title) {
            Some(transcript) if transcript.is_of(scenario) => {
                match run(scenario, &mut base.clone()) {
                    Ok(told) => agreed += usize::from(tell(scenario, &transcript.answers, &told)),
                    Err(error) => println!("FAILED {error}"),
                }
            }
            Some(_) => println!("CHANGED since it was recorded: {}", scenario.title),
            None => println!("NOT RECORDED {}", scenario.title),
        }
    }
    println!("{agreed} of {} scenarios agree", scenarios.len());
    Ok(agreed == scenarios.len())
}

fn show(what: &Show) -> Result<bool, String> {
    for scenario in what.chosen.scenarios()? {
        println!("{}", scenario.title);
        let told = match what.bootstrap {
            Some(address) => run(&scenario, &mut Kafka::new(address)),
            None => {
                let mut peer: Box<dyn Peer> = Box::new(model(what.chosen.target, None)?);
                run(&scenario, peer.as_mut())
            }
        };
        for answer in told.map_err(|error| error.to_string())? {
            println!("  {answer}");
        }
    }
    Ok(true)
}
