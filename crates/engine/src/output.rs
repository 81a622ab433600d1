//! What the driver of an engine must do.

use fencepost_ids::ConnectionId;
use fencepost_model::Ticket;
use fencepost_wire::Response;

/// One effect of a turn, for the driver to carry out in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a response.
    Respond {
        /// To which request.
        ticket: Ticket,
        /// The response.
        response: Response,
    },
    /// A request has ended without a response, so the connection may be read on (API-38).
    Done {
        /// Which request.
        ticket: Ticket,
    },
    /// Close a connection; the driver need not report its closing.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why, for the log.
        reason: String,
    },
}
