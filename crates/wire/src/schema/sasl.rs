//! The fields of the messages of SASL.

use super::Kind::{Bytes, Int16, Int64, Text};
use super::{Schema, array, field};

pub(crate) const SASL_HANDSHAKE: Schema = Schema {
    request: &[field("mechanism", Text)],
    response: &[field("error_code", Int16), array("mechanisms", &Text)],
};

pub(crate) const SASL_AUTHENTICATE: Schema = Schema {
    request: &[field("auth_bytes", Bytes)],
    response: &[
        field("error_code", Int16),
        field("error_message", Text).nullable(),
        field("auth_bytes", Bytes),
        field("session_lifetime_ms", Int64).since(1),
    ],
};
