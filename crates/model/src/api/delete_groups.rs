//! DeleteGroups.

use fencepost_wire::messages::DeleteGroupsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DeleteGroupsRequest) {
    step.close(call.ticket.connection, "DeleteGroups is not built yet");
}
