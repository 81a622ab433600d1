//! Bytes of clients as JSON.

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
        Self { base64: base64_simd::STANDARD.encode_to_string(bytes), text }
    }
}
