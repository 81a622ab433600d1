//! Refuses what can never match and what contradicts itself.

mod actions;
mod cluster;
mod matching;

use std::collections::BTreeSet;

use crate::lines::default_name;
use crate::nearest::suggestion;
use crate::{Action, After, Fault, PlanError, Problem};

/// Checks faults that are to stand beside those that are `present`; `events` come from outside.
pub(crate) fn check(
    faults: &[Fault],
    events: &[String],
    present: &[(&str, &Fault)],
) -> Result<(), PlanError> {
    let everyone = || present.iter().map(|(_, fault)| *fault).chain(faults);
    let raised = everyone().flat_map(|fault| &fault.actions.0).filter_map(|action| match action {
        Action::Raise(event) => Some(&**event),
        _ => None,
    });
    let raised: BTreeSet<&str> = raised.chain(events.iter().map(|event| &**event)).collect();
    let mut taken: BTreeSet<&str> = present.iter().map(|(name, _)| *name).collect();
    let named: BTreeSet<&str> = taken
        .iter()
        .copied()
        .chain(faults.iter().filter_map(|fault| fault.name.as_deref()))
        .collect();
    for (index, fault) in faults.iter().enumerate() {
        let name = fault.name.as_deref();
        check_name(name, &mut taken)
            .and_then(|()| matching::check(fault))
            .and_then(|()| actions::check(fault))
            .and_then(|()| check_waits(fault, &raised, &named))
            .map_err(|problem| PlanError {
                line: None,
                fault: Some(name.map_or_else(|| default_name(index), ToOwned::to_owned)),
                index: Some(index),
                problem,
            })?;
    }
    Ok(())
}

fn check_name<'a>(name: Option<&'a str>, taken: &mut BTreeSet<&'a str>) -> Result<(), Problem> {
    match name {
        Some(name) if name.is_empty() || name.starts_with('#') => Err(Problem::BadName),
        Some(name) if !taken.insert(name) => Err(Problem::NameTaken),
        Some(_) | None => Ok(()),
    }
}

fn check_waits(
    fault: &Fault,
    raised: &BTreeSet<&str>,
    named: &BTreeSet<&str>,
) -> Result<(), Problem> {
    let (event, awaited) = match &fault.after {
        Some(After::Event(event)) => (Some(&**event), None),
        Some(After::Fault(awaited)) => (None, Some(&**awaited)),
        None => (None, None),
    };
    let actions = fault.actions.0.iter();
    let waits = actions.map(|action| ("do", action.awaited_event(), action.awaited_fault()));
    for (key, event, awaited) in waits.chain([("after", event, awaited)]) {
        if let Some(event) = event
            && !raised.contains(event)
        {
            let suggestion = suggestion(event, raised.iter().copied());
            return Err(Problem::NoSuchEvent { key, event: event.to_owned(), suggestion });
        }
        let Some(awaited) = awaited else { continue };
        if fault.name.as_deref() == Some(awaited) {
            return Err(Problem::WaitsForItself(key));
        }
        if !named.contains(awaited) || awaited.starts_with('#') {
            let suggestion = suggestion(awaited, named.iter().copied());
            return Err(Problem::NoSuchFault { key, fault: awaited.to_owned(), suggestion });
        }
    }
    Ok(())
}
