//! DeleteRecords (key 21), versions 0 to 2 (API-44, LSO-20).

use fencepost_ids::{BrokerId, ErrorCode, Offset, PartitionIndex, Timestamp};
use fencepost_wire::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use fencepost_wire::messages::{DeleteRecordsRequest, DeleteRecordsResponse, TopicName};

use crate::metadata::PartitionKey;
use crate::parked::Parked;
use crate::step::{Call, Step};
use crate::ticket::Ticket;

/// Stands for the high watermark.
const HIGH_WATERMARK: i64 = -1;

/// Log starts that the leader has raised, and that wait for the live followers.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    ticket: Ticket,
    topics: Vec<(TopicName, Vec<Row>)>,
    deadline: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    partition: i32,
    state: RowState,
}

#[derive(Clone, Copy, Debug)]
enum RowState {
    /// Done once the low watermark reaches the offset.
    Raised(PartitionKey, Offset),
    /// With the low watermark.
    Decided(ErrorCode, Offset),
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DeleteRecordsRequest) {
    let deadline = step.now.plus_millis(i64::from(request.timeout_ms.max(0)));
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let asked = topic.partitions.iter().enumerate();
        // A partition named twice: the last one counts.
        let asked = asked.filter(|(at, asked)| {
            let later = &topic.partitions[at + 1..];
            !later.iter().any(|other| other.partition_index == asked.partition_index)
        });
        let rows = asked.map(|(_, asked)| {
            let partition = asked.partition_index;
            let state = match delete(step, call, &topic.name.0, partition, asked.offset) {
                Ok((key, start)) => RowState::Raised(key, start),
                Err(error) => RowState::Decided(error, Offset::NONE),
            };
            Row { partition, state }
        });
        let rows = rows.collect();
        topics.push((topic.name, rows));
    }
    look_again(step, call.broker, Waiting { ticket: call.ticket, topics, deadline });
}

/// Raises the log start offset on the leader.
fn delete(
    step: &mut Step<'_>,
    call: &Call,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<(PartitionKey, Offset), ErrorCode> {
    let metadata = &step.cluster.metadata;
    let key =
        metadata.key(topic, PartitionIndex(partition)).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let known = metadata.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if known.internal {
        return Err(ErrorCode::InvalidTopicException);
    }
    if !known.settings.cleanup_policy.deletes() {
        return Err(ErrorCode::PolicyViolation);
    }
    let mut parts = step.parts(call.broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
    let before = match offset {
        HIGH_WATERMARK => None,
        offset => Some(Offset(offset)),
    };
    Ok((key, parts.host.delete_records(key, before)?))
}

/// Answers if every live replica has followed, or else waits.
pub(crate) fn look_again(step: &mut Step<'_>, broker: BrokerId, mut waiting: Waiting) {
    let watched = judge(step, broker, &mut waiting);
    if watched.is_empty() {
        return answer(step, waiting);
    }
    let (serial, deadline) = (waiting.ticket.serial, waiting.deadline);
    step.park(broker, serial, Parked::DeleteRecords(waiting), watched, Some(deadline));
}

/// The request's time is over.
pub(crate) fn expire(step: &mut Step<'_>, broker: BrokerId, mut waiting: Waiting) {
    judge(step, broker, &mut waiting);
    for row in waiting.topics.iter_mut().flat_map(|(_, rows)| rows) {
        if let RowState::Raised(key, _) = row.state {
            let low = step.parts(broker).and_then(|parts| parts.host.low_watermark(key));
            let low = low.unwrap_or(Offset::NONE);
            row.state = RowState::Decided(ErrorCode::RequestTimedOut, low);
        }
    }
    answer(step, waiting);
}

/// Decides what can be decided; answers what is left to wait for.
fn judge(step: &mut Step<'_>, broker: BrokerId, waiting: &mut Waiting) -> Vec<PartitionKey> {
    let Some(parts) = step.parts(broker) else { return Vec::new() };
    let mut watched = Vec::new();
    for row in waiting.topics.iter_mut().flat_map(|(_, rows)| rows) {
        let RowState::Raised(key, start) = row.state else { continue };
        match parts.host.low_watermark(key) {
            None => row.state = RowState::Decided(ErrorCode::NotLeaderOrFollower, Offset::NONE),
            Some(low) if low >= start => row.state = RowState::Decided(ErrorCode::None, low),
            Some(_) => watched.push(key),
        }
    }
    watched
}

fn answer(step: &mut Step<'_>, waiting: Waiting) {
    let topics = waiting.topics.into_iter().map(|(name, rows)| {
        let rows = rows.into_iter().map(|row| {
            let (error, low) = match row.state {
                RowState::Decided(error, low) => (error, low),
                RowState::Raised(..) => unreachable!("an answer is sent when all is decided"),
            };
            DeleteRecordsPartitionResult::default()
                .with_partition_index(row.partition)
                .with_low_watermark(low.0)
                .with_error_code(error.code())
        });
        DeleteRecordsTopicResult::default().with_name(name).with_partitions(rows.collect())
    });
    let topics = topics.collect();
    step.respond(waiting.ticket, DeleteRecordsResponse::default().with_topics(topics));
}
