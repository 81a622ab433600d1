//! DeleteTopics.

use fencepost_wire::messages::DeleteTopicsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DeleteTopicsRequest) {
    step.close(call.ticket.connection, "DeleteTopics is not built yet");
}
