//! EndTxn.

use fencepost_wire::messages::EndTxnRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: EndTxnRequest) {
    step.close(call.ticket.connection, "EndTxn is not built yet");
}
