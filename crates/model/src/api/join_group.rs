//! JoinGroup.

use fencepost_wire::messages::JoinGroupRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: JoinGroupRequest) {
    step.close(call.ticket.connection, "JoinGroup is not built yet");
}
