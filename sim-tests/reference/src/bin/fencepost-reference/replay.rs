//! `replay`: fencepost beside the transcripts.

use clap::Args;
use fencepost_ids::Rule;
use fencepost_reference::{run as play, transcripts_of};

use crate::chosen::Chosen;
use crate::play::{model, tell};

#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// A rule that fencepost breaks
    #[arg(long, value_name = "RULE")]
    without: Option<Rule>,
}

pub(crate) fn run(what: &Replay) -> Result<bool, String> {
    let scenarios = what.chosen.scenarios()?;
    let base = model(what.chosen.target, what.without)?;
    let kept = transcripts_of(what.chosen.target).map_err(|error| error.to_string())?;
    let mut agreed = 0;
    for scenario in &scenarios {
        match kept.get(&scenario.title) {
            Some(transcript) if transcript.is_of(scenario) => {
                match play(scenario, &mut base.clone()) {
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
