//! OffsetDelete.

use fencepost_wire::messages::OffsetDeleteRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: OffsetDeleteRequest) {
    step.close(call.ticket.connection, "OffsetDelete is not built yet");
}
