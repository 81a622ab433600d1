//! Plays scenarios, several at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fencepost_ids::Rule;
use fencepost_reference::{Kafka, Model, Scenario, Target, differences, run, warm_up};
use serde_json::Value;

use crate::chosen::Live;

/// What `work` makes of every item, in their order, several at a time; nothing of those at which it
/// panicked.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(items.iter().map(|_| None).collect::<Vec<_>>());
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done[index] = Some(result);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}

/// The answers of a broker.
pub(crate) fn at_broker(live: &Live, scenarios: &[Scenario]) -> Vec<Result<Vec<Value>, String>> {
    if let Err(error) = warm_up(&mut Kafka::new(live.bootstrap)) {
        return scenarios.iter().map(|_| Err(error.to_string())).collect();
    }
    let answers = in_parallel(scenarios, live.jobs, |scenario| {
        run(scenario, &mut Kafka::new(live.bootstrap)).map_err(|error| error.to_string())
    });
    answers
        .into_iter()
        .map(|answers| answers.unwrap_or_else(|| Err("not played".to_owned())))
        .collect()
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
