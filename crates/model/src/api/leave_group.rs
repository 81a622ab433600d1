//! LeaveGroup.

use fencepost_wire::messages::LeaveGroupRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: LeaveGroupRequest) {
    step.close(call.ticket.connection, "LeaveGroup is not built yet");
}
