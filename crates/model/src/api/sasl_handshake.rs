//! SaslHandshake (key 17), versions 0 and 1: refused, since no listener asks for SASL (API-47).

use fencepost_ids::ErrorCode;
use fencepost_wire::messages::SaslHandshakeResponse;

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call) {
    let error = ErrorCode::IllegalSaslState.code();
    step.respond(call.ticket, SaslHandshakeResponse::default().with_error_code(error));
}
