//! DescribeConfigs (key 32), versions 1 to 4 (API-45).

use std::collections::BTreeMap;

use fencepost_ids::{BrokerId, ErrorCode};
use fencepost_wire::StrBytes;
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use fencepost_wire::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::config::{
    BrokerResource, RuntimeSettings, SettingKind, SettingRow, SettingSource, TopicSettings,
    has_setting,
};
use crate::metadata::check_topic_name;
use crate::step::{Call, Step};

/// The type of a resource on the wire.
pub(super) const TOPIC: i8 = 2;
/// The type of a resource on the wire.
pub(super) const BROKER: i8 = 4;

/// A setting of a resource, as an admin sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    /// None stands for null.
    pub(super) value: Option<String>,
    pub(super) source: SettingSource,
    kind: i8,
    read_only: bool,
    /// Every place that gives it a value, the one that counts first.
    synonyms: Vec<(&'static str, String, SettingSource)>,
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
    let metadata = &step.cluster.metadata;
    match resource.resource_type {
        TOPIC => match metadata.topic(name) {
            Some(topic) => {
                let runtime = &metadata.settings;
                Ok(topic_rows(&topic.settings, &topic.overrides, runtime, call.broker))
            }
            None => match check_topic_name(name) {
                Ok(()) => Err((ErrorCode::UnknownTopicOrPartition, String::new())),
                Err(why) => Err((ErrorCode::InvalidTopicException, why)),
            },
        },
        BROKER if name.is_empty() => Ok(default_rows(&metadata.settings)),
        BROKER if names_broker(name, call.broker) => {
            Ok(broker_rows(&metadata.settings, call.broker))
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

/// Whether the name of a resource is the number of a broker.
pub(super) fn names_broker(name: &str, broker: BrokerId) -> bool {
    name.parse() == Ok(broker.0)
}

/// The settings of a topic, by name, as a broker shows them.
pub(super) fn topic_rows(
    settings: &TopicSettings,
    overrides: &BTreeMap<String, String>,
    runtime: &RuntimeSettings,
    broker: BrokerId,
) -> Vec<Described> {
    let start = runtime.start_rows();
    let row = |mut row: SettingRow| {
        let name = broker_name(row.name);
        let of_broker = name.and_then(|name| start.iter().find(|start| start.name == name));
        if let Some(start) = of_broker {
            row.default.clone_from(&start.default);
        }
        let values = of_broker.map(|start| runtime.values(broker, start)).unwrap_or_default();
        let mut described = Described::of_broker(&row, values, name);
        if overrides.contains_key(row.name) {
            described.source = SettingSource::Topic;
            described.synonyms.insert(0, (row.name, row.value.clone(), SettingSource::Topic));
        }
        Described { value: Some(row.value), ..described }
    };
    let rows = settings.rows().into_iter();
    rows.filter(|row| has_setting(runtime.release(), row.name)).map(row).collect()
}

/// The settings of a broker that Kafka shows.
fn broker_rows(runtime: &RuntimeSettings, broker: BrokerId) -> Vec<Described> {
    let start = runtime.start_rows().into_iter();
    let shown = start.filter(|row| !INTERNAL.contains(&row.name));
    shown
        .map(|row| {
            let described =
                Described::of_broker(&row, runtime.values(broker, &row), Some(row.name));
            Described { read_only: !is_dynamic(row.name), ..described }
        })
        .collect()
}

/// What was changed at run time for all brokers.
fn default_rows(runtime: &RuntimeSettings) -> Vec<Described> {
    let changed = runtime.of(BrokerResource::Default);
    let start = runtime.start_rows().into_iter();
    start
        .filter_map(|row| {
            let value = changed.get(row.name)?.clone();
            let values = vec![(value, SettingSource::DynamicDefault)];
            let mut described = Described::of_broker(&row, values, Some(row.name));
            described.synonyms.truncate(1);
            Some(described)
        })
        .collect()
}

impl Described {
    /// A value of the broker: the first of those that it was given, or the default. `name` is the
    /// broker's own for it.
    fn of_broker(
        row: &SettingRow,
        given: Vec<(String, SettingSource)>,
        name: Option<&'static str>,
    ) -> Self {
        let source = given.first().map_or(SettingSource::Default, |(_, source)| *source);
        let has_default = !WITHOUT_DEFAULT.contains(&row.name);
        let value = given.first().map(|(value, _)| value.clone());
        let mut synonyms = Vec::new();
        if let Some(name) = name {
            synonyms.extend(given.into_iter().map(|(value, source)| (name, value, source)));
            if !WITHOUT_DEFAULT.contains(&name) {
                synonyms.push((name, row.default.clone(), SettingSource::Default));
            }
        }
        Self {
            name: row.name,
            value: value.or_else(|| has_default.then(|| row.default.clone())),
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

/// Null unless given: the hours of `log.retention.hours` count for the first, the second has none.
const WITHOUT_DEFAULT: [&str; 2] = ["log.retention.ms", "replica.selector.class"];

/// Whether a broker takes a new value at run time (API-45).
pub(super) fn is_dynamic(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "compression.type",
        "max.connections",
        "max.connections.per.ip",
        "message.max.bytes",
        "min.insync.replicas",
        "producer.id.expiration.ms",
        "sasl.enabled.mechanisms",
        "transaction.partition.verification.enable",
        "unclean.leader.election.enable",
    ];
    const FIXED: [&str; 2] = ["log.retention.check.interval.ms", "log.retention.hours"];
    let is_of_logs = name.starts_with("log.") && !FIXED.contains(&name);
    is_of_logs || NAMES.contains(&name)
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
        "message.downconversion.enable" => "log.message.downconversion.enable",
        "message.format.version" => "log.message.format.version",
        "message.timestamp.difference.max.ms" => "log.message.timestamp.difference.max.ms",
        "message.timestamp.type" => "log.message.timestamp.type",
        "min.cleanable.dirty.ratio" => "log.cleaner.min.cleanable.ratio",
        "min.compaction.lag.ms" => "log.cleaner.min.compaction.lag.ms",
        "preallocate" => "log.preallocate",
        "remote.copy.lag.bytes" => "log.remote.copy.lag.bytes",
        "remote.copy.lag.ms" => "log.remote.copy.lag.ms",
        "retention.bytes" => "log.retention.bytes",
        "retention.ms" => "log.retention.ms",
        "segment.bytes" => "log.segment.bytes",
        "segment.index.bytes" => "log.index.size.max.bytes",
        "errors.deadletterqueue.group.enable"
        | "flush.ms"
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
        "group.consumer.assignors" => SettingKind::List as i8,
        "connections.max.reauth.ms"
        | "replica.high.watermark.checkpoint.interval.ms"
        | "replica.lag.time.max.ms" => SettingKind::Long as i8,
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
        let synonym = |(name, value, source): (&'static str, String, SettingSource)| {
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
