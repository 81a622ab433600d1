//! `rules`: the transcript that fails when a rule is broken.

use fencepost_ids::Rule;
use fencepost_reference::{NOT_SHOWN, witness};

/// Prints the table; whether every rule has a transcript, or a reason why none can show it.
pub(crate) fn run() -> Result<bool, String> {
    let mut is_whole = true;
    for rule in Rule::ALL {
        match (witness(*rule)?, NOT_SHOWN.iter().find(|(id, _)| *id == rule.id())) {
            (Some((target, title)), None) => println!("{:10} {target}  {title}", rule.id()),
            (None, Some((_, reason))) => println!("{:10} -        {reason}", rule.id()),
            (Some((_, title)), Some(_)) => {
                is_whole = false;
                println!("{:10} has a reason for no transcript, but {title} shows it", rule.id());
            }
            (None, None) => {
                is_whole = false;
                println!("{:10} NO TRANSCRIPT", rule.id());
            }
        }
    }
    Ok(is_whole)
}
