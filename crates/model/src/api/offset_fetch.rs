//! OffsetFetch.

use fencepost_wire::messages::OffsetFetchRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: OffsetFetchRequest) {
    step.close(call.ticket.connection, "OffsetFetch is not built yet");
}
