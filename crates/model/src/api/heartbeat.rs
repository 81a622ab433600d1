//! Heartbeat.

use fencepost_wire::messages::HeartbeatRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: HeartbeatRequest) {
    step.close(call.ticket.connection, "Heartbeat is not built yet");
}
