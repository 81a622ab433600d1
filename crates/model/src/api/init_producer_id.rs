//! InitProducerId.

use fencepost_wire::messages::InitProducerIdRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: InitProducerIdRequest) {
    step.close(call.ticket.connection, "InitProducerId is not built yet");
}
