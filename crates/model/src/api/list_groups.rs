//! ListGroups.

use fencepost_wire::messages::ListGroupsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: ListGroupsRequest) {
    step.close(call.ticket.connection, "ListGroups is not built yet");
}
