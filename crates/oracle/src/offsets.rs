//! A pipeline's outputs and its committed offsets stand and fall together.

use std::collections::BTreeMap;

use fencepost_ids::Offset;

use crate::{FinalState, History, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    let mut outputs: BTreeMap<_, usize> = BTreeMap::new();
    for (_, record) in state.read_committed.values().flatten() {
        if let Some(input) = history.record(*record).and_then(|sent| sent.input) {
            *outputs.entry(input).or_default() += 1;
        }
    }
    for (place, committed) in &state.committed_offsets {
        for (offset, input) in state.read_committed.get(place).into_iter().flatten() {
            let outputs = outputs.get(input).copied().unwrap_or(0);
            let expected = usize::from(*offset < *committed && *committed != Offset::NONE);
            if outputs != expected {
                violations.push(Violation::OffsetsAndOutputsDisagree {
                    input: *input,
                    place: place.clone(),
                    offset: *offset,
                    outputs,
                    committed: *committed,
                });
            }
        }
    }
}
