//! DeleteRecords.

use fencepost_wire::messages::DeleteRecordsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DeleteRecordsRequest) {
    step.close(call.ticket.connection, "DeleteRecords is not built yet");
}
