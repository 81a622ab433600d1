//! ListTransactions.

use fencepost_wire::messages::ListTransactionsRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: ListTransactionsRequest) {
    step.close(call.ticket.connection, "ListTransactions is not built yet");
}
