//! No acknowledged record is lost, none stands in the log twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::{End, FinalState, History, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    let committed: BTreeSet<_> =
        state.read_committed.values().flatten().map(|(_, record)| *record).collect();
    for (id, sent) in history.numbered().filter(|(_, sent)| sent.acknowledged) {
        let must_be_there = match sent.transaction {
            None => true,
            Some(transaction) => {
                history.transactions[transaction.0 as usize].end == Some(End::Committed)
            }
        };
        if must_be_there && !committed.contains(&id) {
            violations.push(Violation::Lost { record: id, place: sent.place.clone() });
        }
    }
    for (place, records) in &state.read_uncommitted {
        let mut seen = BTreeMap::new();
        for (offset, record) in records {
            if let Some(first) = seen.insert(*record, *offset) {
                violations.push(Violation::Duplicated {
                    record: *record,
                    place: place.clone(),
                    first,
                    second: *offset,
                });
            }
        }
    }
}
