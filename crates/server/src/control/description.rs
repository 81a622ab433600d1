//! The OpenAPI description of the control API.

use fencepost_faults::json_schema;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use super::access::Access;
use super::refusal::Body;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "fencepost control API",
        description = "Commands and questions for a running fencepost cluster. Times are the brokers' \
                       own, in milliseconds since 1970. What is refused is told with a status code and \
                       the schema Refusal: the error, and what to do.",
    ),
    components(schemas(Body)),
    tags(
        (name = "cluster", description = "The cluster as a whole"),
        (name = "brokers", description = "Brokers: crash, stop, restart"),
        (name = "topics", description = "Topics, partitions and their leaders"),
        (name = "logs", description = "What the logs of partitions hold, and the producers they remember"),
        (name = "transactions", description = "Transactional ids and their coordinators"),
        (name = "groups", description = "Consumer groups and their coordinators"),
        (name = "faults", description = "Fault plans: what is to happen to which request or message"),
        (name = "gate", description = "What waits between the clients and the brokers, and stepped mode"),
        (name = "snapshots", description = "Moments to go back to between tests"),
        (name = "clock", description = "The brokers' time"),
    ),
)]
struct Description;

/// The description without its paths.
pub(super) fn begin() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// Adds to every path the refusals that the paths do not name, since they come before it is their turn.
pub(super) fn finish(mut api: utoipa::openapi::OpenApi, access: &Access) -> Value {
    for (path, item) in &mut api.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            add_refusals(operation, method, access);
        }
    }
    if access.needs_token() {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
        api.security = Some(vec![SecurityRequirement::new(TOKEN, Vec::<String>::new())]);
    }
    let mut api = serde_json::to_value(api).expect("a description is JSON");
    add_plan(&mut api);
    api
}

/// The schema of fault plans, which is that of the plans themselves.
fn add_plan(api: &mut Value) {
    let text = json_schema().replace("#/$defs/", "#/components/schemas/Plan.");
    let mut plan: Map<String, Value> =
        serde_json::from_str(&text).expect("a JSON Schema is an object");
    plan.remove("$schema");
    let Some(Value::Object(parts)) = plan.remove("$defs") else { return };
    let schemas = &mut api["components"]["schemas"];
    for (name, part) in parts {
        schemas[format!("Plan.{name}")] = part;
    }
    schemas["Plan"] = Value::Object(plan);
    schemas["Fault"]["properties"]["fault"]["allOf"] =
        json!([{"$ref": "#/components/schemas/Plan.Fault"}]);
    api["paths"]["/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"] =
        json!({"$ref": "#/components/schemas/Plan"});
}

const TOKEN: &str = "token";

/// As in `get_topics_topic_partitions` for `GET /topics/{topic}/partitions`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|character: char| !character.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}

fn add_refusals(operation: &mut Operation, method: &str, access: &Access) {
    let mut refusals = vec![
        ("403", "The request comes from a page in a browser, or its Host does not name loopback"),
        ("408", "The request took too long"),
        ("500", "A step of the cluster panicked, or a port was lost"),
    ];
    let takes_body = operation.request_body.is_some();
    if takes_body || operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) {
        refusals.push(("400", "A parameter or the body cannot be read"));
    }
    if takes_body {
        refusals.push(("413", "The body is too long"));
        refusals.push(("422", "The body is JSON, but not as described"));
    }
    if method != "get" {
        refusals.push(("415", "The body is not said to be JSON"));
    }
    if access.needs_token() {
        refusals.push(("401", "The token is missing or wrong"));
    }
    for (status, description) in refusals {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(description)));
    }
}

fn refusal(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Refusal")));
    ResponseBuilder::new().description(description).content("application/json", content).build()
}
