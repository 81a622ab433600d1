//! What is to happen, with every role turned into a broker.

use std::sync::Arc;

use fencepost_ids::{BrokerId, PartitionIndex, TopicName};

use crate::{
    Action, BrokerChoice, Coordinated, CoordinatorMove, Corruption, Delay, Election, ErrorAnswer,
    Offer, Origin, Signal, Subject, Until, World,
};

/// A fault that fires.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The fault.
    pub fault: Arc<str>,
    /// How many matches of it there have been, this one included.
    pub matched: u64,
    /// What is to happen, in this order.
    pub effects: Vec<Effect>,
}

/// What is to happen: an [`Action`] with every role turned into a broker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// As [`Action::Disconnect`], by the fault of this name.
    Disconnect(Arc<str>),
    /// As [`Action::Lose`].
    Lose,
    /// [`Action::Delay`] by so many milliseconds.
    Delay(u64),
    /// [`Action::Delay`] until something has happened; asked of [`Gate::is_over`](crate::Gate::is_over).
    Wait(Until),
    /// As [`Action::Hold`]; its end is asked of [`Gate::is_over`](crate::Gate::is_over).
    Hold(Until),
    /// As [`Action::Duplicate`].
    Duplicate,
    /// As [`Action::Error`].
    Error(ErrorAnswer),
    /// As [`Action::Corrupt`].
    Corrupt(Corruption),
    /// [`Action::Throttle`] by so many milliseconds.
    Throttle(u64),
    /// As [`Action::Offer`].
    Offer(Offer),
    /// As [`Action::Crash`].
    Crash(BrokerId),
    /// As [`Action::Stop`].
    Stop(BrokerId),
    /// As [`Action::Restart`].
    Restart(BrokerId),
    /// As [`Action::Elect`]; a coordinator moves with the leadership of its partition.
    Elect {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
        /// Its new leader.
        broker: BrokerId,
    },
    /// [`Action::AdvanceClock`] by so many milliseconds.
    AdvanceClock(u64),
    /// As [`Action::Signal`].
    Signal(Signal),
    /// As [`Action::Raise`]: the gate knows it already.
    Raise(Arc<str>),
}

/// What an action of a fault means for a subject at this moment; nothing if there is no such broker, or if it
/// cannot lead.
pub(crate) fn effect(
    fault: &Arc<str>,
    action: &Action,
    subject: &Subject,
    world: &dyn World,
) -> Option<Effect> {
    let chosen = |choice: &BrokerChoice| broker(*choice, subject, world);
    Some(match action {
        Action::Disconnect => Effect::Disconnect(Arc::clone(fault)),
        Action::Lose => Effect::Lose,
        Action::Delay(Delay::Ms(ms)) => Effect::Delay(*ms),
        Action::Delay(Delay::Event(event)) => Effect::Wait(Until::Event(event.clone())),
        Action::Delay(Delay::Fault(fault)) => Effect::Wait(Until::Fault(fault.clone())),
        Action::Hold(until) => Effect::Hold(until.clone()),
        Action::Duplicate => Effect::Duplicate,
        Action::Error(answer) => Effect::Error(answer.clone()),
        Action::Corrupt(corruption) => Effect::Corrupt(corruption.clone()),
        Action::Throttle(span) => Effect::Throttle(span.ms),
        Action::Offer(offer) => Effect::Offer(offer.clone()),
        Action::Crash(choice) => Effect::Crash(chosen(choice)?),
        Action::Stop(choice) => Effect::Stop(chosen(choice)?),
        Action::Restart(choice) => Effect::Restart(chosen(choice)?),
        Action::Elect(election) => {
            let partition = elected_partition(election, subject)?;
            elect(partition, election.broker, subject, world)?
        }
        Action::MoveCoordinator(moved) => {
            let partition = coordinators_partition(moved, subject, world)?;
            elect(partition, moved.to, subject, world)?
        }
        Action::AdvanceClock(span) => Effect::AdvanceClock(span.ms),
        Action::Signal(signal) => Effect::Signal(signal.clone()),
        Action::Raise(event) => Effect::Raise(Arc::from(&**event)),
    })
}

fn first_partition(subject: &Subject) -> Option<(TopicName, PartitionIndex)> {
    let mut partitions = subject.topics.iter();
    partitions.find_map(|(topic, partition)| Some((topic.clone(), (*partition)?)))
}

fn broker(choice: BrokerChoice, subject: &Subject, world: &dyn World) -> Option<BrokerId> {
    let leader = |(topic, partition): (TopicName, PartitionIndex)| world.leader(&topic, partition);
    match choice {
        BrokerChoice::Id(id) => Some(id),
        BrokerChoice::Receiver => Some(subject.broker),
        BrokerChoice::Sender => match subject.origin {
            Origin::Client { .. } => None,
            Origin::Broker { from, .. } => Some(from),
        },
        BrokerChoice::Leader => first_partition(subject).and_then(leader),
        BrokerChoice::TransactionCoordinator => {
            world.transaction_partition(subject.transactional_ids.first()?).and_then(leader)
        }
        BrokerChoice::GroupCoordinator => {
            world.group_partition(subject.groups.first()?).and_then(leader)
        }
        BrokerChoice::Another => None,
    }
}

fn elected_partition(
    election: &Election,
    subject: &Subject,
) -> Option<(TopicName, PartitionIndex)> {
    match (&election.topic, election.partition) {
        (Some(topic), Some(partition)) => {
            Some((TopicName::from(&**topic), PartitionIndex(partition)))
        }
        _ => first_partition(subject),
    }
}

fn coordinators_partition(
    moved: &CoordinatorMove,
    subject: &Subject,
    world: &dyn World,
) -> Option<(TopicName, PartitionIndex)> {
    match (&moved.transaction, &moved.group) {
        (Some(id), _) => world.transaction_partition(id),
        (None, Some(group)) => world.group_partition(group),
        (None, None) => {
            let of_transaction = moved.of != Some(Coordinated::Group);
            let of_group = moved.of != Some(Coordinated::Transaction);
            match (subject.transactional_ids.first(), subject.groups.first()) {
                (Some(id), _) if of_transaction => world.transaction_partition(id),
                (_, Some(group)) if of_group => world.group_partition(group),
                _ => None,
            }
        }
    }
}

fn elect(
    (topic, partition): (TopicName, PartitionIndex),
    choice: BrokerChoice,
    subject: &Subject,
    world: &dyn World,
) -> Option<Effect> {
    let broker = match choice {
        BrokerChoice::Another => {
            let leader = world.leader(&topic, partition);
            let electable = world.electable(&topic, partition);
            electable.into_iter().find(|broker| Some(*broker) != leader)?
        }
        choice => broker(choice, subject, world)?,
    };
    world.may_lead(&topic, partition, broker).then_some(Effect::Elect { topic, partition, broker })
}
