//! Of a transaction, read_committed delivers everything or nothing.

use std::collections::BTreeMap;

use crate::{End, FinalState, History, TransactionId, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    let mut visible: BTreeMap<TransactionId, usize> = BTreeMap::new();
    for (place, records) in &state.read_committed {
        for (_, record) in records {
            let Some(sent) = history.record(*record) else { continue };
            let Some(transaction) = sent.transaction else { continue };
            *visible.entry(transaction).or_default() += 1;
            if history.transactions[transaction.0 as usize].end == Some(End::NotCommitted) {
                violations.push(Violation::AbortedVisible {
                    record: *record,
                    transaction,
                    place: place.clone(),
                });
            }
        }
    }
    let mut acknowledged: BTreeMap<TransactionId, usize> = BTreeMap::new();
    for (_, sent) in history.numbered().filter(|(_, sent)| sent.acknowledged) {
        if let Some(transaction) = sent.transaction {
            *acknowledged.entry(transaction).or_default() += 1;
        }
    }
    for (transaction, visible) in visible {
        let total = acknowledged.get(&transaction).copied().unwrap_or(0);
        // A commit is asked for only once every record was acknowledged.
        if visible != total {
            let actor = history.transactions[transaction.0 as usize].actor;
            violations.push(Violation::Torn { transaction, actor, visible, total });
        }
    }
}
