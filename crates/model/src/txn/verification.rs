//! A partition leader's questions to transaction coordinators (KIP-890, VERIFY-06, VERIFY-07).

use std::collections::BTreeMap;

use fencepost_ids::{
    BrokerId, ErrorCode, PartitionIndex, ProducerEpoch, ProducerId, Rule, TopicName,
    TransactionalId, partition_of,
};

use crate::api;
use crate::host::Host;
use crate::metadata::TRANSACTION_STATE;
use crate::network::{MessageBody, MessageId, TransactionAnswer, TransactionQuestion};
use crate::step::Step;

/// A broker's questions that wait for their turn or for an answer. At most one request is in
/// flight to a coordinator; meanwhile questions queue, one for each transactional id.
#[derive(Clone, Default, Debug)]
pub(crate) struct TransactionVerifier {
    queued: BTreeMap<BrokerId, BTreeMap<TransactionalId, Question>>,
    in_flight: BTreeMap<BrokerId, (MessageId, Vec<Question>)>,
}

/// Who hears the answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Asker {
    /// The produce request parked under this serial number: `api::produce::verified`.
    Produce(u64),
    /// The offset commit parked under this serial number: `api::txn_offset_commit::verified`.
    OffsetCommit(u64),
}

/// What is asked, and what the client behind it understands (VERIFY-01).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum QuestionMode {
    /// Are the partitions in the transaction? The client does not know TRANSACTION_ABORTABLE.
    VerifyForOldClient,
    /// Are the partitions in the transaction?
    Verify,
    /// Add the partitions to the transaction.
    Add,
}

impl QuestionMode {
    /// What a produce request of a version asks for (VERIFY-01).
    pub(crate) const fn of_produce(version: i16) -> Self {
        match version {
            ..=10 => Self::VerifyForOldClient,
            11 => Self::Verify,
            _ => Self::Add,
        }
    }

    /// What a transactional offset commit of a version asks for (VERIFY-01).
    pub(crate) const fn of_offset_commit(version: i16) -> Self {
        match version {
            ..=3 => Self::VerifyForOldClient,
            4 => Self::Verify,
            _ => Self::Add,
        }
    }
}

/// A question about one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Question {
    pub(crate) asker: Asker,
    pub(crate) mode: QuestionMode,
    pub(crate) transactional_id: TransactionalId,
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    /// In rising order.
    pub(crate) partitions: Vec<(TopicName, PartitionIndex)>,
}

/// The answer, a code for each partition, after the changes of VERIFY-07.
pub(crate) type Answer = Vec<(TopicName, PartitionIndex, ErrorCode)>;

/// Asks a transactional id's coordinator. The asker, who is parked already, hears the answer in
/// this step or in a later one.
pub(crate) fn ask(step: &mut Step<'_>, broker: BrokerId, question: Question) {
    if !step.cluster.config.rules.is_on(Rule::TransactionVerification) {
        return decide(step, broker, question, ErrorCode::None);
    }
    let Some(mut parts) = step.parts(broker) else { return };
    let refused = parts.verifier.enqueue(&parts.host, question);
    let unsent = parts.verifier.send(&mut parts.host);
    for (question, error) in refused.into_iter().chain(unsent) {
        decide(step, broker, question, error);
    }
}

/// A coordinator answered the questions of a request.
pub(super) fn answered(
    step: &mut Step<'_>,
    broker: BrokerId,
    from: BrokerId,
    request: MessageId,
    answers: Vec<TransactionAnswer>,
) {
    let Some(parts) = step.parts(broker) else { return };
    let in_flight = &mut parts.verifier.in_flight;
    if in_flight.get(&from).is_none_or(|(id, _)| *id != request) {
        return;
    }
    let Some((_, questions)) = in_flight.remove(&from) else { return };
    ask_next(step, broker);
    for (question, answer) in questions.into_iter().zip(answers) {
        let answer = answer
            .partitions
            .into_iter()
            .map(|(topic, index, code)| (topic, index, understood(question.mode, code)))
            .collect();
        tell(step, broker, question.asker, answer);
    }
}

/// The connection to a coordinator broke: nobody knows what became of the questions.
pub(super) fn broken(step: &mut Step<'_>, broker: BrokerId, coordinator: BrokerId) {
    let Some(parts) = step.parts(broker) else { return };
    let Some((_, questions)) = parts.verifier.in_flight.remove(&coordinator) else { return };
    ask_next(step, broker);
    for question in questions {
        decide(step, broker, question, ErrorCode::NetworkException);
    }
}

fn ask_next(step: &mut Step<'_>, broker: BrokerId) {
    let Some(mut parts) = step.parts(broker) else { return };
    for (question, error) in parts.verifier.send(&mut parts.host) {
        decide(step, broker, question, error);
    }
}

