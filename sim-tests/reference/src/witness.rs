//! Which transcript shows a safety rule.

use fencepost_ids::Rule;

use crate::files::{scenario_of, transcripts_of};
use crate::model::Model;
use crate::run::run;
use crate::target::Target;

/// The rules that no transcript of one broker without crashes can show, and why.
pub const NOT_SHOWN: &[(&str, &str)] = &[];

/// The first transcript that differs when fencepost breaks a rule, at the newest target that has
/// one. Those whose titles name the rule come first.
///
/// # Errors
/// If a file is wrong.
pub fn witness(rule: Rule) -> Result<Option<(Target, String)>, String> {
    for target in Target::ALL.iter().rev() {
        let find = scenario_of(*target)?;
        let model = Model::new(*target, |config| config.rules.without(rule));
        // A model that does not even come to work without the rule shows nothing of it.
        let Ok(model) = model else { continue };
        let kept = transcripts_of(*target).map_err(|error| error.to_string())?;
        let mut transcripts: Vec<_> = kept.into_values().collect();
        transcripts.sort_by_key(|transcript| !transcript.title.contains(rule.id()));
        for transcript in transcripts {
            let Some(scenario) = find(&transcript.title) else { continue };
            let told = run(&scenario, &mut model.clone());
            if transcript.is_of(&scenario) && told.as_ref() != Ok(&transcript.answers) {
                return Ok(Some((*target, transcript.title)));
            }
        }
    }
    Ok(None)
}
