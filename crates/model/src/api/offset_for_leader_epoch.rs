//! OffsetForLeaderEpoch (key 23), versions 2 to 4 (API-41).

use fencepost_ids::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};
use fencepost_wire::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use fencepost_wire::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use fencepost_wire::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: OffsetForLeaderEpochRequest) {
    let topics = request
        .topics
        .into_iter()
        .map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let row = EpochEndOffset::default().with_partition(asked.partition);
                match end_of_epoch(step, call, &topic.topic.0, asked) {
                    Ok((epoch, end)) => row.with_leader_epoch(epoch.0).with_end_offset(end.0),
                    Err(error) => row
                        .with_error_code(error.code())
                        .with_leader_epoch(LeaderEpoch::NONE.0)
                        .with_end_offset(Offset::NONE.0),
                }
            });
            let partitions = partitions.collect();
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic)
                .with_partitions(partitions)
        })
        .collect();
    step.respond(call.ticket, OffsetForLeaderEpochResponse::default().with_topics(topics));
}

fn end_of_epoch(
    step: &mut Step<'_>,
    call: &Call,
    topic: &str,
    asked: &OffsetForLeaderPartition,
) -> Result<(LeaderEpoch, Offset), ErrorCode> {
    let key = step
        .cluster
        .metadata
        .key(topic, PartitionIndex(asked.partition))
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let parts = step.parts(call.broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
    parts.host.check_leader(key, LeaderEpoch(asked.current_leader_epoch))?;
    let stored = parts.host.stored(key).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let end = stored.log.end_offset_for(LeaderEpoch(asked.leader_epoch));
    Ok(end.map_or((LeaderEpoch::NONE, Offset::NONE), |end| (end.leader_epoch, end.end_offset)))
}
