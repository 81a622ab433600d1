//! DescribeConfigs (key 32), versions 1 to 4 (API-45).

use std::collections::BTreeMap;

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use fencepost_wire::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::config::{SettingRow, TopicSettings};
use crate::step::{Call, Step};

/// The type of a resource on the wire.
pub(super) const TOPIC: i8 = 2;
/// The type of a resource on the wire.
pub(super) const BROKER: i8 = 4;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Topic = 1,
    StaticBroker = 4,
    Default = 5,
}

/// A setting of a resource, as an admin sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) source: Source,
    kind: i8,
    default: String,
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeConfigsRequest) {
    let results = request
        .resources
        .iter()
        .map(|resource| {
            let result = DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            match rows(step, call, resource) {
                Ok(rows) => {
                    let wanted = |row: &Described| {
                        resource.configuration_keys.as_ref().is_none_or(|keys| {
                            keys.is_empty() || keys.iter().any(|key| **key == *row.name)
                        })
                    };
                    let rows = rows.into_iter().filter(wanted);
                    let version = call.ticket.version;
                    result.with_configs(
                        rows.map(|row| write(row, version, request.include_synonyms)).collect(),
                    )
                }
                Err((error, message)) => result
                    .with_error_code(error.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            }
        })
        .collect();
    step.respond(call.ticket, DescribeConfigsResponse::default().with_results(results));
}

fn rows(
    step: &Step<'_>,
    call: &Call,
    resource: &DescribeConfigsResource,
) -> Result<Vec<Described>, (ErrorCode, String)> {
    let name = &*resource.resource_name;
    match resource.resource_type {
        TOPIC => match step.cluster.metadata.topic(name) {
            Some(topic) => Ok(topic_rows(&topic.settings, &topic.overrides)),
            None => {
                let message = format!("Topic '{name}' does not exist.");
                Err((ErrorCode::UnknownTopicOrPartition, message))
            }
        },
        // Cluster-wide defaults that were set at run time: none are kept apart.
        BROKER if name.is_empty() => Ok(Vec::new()),
        BROKER if *name == call.broker.to_string() => {
            let rows = step.cluster.config.settings.rows();
            Ok(rows.into_iter().map(|row| described(row, false)).collect())
        }
        BROKER => {
            let message =
                format!("Unexpected broker id, expected {} but received {name}", call.broker);
            Err((ErrorCode::InvalidRequest, message))
        }
        other => {
            let message = format!("configurations of resource type {other} are not kept here");
            Err((ErrorCode::InvalidRequest, message))
        }
    }
}

/// The settings of a topic, by name.
pub(super) fn topic_rows(
    settings: &TopicSettings,
    overrides: &BTreeMap<String, String>,
) -> Vec<Described> {
    let rows = settings.rows().into_iter();
    rows.map(|row| {
        let is_override = overrides.contains_key(row.name);
        described(row, is_override)
    })
    .collect()
}

fn described(row: SettingRow, is_override: bool) -> Described {
    let source = if is_override {
        Source::Topic
    } else if row.value != row.default {
        Source::StaticBroker
    } else {
        Source::Default
    };
    Described {
        name: row.name,
        value: row.value,
        source,
        kind: row.kind as i8,
        default: row.default,
    }
}

fn write(row: Described, version: i16, synonyms: bool) -> DescribeConfigsResourceResult {
    let mut written = DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(row.name))
        .with_config_source(row.source as i8);
    if synonyms {
        let synonym = |value: &str, source: Source| {
            DescribeConfigsSynonym::default()
                .with_name(StrBytes::from_static_str(row.name))
                .with_value(Some(StrBytes::from_string(value.to_owned())))
                .with_source(source as i8)
        };
        if row.source != Source::Default {
            written.synonyms.push(synonym(&row.value, row.source));
        }
        written.synonyms.push(synonym(&row.default, Source::Default));
    }
    if version >= 3 {
        written.config_type = row.kind;
    }
    written.with_value(Some(StrBytes::from_string(row.value)))
}
