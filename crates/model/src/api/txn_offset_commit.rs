//! TxnOffsetCommit.

use fencepost_wire::messages::TxnOffsetCommitRequest;

use fencepost_ids::BrokerId;

use crate::step::{Call, Step};
use crate::txn::Answer;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: TxnOffsetCommitRequest) {
    step.close(call.ticket.connection, "TxnOffsetCommit is not built yet");
}

/// The transaction's coordinator answered for the group's partition (VERIFY-10).
pub(crate) fn verified(_step: &mut Step<'_>, _broker: BrokerId, _serial: u64, _answer: Answer) {}
