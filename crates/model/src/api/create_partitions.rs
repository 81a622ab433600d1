//! CreatePartitions.

use fencepost_wire::messages::CreatePartitionsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: CreatePartitionsRequest) {
    step.close(call.ticket.connection, "CreatePartitions is not built yet");
}
