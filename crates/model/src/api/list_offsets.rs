//! ListOffsets (key 2), versions 1 to 11 (API-30 to API-35, LSO-18, LSO-19).

use fencepost_ids::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, Rule, Timestamp};
use fencepost_log::{Isolation, TimestampHit};
use fencepost_wire::Release;
use fencepost_wire::messages::list_offsets_request::ListOffsetsPartition;
use fencepost_wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use fencepost_wire::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::step::{Call, Step};

/// The replica id of consumers; every other one reads up to the log end (LSO-18).
const CONSUMER: i32 = -1;
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// What a query found.
struct Found {
    offset: Offset,
    timestamp: Timestamp,
    leader_epoch: LeaderEpoch,
}

impl Found {
    const NOTHING: Self =
        Self { offset: Offset::NONE, timestamp: Timestamp::NONE, leader_epoch: LeaderEpoch::NONE };
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ListOffsetsRequest) {
    let isolation = match request.isolation_level {
        _ if request.replica_id.0 != CONSUMER => Ok(Isolation::LogEnd),
        0 => Ok(Isolation::ReadUncommitted),
        1 => Ok(Isolation::ReadCommitted),
        _ => Err(ErrorCode::UnknownServerError),
    };
    let tells_once = step.cluster.config.release >= Release::V4_0;
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for (at, asked) in topic.partitions.iter().enumerate() {
            let same =
                |other: &ListOffsetsPartition| other.partition_index == asked.partition_index;
            // Of a partition that is named twice there is one answer (API-30), from 4.0 on.
            if tells_once && topic.partitions[..at].iter().any(same) {
                continue;
            }
            let twice = request
                .topics
                .iter()
                .filter(|other| other.name == topic.name)
                .flat_map(|other| &other.partitions)
                .filter(|other| same(other))
                .count()
                > 1;
            let found = if twice {
                Err(ErrorCode::InvalidRequest)
            } else {
                isolation.and_then(|isolation| find(step, call, &topic.name.0, asked, isolation))
            };
            partitions.push(answer(call.ticket.version, asked, found));
        }
        topics.push(
            ListOffsetsTopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions),
        );
    }
    step.respond(call.ticket, ListOffsetsResponse::default().with_topics(topics));
}

fn answer(
    version: i16,
    asked: &ListOffsetsPartition,
    found: Result<Found, ErrorCode>,
) -> ListOffsetsPartitionResponse {
    let (error, found) = match found {
        Ok(found) => (ErrorCode::None, found),
        Err(error) => (error, Found::NOTHING),
    };
    let row = ListOffsetsPartitionResponse::default()
        .with_partition_index(asked.partition_index)
        .with_error_code(error.code())
        .with_timestamp(found.timestamp.0)
        .with_offset(found.offset.0);
    if version >= 4 { row.with_leader_epoch(found.leader_epoch.0) } else { row }
}

fn find(
    step: &mut Step<'_>,
    call: &Call,
    topic: &str,
    asked: &ListOffsetsPartition,
    isolation: Isolation,
) -> Result<Found, ErrorCode> {
    let version = call.ticket.version;
    let since = match asked.timestamp {
        0.. | LATEST | EARLIEST => 1,
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        EARLIEST_PENDING_UPLOAD => 11,
        _ => i16::MAX,
    };
    if version < since {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let key = step
        .cluster
        .metadata
        .key(topic, PartitionIndex(asked.partition_index))
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let parts = step.parts(call.broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
    let host = &parts.host;
    let known =
        if version >= 4 { LeaderEpoch(asked.current_leader_epoch) } else { LeaderEpoch::NONE };
    let leader = host.check_leader(key, known)?;
    let stored = host.stored(key).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let log = &stored.log;
    let bound = if host.config.rules.is_on(Rule::CommittedEnd) {
        leader.replica.upper_bound(log, host.rules, isolation)
    } else {
        leader.replica.high_watermark()
    };
    // A fresh leader does not know yet how far its predecessor's high watermark was (KIP-207).
    let is_fresh = isolation != Isolation::LogEnd
        && leader.replica.high_watermark() < leader.epoch_start
        && host.config.rules.is_on(Rule::FreshLeaderOffset);
    let unavailable =
        if version >= 5 { ErrorCode::OffsetNotAvailable } else { ErrorCode::LeaderNotAvailable };
    let is_bound = host.config.rules.is_on(Rule::TimestampSearchBound);
    let may_be_told = |hit: &TimestampHit| hit.offset < bound || !is_bound;
    let by_timestamp = |hit: Option<TimestampHit>| match hit.filter(may_be_told) {
        Some(hit) => Ok(Found {
            offset: hit.offset,
            timestamp: hit.timestamp,
            leader_epoch: hit.leader_epoch,
        }),
        None if is_fresh => Err(unavailable),
        None => Ok(Found::NOTHING),
    };
    match asked.timestamp {
        LATEST if is_fresh => Err(unavailable),
        LATEST => Ok(Found { offset: bound, leader_epoch: leader.epoch, ..Found::NOTHING }),
        EARLIEST | EARLIEST_LOCAL => {
            let start = log.start_offset();
            let leader_epoch = log.leader_epoch_at(start).unwrap_or(LeaderEpoch::NONE);
            Ok(Found { offset: start, leader_epoch, ..Found::NOTHING })
        }
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => Ok(Found::NOTHING),
        MAX_TIMESTAMP => by_timestamp(log.offset_of_max_timestamp()),
        timestamp => by_timestamp(log.offset_for_timestamp(Timestamp(timestamp))),
    }
}
