//! OffsetCommit.

use fencepost_wire::messages::OffsetCommitRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: OffsetCommitRequest) {
    step.close(call.ticket.connection, "OffsetCommit is not built yet");
}
