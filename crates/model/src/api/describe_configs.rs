//! DescribeConfigs.

use fencepost_wire::messages::DescribeConfigsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeConfigsRequest) {
    step.close(call.ticket.connection, "DescribeConfigs is not built yet");
}
