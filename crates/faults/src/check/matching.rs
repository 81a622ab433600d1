//! Whether anything can match a fault, and any match fire.

use fencepost_wire::{ApiKey, Release};

use crate::condition::{GROUP_STATES, TRANSACTION_STATES};
use crate::nearest::suggestion;
use crate::{Fault, Field, Glob, Problem, Range, Sender, While};

pub(super) fn check(fault: &Fault) -> Result<(), Problem> {
    if fault.sender() == Sender::Broker {
        if fault.message().is_none() {
            return Err(Problem::NoSuchMessage(fault.on));
        }
        if fault.client.is_some() {
            return Err(Problem::OfClientsOnly("client"));
        }
        if fault.version.is_some() {
            return Err(Problem::OfClientsOnly("version"));
        }
    }
    check_fields(fault)?;
    check_version(fault)?;
    check_occurrence(fault)?;
    fault.condition.as_ref().map_or(Ok(()), |condition| check_condition(fault, condition))
}

/// What the request or message says.
pub(super) fn fields(fault: &Fault) -> &'static [Field] {
    fault.message().map_or_else(|| Field::of_request(fault.on), Field::of_message)
}

/// The versions that some release answers, within those that the fault is about.
pub(super) fn versions(fault: &Fault) -> impl Iterator<Item = i16> {
    let range = fault.version;
    served(fault.on).filter(move |version| {
        let version = u64::try_from(*version).unwrap_or_default();
        range.is_none_or(|range| range.contains(version))
    })
}

fn served(api: ApiKey) -> impl Iterator<Item = i16> {
    let ranges = Release::ALL.iter().map(move |release| release.served_versions(api));
    let first = ranges.clone().map(|range| *range.start()).min().unwrap_or_default();
    let last = ranges.map(|range| *range.end()).max().unwrap_or_default();
    first..=last
}

/// The first and the last version that some release answers.
pub(super) fn served_ends(api: ApiKey) -> (i16, i16) {
    served(api)
        .fold((i16::MAX, 0), |(first, last), version| (first.min(version), last.max(version)))
}

fn check_fields(fault: &Fault) -> Result<(), Problem> {
    let asked = [
        (Field::TransactionalId, fault.transactional_id.is_some()),
        (Field::Group, fault.group.is_some()),
        (Field::Topic, fault.topic.is_some()),
        (Field::Partition, fault.partition.is_some()),
    ];
    let what = match fault.sender() {
        Sender::Client => "a request",
        Sender::Broker => "a message",
    };
    for (field, is_asked) in asked {
        if is_asked && !fields(fault).contains(&field) {
            return Err(Problem::NoSuchField { what, api: fault.on, field });
        }
    }
    for (key, number) in [("partition", fault.partition), ("broker", fault.broker)] {
        if number.is_some_and(|number| number < 0) {
            return Err(Problem::Negative(key));
        }
    }
    Ok(())
}

fn check_version(fault: &Fault) -> Result<(), Problem> {
    let Some(asked) = fault.version else { return Ok(()) };
    if asked.is_empty() {
        return Err(Problem::EmptyRange { key: "version", range: asked });
    }
    if versions(fault).next().is_some() {
        return Ok(());
    }
    let (first, last) = served_ends(fault.on);
    Err(Problem::Version { api: fault.on, asked, first, last })
}

fn check_occurrence(fault: &Fault) -> Result<(), Problem> {
    for (key, number) in
        [("nth", fault.nth), ("every", fault.every), ("range", fault.range.map(|it| it.from))]
    {
        if number == Some(0) {
            return Err(Problem::CountedFromOne(key));
        }
    }
    if let Some(range) = fault.range
        && range.is_empty()
    {
        return Err(Problem::EmptyRange { key: "range", range });
    }
    check_expectation(fault)?;
    match (fault.nth, fault.range, fault.every) {
        (Some(nth), Some(range), _) if !range.contains(u64::from(nth)) => {
            Err(Problem::NthOutOfRange { nth, range })
        }
        (Some(_), Some(_), _) => Err(Problem::NthAnd("range")),
        (Some(_), None, Some(_)) => Err(Problem::NthAnd("every")),
        (None, Some(range @ Range { from, to: Some(to) }), Some(every))
            if to - from < every - 1 =>
        {
            Err(Problem::EveryAboveRange { every, range })
        }
        _ => Ok(()),
    }
}

/// Whether it can fire as often as it is to.
fn check_expectation(fault: &Fault) -> Result<(), Problem> {
    let Some(expected) = fault.fires else { return Ok(()) };
    if expected.is_empty() {
        return Err(Problem::EmptyRange { key: "fires", range: expected });
    }
    let most = match (fault.nth, fault.range, fault.every) {
        (Some(_), ..) => Some(1),
        (None, None, None) if fault.probability.is_none() => Some(1),
        (None, Some(Range { from, to: Some(to) }), every) if to >= from => {
            Some((u64::from(to - from) + 1) / u64::from(every.unwrap_or(1).max(1)))
        }
        _ => None,
    };
    match most {
        Some(most) if u64::from(expected.from) > most => {
            Err(Problem::FiresTooRarely { expected, most })
        }
        _ => Ok(()),
    }
}

fn check_condition(fault: &Fault, condition: &While) -> Result<(), Problem> {
    let (of, field, glob, states): (&str, Field, &Glob, &[&str]) =
        match (&condition.transaction, &condition.group) {
            (Some(glob), None) => {
                ("a transaction", Field::TransactionalId, glob, TRANSACTION_STATES)
            }
            (None, Some(glob)) => ("a group", Field::Group, glob, GROUP_STATES),
            (Some(_), Some(_)) | (None, None) => return Err(Problem::WhileOfWhat),
        };
    if !glob.is_literal() && !fields(fault).contains(&field) {
        return Err(Problem::WhileWithoutSubject(field, fault.on));
    }
    if condition.state.0.is_empty() {
        return Err(Problem::UnknownState(format!("`while` names no state of {of}")));
    }
    for state in &condition.state.0 {
        if !states.contains(&&**state) {
            let suggestion = suggestion(state, states.iter().copied());
            let all = states.join(", ");
            let text = format!("{of} is never `{state}`{suggestion}; its states are {all}");
            return Err(Problem::UnknownState(text));
        }
    }
    Ok(())
}
