//! DescribeGroups.

use fencepost_wire::messages::DescribeGroupsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeGroupsRequest) {
    step.close(call.ticket.connection, "DescribeGroups is not built yet");
}
