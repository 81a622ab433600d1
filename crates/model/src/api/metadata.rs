//! Metadata (key 3), versions 0 to 13.

use fencepost_ids::{BrokerId, ErrorCode, TopicId};
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use fencepost_wire::messages::{MetadataRequest, MetadataResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::metadata::{Metadata, Partition, Topic, check_topic_name};
use crate::step::{Call, Step};

/// Stands for "not asked for" in fields of authorized operations (API-06).
pub(super) const NOT_ASKED: i32 = i32::MIN;
/// Every operation on a topic: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS and
/// ALTER_CONFIGS, a bit each.
pub(super) const ALL_TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// Every operation on a cluster: CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS,
/// ALTER_CONFIGS and IDEMPOTENT_WRITE.
pub(super) const ALL_CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: MetadataRequest) {
    let version = call.ticket.version;
    if let Some(error) = unanswerable(version, &request) {
        return step.respond(call.ticket, refused(&request, error));
    }
    let topics = match &request.topics {
        None => all_topics(step),
        Some(topics) if topics.is_empty() && version == 0 => all_topics(step),
        Some(topics) => {
            let asked = distinct(topics);
            asked.into_iter().map(|topic| one_topic(step, call, &request, topic)).collect()
        }
    };
    let topics = topics
        .into_iter()
        .map(|topic| {
            let operations = if version >= 8 && request.include_topic_authorized_operations {
                ALL_TOPIC_OPERATIONS
            } else {
                NOT_ASKED
            };
            topic.with_topic_authorized_operations(operations)
        })
        .collect();
    let metadata = &step.cluster.metadata;
    let asks_cluster = (8..=10).contains(&version) && request.include_cluster_authorized_operations;
    let response = MetadataResponse::default()
        .with_brokers(
            metadata
                .live_brokers()
                .map(|broker| {
                    MetadataResponseBroker::default()
                        .with_node_id(broker.id.to_wire())
                        .with_host(StrBytes::from_string(broker.host.to_string()))
                        .with_port(i32::from(broker.port))
                })
                .collect(),
        )
        .with_cluster_id(
            (version >= 2).then(|| StrBytes::from_string(metadata.cluster_id.to_string())),
        )
        .with_controller_id(metadata.controller().to_wire())
        .with_topics(topics)
        .with_cluster_authorized_operations(if asks_cluster {
            ALL_CLUSTER_OPERATIONS
        } else {
            NOT_ASKED
        });
    step.respond(call.ticket, response);
}

fn all_topics(step: &Step<'_>) -> Vec<MetadataResponseTopic> {
    let metadata = &step.cluster.metadata;
    metadata.topics().map(|topic| describe(metadata, topic)).collect()
}

/// The error of the whole request: topics that this version cannot name by id, or that are named
/// not at all (API-21).
fn unanswerable(version: i16, request: &MetadataRequest) -> Option<ErrorCode> {
    let topics = request.topics.as_deref().unwrap_or_default();
    if version < 12 {
        let by_id = |topic: &MetadataRequestTopic| topic.name.is_none() || has_id(topic);
        return topics.iter().any(by_id).then_some(ErrorCode::InvalidRequest);
    }
    let nameless = |topic: &MetadataRequestTopic| topic.name.is_none() && !has_id(topic);
    topics.iter().any(nameless).then_some(ErrorCode::UnknownServerError)
}

/// The answer to a request that fails as a whole knows nothing of the cluster.
fn refused(request: &MetadataRequest, error: ErrorCode) -> MetadataResponse {
    let topics = request.topics.as_deref().unwrap_or_default().iter();
    let topics = topics
        .map(|topic| unknown_topic(topic, topic.name.clone().unwrap_or_default(), error))
        .map(|topic| topic.with_topic_authorized_operations(NOT_ASKED));
    MetadataResponse::default()
        .with_topics(topics.collect())
        .with_controller_id(BrokerId::NONE.to_wire())
        .with_cluster_authorized_operations(NOT_ASKED)
        .with_error_code(error.code())
}

fn has_id(topic: &MetadataRequestTopic) -> bool {
    !topic.topic_id.is_nil()
}

/// What to answer: each topic once, and if any is asked for by id, only those that are.
fn distinct(topics: &[MetadataRequestTopic]) -> Vec<&MetadataRequestTopic> {
    let by_id = topics.iter().any(has_id);
    let mut asked: Vec<&MetadataRequestTopic> = Vec::with_capacity(topics.len());
    for topic in topics.iter().filter(|topic| has_id(topic) == by_id) {
        let same = |other: &&MetadataRequestTopic| {
            if by_id { other.topic_id == topic.topic_id } else { other.name == topic.name }
        };
        if !asked.iter().any(same) {
            asked.push(topic);
        }
    }
    asked
}

/// API-19 and API-21 for one topic.
fn one_topic(
    step: &mut Step<'_>,
    call: &Call,
    request: &MetadataRequest,
    asked: &MetadataRequestTopic,
) -> MetadataResponseTopic {
    let metadata = &step.cluster.metadata;
    let id = TopicId::from_wire(&asked.topic_id);
    if !id.is_zero() {
        return match metadata.topic_by_id(id) {
            Some(topic) => describe(metadata, topic),
            None => {
                unknown_topic(asked, Default::default(), ErrorCode::UnknownTopicId).with_name(None)
            }
        };
    }
    let name = asked.name.clone().unwrap_or_default();
    if let Some(topic) = metadata.topic(&name.0) {
        return describe(metadata, topic);
    }
    let mut error = ErrorCode::UnknownTopicOrPartition;
    if check_topic_name(&name.0).is_err() {
        error = ErrorCode::InvalidTopicException;
    } else if step.cluster.config.settings.auto_create_topics_enable
        && (call.ticket.version < 4 || request.allow_auto_topic_creation)
        && let Err(refused) = step.auto_create_topic(&name.0)
    {
        error = refused;
    }
    unknown_topic(asked, name, error)
}

fn unknown_topic(
    asked: &MetadataRequestTopic,
    name: fencepost_wire::messages::TopicName,
    error: ErrorCode,
) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_error_code(error.code())
        .with_name(Some(name))
        .with_topic_id(asked.topic_id)
}

fn describe(metadata: &Metadata, topic: &Topic) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_name(Some(topic.name.to_wire()))
        .with_topic_id(topic.id.to_wire())
        .with_is_internal(topic.internal)
        .with_partitions(
            topic
                .partitions
                .iter()
                .enumerate()
                .map(|(index, partition)| describe_partition(metadata, index, partition))
                .collect(),
        )
}

fn describe_partition(
    metadata: &Metadata,
    index: usize,
    partition: &Partition,
) -> MetadataResponsePartition {
    let offline = |id: &&BrokerId| metadata.live_broker(**id).is_none();
    let error = match partition.leader {
        Some(_) => ErrorCode::None,
        None => ErrorCode::LeaderNotAvailable,
    };
    MetadataResponsePartition::default()
        .with_error_code(error.code())
        .with_partition_index(i32::try_from(index).expect("partitions are counted by an int32"))
        .with_leader_id(partition.leader.unwrap_or(BrokerId::NONE).to_wire())
        .with_leader_epoch(partition.leader_epoch.0)
        .with_replica_nodes(partition.replicas.iter().map(ToWire::to_wire).collect())
        .with_isr_nodes(partition.in_sync.iter().map(ToWire::to_wire).collect())
        .with_offline_replicas(
            partition.replicas.iter().filter(offline).map(ToWire::to_wire).collect(),
        )
}
