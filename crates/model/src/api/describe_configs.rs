//! DescribeConfigs (key 32), versions 1 to 4 (API-45).

use std::collections::BTreeMap;

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use fencepost_wire::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::config::{BrokerSettings, SettingKind, SettingRow, TopicSettings};
use crate::metadata::check_topic_name;
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
    /// None stands for null.
    pub(super) value: Option<String>,
    pub(super) source: Source,
    kind: i8,
    read_only: bool,
    /// Every place that gives it a value, the one that counts first.
    synonyms: Vec<(&'static str, String, Source)>,
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
    let settings = &step.cluster.config.settings;
    match resource.resource_type {
        TOPIC => match step.cluster.metadata.topic(name) {
            Some(topic) => Ok(topic_rows(&topic.settings, &topic.overrides, settings)),
            None => match check_topic_name(name) {
                Ok(()) => Err((ErrorCode::UnknownTopicOrPartition, String::new())),
                Err(why) => Err((ErrorCode::InvalidTopicException, why)),
            },
        },
        // Cluster-wide defaults that were set at run time: none are kept apart.
        BROKER if name.is_empty() => Ok(Vec::new()),
        BROKER if *name == call.broker.to_string() => Ok(broker_rows(settings).collect()),
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
    broker: &BrokerSettings,
) -> Vec<Described> {
    let inherited = TopicSettings::of(broker).rows();
    let rows = settings.rows().into_iter().zip(inherited);
    rows.map(|(row, inherited)| {
        let mut described = Described::inherited(&inherited, broker_name(row.name));
        if overrides.contains_key(row.name) {
            described.source = Source::Topic;
            described.synonyms.insert(0, (row.name, row.value.clone(), Source::Topic));
        }
        Described { name: row.name, value: Some(row.value), ..described }
    })
    .collect()
}

/// The settings of a broker that Kafka shows.
fn broker_rows(settings: &BrokerSettings) -> impl Iterator<Item = Described> {
    let shown = settings.rows().into_iter().filter(|row| !INTERNAL.contains(&row.name));
    shown.map(|row| {
        let read_only = !is_dynamic(row.name);
        Described { read_only, ..Described::inherited(&row, Some(row.name)) }
    })
}

impl Described {
    /// A value of the broker: given at its start, or a default.
    fn inherited(row: &SettingRow, name: Option<&'static str>) -> Self {
        let is_given = row.value != row.default;
        let source = if is_given { Source::StaticBroker } else { Source::Default };
        let mut synonyms = Vec::new();
        if let Some(name) = name {
            if is_given {
                synonyms.push((name, row.value.clone(), Source::StaticBroker));
            }
            if name != WITHOUT_DEFAULT {
                synonyms.push((name, row.default.clone(), Source::Default));
            }
        }
        let has_value = is_given || row.name != WITHOUT_DEFAULT;
        Self {
            name: row.name,
            value: has_value.then(|| row.value.clone()),
            source,
            kind: kind(row),
            read_only: false,
            synonyms,
        }
    }
}

/// Settings that Kafka calls internal and does not show.
const INTERNAL: [&str; 2] =
    ["group.consumer.regex.refresh.interval.ms", "producer.id.expiration.check.interval.ms"];

/// Null unless given: the hours of `log.retention.hours` count instead.
const WITHOUT_DEFAULT: &str = "log.retention.ms";

/// Whether a broker takes a new value at run time (API-45).
pub(super) fn is_dynamic(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "compression.type",
        "message.max.bytes",
        "min.insync.replicas",
        "producer.id.expiration.ms",
        "transaction.partition.verification.enable",
        "unclean.leader.election.enable",
    ];
    name.starts_with("log.") || NAMES.contains(&name)
}

/// The broker's name for a topic's setting, if it has one.
fn broker_name(topic: &'static str) -> Option<&'static str> {
    Some(match topic {
        "cleanup.policy" => "log.cleanup.policy",
        "delete.retention.ms" => "log.cleaner.delete.retention.ms",
        "file.delete.delay.ms" => "log.segment.delete.delay.ms",
        "flush.messages" => "log.flush.interval.messages",
        "index.interval.bytes" => "log.index.interval.bytes",
        "local.retention.bytes" => "log.local.retention.bytes",
        "local.retention.ms" => "log.local.retention.ms",
        "max.compaction.lag.ms" => "log.cleaner.max.compaction.lag.ms",
        "max.message.bytes" => "message.max.bytes",
        "message.timestamp.after.max.ms" => "log.message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms" => "log.message.timestamp.before.max.ms",
        "message.timestamp.type" => "log.message.timestamp.type",
        "min.cleanable.dirty.ratio" => "log.cleaner.min.cleanable.ratio",
        "min.compaction.lag.ms" => "log.cleaner.min.compaction.lag.ms",
        "preallocate" => "log.preallocate",
        "retention.bytes" => "log.retention.bytes",
        "retention.ms" => "log.retention.ms",
        "segment.bytes" => "log.segment.bytes",
        "segment.index.bytes" => "log.index.size.max.bytes",
        "flush.ms"
        | "follower.replication.throttled.replicas"
        | "leader.replication.throttled.replicas"
        | "remote.log.copy.disable"
        | "remote.log.delete.on.disable"
        | "remote.storage.enable"
        | "segment.jitter.ms"
        | "segment.ms" => return None,
        same => same,
    })
}

/// The type on the wire, where it is narrower than what the setting is kept as.
pub(super) fn kind(row: &SettingRow) -> i8 {
    const SHORT: i8 = 4;
    const DOUBLE: i8 = 6;
    match row.name {
        "offsets.topic.replication.factor" | "transaction.state.log.replication.factor" => SHORT,
        "min.cleanable.dirty.ratio" => DOUBLE,
        "follower.replication.throttled.replicas"
        | "group.consumer.assignors"
        | "leader.replication.throttled.replicas" => SettingKind::List as i8,
        _ => row.kind as i8,
    }
}

fn write(row: Described, version: i16, synonyms: bool) -> DescribeConfigsResourceResult {
    let mut written = DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(row.name))
        .with_read_only(row.read_only)
        .with_config_source(row.source as i8)
        .with_documentation(None);
    if synonyms {
        let synonym = |(name, value, source): (&'static str, String, Source)| {
            DescribeConfigsSynonym::default()
                .with_name(StrBytes::from_static_str(name))
                .with_value(Some(StrBytes::from_string(value)))
                .with_source(source as i8)
        };
        written.synonyms = row.synonyms.into_iter().map(synonym).collect();
    }
    if version >= 3 {
        written.config_type = row.kind;
    }
    written.with_value(row.value.map(StrBytes::from_string))
}
