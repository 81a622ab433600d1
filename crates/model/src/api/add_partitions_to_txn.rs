//! AddPartitionsToTxn.

use fencepost_wire::messages::AddPartitionsToTxnRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: AddPartitionsToTxnRequest) {
    step.close(call.ticket.connection, "AddPartitionsToTxn is not built yet");
}
