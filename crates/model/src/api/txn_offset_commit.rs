//! TxnOffsetCommit (key 28), versions 0 to 6: TXOFF-10 to TXOFF-35.

use fencepost_ids::{
    BrokerId, ErrorCode, GenerationId, GroupId, InstanceId, Offset, PartitionIndex, ProducerEpoch,
    ProducerId, Rule, Sequence, Timestamp, TopicId, TopicName, TransactionalId,
};
use fencepost_log::VerificationGuard;
use fencepost_wire::messages::txn_offset_commit_request::TxnOffsetCommitRequestPartition;
use fencepost_wire::messages::txn_offset_commit_response::TxnOffsetCommitResponsePartition;
use fencepost_wire::{
    FromWire, Release, ToWire, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
    TxnOffsetCommitResponseTopic,
};

use super::offset_commit::{id_of, leader_epoch};
use super::refused_first::refused_first;
use crate::group::classic::{CommitKind, Identity};
use crate::group::records::{OffsetCommitKey, OffsetCommitValue};
use crate::group::{self, ShardStep, TransactionalProducer, append_error};
use crate::metadata::CONSUMER_OFFSETS;
use crate::step::{Call, Step};
use crate::txn::{Answer, Asker, Question, QuestionMode};

/// The version from which clients know `COORDINATOR_LOAD_IN_PROGRESS` (TXOFF-19).
const LOAD_IN_PROGRESS_VERSION: i16 = 2;

/// The version from which topics are named by their ids (KIP-1319).
const TOPIC_ID_VERSION: i16 = 6;

/// The release from which a commit by name is written with the topic's id (TXOFF-71).
const NAMED_IDS: Release = Release::V4_4;

/// When a group can be asked about a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// Before its transaction is verified.
    Arrival,
    /// When it is written.
    Append,
}

/// A commit whose transaction is being verified.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    call: Call,
    request: TxnOffsetCommitRequest,
    /// The answers so far: partitions that do not exist are decided.
    response: TxnOffsetCommitResponse,
    guard: Option<VerificationGuard>,
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, mut request: TxnOffsetCommitRequest) {
    let response = sort(step, call.ticket.version, &mut request);
    let none = ErrorCode::None.code();
    let partitions = || response.topics.iter().flat_map(|topic| &topic.partitions);
    if partitions().all(|partition| partition.error_code != none) {
        return step.respond(call.ticket, ordered(response));
    }
    let commit = Commit { call: call.clone(), request, response, guard: None };
    if commit.request.group_id.is_empty() {
        return refuse(step, commit, ErrorCode::InvalidGroupId);
    }
    match judge_arrival(step, &commit) {
        Ok(()) => verify(step, commit),
        Err(error) => refuse(step, commit, error),
    }
}

/// TXOFF-11: a partition that does not exist is answered as such, whatever happens to the rest; a
/// topic of no partitions is left out, unless it is unknown.
fn sort(
    step: &Step<'_>,
    version: i16,
    request: &mut TxnOffsetCommitRequest,
) -> TxnOffsetCommitResponse {
    let by_id = version >= TOPIC_ID_VERSION;
    let metadata = &step.cluster.metadata;
    if by_id {
        for topic in &mut request.topics {
            let known = metadata.topic_by_id(TopicId::from_wire(&topic.topic_id));
            topic.name = known.map_or_else(Default::default, |known| known.name.to_wire());
        }
    }
    let is_unknown_id = |name: &str| by_id && name.is_empty();
    let is_known = |name: &str| metadata.topic(name).is_some();
    request.topics.retain(|topic| !topic.partitions.is_empty() || !is_known(&topic.name));
    let topics = request.topics.iter().map(|topic| {
        let known = metadata.topic(&topic.name);
        let answers = topic.partitions.iter().map(|partition| {
            let index = PartitionIndex(partition.partition_index);
            let error = match known.and_then(|known| known.partition(index)) {
                None if is_unknown_id(&topic.name) => ErrorCode::UnknownTopicId,
                None => ErrorCode::UnknownTopicOrPartition,
                Some(_) => ErrorCode::None,
            };
            TxnOffsetCommitResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.code())
        });
        TxnOffsetCommitResponseTopic {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partitions: answers.collect(),
        }
    });
    let response = TxnOffsetCommitResponse { throttle_time_ms: 0, topics: topics.collect() };
    if !by_id && step.cluster.config.release >= NAMED_IDS {
        for topic in &mut request.topics {
            topic.topic_id = id_of(metadata, &topic.name).to_wire();
        }
    }
    response
}

