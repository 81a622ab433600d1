//! FindCoordinator (key 10), versions 0 to 6 (API-27 to API-29).

use fencepost_ids::{BrokerId, ErrorCode, partition_of};
use fencepost_wire::messages::find_coordinator_response::Coordinator;
use fencepost_wire::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use fencepost_wire::{StrBytes, ToWire};

use crate::metadata::{CONSUMER_OFFSETS, TRANSACTION_STATE};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: FindCoordinatorRequest) {
    let topic = match request.key_type {
        0 => Some(CONSUMER_OFFSETS),
        1 => Some(TRANSACTION_STATE),
        _ => None,
    };
    let in_words = |code: i16| {
        ErrorCode::from_code(code).map(|error| StrBytes::from_string(error.to_string()))
    };
    let response = if call.ticket.version < 4 {
        let found = find(step, topic, &request.key);
        // A single answer says in words what is wrong, and that nothing is.
        let message = match found.error_code {
            0 => Some(StrBytes::from_static_str("NONE")),
            code => in_words(code),
        };
        FindCoordinatorResponse::default()
            .with_error_code(found.error_code)
            .with_error_message(message.filter(|_| call.ticket.version >= 1))
            .with_node_id(found.node_id)
            .with_host(found.host)
            .with_port(found.port)
    } else {
        let is_type = matches!(request.key_type, 0..=2);
        let coordinators = request.coordinator_keys.iter().map(|key| {
            let found = find(step, topic, key);
            if is_type {
                return found;
            }
            let message = in_words(found.error_code);
            found.with_error_message(message)
        });
        FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
    };
    step.respond(call.ticket, response);
}

/// The leader of the internal topic's partition that the key belongs to; the topic is created
/// when it is asked for the first time.
fn find(step: &mut Step<'_>, topic: Option<&'static str>, key: &StrBytes) -> Coordinator {
    let Some(topic) = topic else { return none(key, ErrorCode::InvalidRequest) };
    let Some(count) = step.cluster.metadata.topic(topic).map(|found| found.partition_count())
    else {
        // The topic may fail to be created for want of brokers (CONF-53): a later request tries
        // again, and this one answers the same either way.
        let _ = step.auto_create_topic(topic);
        return none(key, ErrorCode::CoordinatorNotAvailable);
    };
    let metadata = &step.cluster.metadata;
    let leader = metadata
        .key(topic, partition_of(key, count))
        .and_then(|key| metadata.leader(key))
        .and_then(|leader| metadata.live_broker(leader));
    match leader {
        Some(broker) => Coordinator::default()
            .with_key(key.clone())
            .with_node_id(broker.id.to_wire())
            .with_host(StrBytes::from_string(broker.host.to_string()))
            .with_port(i32::from(broker.port)),
        None => none(key, ErrorCode::CoordinatorNotAvailable),
    }
}

fn none(key: &StrBytes, error: ErrorCode) -> Coordinator {
    Coordinator::default()
        .with_key(key.clone())
        .with_node_id(BrokerId::NONE.to_wire())
        .with_port(-1)
        .with_error_code(error.code())
}
