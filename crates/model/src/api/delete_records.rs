//! DeleteRecords (key 21), versions 0 to 2 (API-44, LSO-20).

use fencepost_ids::{ErrorCode, Offset, PartitionIndex};
use fencepost_wire::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use fencepost_wire::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::step::{Call, Step};

/// Stands for the high watermark.
const HIGH_WATERMARK: i64 = -1;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DeleteRecordsRequest) {
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let partitions = topic
            .partitions
            .iter()
            .enumerate()
            // A partition named twice: the last one counts.
            .filter(|(at, asked)| {
                let later = &topic.partitions[at + 1..];
                !later.iter().any(|other| other.partition_index == asked.partition_index)
            })
            .map(|(_, asked)| {
                let deleted =
                    delete(step, call, &topic.name.0, asked.partition_index, asked.offset);
                let row = DeleteRecordsPartitionResult::default()
                    .with_partition_index(asked.partition_index);
                match deleted {
                    Ok(low) => row.with_low_watermark(low.0),
                    Err(error) => row.with_low_watermark(-1).with_error_code(error.code()),
                }
            })
            .collect();
        topics.push(
            DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions),
        );
    }
    step.respond(call.ticket, DeleteRecordsResponse::default().with_topics(topics));
}

/// Raises the log start offset on the leader; its replicas share the history, so that the low
/// watermark is reached at once.
fn delete(
    step: &mut Step<'_>,
    call: &Call,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<Offset, ErrorCode> {
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
    parts.host.delete_records(key, before)
}
