//! WriteTxnMarkers (key 27), versions 1 and 2: from coordinators as messages, from admin clients
//! over the wire (MARKIN-01 to MARKIN-07, DESC-07).

use std::collections::BTreeMap;

use fencepost_ids::{
    BrokerId, CoordinatorEpoch, ErrorCode, Offset, PartitionIndex, ProducerEpoch, ProducerId, Rule,
    Timestamp, TopicName,
};
use fencepost_log::{Marker, MarkerType, MarkerVersion};
use fencepost_wire::messages::WriteTxnMarkersResponse;
use fencepost_wire::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use fencepost_wire::{FromWire, ToWire, TransactionMarker, WriteTxnMarkersRequest};

use crate::group;
use crate::metadata::{CONSUMER_OFFSETS, PartitionKey};
use crate::network::{MarkerEntry, MarkerResult, MessageBody, MessageId};
use crate::parked::Parked;
use crate::step::{Call, Step};
use crate::ticket::Ticket;

/// Who hears the results.
#[derive(Clone, Copy, Debug)]
enum Sender {
    Client(Ticket),
    Coordinator(BrokerId, MessageId),
}

/// Markers that were appended and wait for their replicas.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    serial: u64,
    sender: Sender,
    rows: Vec<Row>,
    /// Until when the replicas have time.
    deadline: Timestamp,
}

/// One marker of one partition.
#[derive(Clone, Debug)]
struct Row {
    producer_id: ProducerId,
    topic: TopicName,
    partition: PartitionIndex,
    state: RowState,
}

#[derive(Clone, Copy, Debug)]
enum RowState {
    /// Replicated once the high watermark reaches the offset.
    Appended(PartitionKey, Offset),
    Decided(ErrorCode),
}

/// An admin client aborts a hanging transaction (DESC-07).
pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: WriteTxnMarkersRequest) {
    let entries = request.markers.iter().map(entry).collect();
    write(step, call.broker, call.ticket.serial, Sender::Client(call.ticket), entries);
}

/// A coordinator's markers arrive at the leader of their partitions.
pub(crate) fn from_coordinator(
    step: &mut Step<'_>,
    broker: BrokerId,
    coordinator: BrokerId,
    request: MessageId,
    entries: Vec<MarkerEntry>,
) {
    let serial = step.cluster.serials;
    step.cluster.serials += 1;
    write(step, broker, serial, Sender::Coordinator(coordinator, request), entries);
}

/// Appends what can be appended, and waits for the replicas.
fn write(
    step: &mut Step<'_>,
    broker: BrokerId,
    serial: u64,
    sender: Sender,
    entries: Vec<MarkerEntry>,
) {
    let mut rows = Vec::new();
    for entry in entries {
        let marker = marker(&entry);
        for (topic, partition) in entry.partitions {
            let state = append(step, broker, &marker, &topic, partition);
            rows.push(Row { producer_id: entry.producer_id, topic, partition, state });
        }
    }
    let timeout_ms = i64::from(step.cluster.config.settings.request_timeout_ms);
    let deadline = step.now.plus_millis(timeout_ms);
    wait_or_answer(step, broker, Waiting { serial, sender, rows, deadline });
}

/// Appends one marker (MARKIN-02 to MARKIN-07).
fn append(
    step: &mut Step<'_>,
    broker: BrokerId,
    marker: &Marker,
    topic: &TopicName,
    partition: PartitionIndex,
) -> RowState {
    let holds_offsets = topic.as_str() == CONSUMER_OFFSETS;
    let may_append = !holds_offsets || group::accepts_markers(step, broker, partition);
    let Some(mut parts) = step.parts(broker) else {
        return RowState::Decided(ErrorCode::NotLeaderOrFollower);
    };
    let host = &mut parts.host;
    let hosted = host.key(topic, partition).filter(|key| {
        host.metadata.partition(*key).is_some_and(|it| it.replicas.contains(&broker))
    });
    let Some(key) = hosted else {
        return RowState::Decided(ErrorCode::UnknownTopicOrPartition);
    };
    if !marker.producer_id.is_some() || marker.producer_epoch.0 < 0 {
        return RowState::Decided(ErrorCode::UnknownServerError);
    }
    if !may_append {
        return RowState::Decided(ErrorCode::NotLeaderOrFollower);
    }
    match host.append_marker(key, marker) {
        Ok(offset) => {
            if holds_offsets {
                group::marker_appended(step, broker, partition, marker, offset);
            }
            if step.cluster.config.rules.is_on(Rule::MarkerReplication) {
                RowState::Appended(key, offset.plus(1))
            } else {
                RowState::Decided(ErrorCode::None)
            }
        }
        Err(error) => RowState::Decided(error),
    }
}

/// A partition with markers moved.
pub(crate) fn look_again(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    wait_or_answer(step, broker, waiting);
}

