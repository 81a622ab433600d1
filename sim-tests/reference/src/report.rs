//! `docs/fidelity.md`: what has been compared, how much of it, and what may differ.

use std::collections::BTreeMap;
use std::fmt::Write;

use fencepost_ids::Rule;

use crate::canonical::ACCEPTED;
use crate::comparison::count_requests;
use crate::files::{all_scenarios, comparisons, scenario_of, transcripts_of};
use crate::target::Target;
use crate::witness::NOT_SHOWN;

const HEAD: &str = "# Held against Apache Kafka

The same requests go to a real broker and to fencepost, and the answers are compared field by field, with the bytes
of the records and their CRCs. `sim-tests/reference/` has the scenarios, the broker, and the broker's answers as
transcripts, which `cargo test` replays. This page is printed by `cargo run -p fencepost-reference -- report`.

";

/// The page.
///
/// # Errors
/// If a file of scenarios, transcripts or comparisons is wrong.
pub fn report() -> Result<String, String> {
    let mut page = HEAD.to_owned();
    let written = all_scenarios()?;
    let _ = writeln!(
        page,
        "## Transcripts\n\n{} scenarios are written by hand. Kept of each release:\n",
        written.len()
    );
    page.push_str("| release and level of `transaction.version` | written | by chance | requests |\n|---|---:|---:|---:|\n");
    let mut requests = BTreeMap::new();
    for target in Target::ALL {
        let find = scenario_of(*target)?;
        let kept = transcripts_of(*target).map_err(|error| error.to_string())?;
        let (mut by_hand, mut by_chance, mut of_target) = (0, 0, BTreeMap::new());
        for title in kept.keys() {
            let Some(scenario) = find(title) else { continue };
            if title.starts_with("generated ") {
                by_chance += 1;
            } else {
                by_hand += 1;
            }
            count_requests(&scenario, &mut of_target);
        }
        let total: u64 = of_target.values().sum();
        let _ = writeln!(page, "| {target} | {by_hand} | {by_chance} | {total} |");
        add(&mut requests, &of_target);
    }
    page.push_str("\n## Live brokers\n\nScenarios by chance that a broker and fencepost answered alike, all of them. One that differed while\nothers ran was played again alone: batches of several clients may share a question to a coordinator, and the\nerror that old clients read then (VERIFY-06).\n\n");
    page.push_str("| release and level | seeds | scenarios | requests |\n|---|---|---:|---:|\n");
    for comparison in comparisons().map_err(|error| error.to_string())? {
        let total: u64 = comparison.requests.values().sum();
        let (first, count) = (comparison.seed, comparison.scenarios);
        let seeds = match comparison.generated {
            true => format!("{first} to {}", first + count - 1),
            false => "written by hand".to_owned(),
        };
        let _ = writeln!(page, "| {} | {seeds} | {count} | {total} |", comparison.target);
        add(&mut requests, &comparison.requests);
    }
    page.push_str(
        "\n## Requests of each API and version\n\n| API | version: requests |\n|---|---|\n",
    );
    let mut by_api: BTreeMap<&str, Vec<(i16, u64)>> = BTreeMap::new();
    for (name, count) in &requests {
        if let Some((api, version)) = name.split_once('/') {
            by_api.entry(api).or_default().push((version.parse().unwrap_or(0), *count));
        }
    }
    for (api, mut versions) in by_api {
        versions.sort_unstable();
        let cells: Vec<_> =
            versions.iter().map(|(version, count)| format!("{version}: {count}")).collect();
        let _ = writeln!(page, "| {api} | {} |", cells.join(", "));
    }
    page.push_str(&rules());
    page.push_str("\n## What may differ\n\n");
    for (what, reason) in ACCEPTED {
        let _ = writeln!(page, "- {what}: {reason}");
    }
    page.push_str("\n`docs/spec-errata.md` names what differs on purpose beyond these; no scenario asks for it.\n");
    Ok(page)
}

/// How many safety rules have a transcript that fails without them, and why the others have none.
fn rules() -> String {
    let (all, not_shown) = (Rule::ALL.len(), NOT_SHOWN.len());
    let mut text = format!(
        "\n## Safety rules\n\nOf the {all} rules that `--without` switches off, {} make a transcript fail when they are; \
         `rules` prints\nwhich. The others cannot be seen at one broker without crashes:\n\n",
        all - not_shown
    );
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (rule, reason) in NOT_SHOWN {
        by_reason.entry(reason).or_default().push(rule);
    }
    for (reason, rules) in by_reason {
        let _ = writeln!(text, "- {reason}: {}", rules.join(", "));
    }
    text
}

fn add(sum: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (name, count) in more {
        *sum.entry(name.clone()).or_default() += count;
    }
}
