//! Reading the partitions of a fetch (FETCH-12 to FETCH-25).

use bytes::Bytes;
use fencepost_ids::{
    BrokerId, ErrorCode, LeaderEpoch, Offset, PartitionIndex, Rule, Rules, TopicId, TopicName,
};
use fencepost_log::{Isolation, Log, LogRead, ReplicaState};
use fencepost_wire::{
    AbortedTransaction, DivergingEpoch, FetchedPartition, LeaderIdAndEpoch, Release,
};

use super::session::Asked;
use crate::config::Compression;
use crate::disk::Stored;
use crate::host::Host;
use crate::metadata::{PartitionKey, Topic};
use crate::step::Step;

/// The first version in which a follower serves consumers (FETCH-29, KIP-392).
const FOLLOWER_VERSION: i16 = 11;

/// What a request as a whole allows and wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    pub(super) isolation: Isolation,
    /// Asked in the name of a broker, which is a replica of no partition (FETCH-12).
    pub(super) is_replica: bool,
    /// A real broker fails where records are and this is below 0.
    pub(super) max_bytes: i32,
    pub(super) min_bytes: i32,
    pub(super) max_wait_ms: i32,
    pub(super) uses_topic_ids: bool,
}

/// One partition's answer.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) topic: TopicName,
    pub(super) topic_id: TopicId,
    /// None if the partition was set aside before the read (FETCH-02).
    pub(super) key: Option<PartitionKey>,
    pub(super) answer: FetchedPartition,
    /// Bytes of records in the answer.
    bytes: u64,
    /// What a wait for more would go by; none if nothing was read.
    pub(super) outlook: Option<Outlook>,
}

/// What a fetch that waits goes by in one partition (FETCH-25).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Outlook {
    /// How many bytes there are to read, at most those that the client wants from this partition.
    available: i64,
    /// The fetch offset lies above what the isolation level may read (FETCH-27).
    is_beyond: bool,
    /// The segment in which the reader stands.
    pub(super) segment: Offset,
    /// The one that ends what it may read.
    last_segment: Offset,
}

/// Reads every partition asked for, in order, within the limits of the whole (FETCH-22, FETCH-23).
pub(super) fn read(
    step: &mut Step<'_>,
    broker: BrokerId,
    version: i16,
    limits: &Limits,
    asked: &[Asked],
) -> Vec<Row> {
    let Some(parts) = step.parts(broker) else { return Vec::new() };
    let host = &parts.host;
    let mut left = i64::from(limits.max_bytes);
    let mut nothing_yet = true;
    asked
        .iter()
        .map(|asked| {
            let at_least_one = nothing_yet && host.config.rules.is_on(Rule::FirstBatchFits);
            let row = read_one(host, version, limits, asked, left, at_least_one);
            left = (left - i64::try_from(row.bytes).expect("an answer fits the memory")).max(0);
            nothing_yet &= row.bytes == 0;
            row
        })
        .collect()
}

/// Whether the answer need not wait, by what was read (FETCH-24).
pub(super) fn is_enough(limits: &Limits, rows: &[Row]) -> bool {
    let mut bytes = 0;
    for row in rows {
        bytes += row.bytes;
    }
    bytes >= u64::try_from(limits.min_bytes).unwrap_or(0) || ends_wait(limits, rows)
}

/// Whether a wait ends, by what could be read (FETCH-24, FETCH-25, FETCH-27).
pub(super) fn ends_wait(limits: &Limits, rows: &[Row]) -> bool {
    let mut read = rows.iter().filter(|row| row.key.is_some()).peekable();
    if read.peek().is_none() {
        return true;
    }
    let mut available = 0;
    for row in read {
        if !row.answer.error_code.is_none() || row.answer.diverging_epoch.is_some() {
            return true;
        }
        let Some(outlook) = row.outlook else { continue };
        // More will not come into a segment that is closed.
        if outlook.is_beyond || outlook.segment < outlook.last_segment {
            return true;
        }
        available += outlook.available;
    }
    available >= i64::from(limits.min_bytes)
}

