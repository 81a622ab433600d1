//! `record`: the answers of a broker become transcripts.

use clap::Args;
use fencepost_reference::{Transcript, differences, keep_transcripts, scenario_of, transcripts_of};

use crate::chosen::Live;
use crate::play::at_broker;

#[derive(Args)]
pub(crate) struct Record {
    #[command(flatten)]
    live: Live,
    /// Only those that have no transcript yet, or have changed since
    #[arg(long)]
    missing: bool,
}

pub(crate) fn run(Record { live, missing }: &Record) -> Result<bool, String> {
    let target = live.chosen.target;
    let mut scenarios = live.chosen.scenarios()?;
    let mut kept = transcripts_of(target).map_err(|error| error.to_string())?;
    let known = scenario_of(target)?;
    kept.retain(|title, old| known(title).is_some_and(|scenario| old.is_of(&scenario)));
    if *missing {
        scenarios.retain(|scenario| !kept.contains_key(&scenario.title));
    }
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
