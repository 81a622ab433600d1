//! Waiting for something to be so, and for how long.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::commands::ControlError;

/// How long to wait, by the machine's time.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Within(Duration);

impl Default for Within {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

impl TryFrom<u64> for Within {
    type Error = &'static str;

    fn try_from(time_ms: u64) -> Result<Self, Self::Error> {
        let is_in_range = time_ms <= 25_000;
        is_in_range.then(|| Self(Duration::from_millis(time_ms))).ok_or("it is 0 to 25000")
    }
}

impl Within {
    /// Waits for so long at most; none if it was too long.
    pub(super) async fn wait<T>(
        self,
        wait: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<Option<T>, ControlError> {
        timeout(self.0, wait).await.ok().transpose()
    }
}

/// It was not so in that time.
pub(super) fn not_yet(error: String, what_to_do: &'static str) -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, error, what_to_do)
}
