//! ConsumerGroupHeartbeat.

use fencepost_wire::messages::ConsumerGroupHeartbeatRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: ConsumerGroupHeartbeatRequest) {
    step.close(call.ticket.connection, "ConsumerGroupHeartbeat is not built yet");
}