/// Answers all partitions of a question alike, without its coordinator.
fn decide(step: &mut Step<'_>, broker: BrokerId, question: Question, error: ErrorCode) {
    let answer =
        question.partitions.into_iter().map(|(topic, index)| (topic, index, error)).collect();
    tell(step, broker, question.asker, answer);
}

fn tell(step: &mut Step<'_>, broker: BrokerId, asker: Asker, answer: Answer) {
    match asker {
        Asker::Produce(serial) => api::produce::verified(step, broker, serial, answer),
        Asker::OffsetCommit(serial) => {
            api::txn_offset_commit::verified(step, broker, serial, answer);
        }
    }
}

impl TransactionVerifier {
    /// Queues a question for its coordinator; what cannot wait comes back with its error.
    fn enqueue(&mut self, host: &Host<'_>, question: Question) -> Option<(Question, ErrorCode)> {
        let Some(coordinator) = coordinator_of(host, &question.transactional_id) else {
            return Some((question, ErrorCode::CoordinatorNotAvailable));
        };
        let queue = self.queued.entry(coordinator).or_default();
        let waiting_epoch =
            queue.get(&question.transactional_id).map(|waiting| waiting.producer_epoch);
        if waiting_epoch.is_some_and(|epoch| epoch > question.producer_epoch) {
            return Some((question, ErrorCode::InvalidProducerEpoch));
        }
        let newer = waiting_epoch.is_some_and(|epoch| epoch < question.producer_epoch);
        let displaced = queue.insert(question.transactional_id.clone(), question)?;
        let error =
            if newer { ErrorCode::InvalidProducerEpoch } else { ErrorCode::NetworkException };
        Some((displaced, error))
    }

    /// Sends what is queued to every coordinator that has no request in flight; what could not be
    /// sent comes back with its error.
    fn send(&mut self, host: &mut Host<'_>) -> Vec<(Question, ErrorCode)> {
        let mut unsent = Vec::new();
        let idle: Vec<_> =
            self.queued.keys().filter(|it| !self.in_flight.contains_key(it)).copied().collect();
        for coordinator in idle {
            let Some(queue) = self.queued.remove(&coordinator) else { continue };
            let questions: Vec<_> = queue.into_values().collect();
            let body = questions.iter().map(Question::message).collect();
            match host.send(coordinator, MessageBody::AskAboutTransactions(body)) {
                Some(id) => {
                    self.in_flight.insert(coordinator, (id, questions));
                }
                None => unsent.extend(
                    questions.into_iter().map(|question| (question, ErrorCode::NetworkException)),
                ),
            }
        }
        unsent
    }
}

impl Question {
    fn message(&self) -> TransactionQuestion {
        TransactionQuestion {
            transactional_id: self.transactional_id.clone(),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            verify_only: match self.mode {
                QuestionMode::VerifyForOldClient | QuestionMode::Verify => true,
                QuestionMode::Add => false,
            },
            partitions: self.partitions.clone(),
        }
    }
}

/// The leader of the partition that a transactional id belongs to.
fn coordinator_of(host: &Host<'_>, id: &TransactionalId) -> Option<BrokerId> {
    let count = host.metadata.topic(TRANSACTION_STATE)?.partition_count();
    host.metadata.leader(host.key(TRANSACTION_STATE, partition_of(id, count))?)
}

/// The code as the client behind the question understands it (VERIFY-07).
const fn understood(mode: QuestionMode, code: ErrorCode) -> ErrorCode {
    match (code, mode) {
        (ErrorCode::ProducerFenced, _) => ErrorCode::InvalidProducerEpoch,
        (ErrorCode::ClusterAuthorizationFailed, _)
        | (ErrorCode::TransactionAbortable, QuestionMode::VerifyForOldClient) => {
            ErrorCode::InvalidTxnState
        }
        (code, _) => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_07_codes_as_the_client_behind_the_question_knows_them() {
        use QuestionMode::{Add, Verify, VerifyForOldClient};
        for code in ErrorCode::ALL {
            for mode in [VerifyForOldClient, Verify, Add] {
                let wanted = match (code.code(), mode) {
                    (90, _) => 47,
                    (120, VerifyForOldClient) => 48,
                    (31, _) => 48,
                    (same, _) => same,
                };
                assert_eq!(understood(mode, *code).code(), wanted, "{code} {mode:?}");
            }
        }
    }

    #[test]
    fn verify_01_the_version_of_the_request_decides_what_is_asked() {
        use QuestionMode::{Add, Verify, VerifyForOldClient};
        let produce = [(3, VerifyForOldClient), (10, VerifyForOldClient), (11, Verify), (12, Add)];
        for (version, mode) in produce {
            assert_eq!(QuestionMode::of_produce(version), mode, "Produce v{version}");
        }
        for (version, mode) in
            [(0, VerifyForOldClient), (3, VerifyForOldClient), (4, Verify), (5, Add)]
        {
            assert_eq!(QuestionMode::of_offset_commit(version), mode, "TxnOffsetCommit v{version}");
        }
    }
}
