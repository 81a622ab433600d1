//! DeleteTopics (key 20), versions 1 to 6 (API-43).

use fencepost_ids::{ErrorCode, TopicId};
use fencepost_wire::messages::delete_topics_request::DeleteTopicState;
use fencepost_wire::messages::delete_topics_response::DeletableTopicResult;
use fencepost_wire::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::metadata::TopicIndex;
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DeleteTopicsRequest) {
    let version = call.ticket.version;
    let by_name = request
        .topic_names
        .into_iter()
        .map(|name| DeleteTopicState::default().with_name(Some(name)));
    let asked: Vec<_> = request.topics.into_iter().chain(by_name).collect();
    let mut results = Vec::with_capacity(asked.len());
    for topic in &asked {
        let found = find(step, version, topic, &asked);
        let (index, error) = match found {
            Ok(index) => (Some(index), ErrorCode::None),
            Err(error) => (None, error),
        };
        let known = index.and_then(|index| step.cluster.metadata.topic_at(index));
        let mut result = DeletableTopicResult::default()
            .with_name(known.map(|topic| topic.name.to_wire()).or_else(|| topic.name.clone()))
            .with_error_code(error.code());
        if version >= 5 && !error.is_none() {
            result.error_message = Some(StrBytes::from_string(error.to_string()));
        }
        if version >= 6 {
            result.topic_id = known.map_or(topic.topic_id, |topic| topic.id.to_wire());
        }
        results.push(result);
        if let Some(index) = index {
            step.delete_topic(index);
        }
    }
    step.respond(call.ticket, DeleteTopicsResponse::default().with_responses(results));
}

fn find(
    step: &Step<'_>,
    version: i16,
    topic: &DeleteTopicState,
    asked: &[DeleteTopicState],
) -> Result<TopicIndex, ErrorCode> {
    if !step.cluster.config.settings.delete_topic_enable {
        return Err(if version < 3 {
            ErrorCode::InvalidRequest
        } else {
            ErrorCode::TopicDeletionDisabled
        });
    }
    let metadata = &step.cluster.metadata;
    let id = TopicId::from_wire(&topic.topic_id);
    let found = match &topic.name {
        Some(_) if !id.is_zero() => return Err(ErrorCode::InvalidRequest),
        Some(name) => metadata.topic(&name.0).ok_or(ErrorCode::UnknownTopicOrPartition),
        None => metadata.topic_by_id(id).ok_or(ErrorCode::UnknownTopicId),
    };
    let same = |other: &DeleteTopicState| match found {
        Ok(found) => {
            other.name.as_ref().is_some_and(|name| *name.0 == *found.name)
                || TopicId::from_wire(&other.topic_id) == found.id
        }
        Err(_) => other == topic,
    };
    if asked.iter().filter(|other| same(other)).count() > 1 {
        return Err(ErrorCode::InvalidRequest);
    }
    found.map(|topic| topic.index)
}
