//! DescribeCluster.

use fencepost_wire::messages::DescribeClusterRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeClusterRequest) {
    step.close(call.ticket.connection, "DescribeCluster is not built yet");
}
