//! The right to answer one request.

use fencepost_ids::ConnectionId;
use fencepost_wire::ApiKey;

/// Names a request until it is answered, and says how its answer is written. Tickets are issued
/// in rising order of their serial number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// Unique within the life of a cluster.
    pub serial: u64,
    /// Where the answer goes.
    pub connection: ConnectionId,
    /// The API of the request.
    pub api: ApiKey,
    /// The version of the request, and so of the answer.
    pub version: i16,
    /// Copied into the answer (FRAME-05).
    pub correlation_id: i32,
}
