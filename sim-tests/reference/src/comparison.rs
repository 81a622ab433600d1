//! How much was compared with a live broker.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scenario::{Action, Scenario};
use crate::target::Target;

/// Scenarios that a broker and fencepost answered alike.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What was played at.
    pub target: String,
    /// Whether the scenarios were drawn by chance.
    pub generated: bool,
    /// The first seed, if so.
    pub seed: u64,
    /// How many scenarios.
    pub scenarios: u64,
    /// How many requests of each API and version, as in `EndTxn/5`.
    pub requests: BTreeMap<String, u64>,
}

impl Comparison {
    /// The count of some scenarios.
    #[must_use]
    pub fn new(target: Target, generated: bool, seed: u64, scenarios: &[Scenario]) -> Self {
        let mut requests = BTreeMap::new();
        for scenario in scenarios {
            count_requests(scenario, &mut requests);
        }
        let scenarios = scenarios.len() as u64;
        Self { target: target.to_string(), generated, seed, scenarios, requests }
    }

    /// What tells kinds apart, and orders them.
    pub(crate) fn key(&self) -> (&str, bool, u64) {
        (&self.target, self.generated, self.seed)
    }

    /// Whether another one is newer, or of more seeds.
    pub(crate) fn is_replaced_by(&self, newer: &Self) -> bool {
        self.key() == newer.key()
    }
}

/// Adds the requests of a scenario to a count.
pub(crate) fn count_requests(scenario: &Scenario, requests: &mut BTreeMap<String, u64>) {
    for step in &scenario.steps {
        if let Action::Ask(ask) = &step.action {
            *requests.entry(format!("{}/{}", ask.api, ask.version)).or_default() += 1;
        }
    }
}
