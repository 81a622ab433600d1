//! Who may use the control API.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
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
    // What the compiler cannot see through, it cannot cut short.
    let different = |all, (a, b): (&u8, &u8)| black_box(all | (a ^ b));
    given.len() == token.len() && given.iter().zip(token).fold(0, different) == 0
}

/// Whether a request names this machine itself. A page whose own name was made to lead here, after it
/// was loaded from elsewhere, does not (DNS rebinding).
fn names_loopback(request: &Request) -> bool {
    let named = request.headers().get_all(header::HOST);
    let named: Vec<_> =
        named.iter().map(|host| Authority::try_from(host.as_bytes()).ok()).collect();
    let is_loopback = |authority: &Authority| {
        let host = authority.host().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        }
    };
    !named.is_empty()
        && named.iter().all(|host| host.as_ref().is_some_and(is_loopback))
        && request.uri().authority().is_none_or(is_loopback)
}

/// Whether a page in a browser sent it: such a request says where its page is from. Without a page,
/// from the address line, it is `none`.
fn is_from_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
        || headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() != b"none")
}

/// Whether a page of another site could send it without being allowed to first: a form has one of
/// these types. Commands have none of them.
fn is_form(request: &Request) -> bool {
    let forms = [&b"application/x-www-form-urlencoded"[..], b"multipart/form-data", b"text/plain"];
    let is_form = |value: &HeaderValue| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        forms.iter().any(|form| essence.trim_ascii().eq_ignore_ascii_case(form))
    };
    let mut types = request.headers().get_all(header::CONTENT_TYPE).iter();
    !matches!(*request.method(), Method::GET | Method::HEAD) && types.any(is_form)
}

/// A page that somebody has open in a browser on this machine could reach loopback too.
pub(super) async fn check(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if is_from_a_page(request.headers()) {
        return Refusal::new(
            StatusCode::FORBIDDEN,
            "the request comes from a page in a browser",
            "send it from a program, without the headers Origin and Sec-Fetch-Site",
        )
        .into_response();
    }
    if !access.needs_token() && !names_loopback(&request) {
        return Refusal::new(
            StatusCode::FORBIDDEN,
            "the header Host does not name loopback",
            "name the server localhost or by its address, as the ready line does, or start it with \
             --control-token",
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
    if is_form(&request) {
        return Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is of a type that forms in pages have",
            "send it with content-type: application/json, or without one if there is no body",
        )
        .into_response();
    }
    next.run(request).await
}
