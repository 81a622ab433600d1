//! The answers of real brokers, replayed without one.

use std::thread;

use fencepost_reference::{
    Model, Scenario, Target, all_scenarios, differences, report, run, scenario_of, transcripts_of,
};

/// Every scenario has a transcript of every target, and fencepost answers as it says.
#[test]
fn fencepost_answers_as_the_brokers_did() {
    let written = all_scenarios().unwrap();
    let mut wrong = Vec::new();
    thread::scope(|scope| {
        let targets: Vec<_> = Target::ALL
            .iter()
            .map(|target| {
                let written = &written;
                scope.spawn(move || replayed(*target, written))
            })
            .collect();
        for target in targets {
            wrong.extend(target.join().unwrap().unwrap());
        }
    });
    let shown = &wrong[..wrong.len().min(50)];
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), shown.join("\n"));
}

/// What is wrong at a target.
fn replayed(target: Target, written: &[Scenario]) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    let find = scenario_of(target)?;
    let transcripts = transcripts_of(target).map_err(|error| error.to_string())?;
    for scenario in written.iter().filter(|it| it.targets.contains(&target)) {
        if !transcripts.contains_key(&scenario.title) {
            wrong.push(format!("{target}: no transcript of `{}`: record it", scenario.title));
        }
    }
    let base = Model::new(target, |_| {}).map_err(|error| error.to_string())?;
    for transcript in transcripts.values() {
        let scenario = find(&transcript.title).filter(|scenario| transcript.is_of(scenario));
        let Some(scenario) = scenario else {
            wrong.push(format!("{target}: `{}` has changed: record it", transcript.title));
            continue;
        };
        match run(&scenario, &mut base.clone()) {
            Ok(told) => wrong.extend(
                differences(&scenario, &transcript.answers, &told)
                    .iter()
                    .map(|difference| format!("{target}: {}\n{difference}", scenario.title)),
            ),
            Err(error) => wrong.push(format!("{target}: {error}")),
        }
    }
    Ok(wrong)
}

/// The page in docs/ is what the transcripts say.
#[test]
fn the_page_on_fidelity_is_true() {
    let page = include_str!("../../../docs/fidelity.md");
    assert!(page == report().unwrap(), "docs/fidelity.md is old: `report` prints the new one");
}