fn read_one(
    host: &Host<'_>,
    version: i16,
    limits: &Limits,
    asked: &Asked,
    left: i64,
    at_least_one: bool,
) -> Row {
    let metadata = &host.metadata;
    let known = match &asked.topic {
        Some(name) => metadata.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition),
        None => Err(ErrorCode::UnknownTopicId),
    };
    let found = known.and_then(|topic| check_place(host, version, topic, asked).map(|()| topic));
    let topic = match found {
        Ok(topic) => topic,
        Err(error) => {
            let (topic, topic_id) = match known {
                Ok(topic) => (topic.name.clone(), topic.id),
                Err(_) => (asked.topic.clone().unwrap_or_else(|| "".into()), asked.topic_id),
            };
            return Row {
                topic,
                topic_id,
                key: None,
                answer: set_aside(asked.partition, error),
                bytes: 0,
                outlook: None,
            };
        }
    };
    let key = PartitionKey { topic: topic.index, partition: asked.partition };
    let row = Row {
        topic: topic.name.clone(),
        topic_id: topic.id,
        key: Some(key),
        answer: refused(asked, ErrorCode::None),
        bytes: 0,
        outlook: None,
    };
    let is_another = limits.uses_topic_ids && asked.topic_id != topic.id;
    if is_another && host.config.rules.is_on(Rule::TopicIdCheck) {
        let row = Row { topic_id: asked.topic_id, ..row };
        return Row { answer: refused(asked, ErrorCode::InconsistentTopicId), ..row };
    }
    let checked = if limits.is_replica {
        host.check_leader(key, asked.current_leader_epoch).and(Err(ErrorCode::NotLeaderOrFollower))
    } else if version >= FOLLOWER_VERSION {
        host.check_replica(key, asked.current_leader_epoch)
    } else {
        host.check_leader(key, asked.current_leader_epoch).map(|leader| &leader.replica)
    };
    match checked {
        Err(error) => Row {
            answer: FetchedPartition {
                current_leader: leader_hint(host, version, key, error),
                ..refused(asked, error)
            },
            ..row
        },
        Ok(replica) => match host.stored(key) {
            None => Row { answer: refused(asked, ErrorCode::UnknownTopicOrPartition), ..row },
            Some(stored) => {
                let limit = left.min(i64::from(asked.max_bytes));
                read_log(host, limits.isolation, asked, replica, stored, limit, at_least_one, row)
            }
        },
    }
}

/// A partition that could be read when the wait began has the answer of a read that failed.
pub(super) fn gone_meanwhile(rows: &mut [Row], began_in: &[Option<Offset>]) {
    for (row, _) in rows.iter_mut().zip(began_in).filter(|(_, began_in)| began_in.is_some()) {
        if row.key.is_none() {
            row.answer.aborted_transactions = None;
        }
    }
}

/// FETCH-12 step 3, and FETCH-30.
fn check_place(
    host: &Host<'_>,
    version: i16,
    topic: &Topic,
    asked: &Asked,
) -> Result<(), ErrorCode> {
    topic.partition(asked.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    // Brokers look at the topic's codec as long as they convert records for old clients.
    let converts = host.config.release < Release::V4_0;
    if converts && version < 10 && topic.settings.compression_type == Compression::Zstd {
        return Err(ErrorCode::UnsupportedCompressionType);
    }
    Ok(())
}

/// The answer for a partition that could not be read.
fn refused(asked: &Asked, error: ErrorCode) -> FetchedPartition {
    FetchedPartition { aborted_transactions: None, ..set_aside(asked.partition, error) }
}

/// The answer for a partition that was not even tried: its list of aborted transactions is empty
/// rather than null.
pub(super) fn set_aside(partition: PartitionIndex, error: ErrorCode) -> FetchedPartition {
    FetchedPartition {
        partition_index: partition,
        error_code: error,
        high_watermark: Offset::NONE,
        last_stable_offset: Offset::NONE,
        log_start_offset: Offset::NONE,
        diverging_epoch: None,
        current_leader: None,
        aborted_transactions: Some(Vec::new()),
        preferred_read_replica: BrokerId::NONE,
        records: Vec::new(),
    }
}

/// FETCH-28: who leads, for a client that asked in the wrong place or term.
fn leader_hint(
    host: &Host<'_>,
    version: i16,
    key: PartitionKey,
    error: ErrorCode,
) -> Option<LeaderIdAndEpoch> {
    let told = matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch);
    let partition = host.metadata.partition(key).filter(|_| version >= 16 && told)?;
    Some(LeaderIdAndEpoch {
        leader_id: partition.leader.unwrap_or(BrokerId::NONE),
        leader_epoch: partition.leader_epoch,
    })
}

