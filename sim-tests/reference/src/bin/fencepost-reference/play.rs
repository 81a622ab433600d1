//! Plays scenarios, several at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fencepost_ids::Rule;
use fencepost_reference::{Kafka, Model, Scenario, Target, differences, run, warm_up};
use serde_json::Value;

use crate::chosen::Live;

/// The answers to every scenario, several at a time.
fn play_all(
    scenarios: &[Scenario],
    jobs: usize,
    play: impl Fn(&Scenario) -> Result<Vec<Value>, String> + Sync,
) -> Vec<Result<Vec<Value>, String>> {
    let next = AtomicUsize::new(0);
    let played = Mutex::new(vec![Err("not played".to_owned()); scenarios.len()]);
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(index) else { break };
                    let answers = play(scenario);
                    if let Ok(mut played) = played.lock() {
                        played[index] = answers;
                    }
                }
            });
        }
    });
    played.into_inner().unwrap_or_default()
}

/// The answers of a broker.
pub(crate) fn at_broker(live: &Live, scenarios: &[Scenario]) -> Vec<Result<Vec<Value>, String>> {
    if let Err(error) = warm_up(&mut Kafka::new(live.bootstrap)) {
        return scenarios.iter().map(|_| Err(error.to_string())).collect();
    }
    play_all(scenarios, live.jobs, |scenario| {
        run(scenario, &mut Kafka::new(live.bootstrap)).map_err(|error| error.to_string())
    })
}

/// A fresh broker of the model, which may break a rule.
pub(crate) fn model(target: Target, without: Option<Rule>) -> Result<Model, String> {
    let model = Model::new(target, |config| {
        if let Some(rule) = without {
            config.rules.without(rule);
        }
    });
    model.map_err(|error| error.to_string())
}

/// Tells what differs in one scenario; whether nothing does.
pub(crate) fn tell(scenario: &Scenario, reference: &[Value], fencepost: &[Value]) -> bool {
    let found = differences(scenario, reference, fencepost);
    if found.is_empty() {
        return true;
    }
    println!("DIFFERS {}", scenario.title);
    for difference in found.iter().take(20) {
        println!("{difference}");
    }
    false
}
