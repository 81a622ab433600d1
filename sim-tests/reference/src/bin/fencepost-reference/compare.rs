//! `compare`: a broker and fencepost, side by side.

use clap::Args;
use fencepost_reference::{Comparison, Kafka, keep_comparison, run as play};

use crate::chosen::Live;
use crate::play::{at_broker, model, tell};

#[derive(Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    live: Live,
    /// Keeps the counts for docs/fidelity.md
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(what: &Compare) -> Result<bool, String> {
    let live = &what.live;
    let scenarios = live.chosen.scenarios()?;
    let base = model(live.chosen.target, None)?;
    let mut agreed = 0;
    for (scenario, reference) in scenarios.iter().zip(at_broker(live, &scenarios)) {
        let fencepost = play(scenario, &mut base.clone()).map_err(|error| error.to_string());
        match (reference, fencepost) {
            (Ok(reference), Ok(fencepost)) if reference == fencepost => agreed += 1,
            (Ok(_), Ok(fencepost)) => {
                // Scenarios that run at the same time may share a broker's question to a coordinator,
                // and with it the error that old clients are told (VERIFY-06): by itself, none does.
                let alone = play(scenario, &mut Kafka::new(live.bootstrap));
                let alone = alone.map_err(|error| error.to_string())?;
                agreed += usize::from(tell(scenario, &alone, &fencepost));
            }
            (Err(error), _) => println!("FAILED at Kafka: {error}"),
            (_, Err(error)) => println!("FAILED at fencepost: {error}"),
        }
    }
    if what.keep && agreed == scenarios.len() {
        let Live { chosen, .. } = live;
        let comparison =
            Comparison::new(chosen.target, chosen.generated > 0, chosen.seed, &scenarios);
        keep_comparison(comparison).map_err(|error| error.to_string())?;
    }
    println!("{agreed} of {} scenarios agree", scenarios.len());
    Ok(agreed == scenarios.len())
}
