//! Answers that are errors.

use fencepost_faults::ErrorAnswer;
use fencepost_ids::{PartitionIndex, TopicId, TopicName};
use fencepost_model::Cluster;
use fencepost_wire::{Part, Request, RequestHeader, Response, error_response, replace_errors};

/// The answer of a broker that says an error: without its own answer the request had no effect.
/// None if the request has no answer (API-38), or none that could say so.
pub(super) fn error_answer(
    cluster: &Cluster,
    header: &RequestHeader,
    request: &Request,
    own: Option<Response>,
    error: &ErrorAnswer,
) -> Option<Response> {
    if matches!(request, Request::Produce(produce) if produce.acks == 0) {
        return None;
    }
    let Some(mut response) = own else {
        return error_response(header, request, error.code, error.level).ok();
    };
    let topic = error.topic.as_deref().map(|name| {
        let id = cluster.topic_id(name).unwrap_or(TopicId::ZERO);
        (TopicName::from(name), id)
    });
    let part = Part { topic, partition: error.partition.map(PartitionIndex) };
    // A level that this version of the answer has not: it stays as it was.
    _ = replace_errors(&mut response, header.version, error.code, error.level, &part);
    Some(response)
}
