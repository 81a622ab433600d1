//! Every transaction ends, every client finishes, and nobody is refused for nothing.

use crate::{FinalState, History, Violation};

pub(crate) fn check(history: &History, state: &FinalState, violations: &mut Vec<Violation>) {
    violations.extend(state.open.iter().map(|(place, last_stable_offset)| Violation::NeverEnded {
        place: place.clone(),
        last_stable_offset: *last_stable_offset,
    }));
    violations.extend(state.unfinished.iter().map(|actor| Violation::Stuck { actor: *actor }));
    violations.extend(
        history
            .complaints
            .iter()
            .map(|(actor, what)| Violation::WrongRefusal { actor: *actor, what: what.clone() }),
    );
}
