//! Whether the actions of a fault can happen together, there.

use std::collections::BTreeSet;

use fencepost_wire::{ApiKey, Level, Release};

use super::matching::{fields, served_ends, versions};
use crate::{
    Action, BrokerChoice, Coordinated, CoordinatorMove, ErrorAnswer, Fault, Field, Message,
    MessageKind, Offer, Offered, Phase, Problem,
};

pub(super) fn check(fault: &Fault) -> Result<(), Problem> {
    let actions = &fault.actions.0;
    if actions.is_empty() {
        return Err(Problem::NoAction);
    }
    for (index, action) in actions.iter().enumerate() {
        check_phase(fault.when, action)?;
        check_answer(fault, action)?;
        if let Some(kind) = fault.message() {
            check_for_message(kind, action)?;
        }
        check_parts(fault, action)?;
        for earlier in &actions[..index] {
            if contradict(fault.when, earlier, action) {
                return Err(Problem::Contradiction(earlier.name(), action.name()));
            }
        }
    }
    Ok(())
}

fn check_phase(phase: Phase, action: &Action) -> Result<(), Problem> {
    let instead = match (phase, action) {
        (Phase::Applied, Action::Duplicate) => "it is received twice; say `when = \"received\"`",
        (Phase::Applied, Action::Corrupt(corruption)) if corruption.of == Message::Request => {
            "the request has been read; say `when = \"received\"`, or `of = \"answer\"`"
        }
        (Phase::Received, Action::Corrupt(corruption)) if corruption.of == Message::Answer => {
            "there is no answer yet; say `when = \"applied\"`, or `of = \"request\"`"
        }
        (Phase::Received, Action::Throttle(_) | Action::Offer(_)) => {
            "it is the answer that says so; say `when = \"applied\"`"
        }
        (Phase::Received, Action::Error(ErrorAnswer { topic, partition, .. }))
            if topic.is_some() || partition.is_some() =>
        {
            "the rest of it would have to take effect; say `when = \"applied\"`, or leave `topic` \
             and `partition` out of the error"
        }
        _ => return Ok(()),
    };
    Err(Problem::WrongPhase { action: action.name(), phase, instead })
}

/// Only one answer says what is offered. Clients ignore an answer of `Metadata` without brokers, and only the cluster can name them.
fn check_answer(fault: &Fault, action: &Action) -> Result<(), Problem> {
    match action {
        Action::Offer(_) if fault.on != ApiKey::ApiVersions => Err(Problem::NoOffer(
            "is what the answer of `ApiVersions` says: say `on = \"ApiVersions\"`",
        )),
        Action::Error(_) if fault.on == ApiKey::Metadata && fault.when == Phase::Received => {
            Err(Problem::WrongPhase {
                action: action.name(),
                phase: fault.when,
                instead: "an answer of `Metadata` without brokers is ignored; say `when = \"applied\"`",
            })
        }
        _ => Ok(()),
    }
}

fn check_for_message(kind: MessageKind, action: &Action) -> Result<(), Problem> {
    let instead = match action {
        Action::Disconnect => "use `lose`: the sender sees a broken connection",
        Action::Duplicate => {
            "lose its answer, with `lose` and `when = \"applied\"`, and it is sent again"
        }
        Action::Corrupt(_) => "brokers trust each other's bytes; use `lose`",
        Action::Throttle(_) => "use `delay`",
        Action::Offer(_) => "brokers know each other's versions",
        Action::Error(_) if kind == MessageKind::Fetch => "use `lose` or `hold`",
        Action::Error(answer) if answer.level.is_some_and(|level| level != Level::Partition) => {
            "its codes are those of partitions: leave `level` out"
        }
        _ => return Ok(()),
    };
    Err(Problem::NotForMessages { action: action.name(), instead })
}

fn check_parts(fault: &Fault, action: &Action) -> Result<(), Problem> {
    let name = action.name();
    match action {
        Action::Error(answer) => check_error(fault, answer),
        Action::Offer(offer) => check_offer(offer),
        Action::Corrupt(corruption) if corruption.bytes.is_empty() => Err(Problem::NoBytes),
        Action::Crash(choice) | Action::Stop(choice) | Action::Restart(choice) => match choice {
            BrokerChoice::Another => Err(Problem::Role {
                action: name,
                role: choice.to_string(),
                instead: "only `elect` and `move-coordinator` choose one; write an id or a role",
            }),
            choice => check_role(fault, name, *choice),
        },
        Action::Elect(election) => {
            if election.partition.is_some_and(|partition| partition < 0) {
                return Err(Problem::Negative("partition"));
            }
            match (&election.topic, election.partition) {
                (Some(_), None) | (None, Some(_)) => Err(Problem::HalfPartition),
                (None, None) => check_role(fault, name, BrokerChoice::Leader),
                (Some(_), Some(_)) => Ok(()),
            }?;
            check_role(fault, name, election.broker)
        }
        Action::MoveCoordinator(moved) => {
            check_move(fault, moved)?;
            check_role(fault, name, moved.to)
        }
        _ => Ok(()),
    }
}

