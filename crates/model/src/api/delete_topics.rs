//! DeleteTopics (key 20), versions 1 to 6 (API-43).

use fencepost_ids::{ErrorCode, TopicId};
use fencepost_wire::messages::delete_topics_request::DeleteTopicState;
use fencepost_wire::messages::delete_topics_response::DeletableTopicResult;
use fencepost_wire::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::metadata::{Metadata, Topic};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DeleteTopicsRequest) {
    let version = call.ticket.version;
    let by_name = request
        .topic_names
        .into_iter()
        .map(|name| DeleteTopicState::default().with_name(Some(name)));
    let asked: Vec<_> = request.topics.into_iter().chain(by_name).collect();
    let mut results = Vec::with_capacity(asked.len());
    let mut found = Vec::new();
    for (at, topic) in asked.iter().enumerate() {
        let same = |other: &DeleteTopicState| is_same(&step.cluster.metadata, topic, other);
        // However often a topic is named, it has one row.
        if asked[..at].iter().any(same) {
            continue;
        }
        let known = resolve(&step.cluster.metadata, topic);
        let is_named_twice = asked[at + 1..].iter().any(same);
        let checked = check(step, version, topic, known, is_named_twice);
        let error = checked.err().unwrap_or(ErrorCode::None);
        let in_both_ways = asked.iter().filter(|other| same(other)).any(|other| other != topic);
        let shown = known.filter(|_| error.is_none() || in_both_ways);
        let mut result = DeletableTopicResult::default()
            .with_name(shown.map(|topic| topic.name.to_wire()).or_else(|| topic.name.clone()))
            .with_error_code(error.code());
        if version >= 5 && !error.is_none() {
            result.error_message = Some(StrBytes::from_string(error.to_string()));
        }
        if version >= 6 {
            result.topic_id = shown.map_or(topic.topic_id, |topic| topic.id.to_wire());
        }
        results.push(result);
        found.extend(known.filter(|_| error.is_none()).map(|topic| topic.index));
    }
    for index in found {
        step.delete_topic(index);
    }
    step.respond(call.ticket, DeleteTopicsResponse::default().with_responses(results));
}

/// The topic that is meant, if there is one.
fn resolve<'a>(metadata: &'a Metadata, asked: &DeleteTopicState) -> Option<&'a Topic> {
    match &asked.name {
        Some(name) => metadata.topic(&name.0),
        None => metadata.topic_by_id(TopicId::from_wire(&asked.topic_id)),
    }
}

fn is_same(metadata: &Metadata, topic: &DeleteTopicState, other: &DeleteTopicState) -> bool {
    let index = |asked| resolve(metadata, asked).map(|topic| topic.index);
    topic == other || index(topic).is_some_and(|found| index(other) == Some(found))
}

fn check(
    step: &Step<'_>,
    version: i16,
    asked: &DeleteTopicState,
    known: Option<&Topic>,
    is_named_twice: bool,
) -> Result<(), ErrorCode> {
    if !step.cluster.config.settings.delete_topic_enable {
        return Err(if version < 3 {
            ErrorCode::InvalidRequest
        } else {
            ErrorCode::TopicDeletionDisabled
        });
    }
    // Exactly one of name and id is given, and once.
    if is_named_twice || asked.name.is_some() != asked.topic_id.is_nil() {
        return Err(ErrorCode::InvalidRequest);
    }
    match known {
        Some(_) => Ok(()),
        None if asked.name.is_some() => Err(ErrorCode::UnknownTopicOrPartition),
        None => Err(ErrorCode::UnknownTopicId),
    }
}
