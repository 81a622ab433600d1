//! Bytes of clients as JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes as a client sent them.
#[derive(Serialize, ToSchema)]
pub(super) struct Payload {
    /// In base64.
    #[schema(content_encoding = "base64")]
    base64: String,
    /// As text, if they are UTF-8.
    text: Option<String>,
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
        Self { base64: BASE64_STANDARD.encode(bytes), text }
    }
}
