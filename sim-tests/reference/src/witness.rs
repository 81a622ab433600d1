//! Which transcript shows a safety rule.

use fencepost_ids::Rule;

use crate::model::Model;
use crate::run::run;
use crate::scenario::Scenario;
use crate::target::Target;
use crate::transcript::Transcript;

/// The rules that no transcript of one broker without crashes can show, and why.
pub const NOT_SHOWN: &[(&str, &str)] = &[];

/// The first transcript that differs when fencepost breaks a rule, at the newest target that has
/// one. Those whose titles name the rule come first.
#[must_use]
pub fn witness(
    rule: Rule,
    recorded: &[(Target, Vec<(Scenario, Transcript)>)],
) -> Option<(Target, &str)> {
    recorded.iter().find_map(|(target, transcripts)| {
        // A model that does not even come to work without the rule shows nothing of it.
        let model = Model::new(*target, |config| config.rules.without(rule)).ok()?;
        let names = |title: &str| title.contains(rule.id());
        let (first, rest): (Vec<_>, Vec<_>) =
            transcripts.iter().partition(|(scenario, _)| names(&scenario.title));
        first.into_iter().chain(rest).find_map(|(scenario, transcript)| {
            let told = run(scenario, &mut model.clone());
            (told.as_ref() != Ok(&transcript.answers)).then_some((*target, &*transcript.title))
        })
    })
}
