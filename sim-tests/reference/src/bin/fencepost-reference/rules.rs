//! `rules`: the transcript that fails when a rule is broken.

use fencepost_ids::Rule;
use fencepost_reference::{NOT_SHOWN, recorded, witness};

use crate::play::in_parallel;

/// Prints the table; whether every rule has a transcript, or a reason why none can show it.
pub(crate) fn run() -> Result<bool, String> {
    let recorded = recorded()?;
    let mut is_whole = true;
    let witnesses = in_parallel(Rule::ALL, PROCESSORS, |rule| witness(*rule, &recorded));
    for (rule, witness) in Rule::ALL.iter().zip(witnesses) {
        match (witness.flatten(), NOT_SHOWN.iter().find(|(id, _)| *id == rule.id())) {
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

const PROCESSORS: usize = 2;
