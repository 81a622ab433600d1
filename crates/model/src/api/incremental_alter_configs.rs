//! IncrementalAlterConfigs (key 44), versions 0 and 1 (API-45, KIP-339).

use std::collections::BTreeMap;

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use fencepost_wire::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use fencepost_wire::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

use super::describe_configs::{BROKER, TOPIC, is_dynamic, kind, names_broker};
use crate::config::{BrokerResource, MIN_INSYNC_REPLICAS, SettingKind, SettingRow};
use crate::metadata::check_topic_name;
use crate::step::{Call, Step};

pub(super) const SET: i8 = 0;
pub(super) const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: IncrementalAlterConfigsRequest) {
    let mut operations = request.resources.iter().flat_map(|resource| &resource.configs);
    let is_understood = operations.all(|it| (SET..=SUBTRACT).contains(&it.config_operation));
    let mut responses = Vec::with_capacity(request.resources.len());
    for resource in &request.resources {
        let same = |other: &&AlterConfigsResource| {
            other.resource_type == resource.resource_type
                && other.resource_name == resource.resource_name
        };
        let altered = if !is_understood {
            Err((ErrorCode::UnknownServerError, String::new()))
        } else if request.resources.iter().filter(same).count() > 1 {
            Err((ErrorCode::InvalidRequest, "Each resource must appear at most once.".to_owned()))
        } else {
            alter(step, call, resource, request.validate_only)
        };
        let response = AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        let (error, message) = altered.err().unwrap_or((ErrorCode::None, String::new()));
        let message = (!message.is_empty()).then(|| StrBytes::from_string(message));
        responses.push(response.with_error_code(error.code()).with_error_message(message));
    }
    let response = IncrementalAlterConfigsResponse::default().with_responses(responses);
    step.respond(call.ticket, response);
}

fn alter(
    step: &mut Step<'_>,
    call: &Call,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    for config in &resource.configs {
        if resource.configs.iter().filter(|other| other.name == config.name).count() > 1 {
            let message = format!("the key {} is named twice", config.name.as_str());
            return Err((ErrorCode::InvalidRequest, message));
        }
        if config.value.is_none() && config.config_operation != DELETE {
            let message = format!("Null value not supported for : {}", config.name.as_str());
            return Err((ErrorCode::InvalidRequest, message));
        }
    }
    match resource.resource_type {
        TOPIC => alter_topic(step, resource, validate_only),
        BROKER => alter_brokers(step, call, resource, validate_only),
        other => {
            let message = format!("configurations of resource type {other} cannot be altered here");
            Err((ErrorCode::InvalidRequest, message))
        }
    }
}

pub(super) fn alter_topic(
    step: &mut Step<'_>,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    let name = resource.resource_name.as_str();
    if name.is_empty() {
        let message = "Default topic resources are not allowed.".to_owned();
        return Err((ErrorCode::InvalidRequest, message));
    }
    check_topic_name(name).map_err(|why| (ErrorCode::InvalidTopicException, why))?;
    let Some(topic) = step.cluster.metadata.topic(name) else {
        let message = format!("there is no topic `{name}`");
        return Err((ErrorCode::UnknownTopicOrPartition, message));
    };
    let index = topic.index;
    let mut overrides = topic.overrides.clone();
    let effective = topic.settings.rows();
    for config in &resource.configs {
        let present = effective.iter().find(|row| *row.name == *config.name);
        match change(config, present)? {
            Some(value) => overrides.insert(config.name.to_string(), value),
            None => overrides.remove(&*config.name),
        };
    }
    let settings = step
        .effective_settings(&overrides)
        .map_err(|error| (ErrorCode::InvalidConfig, error.to_string()))?;
    if !validate_only {
        step.cluster.metadata.set_settings(index, overrides, settings);
        step.wake_cleaners();
    }
    Ok(())
}

fn alter_brokers(
    step: &mut Step<'_>,
    call: &Call,
    resource: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    let target = broker_resource(step, call, &resource.resource_name)?;
    let rows = step.cluster.config.settings.rows();
    let mut changed = step.cluster.metadata.settings.of(target);
    for config in &resource.configs {
        let present = rows.iter().find(|row| *row.name == *config.name);
        match change(config, present)? {
            Some(value) => changed.insert(config.name.to_string(), value),
            None => {
                check_changeable(&rows, &config.name)?;
                changed.remove(&*config.name)
            }
        };
    }
    replace_brokers(step, target, changed, validate_only)
}

