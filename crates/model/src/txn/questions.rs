//! Requests about the partitions of transactions: those of clients, and those of partition leaders
//! (ADDP-01 to ADDP-06). One request may ask about several transactions; it is answered when all
//! are decided.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{BrokerId, ErrorCode, PartitionIndex, TopicName, TopicPartition};

use super::appends::Reply;
use super::coordinator::{Progress, TxnCoordinator};
use super::state::{Identity, TxnPath};
use crate::api;
use crate::host::Host;
use crate::metadata::{CONSUMER_OFFSETS, Metadata, TRANSACTION_STATE};
use crate::network::{MessageBody, MessageId, TransactionAnswer, TransactionQuestion};
use crate::ticket::Ticket;

/// Who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inquirer {
    /// A client, by AddPartitionsToTxn.
    Client(Ticket),
    /// The leader of partitions, by a message.
    Leader(BrokerId, MessageId),
}

/// The requests that are not fully decided yet.
#[derive(Clone, Default, Debug)]
pub(super) struct Collections {
    open: BTreeMap<u64, Collection>,
    opened: u64,
}

#[derive(Clone, Debug)]
struct Collection {
    asker: Inquirer,
    answers: Vec<TransactionAnswer>,
    undecided: usize,
}

impl Collections {
    fn open(&mut self, asker: Inquirer, questions: &[TransactionQuestion]) -> u64 {
        let answers = questions
            .iter()
            .map(|question| TransactionAnswer {
                transactional_id: question.transactional_id.clone(),
                partitions: question
                    .partitions
                    .iter()
                    .map(|(topic, index)| (topic.clone(), *index, ErrorCode::None))
                    .collect(),
            })
            .collect();
        self.opened += 1;
        let collection = Collection { asker, answers, undecided: questions.len() };
        self.open.insert(self.opened, collection);
        self.opened
    }

    /// Decides all partitions of one question alike.
    pub(super) fn resolve(
        &mut self,
        host: &mut Host<'_>,
        collection: u64,
        index: u32,
        code: ErrorCode,
    ) {
        let Some(open) = self.open.get_mut(&collection) else { return };
        open.answers[index as usize].partitions.iter_mut().for_each(|(_, _, it)| *it = code);
        self.decided(host, collection);
    }

    fn resolve_each(
        &mut self,
        host: &mut Host<'_>,
        collection: u64,
        index: usize,
        codes: Vec<ErrorCode>,
    ) {
        let Some(open) = self.open.get_mut(&collection) else { return };
        for ((_, _, it), code) in open.answers[index].partitions.iter_mut().zip(codes) {
            *it = code;
        }
        self.decided(host, collection);
    }

    /// One more question is decided; the last one sends the answer.
    fn decided(&mut self, host: &mut Host<'_>, collection: u64) {
        let Some(open) = self.open.get_mut(&collection) else { return };
        open.undecided -= 1;
        if open.undecided > 0 {
            return;
        }
        let Some(Collection { asker, answers, undecided: _ }) = self.open.remove(&collection)
        else {
            return;
        };
        match asker {
            Inquirer::Client(ticket) => api::add_partitions_to_txn::answer(host, ticket, answers),
            Inquirer::Leader(broker, question) => {
                // A leader that is gone by now asks again when it is back.
                let _ = host.send(broker, MessageBody::TransactionsAnswered { question, answers });
            }
        }
    }
}

impl TxnCoordinator {
    /// Answers questions about transactions, at once or when the log has taken what they add;
    /// `path` is the one that the request's version proves (ADDP-04).
    pub(crate) fn answer_questions(
        &mut self,
        host: &mut Host<'_>,
        asker: Inquirer,
        path: TxnPath,
        questions: &[TransactionQuestion],
    ) {
        let collection = self.collections.open(asker, questions);
        for (index, question) in questions.iter().enumerate() {
            let clients = path == TxnPath::Tv1;
            if let Some(codes) = refused(host.metadata, &question.partitions, clients) {
                self.collections.resolve_each(host, collection, index, codes);
            } else if question.verify_only {
                self.verify_question(host, collection, index, question);
            } else {
                self.add_question(host, collection, index, question, path);
            }
        }
    }

    fn verify_question(
        &mut self,
        host: &mut Host<'_>,
        collection: u64,
        index: usize,
        question: &TransactionQuestion,
    ) {
        let partitions: Vec<_> = partitions_of(question).collect();
        let id = question.transactional_id.clone();
        let codes = self
            .verify_partitions(host, id, identity_of(question), partitions.iter())
            .unwrap_or_else(|code| vec![code; partitions.len()]);
        self.collections.resolve_each(host, collection, index, codes);
    }

    fn add_question(
        &mut self,
        host: &mut Host<'_>,
        collection: u64,
        index: usize,
        question: &TransactionQuestion,
        path: TxnPath,
    ) {
        let index = u32::try_from(index).expect("a request holds fewer transactions than 2^32");
        let reply = Reply::Question { collection, index };
        let partitions: BTreeSet<_> = partitions_of(question).collect();
        let id = question.transactional_id.clone();
        let identity = identity_of(question);
        match self.add_partitions(host, id, identity, &partitions, path, reply) {
            Ok(Progress::Writing) => {}
            Ok(Progress::Done(())) => {
                self.collections.resolve(host, collection, index, ErrorCode::None);
            }
            Err(code) => self.collections.resolve(host, collection, index, code),
        }
    }
}

/// The codes of a question that fails before the coordinator looks at it (ADDP-02): a partition
/// that is unknown, or internal and asked for by a client, keeps its code, and the rest is not
/// attempted.
fn refused(
    metadata: &Metadata,
    partitions: &[(TopicName, PartitionIndex)],
    internal_is_refused: bool,
) -> Option<Vec<ErrorCode>> {
    let codes: Vec<_> = partitions
        .iter()
        .map(|(topic, index)| match metadata.topic(topic) {
            _ if internal_is_refused && INTERNAL_TOPICS.contains(&topic.as_str()) => {
                Some(ErrorCode::TopicAuthorizationFailed)
            }
            Some(found) if found.partition(*index).is_some() => None,
            Some(_) | None => Some(ErrorCode::UnknownTopicOrPartition),
        })
        .collect();
    codes.iter().any(Option::is_some).then(|| {
        codes.into_iter().map(|code| code.unwrap_or(ErrorCode::OperationNotAttempted)).collect()
    })
}

/// The topics that no client adds, whether they exist or not.
const INTERNAL_TOPICS: [&str; 3] = [CONSUMER_OFFSETS, TRANSACTION_STATE, "__share_group_state"];

fn partitions_of(question: &TransactionQuestion) -> impl Iterator<Item = TopicPartition> {
    question.partitions.iter().map(|(topic, index)| TopicPartition::new(topic.clone(), *index))
}

const fn identity_of(question: &TransactionQuestion) -> Identity {
    Identity { producer_id: question.producer_id, epoch: question.producer_epoch }
}
