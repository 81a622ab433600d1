//! Messages between brokers, between those that they are about.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{ErrorCode, PartitionIndex, TopicName};
use fencepost_log::MarkerType;
use fencepost_model::{Message, MessageBody};
use fencepost_trace::{Event, Happening, Lane};

use crate::Delivery;

/// What coordinators write offsets to.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// Whose producer ids are, and what waits for the end of their transactions.
#[derive(Default, Debug)]
pub(super) struct Transactions {
    owners: BTreeMap<i64, String>,
    /// Groups with pending offsets, by producer id.
    groups: BTreeMap<i64, BTreeSet<String>>,
    /// The group whose offsets a transactional id has written last.
    written: BTreeMap<String, String>,
}

impl Transactions {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::TransactionChanged { transactional_id, producer_id, .. } => {
                self.owners.insert(*producer_id, transactional_id.clone());
            }
            Event::OffsetPending(offset) => {
                let groups = offset.producer_id.map(|id| self.groups.entry(id).or_default());
                groups.into_iter().for_each(|groups| _ = groups.insert(offset.group.clone()));
            }
            Event::OffsetMaterialised(offset) | Event::OffsetDropped(offset) => {
                if let Some(id) = offset.producer_id
                    && let Some(groups) = self.groups.get_mut(&id)
                {
                    groups.remove(&offset.group);
                    if groups.is_empty() {
                        self.groups.remove(&id);
                    }
                }
            }
            _ => {}
        }
    }

    /// A client commits offsets of a group in a transaction.
    pub(super) fn writes_to(&mut self, transactional_id: &str, group: &str) {
        self.written.insert(transactional_id.to_owned(), group.to_owned());
    }

    /// What a message says, once for each transaction and each that it is about.
    pub(super) fn said(&self, message: &Message, delivery: Delivery) -> Vec<Happening> {
        let brokers = (message.from.0, message.to.0);
        let failed = match delivery {
            Delivery::Done => None,
            Delivery::Lost => Some("lost".to_owned()),
            Delivery::Refused(code) => Some(code.to_string()),
        };
        let (from, to) = (Lane::Broker(brokers.0), Lane::Broker(brokers.1));
        let said = |from: Lane, to: Lane, what: String, is_answer: bool| Happening::Said {
            from,
            to,
            brokers,
            what,
            is_answer,
            failed: failed.clone(),
        };
        match &message.body {
            MessageBody::WriteMarkers(entries) => {
                let rows = entries.iter().flat_map(|entry| {
                    let id = entry.producer_id.0;
                    let verb = match entry.marker_type {
                        MarkerType::Commit => "COMMIT",
                        MarkerType::Abort => "ABORT",
                    };
                    let what = format!("WriteTxnMarkers {verb} {id}.{}", entry.producer_epoch);
                    let from = self.owner(id, &from);
                    let targets = entry.partitions.iter();
                    let (said, to) = (&said, &to);
                    let targets =
                        targets.flat_map(move |(topic, at)| self.targets(id, topic, *at, to));
                    targets.map(move |to| said(from.clone(), to, what.clone(), false))
                });
                rows.collect()
            }
            MessageBody::MarkersWritten { results, .. } => {
                let rows = results.iter().flat_map(|result| {
                    let id = result.producer_id.0;
                    let to = self.owner(id, &to);
                    let (said, from) = (&said, &from);
                    result.partitions.iter().flat_map(move |(topic, at, error)| {
                        let what = format!("WriteTxnMarkers{}", Code(*error));
                        let to = to.clone();
                        let targets = self.targets(id, topic, *at, from).into_iter();
                        targets.map(move |from| said(from, to.clone(), what.clone(), true))
                    })
                });
                rows.collect()
            }
            MessageBody::AskAboutTransactions(questions) => {
                let rows = questions.iter().map(|question| {
                    let verb = if question.verify_only { "verify" } else { "add" };
                    let (id, epoch) = (question.producer_id, question.producer_epoch);
                    let mut what = format!("AddPartitionsToTxn {verb} {id}.{epoch}");
                    for (topic, partition) in &question.partitions {
                        what += &format!(" {topic}-{partition}");
                    }
                    let first = question.partitions.first().map(|(topic, at)| (topic, *at));
                    let from = self.asker(&question.transactional_id, first, &from);
                    let to = Lane::Transaction(question.transactional_id.to_string());
                    said(from, to, what, false)
                });
                rows.collect()
            }
            MessageBody::TransactionsAnswered { answers, .. } => {
                let rows = answers.iter().map(|answer| {
                    let mut what = "AddPartitionsToTxn".to_owned();
                    for (topic, partition, error) in &answer.partitions {
                        what += &format!(" {topic}-{partition}{}", Code(*error));
                    }
                    let first = answer.partitions.first().map(|(topic, at, _)| (topic, *at));
                    let to = self.asker(&answer.transactional_id, first, &to);
                    let from = Lane::Transaction(answer.transactional_id.to_string());
                    said(from, to, what, true)
                });
                rows.collect()
            }
            MessageBody::Replicate { .. } => vec![said(from, to, "Fetch".to_owned(), true)],
            MessageBody::Replicated { .. } => vec![said(from, to, "Fetch".to_owned(), false)],
        }
    }

    fn owner(&self, producer_id: i64, otherwise: &Lane) -> Lane {
        let owner = self.owners.get(&producer_id);
        owner.map_or_else(|| otherwise.clone(), |id| Lane::Transaction(id.clone()))
    }

    /// Who asks about a transaction: a partition, or the group that it writes offsets of.
    fn asker(
        &self,
        transactional_id: &str,
        first: Option<(&TopicName, PartitionIndex)>,
        otherwise: &Lane,
    ) -> Lane {
        match (first, self.written.get(transactional_id)) {
            (Some((topic, partition)), _) if topic.as_str() != OFFSETS_TOPIC => {
                lane(topic, partition)
            }
            (Some(_), Some(group)) => Lane::Group(group.clone()),
            (Some(_), None) | (None, _) => otherwise.clone(),
        }
    }

    /// What a marker is for: a partition, or the groups whose offsets wait for it.
    fn targets(
        &self,
        producer_id: i64,
        topic: &TopicName,
        partition: PartitionIndex,
        otherwise: &Lane,
    ) -> Vec<Lane> {
        if topic.as_str() != OFFSETS_TOPIC {
            return vec![lane(topic, partition)];
        }
        let groups = self.groups.get(&producer_id).into_iter().flatten();
        let groups: Vec<_> = groups.map(|group| Lane::Group(group.clone())).collect();
        if groups.is_empty() { vec![otherwise.clone()] } else { groups }
    }
}

/// An error, if it is one.
struct Code(ErrorCode);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.code() == 0 { Ok(()) } else { write!(f, " {}", self.0) }
    }
}

fn lane(topic: &TopicName, partition: PartitionIndex) -> Lane {
    Lane::Partition(format!("{topic}-{partition}"))
}
