//! UpdateFeatures.

use fencepost_wire::messages::UpdateFeaturesRequest;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, _request: UpdateFeaturesRequest) {
    step.close(call.ticket.connection, "UpdateFeatures is not built yet");
}
