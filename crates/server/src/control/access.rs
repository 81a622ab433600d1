//! Who may use the control API.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;
use crate::server::ListenError;

/// What a request must have with it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// None: whoever reaches the port may use it.
    token: Option<String>,
}

impl Access {
    /// Access on an address: off loopback it takes a token.
    pub(crate) fn on(bind: IpAddr, token: Option<String>) -> Result<Self, ListenError> {
        match &token {
            None if !bind.is_loopback() => Err(ListenError::TokenMissing(bind)),
            Some(token) if !is_sendable(token) => Err(ListenError::TokenUnfit),
            None | Some(_) => Ok(Self { token }),
        }
    }

    pub(super) const fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let bearer = given.and_then(|given| given.split_at_checked(BEARER.len()));
        bearer.is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case(BEARER) && is_equal(given, token.as_bytes())
        })
    }
}

/// The token is nobody's business.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("needs_token", &self.needs_token()).finish()
    }
}

const BEARER: &[u8] = b"Bearer ";

/// Visible characters of ASCII, so that it fits into a header.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Takes as long for any token of the right length, so that none can be guessed byte by byte.
fn is_equal(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len() && given.iter().zip(token).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// A page that somebody has open in a browser on this machine could reach loopback too.
pub(super) async fn check(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return Refusal::new(
            StatusCode::FORBIDDEN,
            "a request with an Origin comes from a page in a browser",
            "send it from a program, without an Origin",
        )
        .into_response();
    }
    if !access.admits(request.headers()) {
        let refusal = Refusal::new(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong",
            "send the header `authorization: Bearer TOKEN` with the token of --control-token",
        );
        return ([(header::WWW_AUTHENTICATE, "Bearer")], refusal).into_response();
    }
    next.run(request).await
}
