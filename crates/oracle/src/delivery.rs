//! What a read_committed consumer delivered at any time is what is committed in the end, without
//! gaps from where it began.

use std::collections::BTreeMap;

use crate::{ActorId, FinalState, History, Place, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    let mut positions: BTreeMap<(ActorId, Place), usize> = BTreeMap::new();
    for delivered in &history.delivered {
        let at = positions.entry((delivered.actor, delivered.place.clone())).or_default();
        let expected = state.read_committed.get(&delivered.place).and_then(|all| all.get(*at));
        if expected != Some(&(delivered.offset, delivered.record)) {
            let found = match expected {
                Some((offset, record)) => format!("record {} at {offset}", record.0),
                None => "nothing".to_owned(),
            };
            violations.push(Violation::WrongDelivery {
                consumer: delivered.actor,
                record: delivered.record,
                place: delivered.place.clone(),
                offset: delivered.offset,
                found,
            });
            return;
        }
        *at += 1;
    }
}
