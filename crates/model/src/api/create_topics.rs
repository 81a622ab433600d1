//! CreateTopics.

use fencepost_wire::messages::CreateTopicsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: CreateTopicsRequest) {
    step.close(call.ticket.connection, "CreateTopics is not built yet");
}