#[expect(clippy::too_many_arguments, reason = "the innermost step of one read")]
fn read_log(
    host: &Host<'_>,
    isolation: Isolation,
    asked: &Asked,
    replica: &ReplicaState,
    stored: &Stored,
    limit: i64,
    at_least_one: bool,
    row: Row,
) -> Row {
    let marks = FetchedPartition {
        high_watermark: replica.high_watermark(),
        last_stable_offset: replica.last_stable_offset(&stored.log, host.rules),
        log_start_offset: stored.log.start_offset(),
        ..row.answer.clone()
    };
    match diverging(host.config.rules, stored, asked) {
        Ok(None) => {}
        Ok(Some(end)) => {
            return Row { answer: FetchedPartition { diverging_epoch: Some(end), ..marks }, ..row };
        }
        Err(error) => return Row { answer: refused(asked, error), ..row },
    }
    let bound = replica.upper_bound(&stored.log, host.rules, isolation);
    let bytes = u64::try_from(limit).unwrap_or(0);
    let fetched =
        replica.fetch(&stored.log, host.rules, isolation, asked.offset, bytes, at_least_one);
    match fetched {
        Ok(_) if limit < 0 && asked.offset < bound => {
            Row { answer: refused(asked, ErrorCode::UnknownServerError), ..row }
        }
        Err(_) => Row { answer: refused(asked, ErrorCode::OffsetOutOfRange), ..row },
        Ok(data) => Row {
            bytes: data.records.size_bytes,
            outlook: Some(outlook(host, &stored.log, asked, bound)),
            answer: FetchedPartition {
                aborted_transactions: data.aborted.map(|aborted| {
                    let listed = aborted.iter().map(|transaction| AbortedTransaction {
                        producer_id: transaction.producer_id,
                        first_offset: transaction.first_offset,
                    });
                    listed.collect()
                }),
                records: chunks(&data.records),
                ..marks
            },
            ..row
        },
    }
}

fn outlook(host: &Host<'_>, log: &Log, asked: &Asked, bound: Offset) -> Outlook {
    // From 4.0 on a reader inside a batch stands where the batch begins.
    let is_old = host.config.release < Release::V4_0;
    let position = if is_old { asked.offset } else { log.batch_at(asked.offset) };
    let available = log.available_bytes(asked.offset, bound);
    Outlook {
        available: i64::try_from(available).unwrap_or(i64::MAX).min(i64::from(asked.max_bytes)),
        is_beyond: position > bound,
        segment: log.segment_at(asked.offset),
        last_segment: log.segment_at(bound),
    }
}

/// FETCH-15: where the fetcher's log parts from this one, if it says what it last saw.
fn diverging(
    rules: Rules,
    stored: &Stored,
    asked: &Asked,
) -> Result<Option<DivergingEpoch>, ErrorCode> {
    if asked.last_fetched_epoch == LeaderEpoch::NONE || !rules.is_on(Rule::DivergingEpoch) {
        return Ok(None);
    }
    let end =
        stored.log.end_offset_for(asked.last_fetched_epoch).ok_or(ErrorCode::OffsetOutOfRange)?;
    if asked.offset < stored.log.start_offset() {
        return Err(ErrorCode::OffsetOutOfRange);
    }
    let parts = end.leader_epoch < asked.last_fetched_epoch || end.end_offset < asked.offset;
    Ok(parts.then_some(DivergingEpoch { epoch: end.leader_epoch, end_offset: end.end_offset }))
}

/// The stored bytes, each batch as its patched head and its shared rest.
fn chunks(records: &LogRead) -> Vec<Bytes> {
    records
        .batches
        .iter()
        .flat_map(|batch| [Bytes::copy_from_slice(&batch.head()), batch.tail()])
        .collect()
}