/// The markers waited too long; they stay in the log (MARKIN-03).
pub(crate) fn expire(step: &mut Step<'_>, broker: BrokerId, mut waiting: Waiting) {
    judge(step, broker, &mut waiting.rows);
    for row in &mut waiting.rows {
        if let RowState::Appended(..) = row.state {
            row.state = RowState::Decided(ErrorCode::RequestTimedOut);
        }
    }
    wait_or_answer(step, broker, waiting);
}

fn wait_or_answer(step: &mut Step<'_>, broker: BrokerId, mut waiting: Waiting) {
    judge(step, broker, &mut waiting.rows);
    let watched: Vec<_> = waiting
        .rows
        .iter()
        .filter_map(|row| match row.state {
            RowState::Appended(key, _) => Some(key),
            RowState::Decided(_) => None,
        })
        .collect();
    if watched.is_empty() {
        return answer(step, broker, waiting);
    }
    let (serial, deadline) = (waiting.serial, waiting.deadline);
    step.park(broker, serial, Parked::Markers(waiting), watched, Some(deadline));
}

/// Decides the rows whose marker is replicated, or whose partition has another leader.
fn judge(step: &mut Step<'_>, broker: BrokerId, rows: &mut [Row]) {
    let Some(parts) = step.parts(broker) else { return };
    for row in rows {
        let RowState::Appended(key, until) = row.state else { continue };
        match parts.host.high_watermark(key) {
            None => row.state = RowState::Decided(ErrorCode::NotLeaderOrFollower),
            Some(high_watermark) if high_watermark >= until => {
                let code = if parts.host.has_enough_replicas(key) {
                    ErrorCode::None
                } else {
                    ErrorCode::NotEnoughReplicasAfterAppend
                };
                row.state = RowState::Decided(code);
            }
            Some(_) => {}
        }
    }
}

fn answer(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    let results = merge(&waiting.rows);
    match waiting.sender {
        Sender::Client(ticket) => step.respond(ticket, response(&results)),
        Sender::Coordinator(coordinator, request) => {
            if let Some(mut parts) = step.parts(broker) {
                // A coordinator that is gone has a successor that sends the markers again.
                let body = MessageBody::MarkersWritten { request, results };
                let _ = parts.host.send(coordinator, body);
            }
        }
    }
}

/// Results by producer id: entries of one producer id are merged (MARKIN-01).
fn merge(rows: &[Row]) -> Vec<MarkerResult> {
    let mut by_producer: BTreeMap<ProducerId, Vec<_>> = BTreeMap::new();
    for row in rows {
        let code = match row.state {
            RowState::Decided(code) => code,
            RowState::Appended(..) => unreachable!("an answer is sent when all rows are decided"),
        };
        let partitions = by_producer.entry(row.producer_id).or_default();
        partitions.push((row.topic.clone(), row.partition, code));
    }
    let result = |(producer_id, partitions)| MarkerResult { producer_id, partitions };
    by_producer.into_iter().map(result).collect()
}

fn response(results: &[MarkerResult]) -> WriteTxnMarkersResponse {
    let markers = results.iter().map(|result| {
        let topics = result.partitions.chunk_by(|a, b| a.0 == b.0).map(|of_topic| {
            let partitions = of_topic.iter().map(|(_, index, code)| {
                WritableTxnMarkerPartitionResult::default()
                    .with_partition_index(index.to_wire())
                    .with_error_code(code.to_wire())
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(of_topic[0].0.to_wire())
                .with_partitions(partitions.collect())
        });
        WritableTxnMarkerResult::default()
            .with_producer_id(result.producer_id.to_wire())
            .with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(markers.collect())
}

fn entry(marker: &TransactionMarker) -> MarkerEntry {
    let TransactionMarker { marker, transaction_version } = marker;
    let partitions = marker.topics.iter().flat_map(|topic| {
        let name = TopicName::from_wire(&topic.name);
        topic.partition_indexes.iter().map(move |index| (name.clone(), PartitionIndex(*index)))
    });
    MarkerEntry {
        producer_id: ProducerId::from_wire(&marker.producer_id),
        producer_epoch: ProducerEpoch::from_wire(&marker.producer_epoch),
        marker_type: if marker.transaction_result { MarkerType::Commit } else { MarkerType::Abort },
        coordinator_epoch: CoordinatorEpoch::from_wire(&marker.coordinator_epoch),
        transaction_version: *transaction_version,
        partitions: partitions.collect(),
    }
}

fn marker(entry: &MarkerEntry) -> Marker {
    Marker {
        producer_id: entry.producer_id,
        producer_epoch: entry.producer_epoch,
        marker_type: entry.marker_type,
        coordinator_epoch: entry.coordinator_epoch,
        version: MarkerVersion::from_transaction_version(entry.transaction_version),
    }
}
