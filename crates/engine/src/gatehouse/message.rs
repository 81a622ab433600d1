//! A message between brokers: before it takes effect and, if it is an answer, before it leaves.

use std::collections::VecDeque;

use fencepost_faults::{Effect, MessageKind, Origin, Phase, Subject};
use fencepost_ids::{ErrorCode, PartitionIndex, Timestamp, TopicName};
use fencepost_model::{Cluster, Input as Step, Message, MessageBody, MessageId};

use super::{Patience, Waiter};
use crate::{Engine, Output};

/// How long a follower rests when its connection broke (replica.fetch.backoff.ms).
const FETCH_BACKOFF_MS: u64 = 1_000;

/// A message at the gate.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    pub(super) id: MessageId,
    todo: VecDeque<Effect>,
    fate: Fate,
    /// It is about to be delivered; otherwise it is an answer that is about to leave.
    is_delivered: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Goes,
    /// The sender of the request sees its connection break; a follower rests before it does.
    Lost {
        has_rested: bool,
    },
    Refused(ErrorCode),
}

/// Whether a message answers another.
pub(super) const fn is_answer(message: &Message) -> bool {
    match message.body {
        MessageBody::MarkersWritten { .. }
        | MessageBody::TransactionsAnswered { .. }
        | MessageBody::Replicate { .. } => true,
        MessageBody::WriteMarkers(_)
        | MessageBody::AskAboutTransactions(_)
        | MessageBody::Replicated { .. } => false,
    }
}

impl Engine {
    /// The first message of a channel may be delivered, if the gate lets it.
    pub(crate) fn message_arrives(&mut self, now: Timestamp, id: MessageId, out: &mut Vec<Output>) {
        let Some(message) = self.cluster.message(id) else { return };
        let api = kind(message).api();
        if self.house.as_ref().is_some_and(|house| house.stops_message(api)) {
            return self.keep(Patience::Step, Passing::new(id, VecDeque::new(), true));
        }
        self.message_received(now, id, out);
    }

    pub(super) fn message_received(
        &mut self,
        now: Timestamp,
        id: MessageId,
        out: &mut Vec<Output>,
    ) {
        let Some(message) = self.cluster.message(id) else { return };
        let effects = if is_answer(message) {
            // It was asked when it was sent.
            VecDeque::new()
        } else {
            let subject = subject(message, &self.cluster);
            self.decide(Phase::Received, &subject, out)
        };
        self.pass(now, Passing::new(id, effects, true), out);
    }

    /// An answer of a broker to another is about to leave.
    pub(super) fn message_answered(
        &mut self,
        now: Timestamp,
        id: MessageId,
        out: &mut Vec<Output>,
    ) {
        let Some(message) = self.cluster.message(id) else { return };
        let subject = subject(message, &self.cluster);
        let effects = self.decide(Phase::Applied, &subject, out);
        if !effects.is_empty() {
            self.pass(now, Passing::new(id, effects, false), out);
        }
    }

    /// What is to happen to a message happens, until it has to wait.
    pub(super) fn pass(&mut self, now: Timestamp, mut passing: Passing, out: &mut Vec<Output>) {
        while let Some(effect) = passing.todo.pop_front() {
            match effect {
                Effect::Lose => passing.fate = Fate::Lost { has_rested: false },
                Effect::Delay(ms) => return self.keep(Patience::after(now, ms), passing),
                Effect::Wait(until) | Effect::Hold(until) => {
                    if !self.is_over(&until) {
                        return self.keep(Patience::Until(until), passing);
                    }
                }
                Effect::Error(error) => passing.fate = Fate::Refused(error.code),
                // A plan that says so of a message between brokers is refused.
                Effect::Disconnect(_)
                | Effect::Duplicate
                | Effect::Corrupt(_)
                | Effect::Throttle(_)
                | Effect::Offer(_) => {}
                beside => self.happens_beside(now, beside, out),
            }
        }
        self.end_of_passing(now, passing, out);
    }

