//! CreateTopics (key 19), versions 2 to 7 (API-42).

use std::collections::BTreeMap;

use fencepost_ids::{BrokerId, ErrorCode, TopicId, TopicName};
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use fencepost_wire::messages::{CreateTopicsRequest, CreateTopicsResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use super::describe_configs::topic_rows;
use crate::config::RuntimeSettings;
use crate::metadata::{CreateError, TopicDraft, check_topic_name};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: CreateTopicsRequest) {
    let version = call.ticket.version;
    let mut results: Vec<CreatableTopicResult> = Vec::new();
    let mut drafts: Vec<TopicDraft> = Vec::new();
    for topic in &request.topics {
        if results.iter().any(|result| result.name == topic.name) {
            continue;
        }
        let twice = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
        let drafted = if twice {
            Err(refuse(ErrorCode::InvalidRequest, "Duplicate topic name."))
        } else {
            draft(step, topic)
        };
        results.push(match drafted {
            Ok(draft) => {
                let result = created(call, &draft, &step.cluster.metadata.settings);
                drafts.push(draft);
                result
            }
            Err(error) => refused(version, topic, error),
        });
    }
    for draft in drafts.into_iter().filter(|_| !request.validate_only) {
        step.create_topic(draft);
    }
    step.respond(call.ticket, CreateTopicsResponse::default().with_topics(results));
}

fn refuse(code: ErrorCode, message: impl Into<String>) -> CreateError {
    CreateError { code, message: message.into() }
}

/// Steps 3 to 9 of API-42 for one topic.
fn draft(step: &mut Step<'_>, topic: &CreatableTopic) -> Result<TopicDraft, CreateError> {
    let name = TopicName::from_wire(&topic.name);
    check_topic_name(&name).map_err(|why| refuse(ErrorCode::InvalidTopicException, why))?;
    let metadata = &step.cluster.metadata;
    if metadata.topic(&name).is_some() {
        let message = format!("Topic '{name}' already exists.");
        return Err(refuse(ErrorCode::TopicAlreadyExists, message));
    }
    let clash = |other: &str| other.replace('.', "_") == name.replace('.', "_");
    // Topics of the same request are not looked at.
    if let Some(other) = metadata.topics().map(|topic| &topic.name).find(|other| clash(other)) {
        let message = format!("Topic '{name}' collides with existing topic: {other}");
        return Err(refuse(ErrorCode::InvalidTopicException, message));
    }
    let mut overrides = BTreeMap::new();
    for config in &topic.configs {
        let Some(value) = &config.value else {
            let message = format!("`{}` has no value", config.name.as_str());
            return Err(refuse(ErrorCode::InvalidConfig, message));
        };
        overrides.insert(config.name.to_string(), value.to_string());
    }
    let settings = step
        .effective_settings(&overrides)
        .map_err(|error| refuse(ErrorCode::InvalidConfig, error.to_string()))?;
    if !topic.assignments.is_empty() {
        let assignment = manual_assignment(step, topic)?;
        let id = step.cluster.random.topic_id();
        return Ok(TopicDraft { name, id, assignment, overrides, settings });
    }
    let defaults = &step.cluster.config.settings;
    let factor = match topic.replication_factor {
        -1 => defaults.default_replication_factor,
        factor @ 1.. => i32::from(factor),
        _ => {
            let message =
                "Replication factor must be larger than 0, or -1 to use the default value.";
            return Err(refuse(ErrorCode::InvalidReplicationFactor, message));
        }
    };
    let partitions = match topic.num_partitions {
        -1 => defaults.num_partitions,
        count @ 1.. => count,
        _ => {
            let message = "Number of partitions was set to an invalid non-positive value.";
            return Err(refuse(ErrorCode::InvalidPartitions, message));
        }
    };
    if partitions > MAX_PARTITIONS {
        let message = format!("A topic has at most {MAX_PARTITIONS} partitions here.");
        return Err(refuse(ErrorCode::PolicyViolation, message));
    }
    step.draft_topic(&name, partitions, factor, overrides, settings)
}

