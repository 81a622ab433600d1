//! What a request says, or a refusal in JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::commands::Commands;

/// The cluster that is commanded.
pub(super) type Cluster = State<Arc<Commands>>;

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(named) = Path::from_request_parts(parts, state).await?;
        Ok(Self(named))
    }
}

/// The body.
pub(super) struct Said<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Said<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Json(said) = Json::from_request(request, state).await?;
        Ok(Self(said))
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::new(
            rejection.status(),
            rejection.body_text(),
            "give a whole number for a broker or a partition, and UTF-8 for a name",
        )
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(
            rejection.status(),
            rejection.body_text(),
            "send a JSON object that names a broker, as in {\"leader\": 2} to elect or \
             {\"broker\": 2} to move, with content-type: application/json",
        )
    }
}