    fn end_of_passing(&mut self, now: Timestamp, mut passing: Passing, out: &mut Vec<Output>) {
        let id = passing.id;
        let Some(message) = self.cluster.message(id) else { return };
        let is_fetch = kind(message) == MessageKind::Fetch;
        if let Some(house) = &mut self.house {
            house.kept.remove(&id);
        }
        match passing.fate {
            // What leaves is delivered when it is the first of its channel.
            Fate::Goes if !passing.is_delivered => {}
            Fate::Goes => self.step(now, Step::Deliver(id), out),
            Fate::Lost { has_rested: false } if is_fetch => {
                passing.fate = Fate::Lost { has_rested: true };
                self.keep(Patience::after(now, FETCH_BACKOFF_MS), passing);
            }
            Fate::Lost { .. } => self.step(now, Step::Lose(id), out),
            Fate::Refused(code) => {
                let before = self.house.as_ref().map_or(0, |house| house.arrived.len());
                self.step(now, Step::Refuse { message: id, code }, out);
                if let Some(house) = &mut self.house {
                    // The error is not an answer that follows an effect.
                    house.arrived.truncate(before);
                }
            }
        }
    }

    /// A message waits, and those behind it on its channel.
    fn keep(&mut self, patience: Patience, passing: Passing) {
        if let Some(house) = &mut self.house {
            house.kept.insert(passing.id);
        }
        self.wait(patience, Waiter::Message(Box::new(passing)));
    }
}

impl Passing {
    fn new(id: MessageId, todo: VecDeque<Effect>, is_delivered: bool) -> Self {
        Self { id, todo, fate: Fate::Goes, is_delivered }
    }
}

/// What a message is a request of, or the answer to.
pub(super) const fn kind(message: &Message) -> MessageKind {
    match message.body {
        MessageBody::WriteMarkers(_) | MessageBody::MarkersWritten { .. } => {
            MessageKind::WriteTxnMarkers
        }
        MessageBody::AskAboutTransactions(_) | MessageBody::TransactionsAnswered { .. } => {
            MessageKind::AddPartitionsToTxn
        }
        MessageBody::Replicated { .. } | MessageBody::Replicate { .. } => MessageKind::Fetch,
    }
}

/// What a message is about; an answer is about what its request was about.
fn subject(message: &Message, cluster: &Cluster) -> Subject {
    let mut transactional_ids = Vec::new();
    let mut topics = Vec::new();
    let mut add = |topic: &TopicName, partition: PartitionIndex| {
        topics.push((topic.clone(), Some(partition)));
    };
    match &message.body {
        MessageBody::WriteMarkers(entries) => {
            let partitions = entries.iter().flat_map(|entry| &entry.partitions);
            partitions.for_each(|(topic, partition)| add(topic, *partition));
        }
        MessageBody::MarkersWritten { results, .. } => {
            let partitions = results.iter().flat_map(|result| &result.partitions);
            partitions.for_each(|(topic, partition, _)| add(topic, *partition));
        }
        MessageBody::AskAboutTransactions(questions) => {
            for question in questions {
                transactional_ids.push(question.transactional_id.clone());
                question.partitions.iter().for_each(|(topic, partition)| add(topic, *partition));
            }
        }
        MessageBody::TransactionsAnswered { answers, .. } => {
            for answer in answers {
                transactional_ids.push(answer.transactional_id.clone());
                answer.partitions.iter().for_each(|(topic, partition, _)| add(topic, *partition));
            }
        }
        MessageBody::Replicated { partition, .. } | MessageBody::Replicate { partition, .. } => {
            if let Some(topic) = cluster.topic_of(*partition) {
                add(topic, partition.partition);
            }
        }
    }
    let (from, broker) =
        if is_answer(message) { (message.to, message.from) } else { (message.from, message.to) };
    let origin = Origin::Broker { kind: kind(message), from };
    Subject { origin, broker, transactional_ids, groups: Vec::new(), topics }
}