/// More partitions than any test needs: a request must not take all memory.
pub(super) const MAX_PARTITIONS: i32 = 10_000;

fn manual_assignment(
    step: &Step<'_>,
    topic: &CreatableTopic,
) -> Result<Vec<Vec<BrokerId>>, CreateError> {
    if topic.num_partitions != -1 || topic.replication_factor != -1 {
        let message = "A manual partition assignment was specified, but numPartitions or \
                       replicationFactor was not set to -1.";
        return Err(refuse(ErrorCode::InvalidRequest, message));
    }
    let bad = |message: String| refuse(ErrorCode::InvalidReplicaAssignment, message);
    let mut by_partition = BTreeMap::new();
    for row in &topic.assignments {
        let replicas = row.broker_ids.iter().map(BrokerId::from_wire).collect();
        if by_partition.insert(row.partition_index, replicas).is_some() {
            return Err(bad(format!("Partition {} is assigned twice.", row.partition_index)));
        }
    }
    if by_partition.keys().copied().ne(0..by_partition.len() as i32) {
        return Err(bad("Partitions must be a consecutive 0-based integer sequence.".to_owned()));
    }
    let assignment: Vec<Vec<BrokerId>> = by_partition.into_values().collect();
    check_assignment(step, &assignment, assignment[0].len()).map_err(bad)?;
    Ok(assignment)
}

/// Whether replicas named by hand can be placed: known brokers, none twice, equally many.
pub(super) fn check_assignment(
    step: &Step<'_>,
    assignment: &[Vec<BrokerId>],
    replicas_wanted: usize,
) -> Result<(), String> {
    for replicas in assignment {
        if replicas.is_empty() {
            return Err(
                "The manual partition assignment includes an empty replica list.".to_owned()
            );
        }
        if replicas.len() != replicas_wanted {
            return Err(
                "The manual partition assignment has partitions with different numbers of \
                        replicas."
                    .to_owned(),
            );
        }
        for (at, replica) in replicas.iter().enumerate() {
            if replicas[..at].contains(replica) {
                return Err(format!(
                    "The manual partition assignment includes the broker {replica} more than once."
                ));
            }
            if !step.cluster.config.brokers.iter().any(|broker| broker.id == *replica) {
                return Err(format!(
                    "The manual partition assignment includes broker {replica}, but no such \
                     broker is registered."
                ));
            }
        }
    }
    Ok(())
}

/// The answer for a topic that is, or with validate_only would be, created; it has an id either way.
fn created(call: &Call, draft: &TopicDraft, runtime: &RuntimeSettings) -> CreatableTopicResult {
    let version = call.ticket.version;
    let result =
        CreatableTopicResult::default().with_name(draft.name.to_wire()).with_error_message(None);
    if version < 5 {
        return result;
    }
    let configs = topic_rows(&draft.settings, &draft.overrides, runtime, call.broker)
        .into_iter()
        .map(|row| {
            CreatableTopicConfigs::default()
                .with_name(StrBytes::from_static_str(row.name))
                .with_value(row.value.map(StrBytes::from_string))
                .with_config_source(row.source as i8)
        })
        .collect();
    let replicas = draft.assignment.first().map_or(0, Vec::len);
    let id = if version >= 7 { draft.id } else { TopicId::ZERO };
    result
        .with_topic_id(id.to_wire())
        .with_num_partitions(draft.assignment.len() as i32)
        .with_replication_factor(replicas as i16)
        .with_configs(Some(configs))
}

fn refused(version: i16, topic: &CreatableTopic, error: CreateError) -> CreatableTopicResult {
    let result = CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_error_code(error.code.code())
        .with_error_message(Some(StrBytes::from_string(error.message)));
    if version < 5 {
        return result;
    }
    result
        .with_topic_id(TopicId::ZERO.to_wire())
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_configs(Some(Vec::new()))
}
