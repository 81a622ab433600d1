//! `rules`: the transcript that fails when a rule is broken.

use std::thread::available_parallelism;

use clap::Args;
use fencepost_ids::Rule;
use fencepost_reference::{NOT_SHOWN, recorded, witness};

use crate::play::in_parallel;

#[derive(Args)]
pub(crate) struct Rules {
    /// Looks also for transcripts that fail without a rule of which it is said that none can
    #[arg(long)]
    doubt: bool,
}

/// Prints the table; whether every rule has a transcript, or a reason why none can show it.
pub(crate) fn run(Rules { doubt }: &Rules) -> Result<bool, String> {
    let recorded = recorded()?;
    let reason = |rule: &Rule| NOT_SHOWN.iter().find(|(id, _)| *id == rule.id());
    let processors = available_parallelism().map_or(1, usize::from);
    let mut is_whole = true;
    let witnesses = in_parallel(Rule::ALL, processors, |rule| {
        (*doubt || reason(rule).is_none()).then(|| witness(*rule, &recorded)).flatten()
    });
    for (rule, witness) in Rule::ALL.iter().zip(witnesses) {
        match (witness.flatten(), reason(rule)) {
            (Some((target, title)), None) => println!("{:11} {target}  {title}", rule.id()),
            (None, Some((_, reason))) => println!("{:11} -        {reason}", rule.id()),
            (Some((_, title)), Some(_)) => {
                is_whole = false;
                println!("{:11} has a reason for no transcript, but {title} shows it", rule.id());
            }
            (None, None) => {
                is_whole = false;
                println!("{:11} NO TRANSCRIPT", rule.id());
            }
        }
    }
    Ok(is_whole)
}
