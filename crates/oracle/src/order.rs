//! Records of one producer keep their order on each partition.

use std::collections::BTreeMap;

use crate::{FinalState, History, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    for (place, records) in &state.read_uncommitted {
        let mut last = BTreeMap::new();
        for (offset, record) in records {
            let Some(sent) = history.record(*record) else { continue };
            let latest = last.entry(sent.actor).or_insert(*record);
            if *latest > *record {
                violations.push(Violation::Reordered {
                    actor: sent.actor,
                    place: place.clone(),
                    earlier: *record,
                    later: *latest,
                    at: *offset,
                });
            }
            *latest = (*latest).max(*record);
        }
    }
}
