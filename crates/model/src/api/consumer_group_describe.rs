//! ConsumerGroupDescribe.

use fencepost_wire::messages::ConsumerGroupDescribeRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: ConsumerGroupDescribeRequest) {
    step.close(call.ticket.connection, "ConsumerGroupDescribe is not built yet");
}
