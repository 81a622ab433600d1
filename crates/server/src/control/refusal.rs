//! How the control API says no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fencepost_engine::ScheduleError;
use fencepost_model::{ElectionRefused, ReplicaUnknown};
use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::ControlError;

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    what_to_do: &'static str,
}

/// Why a request was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(super) struct Body {
    /// What is wrong.
    error: String,
    /// How to go on.
    what_to_do: &'static str,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        error: impl Into<String>,
        what_to_do: &'static str,
    ) -> Self {
        Self { status, error: error.into(), what_to_do }
    }

    pub(super) fn unknown_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path",
            "GET /openapi.json lists the paths",
        )
    }

    pub(super) fn unprocessable(bounds: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "a number is out of range", bounds)
    }

    pub(super) fn bad_schedule(error: &ScheduleError) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("the schedule: {error}"),
            "give one line for each turn, as in EndTxn client=orders-1 or WriteTxnMarkers to=1",
        )
    }

    pub(super) fn bad_range(bounds: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "a number is out of range", bounds)
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "the path has no such method",
            "use one that the header Allow names",
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "the request took too long",
            "send the whole body at once",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, error, what_to_do } = self;
        (status, Json(Body { error, what_to_do })).into_response()
    }
}

impl From<ReplicaUnknown> for Refusal {
    fn from(unknown: ReplicaUnknown) -> Self {
        ControlError::from(unknown).into()
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        let (status, what_to_do) = match &error {
            ControlError::UnknownBroker(_) => {
                (StatusCode::NOT_FOUND, "GET /brokers lists the brokers")
            }
            ControlError::UnknownTopic(_) => {
                (StatusCode::NOT_FOUND, "create the topic first, or correct its name")
            }
            ControlError::NoCoordinators => (
                StatusCode::CONFLICT,
                "start a client first, or move one with POST: the first of them has their topic created",
            ),
            ControlError::TooFewBrokers(_) => (
                StatusCode::CONFLICT,
                "restart brokers, or lower transaction.state.log.replication.factor or \
                 offsets.topic.replication.factor",
            ),
            ControlError::UnknownTransaction(_) => (
                StatusCode::NOT_FOUND,
                "GET /transactions lists the ids that are known, and the partitions still being read",
            ),
            ControlError::UnknownGroup(_) => (
                StatusCode::NOT_FOUND,
                "GET /groups lists the groups that are known, and the partitions still being read",
            ),
            ControlError::NotRecorded => {
                (StatusCode::CONFLICT, "start the server with --record FILE")
            }
            ControlError::RealClock => {
                (StatusCode::CONFLICT, "start the server with --clock manual to move its time")
            }
            ControlError::NoTimer => {
                (StatusCode::NOT_FOUND, "GET /timers lists the timers that run, by their names")
            }
            ControlError::UnknownSnapshot(_) => {
                (StatusCode::NOT_FOUND, "GET /snapshots lists the snapshots")
            }
            ControlError::SnapshotName => {
                (StatusCode::BAD_REQUEST, "give the snapshot a name of 1 to 100 characters")
            }
            ControlError::Snapshots => {
                (StatusCode::CONFLICT, "forget one with DELETE /snapshots/NAME, or replace one")
            }
            ControlError::Plan(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "correct the plan: none of it was added")
            }
            ControlError::Window(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "`fencepost windows` lists the windows")
            }
            ControlError::UnknownFault(_) => {
                (StatusCode::NOT_FOUND, "GET /faults lists the faults")
            }
            ControlError::NotHeld(_) => (StatusCode::NOT_FOUND, "GET /held lists what waits"),
            ControlError::Replica(unknown) => match unknown {
                ReplicaUnknown::Partition { .. } => (
                    StatusCode::NOT_FOUND,
                    "GET /topics/TOPIC/partitions lists the partitions of a topic",
                ),
                ReplicaUnknown::NotReplica(_) => {
                    (StatusCode::NOT_FOUND, "name a broker that holds a replica")
                }
                ReplicaUnknown::NoLeader => (
                    StatusCode::CONFLICT,
                    "name a replica, as in ?replica=0: its broker may be down",
                ),
            },
            ControlError::Election(refused) => match refused {
                ElectionRefused::UnknownPartition { .. } => (
                    StatusCode::NOT_FOUND,
                    "GET /topics/TOPIC/partitions lists the partitions of a topic",
                ),
                ElectionRefused::Down(_) => (
                    StatusCode::CONFLICT,
                    "restart it first with POST /brokers/ID/restart, or elect another",
                ),
                ElectionRefused::NotReplica { .. } => {
                    (StatusCode::CONFLICT, "elect a broker that holds a replica")
                }
                ElectionRefused::OutOfSync { .. } => (
                    StatusCode::CONFLICT,
                    "elect a broker that is in sync, or allow the loss of records with \
                     unclean.leader.election.enable=true",
                ),
            },
            ControlError::Listen(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "end the process that took the port, and restart the broker again",
            ),
            ControlError::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "this is a bug in fencepost: start it again, and report it",
            ),
        };
        Self::new(status, error.to_string(), what_to_do)
    }
}
