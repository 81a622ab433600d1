//! Faults: adding them, what became of them, waiting for them.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use fencepost_faults::{Action, FaultStatus, Plan, ProcessId, Signal, WindowChoice, json_schema};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reading::{Asked, Cluster, FaultPath, Named, Said, Text};
use super::refusal::{Body, Refusal};
use super::waiting::{Within, not_yet};
use super::whole::whole;
use crate::commands::ControlError;

/// A fault and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Fault {
    /// Its name.
    name: String,
    /// How many requests or messages it was about.
    matched: u64,
    /// How many of them it changed.
    fired: u64,
    /// Whether it fired as often as it is to: once or more, or as its `fires` says.
    as_expected: bool,
    /// How often it fired, in words, as `fencepost serve` says it at its end.
    summary: String,
    /// What it says, as in a plan.
    #[schema(value_type = Object)]
    fault: fencepost_faults::Fault,
}

impl From<FaultStatus> for Fault {
    fn from(status: FaultStatus) -> Self {
        let (as_expected, summary) = (status.is_as_expected(), status.to_string());
        let FaultStatus { name, fault, matched, fired } = status;
        Self { name, matched, fired, as_expected, summary, fault }
    }
}

/// What to wait for, and how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// Until the fault has fired so many times; those before count.
    #[serde(default = "once")]
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64, default = 1)]
    times: u64,
    /// For so many milliseconds of the machine's time at most.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25_000, default = 10_000, value_type = u64)]
    within_ms: Within,
}

const fn once() -> u64 {
    1
}

/// A process that faults may signal.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    /// Its number.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    #[serde(deserialize_with = "whole")]
    pid: u32,
}

/// The faults, and what became of them.
#[utoipa::path(get, path = "/faults", tag = "faults", responses(
    (status = 200, description = "The faults, in the order in which they were added", body = Vec<Fault>),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Vec<Fault>>, Refusal> {
    Ok(Json(cluster.faults()?.into_iter().map(Fault::from).collect()))
}

/// Add the faults of a plan, in JSON or TOML, after those that there are: all of them or none.
///
/// In the place of a plan there may be a crash window by its id or name, as in
/// `{"window": "W083", "transactional_id": "app", "group": "g", "topic": "payments", "partition": 2}`: of its
/// plans it is the one for the cluster's transaction version, or for `transaction_version`.
#[utoipa::path(post, path = "/faults", tag = "faults",
    request_body(content(
        (serde_json::Value = "application/json", example = json!({"fault": [
            {"name": "lost", "on": "EndTxn", "client": "orders-*", "when": "applied", "do": "disconnect"},
        ]})),
        (String = "application/toml", example = "events = ['go']\n[[fault]]\non = 'Produce'\nevery = 2\n\
            do = [{ delay = { event = 'go' } }, { raise = 'came' }]\n"),
    )), responses(
    (status = 200, description = "All faults, in the order in which they were added", body = Vec<Fault>),
    (status = 409, description = "A fault moves the clock, which is not manual", body = Body),
    (status = 422, description = "A fault could never match, contradicts itself or another, or signals a process \
        by its number", body = Body),
))]
pub(super) async fn add(
    State(cluster): Cluster,
    headers: HeaderMap,
    Text(text): Text,
) -> Result<Json<Vec<Fault>>, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let plan = match content_type.map(|value| value.split(';').next().unwrap_or_default().trim()) {
        Some("application/json") => match window_in(&text) {
            Some(window) => {
                cluster.add_window(&window?)?;
                return Ok(Json(cluster.faults()?.into_iter().map(Fault::from).collect()));
            }
            None => Plan::from_json(&text),
        },
        Some("application/toml") => Plan::from_toml(&text),
        Some(_) | None => {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a plan is JSON or TOML",
                "send it with content-type: application/json or application/toml",
            ));
        }
    };
    let plan = plan.map_err(ControlError::from)?;
    if let Some(process) = numbered_process(&plan) {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("a fault signals process {process} by its number"),
            "give it a name with PUT /processes/NAME, and signal it by that: a plan that comes over HTTP \
             names its processes",
        ));
    }
    cluster.add_faults(plan)?;
    Ok(Json(cluster.faults()?.into_iter().map(Fault::from).collect()))
}

/// A process that a plan signals by its number: over HTTP that could be any.
fn numbered_process(plan: &Plan) -> Option<u32> {
    let actions = plan.faults.iter().flat_map(|fault| &fault.actions.0);
    actions.into_iter().find_map(|action| match action {
        Action::Signal(Signal { process: ProcessId::Pid(process), .. }) => Some(*process),
        _ => None,
    })
}

/// The window that a body names in JSON, if it is no plan.
fn window_in(text: &str) -> Option<Result<WindowChoice, Refusal>> {
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    body.get("window")?;
    let window = serde_json::from_value(body);
    Some(window.map_err(|error| {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("the window: {error}"),
            "write {\"window\": \"W083\"}, and perhaps transactional_id, group, topic, partition and \
             transaction_version",
        )
    }))
}

/// The JSON Schema of plans: what editors complete and check them with.
#[utoipa::path(get, path = "/fault-plan.schema.json", tag = "faults", responses(
    (status = 200, description = "The schema", body = Object, content_type = "application/schema+json"),
))]
pub(super) async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/schema+json")], json_schema())
}

/// Take a fault out. What it did stays done, and what waits for it alone goes on.
#[utoipa::path(delete, path = "/faults/{name}", tag = "faults", params(FaultPath), responses(
    (status = 200, description = "The fault, and what became of it", body = Fault),
    (status = 404, description = "There is no such fault", body = Body),
))]
pub(super) async fn remove(
    State(cluster): Cluster,
    Named(FaultPath { name }): Named<FaultPath>,
) -> Result<Json<Fault>, Refusal> {
    Ok(Json(cluster.remove_fault(&name)?.into()))
}

/// Wait until a fault has fired so many times.
#[utoipa::path(get, path = "/faults/{name}/hits", tag = "faults", params(FaultPath, Wait), responses(
    (status = 200, description = "The fault has fired so many times", body = Fault),
    (status = 404, description = "There is no such fault", body = Body),
    (status = 408, description = "It did not in that time", body = Body),
))]
pub(super) async fn hits(
    State(cluster): Cluster,
    Named(FaultPath { name }): Named<FaultPath>,
    Asked(Wait { times, within_ms }): Asked<Wait>,
) -> Result<Json<Fault>, Refusal> {
    let hit = within_ms.wait(cluster.hit(&name, times)).await?;
    let fault = cluster.fault(&name)?;
    match hit {
        Some(()) => Ok(Json(fault.into())),
        None => Err(not_yet(
            format!("fault `{name}` has fired {} times, not {times}", fault.fired),
            "wait again, or see with GET /faults what it matched",
        )),
    }
}

/// Give a process a name, by which faults may signal it.
#[utoipa::path(put, path = "/processes/{name}", tag = "faults", params(FaultPath),
    request_body = Process, responses(
    (status = 200, description = "The process", body = Process),
))]
pub(super) async fn register(
    State(cluster): Cluster,
    Named(FaultPath { name }): Named<FaultPath>,
    Said(process): Said<Process>,
) -> Result<Json<Process>, Refusal> {
    if i32::try_from(process.pid).is_err() || process.pid == 0 {
        return Err(Refusal::unprocessable("pid is 1 to 2147483647"));
    }
    cluster.driver.processes().insert(name, process.pid);
    Ok(Json(process))
}
