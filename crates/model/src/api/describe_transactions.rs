//! DescribeTransactions.

use fencepost_wire::messages::DescribeTransactionsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: DescribeTransactionsRequest) {
    step.close(call.ticket.connection, "DescribeTransactions is not built yet");
}
