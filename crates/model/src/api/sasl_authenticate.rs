//! SaslAuthenticate (key 36), versions 0 to 2: refused, since no listener asks for SASL (API-47).

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::SaslAuthenticateResponse;

use crate::step::{Call, Step};

/// Kafka's own text, which it also uses where there was no authentication at all.
const REFUSAL: &str = "SaslAuthenticate request received after successful authentication";

pub(crate) fn handle(step: &mut Step<'_>, call: &Call) {
    let response = SaslAuthenticateResponse::default()
        .with_error_code(ErrorCode::IllegalSaslState.code())
        .with_error_message(Some(StrBytes::from_static_str(REFUSAL)));
    step.respond(call.ticket, response);
}
