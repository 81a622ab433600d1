//! The answer to a produce request (API-38 to API-40, IDEM-25).

use fencepost_ids::{BrokerId, ErrorCode, LeaderEpoch, Offset, Rule, Timestamp};
use fencepost_log::AppendError;
use fencepost_wire::messages::ProduceResponse;
use fencepost_wire::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
    TopicProduceResponse,
};
use fencepost_wire::{StrBytes, ToWire};

use super::request::Place;
use crate::metadata::{Metadata, PartitionKey};
use crate::step::{Call, Step};

/// The first version with record errors and messages (KIP-467).
const RECORD_ERRORS_VERSION: i16 = 8;
/// The first version that names the leader after NOT_LEADER_OR_FOLLOWER (KIP-951).
const LEADER_HINT_VERSION: i16 = 10;

/// One partition's answer.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) error: ErrorCode,
    pub(super) base_offset: Offset,
    pub(super) log_append_time: Timestamp,
    pub(super) log_start_offset: Offset,
    pub(super) record_errors: Vec<(i32, &'static str)>,
    pub(super) message: Option<String>,
    /// The partition and the high watermark that an acks=all append waits for.
    pub(super) waits_for: Option<(PartitionKey, Offset)>,
}

impl Row {
    /// Nothing was appended.
    pub(super) fn refused(place: Place, error: ErrorCode) -> Self {
        Self {
            place,
            error,
            base_offset: Offset::NONE,
            log_append_time: Timestamp::NONE,
            log_start_offset: Offset::NONE,
            record_errors: Vec::new(),
            message: None,
            waits_for: None,
        }
    }

    /// The log refused the batch. Errors that the log itself finds carry its start (IDEM-25).
    pub(super) fn refused_by_log(place: Place, error: &AppendError, log_start: Offset) -> Self {
        let code = error.error_code();
        let knows_log_start = matches!(
            code,
            ErrorCode::OutOfOrderSequenceNumber
                | ErrorCode::InvalidProducerEpoch
                | ErrorCode::InvalidTxnState
                | ErrorCode::InvalidTimestamp
                | ErrorCode::InvalidRecord
                | ErrorCode::UnknownServerError
        );
        let faults = error.record_faults();
        Self {
            log_start_offset: if knows_log_start { log_start } else { Offset::NONE },
            record_errors: faults.iter().map(|fault| (fault.index, fault.message)).collect(),
            message: (!faults.is_empty()).then(|| error.to_string()),
            ..Self::refused(place, code)
        }
    }
}

/// Answers a request whose partitions all have their rows.
pub(super) fn answer(step: &mut Step<'_>, call: &Call, acks: i16, mut rows: Vec<Row>) {
    if acks == 0 {
        // Nobody would read an error, so the client is made to look around (API-38).
        match rows.iter().find(|row| !row.error.is_none()) {
            Some(row) if step.cluster.config.rules.is_on(Rule::UnansweredFailure) => {
                let reason = format!(
                    "produce with acks=0 to {}-{} failed: {}",
                    row.place.name, row.place.partition, row.error
                );
                step.close(call.ticket.connection, reason);
            }
            Some(_) | None => step.done(call.ticket),
        }
        return;
    }
    rows.sort_by_key(|row| (row.place.topic, row.place.row));
    let response = response(&step.cluster.metadata, call.ticket.version, rows);
    step.respond(call.ticket, response);
}

fn response(metadata: &Metadata, version: i16, rows: Vec<Row>) -> ProduceResponse {
    let mut responses: Vec<TopicProduceResponse> = Vec::new();
    let mut current = None;
    let mut hints: Vec<BrokerId> = Vec::new();
    for row in rows {
        if current != Some(row.place.topic) {
            current = Some(row.place.topic);
            let topic = TopicProduceResponse::default();
            responses.push(if version >= 13 {
                topic.with_topic_id(row.place.id.to_wire())
            } else {
                topic.with_name(row.place.name.to_wire())
            });
        }
        let hint = leader_hint(metadata, version, &row);
        let written = write(version, row, hint);
        if let Some((leader, _)) = hint
            && !hints.contains(&leader)
        {
            hints.push(leader);
        }
        if let Some(topic) = responses.last_mut() {
            topic.partition_responses.push(written);
        }
    }
    let endpoints = hints
        .into_iter()
        .filter_map(|id| metadata.live_broker(id))
        .map(|broker| {
            NodeEndpoint::default()
                .with_node_id(broker.id.to_wire())
                .with_host(StrBytes::from_string(broker.host.to_string()))
                .with_port(i32::from(broker.port))
        })
        .collect();
    ProduceResponse::default().with_responses(responses).with_node_endpoints(endpoints)
}

fn leader_hint(metadata: &Metadata, version: i16, row: &Row) -> Option<(BrokerId, LeaderEpoch)> {
    if version < LEADER_HINT_VERSION || row.error != ErrorCode::NotLeaderOrFollower {
        return None;
    }
    let partition = metadata.partition(metadata.key(&row.place.name, row.place.partition)?)?;
    Some((partition.leader.unwrap_or(BrokerId::NONE), partition.leader_epoch))
}

fn write(
    version: i16,
    row: Row,
    hint: Option<(BrokerId, LeaderEpoch)>,
) -> PartitionProduceResponse {
    let mut written = PartitionProduceResponse::default()
        .with_index(row.place.partition.0)
        .with_error_code(row.error.code())
        .with_base_offset(row.base_offset.0)
        .with_log_append_time_ms(row.log_append_time.0)
        .with_log_start_offset(row.log_start_offset.0);
    if version >= RECORD_ERRORS_VERSION {
        written.error_message = row.message.map(StrBytes::from_string);
        written.record_errors = row
            .record_errors
            .into_iter()
            .map(|(index, message)| {
                BatchIndexAndErrorMessage::default()
                    .with_batch_index(index)
                    .with_batch_index_error_message(Some(StrBytes::from_static_str(message)))
            })
            .collect();
    }
    if let Some((leader, epoch)) = hint {
        written.current_leader =
            LeaderIdAndEpoch::default().with_leader_id(leader.to_wire()).with_leader_epoch(epoch.0);
    }
    written
}
