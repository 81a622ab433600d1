//! TxnOffsetCommit.

use fencepost_wire::messages::TxnOffsetCommitRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: TxnOffsetCommitRequest) {
    step.close(call.ticket.connection, "TxnOffsetCommit is not built yet");
}
