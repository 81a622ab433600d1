//! DescribeProducers.

use fencepost_wire::messages::DescribeProducersRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeProducersRequest) {
    step.close(call.ticket.connection, "DescribeProducers is not built yet");
}