/// TXOFF-14: the transaction is verified before the group is looked at.
fn verify(step: &mut Step<'_>, mut commit: Commit) {
    let mode = QuestionMode::of_offset_commit(commit.call.ticket.version);
    let partition = match begin(step, &mut commit, mode) {
        Ok(Some(partition)) => partition,
        Ok(None) => return write(step, commit),
        Err(error) => return refuse(step, commit, error),
    };
    let Commit { call, request, .. } = &commit;
    let (broker, serial) = (call.broker, call.ticket.serial);
    let question = Question {
        asker: Asker::OffsetCommit(serial),
        mode,
        transactional_id: TransactionalId::from_wire(&request.transactional_id),
        producer_id: ProducerId::from_wire(&request.producer_id),
        producer_epoch: ProducerEpoch(request.producer_epoch),
        partitions: vec![(TopicName::from(CONSUMER_OFFSETS), partition)],
    };
    if let Some(running) = step.broker(broker) {
        running.group.verifying.insert(serial, commit);
    }
    crate::txn::ask(step, broker, question);
}

/// The partition of `__consumer_offsets` to ask about, or none if there is no need to.
fn begin(
    step: &mut Step<'_>,
    commit: &mut Commit,
    mode: QuestionMode,
) -> Result<Option<PartitionIndex>, ErrorCode> {
    let request = &commit.request;
    let partition =
        step.partition_of_group(&request.group_id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let broker = commit.call.broker;
    let mut parts = step.parts(broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
    let host = &mut parts.host;
    let key = host.key(CONSUMER_OFFSETS, partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if host.leader(key).is_none() {
        return Err(ErrorCode::NotLeaderOrFollower);
    }
    let producer_id = ProducerId::from_wire(&request.producer_id);
    let producer_epoch = ProducerEpoch(request.producer_epoch);
    commit.guard =
        host.begin_verification(key, producer_id, producer_epoch, Sequence::NONE, mode)?;
    Ok(commit.guard.map(|_| partition))
}

/// The transaction's coordinator answered.
pub(crate) fn verified(step: &mut Step<'_>, broker: BrokerId, serial: u64, answer: Answer) {
    let commit = step.broker(broker).and_then(|running| running.group.verifying.remove(&serial));
    // None if the broker lost the request with its memory.
    let Some(commit) = commit else { return };
    let refused = answer.into_iter().map(|(.., error)| error).find(|error| !error.is_none());
    match refused {
        Some(error) => refuse(step, commit, verification_error(error)),
        None => write(step, commit),
    }
}

/// What the coordinator's refusal reads as here (TXOFF-16).
const fn verification_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::NetworkException => ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
        ErrorCode::ClusterAuthorizationFailed => ErrorCode::InvalidTxnState,
        other => other,
    }
}

/// Writes what the group allows (TXOFF-19 to TXOFF-34).
fn write(step: &mut Step<'_>, mut commit: Commit) {
    match append(step, &mut commit) {
        Ok(waits) => {
            let Commit { call, response, .. } = commit;
            let answer = group::Answer::TxnOffsetCommit(ordered(response));
            step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
        }
        Err(error) => refuse(step, commit, error),
    }
}

fn append(step: &mut Step<'_>, commit: &mut Commit) -> Result<bool, ErrorCode> {
    let Commit { call, request, response, guard } = commit;
    let group = GroupId::from_wire(&request.group_id);
    let mut shard = step.shard_of(call.broker, &group)?;
    judge(&shard, Moment::Append, call, request)?;
    let now = shard.host.now;
    let instance = request.group_instance_id.as_ref().map(InstanceId::from_wire);
    let identity = identity(request, instance.as_ref());
    let mut records = Vec::new();
    for (topic, answered) in request.topics.iter().zip(&mut response.topics) {
        let id = id_of(shard.host.metadata, &topic.name);
        for (partition, answer) in topic.partitions.iter().zip(&mut answered.partitions) {
            if answer.error_code != ErrorCode::None.code() {
                continue;
            }
            let key = OffsetCommitKey {
                group: group.clone(),
                topic: (*topic.name).as_str().into(),
                partition: PartitionIndex(partition.partition_index),
            };
            let topic_id = TopicId::from_wire(&topic.topic_id);
            let error = shard.offer(&mut records, key, value(topic_id, partition, now));
            if error.is_none() {
                let at = (id, PartitionIndex(partition.partition_index));
                let kind = CommitKind::Transactional;
                shard.validate_partition(&group, &identity, kind, call.ticket.version, at)?;
            }
            answer.error_code = error.code();
        }
    }
    let id = ProducerId::from_wire(&request.producer_id);
    let epoch = ProducerEpoch(request.producer_epoch);
    // TXOFF-33: a batch of a producer without an epoch cannot be built.
    if id.is_some() && epoch < ProducerEpoch(0) && !records.is_empty() {
        return Err(ErrorCode::UnknownServerError);
    }
    let producer = TransactionalProducer { id, epoch, guard: *guard };
    // Without a producer id, which only passes where nothing is verified, it is a plain commit.
    shard.write(records, id.is_some().then_some(producer))?;
    Ok(shard.await_replication(call.ticket.serial, 0))
}

fn judge_arrival(step: &mut Step<'_>, commit: &Commit) -> Result<(), ErrorCode> {
    let group = GroupId::from_wire(&commit.request.group_id);
    match step.shard_of(commit.call.broker, &group) {
        Ok(shard) => judge(&shard, Moment::Arrival, &commit.call, &commit.request),
        // The append will tell.
        Err(_) => Ok(()),
    }
}

/// Whether the group takes the commit (TXOFF-21 to TXOFF-28); what it said before the verification
/// may no longer be true behind it (TXOFF-14).
fn judge(
    shard: &ShardStep<'_>,
    moment: Moment,
    call: &Call,
    request: &TxnOffsetCommitRequest,
) -> Result<(), ErrorCode> {
    let judged_at =
        if shard.is_on(Rule::GroupCheckAtAppend) { Moment::Append } else { Moment::Arrival };
    if moment != judged_at {
        return Ok(());
    }
    let instance = request.group_instance_id.as_ref().map(InstanceId::from_wire);
    let identity = identity(request, instance.as_ref());
    let group = GroupId::from_wire(&request.group_id);
    shard.validate_commit(&group, &identity, CommitKind::Transactional, call.ticket.version)
}

/// Who commits.
fn identity<'a>(
    request: &'a TxnOffsetCommitRequest,
    instance: Option<&'a InstanceId>,
) -> Identity<'a> {
    Identity {
        generation: GenerationId(request.generation_id_or_member_epoch),
        member: &request.member_id,
        instance,
    }
}

