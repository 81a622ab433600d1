//! Which transcript shows a safety rule.

use fencepost_ids::Rule;

use crate::files::Recorded;
use crate::model::Model;
use crate::run::run;
use crate::target::Target;

/// The rules that no transcript of one broker without crashes can show, and why.
pub const NOT_SHOWN: &[(&str, &str)] = &[
    ("IDEM-06", ONE_REPLICA),
    ("IDEM-10", ONE_REPLICA),
    ("VERIFY-12", RACE),
    ("VERIFY-13", RACE),
    ("MARK-03", ONE_REPLICA),
    ("LSO-01", ONE_REPLICA),
    ("LSO-04", ONE_REPLICA),
    ("LSO-06", ONE_REPLICA),
    ("LSO-19", CRASH),
    ("RECOV-01", EXPIRY),
    ("RECOV-05", CRASH),
    ("RECOV-06", CRASH),
    ("RECOV-08", CRASH),
    ("RECOV-18", ONE_REPLICA),
    ("RECOV-20", ONE_REPLICA),
    ("RECOV-21", ONE_REPLICA),
    ("RECOV-22", ONE_REPLICA),
    ("RETAIN-05", ONE_REPLICA),
    ("TLOG-10", ONE_REPLICA),
    ("INIT-14", ONE_REPLICA),
    ("ADDP-05", ONE_REPLICA),
    ("END-06", ONE_REPLICA),
    ("MARKOUT-03", CRASH),
    ("MARKOUT-05", CRASH),
    ("MARKOUT-06", CRASH),
    ("MARKOUT-07", CRASH),
    ("MARKOUT-11", ONE_REPLICA),
    ("FAILOVER-01", CRASH),
    ("FAILOVER-02", CRASH),
    ("FAILOVER-04", CRASH),
    ("FAILOVER-05", CRASH),
    ("FAILOVER-07", CRASH),
    ("TIMEOUT-05", EXPIRY),
    ("TXOFF-34", ONE_REPLICA),
    ("TXOFF-40", RACE),
    ("TXOFF-49", ONE_REPLICA),
    ("TXOFF-50", ONE_REPLICA),
    ("TXOFF-67", EXPIRY),
    ("TXOFF-68", EXPIRY),
    ("TXOFF-69", EXPIRY),
    ("TXOFF-75", CRASH),
    ("GRP-25", ONE_REPLICA),
    ("GRP-27", ONE_REPLICA),
    ("API-44", ONE_REPLICA),
];

const ONE_REPLICA: &str = "a broker alone is every replica that there is: nothing waits for another, and no append lacks one";
const CRASH: &str = "a broker crashes, restarts, or another takes over";
const RACE: &str = "which of two messages comes first is chance at a broker";
const EXPIRY: &str =
    "the round that forgets comes every ten minutes, and would take other scenarios' ids with it";

/// The first transcript that differs when fencepost breaks a rule, at the newest target that has
/// one. Those whose titles name the rule come first.
#[must_use]
pub fn witness(rule: Rule, recorded: &[Recorded]) -> Option<(Target, &str)> {
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
