//! What a request says, or a refusal in JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::refusal::Refusal;
use crate::commands::Commands;

/// The cluster that is commanded.
pub(super) type Cluster = State<Arc<Commands>>;

/// A broker in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct BrokerPath {
    /// The broker's id.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    pub(super) id: i32,
}

/// A topic in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct TopicPath {
    /// The topic's name.
    #[param(min_length = 1)]
    pub(super) topic: String,
}

/// A partition in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct PartitionPath {
    /// The topic's name.
    #[param(min_length = 1)]
    pub(super) topic: String,
    /// The partition.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    pub(super) partition: i32,
}

/// A transactional id in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct TransactionPath {
    /// The transactional id.
    #[param(min_length = 1)]
    pub(super) transactional_id: String,
}

/// A group in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct GroupPath {
    /// The group's id.
    #[param(min_length = 1)]
    pub(super) group: String,
}

/// A snapshot in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct SnapshotPath {
    /// The snapshot's name.
    #[param(min_length = 1, max_length = 100)]
    pub(super) name: String,
}

/// A fault or a process in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct FaultPath {
    /// Its name.
    #[param(min_length = 1)]
    pub(super) name: String,
}

/// An event in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct EventPath {
    /// The event's name.
    #[param(min_length = 1)]
    pub(super) event: String,
}

/// Something that waits, in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct HeldPath {
    /// Its number.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    pub(super) number: u64,
}

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(named) = Path::from_request_parts(parts, state).await?;
        Ok(Self(named))
    }
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(asked) = Query::from_request_parts(parts, state).await?;
        Ok(Self(asked))
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

/// The body as text.
pub(super) struct Text(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let text = String::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            Refusal::new(status, rejection.body_text(), "send UTF-8 text of at most 64 KiB")
        })?;
        Ok(Self(text))
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

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(
            rejection.status(),
            rejection.body_text(),
            "GET /openapi.json says which parameters this path takes",
        )
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(
            rejection.status(),
            rejection.body_text(),
            "send a JSON object as GET /openapi.json describes it, as in {\"leader\": 2} to elect or \
             {\"broker\": 2} to move, with content-type: application/json",
        )
    }
}
