//! AddOffsetsToTxn.

use fencepost_wire::messages::AddOffsetsToTxnRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: AddOffsetsToTxnRequest) {
    step.close(call.ticket.connection, "AddOffsetsToTxn is not built yet");
}
