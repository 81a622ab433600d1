//! IncrementalAlterConfigs.

use fencepost_wire::messages::IncrementalAlterConfigsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: IncrementalAlterConfigsRequest) {
    step.close(call.ticket.connection, "IncrementalAlterConfigs is not built yet");
}
