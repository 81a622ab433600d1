//! DescribeTopicPartitions.

use fencepost_wire::messages::DescribeTopicPartitionsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeTopicPartitionsRequest) {
    step.close(call.ticket.connection, "DescribeTopicPartitions is not built yet");
}
