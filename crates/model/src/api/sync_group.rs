//! SyncGroup.

use fencepost_wire::messages::SyncGroupRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: SyncGroupRequest) {
    step.close(call.ticket.connection, "SyncGroup is not built yet");
}
