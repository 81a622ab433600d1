//! WriteTxnMarkers.

use fencepost_wire::messages::WriteTxnMarkersRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: WriteTxnMarkersRequest) {
    step.close(call.ticket.connection, "WriteTxnMarkers is not built yet");
}

/// Markers that were appended and wait for their replicas.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {}

/// A partition with markers moved.
pub(crate) fn look_again(
    _step: &mut Step<'_>,
    _broker: fencepost_ids::BrokerId,
    _waiting: Waiting,
) {
}

/// The markers waited too long.
pub(crate) fn expire(_step: &mut Step<'_>, _broker: fencepost_ids::BrokerId, _waiting: Waiting) {}
