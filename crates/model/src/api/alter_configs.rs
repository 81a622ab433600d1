//! AlterConfigs (key 33), versions 0 to 2 (API-45): what was changed for a topic or for brokers is
//! replaced as a whole.

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::alter_configs_request::AlterConfigsResource;
use fencepost_wire::messages::alter_configs_response::AlterConfigsResourceResponse;
use fencepost_wire::messages::incremental_alter_configs_request as incremental;
use fencepost_wire::messages::{AlterConfigsRequest, AlterConfigsResponse};

use super::describe_configs::{BROKER, TOPIC};
use super::incremental_alter_configs::{
    DELETE, SET, alter_topic, broker_resource, replace_brokers,
};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: AlterConfigsRequest) {
    let mut response = AlterConfigsResponse::default();
    for resource in &request.resources {
        let same = |other: &&AlterConfigsResource| {
            other.resource_type == resource.resource_type
                && other.resource_name == resource.resource_name
        };
        let altered = if request.resources.iter().filter(same).count() > 1 {
            Err((ErrorCode::InvalidRequest, "Each resource must appear at most once.".to_owned()))
        } else {
            alter(step, call, resource, request.validate_only)
        };
        let (error, message) = altered.err().unwrap_or((ErrorCode::None, String::new()));
        let row = AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
            .with_error_code(error.code())
            .with_error_message((!message.is_empty()).then(|| StrBytes::from_string(message)));
        response.responses.push(row);
    }
    step.respond(call.ticket, response);
}

fn alter(
    step: &mut Step<'_>,
    call: &Call,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    for config in &resource.configs {
        if config.value.is_none() {
            let message = format!("Null value not supported for : {}", config.name.as_str());
            return Err((ErrorCode::InvalidRequest, message));
        }
        if resource.configs.iter().filter(|other| other.name == config.name).count() > 1 {
            let message = "Error due to duplicate config keys".to_owned();
            return Err((ErrorCode::InvalidRequest, message));
        }
    }
    match resource.resource_type {
        TOPIC => replace_topic(step, resource, validate_only),
        BROKER => {
            let target = broker_resource(step, call, &resource.resource_name)?;
            let given = resource.configs.iter().map(|config| {
                (config.name.to_string(), config.value.as_deref().unwrap_or_default().to_owned())
            });
            replace_brokers(step, target, given.collect(), validate_only)
        }
        other => {
            let message = format!("configurations of resource type {other} cannot be altered here");
            Err((ErrorCode::InvalidRequest, message))
        }
    }
}

fn replace_topic(
    step: &mut Step<'_>,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    let given = resource.configs.iter().map(|config| {
        incremental::AlterableConfig::default()
            .with_name(config.name.clone())
            .with_config_operation(SET)
            .with_value(config.value.clone())
    });
    let topic = step.cluster.metadata.topic(&resource.resource_name);
    let left_out = topic
        .into_iter()
        .flat_map(|topic| topic.overrides.keys())
        .filter(|name| resource.configs.iter().all(|config| *config.name != **name))
        .map(|name| {
            incremental::AlterableConfig::default()
                .with_name(StrBytes::from_string(name.clone()))
                .with_config_operation(DELETE)
        });
    let changes = incremental::AlterConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(resource.resource_name.clone())
        .with_configs(given.chain(left_out).collect());
    alter_topic(step, &changes, validate_only)
}