/// The brokers that a resource of a request stands for. Settings are the same on every broker here,
/// so that one of several cannot have its own.
pub(super) fn broker_resource(
    step: &Step<'_>,
    call: &Call,
    name: &str,
) -> Result<BrokerResource, (ErrorCode, String)> {
    let refuse = |message| Err((ErrorCode::InvalidRequest, message));
    if name.is_empty() {
        Ok(BrokerResource::Default)
    } else if !names_broker(name, call.broker) {
        refuse(format!("broker {} was asked to alter broker {name}", call.broker))
    } else if step.cluster.config.brokers.len() > 1 {
        refuse(format!(
            "All brokers share their settings here: alter the resource without a name in place of \
             broker {name}."
        ))
    } else {
        Ok(BrokerResource::Broker(call.broker))
    }
}

/// Replaces what was changed at run time for brokers.
pub(super) fn replace_brokers(
    step: &mut Step<'_>,
    target: BrokerResource,
    changed: BTreeMap<String, String>,
    validate_only: bool,
) -> Result<(), (ErrorCode, String)> {
    let rows = step.cluster.config.settings.rows();
    for name in changed.keys() {
        check_changeable(&rows, name)?;
    }
    check_eligible_replicas(step, target, &changed)?;
    let mut recorded = step.cluster.metadata.settings.clone();
    recorded.replace(target, changed);
    let settings =
        recorded.in_effect().map_err(|error| (ErrorCode::InvalidRequest, error.to_string()))?;
    if !validate_only {
        step.change_settings(recorded, settings);
    }
    Ok(())
}

/// With eligible leader replicas the cluster has one `min.insync.replicas` (KIP-966).
fn check_eligible_replicas(
    step: &Step<'_>,
    target: BrokerResource,
    changed: &BTreeMap<String, String>,
) -> Result<(), (ErrorCode, String)> {
    let is_given = changed.contains_key(MIN_INSYNC_REPLICAS);
    let message = match target {
        _ if !step.cluster.metadata.features.has_eligible_leader_replicas() => return Ok(()),
        BrokerResource::Default if !is_given => "cannot be removed from the cluster",
        BrokerResource::Broker(_) if is_given => "cannot be that of one broker",
        BrokerResource::Default | BrokerResource::Broker(_) => return Ok(()),
    };
    let message = format!("`{MIN_INSYNC_REPLICAS}` {message} while ELR is enabled");
    Err((ErrorCode::InvalidConfig, message))
}

fn check_changeable(rows: &[SettingRow], name: &str) -> Result<(), (ErrorCode, String)> {
    if rows.iter().all(|row| row.name != name) {
        return Err((ErrorCode::InvalidConfig, format!("Unknown broker setting `{name}`")));
    }
    if !is_dynamic(name) {
        let message = format!("`{name}` cannot be changed at run time");
        return Err((ErrorCode::InvalidRequest, message));
    }
    Ok(())
}

/// The new value of a setting, or none to go back to what it was before it was changed.
fn change(
    config: &AlterableConfig,
    present: Option<&SettingRow>,
) -> Result<Option<String>, (ErrorCode, String)> {
    if matches!(config.config_operation, APPEND | SUBTRACT)
        && let Some(row) = present.filter(|row| kind(row) != SettingKind::List as i8)
    {
        let message = format!("`{}` is no list to append to or subtract from", row.name);
        return Err((ErrorCode::InvalidConfig, message));
    }
    let present = present.map(|row| row.value.as_str()).unwrap_or_default();
    let value = || config.value.as_ref().map(ToString::to_string).unwrap_or_default();
    let list = || present.split(',').filter(|entry| !entry.is_empty()).map(str::to_owned);
    match config.config_operation {
        SET => Ok(Some(value())),
        DELETE => Ok(None),
        APPEND => {
            let added = value();
            let mut entries: Vec<_> = list().collect();
            for entry in added.split(',') {
                if !entries.iter().any(|present| present == entry) {
                    entries.push(entry.to_owned());
                }
            }
            Ok(Some(entries.join(",")))
        }
        SUBTRACT => {
            let removed = value();
            let left: Vec<_> =
                list().filter(|entry| !removed.split(',').any(|gone| gone == entry)).collect();
            Ok(Some(left.join(",")))
        }
        other => Err((ErrorCode::InvalidRequest, format!("unknown config operation {other}"))),
    }
}
