//! Waiting for something to be so, and for how long.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::commands::ControlError;

/// The longest wait, in milliseconds of the machine's time.
pub(super) const WITHIN_MS_MAX: u64 = 25_000;

/// How long to wait if nothing is said.
pub(super) const fn ten_seconds() -> u64 {
    10_000
}

/// Waits for so long at most; none if it was too long.
pub(super) async fn within<T>(
    time_ms: u64,
    wait: impl Future<Output = Result<T, ControlError>>,
) -> Result<Option<T>, Refusal> {
    if time_ms > WITHIN_MS_MAX {
        return Err(Refusal::bad_range("within_ms is 0 to 25000"));
    }
    match timeout(Duration::from_millis(time_ms), wait).await {
        Ok(found) => Ok(Some(found?)),
        Err(_) => Ok(None),
    }
}

/// It was not so in that time.
pub(super) fn not_yet(error: String, what_to_do: &'static str) -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, error, what_to_do)
}