fn value(
    topic_id: TopicId,
    partition: &TxnOffsetCommitRequestPartition,
    now: Timestamp,
) -> OffsetCommitValue {
    OffsetCommitValue {
        offset: Offset(partition.committed_offset),
        leader_epoch: leader_epoch(partition.committed_leader_epoch),
        metadata: partition.committed_metadata.as_deref().unwrap_or_default().into(),
        commit_time: now,
        expire_time: None,
        topic_id,
    }
}

fn refuse(step: &mut Step<'_>, mut commit: Commit, error: ErrorCode) {
    let is_old = commit.call.ticket.version < LOAD_IN_PROGRESS_VERSION;
    let error = match error {
        ErrorCode::CoordinatorLoadInProgress if is_old => ErrorCode::CoordinatorNotAvailable,
        other => other,
    };
    fail(&mut commit.response, error);
    step.respond(commit.call.ticket, ordered(commit.response));
}

fn ordered(mut response: TxnOffsetCommitResponse) -> TxnOffsetCommitResponse {
    response.topics = refused_first(
        &response.topics,
        |one, other| (&one.name, one.topic_id) == (&other.name, other.topic_id),
        |topic| &mut topic.partitions,
        |partition| partition.error_code,
    );
    response
}

/// The error stands on every partition that was handed to the group (TXOFF-20).
pub(crate) fn fail(response: &mut TxnOffsetCommitResponse, error: ErrorCode) {
    let unknown = [ErrorCode::UnknownTopicOrPartition, ErrorCode::UnknownTopicId];
    let unknown = unknown.map(ErrorCode::code);
    let partitions = response.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    for partition in partitions.filter(|partition| !unknown.contains(&partition.error_code)) {
        partition.error_code = append_error(error).code();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TXOFF-16: every answer to the question, as the client reads it before that of the append.
    #[test]
    fn txoff_16_errors_of_the_verification_as_clients_read_them() {
        for error in ErrorCode::ALL {
            let expected = match error.code() {
                90 => 47,
                31 => 48,
                13 => 14,
                same => same,
            };
            assert_eq!(verification_error(*error).code(), expected, "{error}");
        }
    }
}