/// Whether some release can offer that.
fn check_offer(offer: &Offer) -> Result<(), Problem> {
    if offer.0.is_empty() {
        return Err(Problem::NoOffer(
            "names no API: write one, as in { EndTxn = { from = 0, to = 3 } }",
        ));
    }
    for (api, offered) in &offer.0 {
        match *offered {
            Offered::Nothing if *api == ApiKey::ApiVersions => {
                return Err(Problem::NoOffer("cannot do without `ApiVersions`: use `disconnect`"));
            }
            Offered::Nothing => {}
            Offered::Versions(range) => {
                if range.is_empty() {
                    return Err(Problem::EmptyRange { key: "do", range });
                }
                if !Release::ALL.iter().any(|release| range.is_of(*release, *api)) {
                    let (first, last) = served_ends(*api);
                    return Err(Problem::NotServed {
                        release: None,
                        api: *api,
                        asked: range,
                        first,
                        last,
                    });
                }
            }
        }
    }
    Ok(())
}

fn check_move(fault: &Fault, moved: &CoordinatorMove) -> Result<(), Problem> {
    let has = |field| fields(fault).contains(&field);
    let has_one = match moved.of {
        Some(Coordinated::Transaction) => has(Field::TransactionalId),
        Some(Coordinated::Group) => has(Field::Group),
        None => has(Field::TransactionalId) || has(Field::Group),
    };
    match (&moved.transaction, &moved.group, moved.of) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            Err(Problem::TwoCoordinators)
        }
        (None, None, _) if !has_one => Err(Problem::Role {
            action: "move-coordinator",
            role: "coordinator".to_owned(),
            instead: "the request is not about one; name a `transaction` or a \
                      `group`",
        }),
        _ => Ok(()),
    }
}

/// Whether somebody plays that role for such requests or messages.
fn check_role(fault: &Fault, action: &'static str, choice: BrokerChoice) -> Result<(), Problem> {
    let has = |field| fields(fault).contains(&field);
    let (is_played, instead) = match choice {
        BrokerChoice::Id(_) | BrokerChoice::Receiver | BrokerChoice::Another => return Ok(()),
        BrokerChoice::Sender => {
            (fault.message().is_some(), "a client sends it; write an id or another role")
        }
        BrokerChoice::Leader => {
            (has(Field::Partition), "it is about no partition; write an id, or name the partition")
        }
        BrokerChoice::TransactionCoordinator => {
            (has(Field::TransactionalId), "it is about no transaction; write an id")
        }
        BrokerChoice::GroupCoordinator => (has(Field::Group), "it is about no group; write an id"),
    };
    if is_played {
        return Ok(());
    }
    Err(Problem::Role { action, role: choice.to_string(), instead })
}

fn check_error(fault: &Fault, answer: &ErrorAnswer) -> Result<(), Problem> {
    if answer.partition.is_some_and(|partition| partition < 0) {
        return Err(Problem::Negative("partition"));
    }
    let api: ApiKey = fault.on;
    let levels: BTreeSet<Level> = match fault.message() {
        Some(_) => BTreeSet::from([Level::Partition]),
        None => versions(fault).flat_map(|version| Level::of(api, version)).copied().collect(),
    };
    if let Some(level) = answer.level
        && !levels.contains(&level)
    {
        return Err(Problem::NoSuchLevel { api, level, levels: levels.into_iter().collect() });
    }
    let innermost = answer.level.or(levels.last().copied()).unwrap_or(Level::Top);
    if answer.topic.is_some() && innermost < Level::Topic {
        return Err(Problem::NoSuchPart { level: innermost, part: "topic" });
    }
    if answer.partition.is_some() && innermost < Level::Partition {
        return Err(Problem::NoSuchPart { level: innermost, part: "partition" });
    }
    Ok(())
}

/// Whether two actions of one fault cannot both happen.
fn contradict(phase: Phase, one: &Action, other: &Action) -> bool {
    contradicts(phase, one, other) || contradicts(phase, other, one)
}

fn contradicts(phase: Phase, one: &Action, other: &Action) -> bool {
    use Action::{Corrupt, Delay, Disconnect, Duplicate, Error, Hold, Lose, Offer, Throttle};
    match one {
        // Nothing is left of what is lost.
        Lose => matches!(
            other,
            Lose | Disconnect
                | Error(_)
                | Throttle(_)
                | Offer(_)
                | Corrupt(_)
                | Duplicate
                | Delay(_)
                | Hold(_)
        ),
        // A request can outlive its connection by `hold`; an answer cannot.
        Disconnect => match other {
            Disconnect | Error(_) | Throttle(_) | Offer(_) | Corrupt(_) | Duplicate => true,
            Hold(_) => phase == Phase::Applied,
            _ => false,
        },
        // What is answered for the cluster never reaches it.
        Error(_) => match other {
            Error(_) | Offer(_) => true,
            Duplicate => phase == Phase::Received,
            Corrupt(corruption) => corruption.of == Message::Request,
            _ => false,
        },
        Delay(_) => matches!(other, Delay(_) | Hold(_)),
        Hold(_) => matches!(other, Hold(_)),
        Duplicate => matches!(other, Duplicate),
        Throttle(_) => matches!(other, Throttle(_)),
        Offer(_) => matches!(other, Offer(_)),
        Action::AdvanceClock(_) => matches!(other, Action::AdvanceClock(_)),
        Corrupt(_)
        | Action::Crash(_)
        | Action::Stop(_)
        | Action::Restart(_)
        | Action::Elect(_)
        | Action::MoveCoordinator(_)
        | Action::Signal(_)
        | Action::Raise(_) => false,
    }
}
