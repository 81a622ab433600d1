//! Steps in the field's terms, a short line each.

use std::fmt::Write;

use fencepost_ids::{ErrorCode, TopicId};
use fencepost_log::StoredBatch;
use fencepost_model::{Cluster, MarkerEntry, MessageBody, ReplicaFetch};
use fencepost_wire::{FromWire, Request, Response};

/// What a request asks for. Topics that it names by their id have their names of this cluster.
#[must_use]
pub fn request(request: &Request, cluster: &Cluster) -> String {
    match request {
        Request::Produce(request) => {
            let mut text = "Produce".to_owned();
            for topic in &request.topic_data {
                let name = topic_name(&topic.name, TopicId::from_wire(&topic.topic_id), cluster);
                for data in &topic.partition_data {
                    let _ = write!(text, " {name}-{}", data.index);
                    if let Some(batch) =
                        data.records.clone().and_then(|mut bytes| StoredBatch::take(&mut bytes))
                    {
                        let header = batch.header();
                        let _ = write!(
                            text,
                            " producer {}.{} sequences {}..{}",
                            header.producer_id,
                            header.producer_epoch,
                            header.base_sequence,
                            header.last_sequence()
                        );
                    }
                }
            }
            text
        }
        Request::Fetch(request) => {
            let rows = request.topics.iter().flat_map(|topic| {
                let name = topic_name(&topic.topic, TopicId::from_wire(&topic.topic_id), cluster);
                topic.partitions.iter().map(move |partition| {
                    format!(" {name}-{} from {}", partition.partition, partition.fetch_offset)
                })
            });
            format!("Fetch{}", rows.collect::<String>())
        }
        Request::InitProducerId(request) => format!(
            "InitProducerId {} expecting {}.{}",
            request.transactional_id.as_ref().map_or("(none)", |id| id.as_str()),
            request.producer_id.0,
            request.producer_epoch
        ),
        Request::AddPartitionsToTxn(request) => {
            let topics = request.v3_and_below_topics.iter();
            let topics =
                topics.map(|topic| format!(" {}{:?}", topic.name.as_str(), topic.partitions));
            format!(
                "AddPartitionsToTxn {} {}.{}{}",
                request.v3_and_below_transactional_id.as_str(),
                request.v3_and_below_producer_id.0,
                request.v3_and_below_producer_epoch,
                topics.collect::<String>()
            )
        }
        Request::AddOffsetsToTxn(request) => format!(
            "AddOffsetsToTxn {} {}.{} group {}",
            request.transactional_id.as_str(),
            request.producer_id.0,
            request.producer_epoch,
            request.group_id.as_str()
        ),
        Request::TxnOffsetCommit(request) => {
            let rows = request.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(move |row| {
                    let name = topic.name.as_str();
                    format!(" {name}-{} at {}", row.partition_index, row.committed_offset)
                })
            });
            format!(
                "TxnOffsetCommit {} {}.{} group {}{}",
                request.transactional_id.as_str(),
                request.producer_id.0,
                request.producer_epoch,
                request.group_id.as_str(),
                rows.collect::<String>()
            )
        }
        Request::EndTxn(request) => format!(
            "EndTxn {} {}.{} {}",
            request.transactional_id.as_str(),
            request.producer_id.0,
            request.producer_epoch,
            if request.committed { "commit" } else { "abort" }
        ),
        other => other.api().name().to_owned(),
    }
}

/// The name of a topic that a request names by one or the other.
pub(crate) fn topic_name(name: &str, id: TopicId, cluster: &Cluster) -> String {
    if !name.is_empty() {
        return name.to_owned();
    }
    cluster.topic_name(id).map_or_else(|| id.to_string(), ToString::to_string)
}

/// What a response says.
#[must_use]
pub fn response(response: &Response) -> String {
    let mut text = response.api().name().to_owned();
    let mut error = |code: i16| {
        if code != 0 {
            let _ = match ErrorCode::from_code(code) {
                Some(error) => write!(text, " {error}"),
                None => write!(text, " error {code}"),
            };
        }
    };
    match response {
        Response::Produce(response) => {
            let mut rows = response.responses.iter().flat_map(|topic| &topic.partition_responses);
            if let Some(row) = rows.next() {
                error(row.error_code);
                let _ = write!(text, " at {}", row.base_offset);
            }
        }
        Response::Fetch(response) => {
            let mut rows = response.topics.iter().flat_map(|topic| &topic.partitions);
            if let Some(row) = rows.next() {
                error(row.error_code.code());
                let bytes: usize = row.records.iter().map(bytes::Bytes::len).sum();
                let _ = write!(
                    text,
                    " {bytes} bytes, high watermark {}, last stable offset {}",
                    row.high_watermark, row.last_stable_offset
                );
            }
        }
        Response::InitProducerId(response) => {
            error(response.error_code);
            let _ = write!(text, " {}.{}", response.producer_id.0, response.producer_epoch);
        }
        Response::AddPartitionsToTxn(response) => response
            .results_by_topic_v3_and_below
            .iter()
            .flat_map(|topic| &topic.results_by_partition)
            .for_each(|row| error(row.partition_error_code)),
        Response::AddOffsetsToTxn(response) => error(response.error_code),
        Response::TxnOffsetCommit(response) => response
            .topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .for_each(|row| error(row.error_code)),
        Response::EndTxn(response) => {
            error(response.error_code);
            // Before version 5 it names none.
            if response.producer_id.0 >= 0 {
                let _ = write!(text, " {}.{}", response.producer_id.0, response.producer_epoch);
            }
        }
        Response::OffsetFetch(response) => {
            for group in &response.groups {
                error(group.error_code);
                for row in group.topics.iter().flat_map(|topic| &topic.partitions) {
                    error(row.error_code);
                }
            }
        }
        Response::FindCoordinator(response) => {
            for row in &response.coordinators {
                error(row.error_code);
            }
        }
        _ => {}
    }
    text
}

/// What one broker says to another.
#[must_use]
pub fn message(body: &MessageBody) -> String {
    match body {
        MessageBody::WriteMarkers(entries) => {
            let entries = entries.iter().map(marker);
            format!("WriteTxnMarkers{}", entries.collect::<String>())
        }
        MessageBody::MarkersWritten { results, .. } => {
            let mut text = "markers answered".to_owned();
            for result in results {
                for (topic, partition, error) in &result.partitions {
                    let _ = write!(text, " {}: {topic}-{partition} {error};", result.producer_id);
                }
            }
            text
        }
        MessageBody::AskAboutTransactions(questions) => {
            let mut text = "AddPartitionsToTxn".to_owned();
            for question in questions {
                let verb = if question.verify_only { "verify" } else { "add" };
                let _ = write!(
                    text,
                    " {verb} {} {}.{}",
                    question.transactional_id, question.producer_id, question.producer_epoch
                );
                for (topic, partition) in &question.partitions {
                    let _ = write!(text, " {topic}-{partition}");
                }
            }
            text
        }
        MessageBody::TransactionsAnswered { answers, .. } => {
            let mut text = "AddPartitionsToTxn answered".to_owned();
            for answer in answers {
                for (topic, partition, error) in &answer.partitions {
                    let _ =
                        write!(text, " {}: {topic}-{partition} {error};", answer.transactional_id);
                }
            }
            text
        }
        MessageBody::Replicate { partition, leader_epoch, fetched } => {
            let what = match fetched {
                ReplicaFetch::Batches { batches, high_watermark, .. } => {
                    format!("{} batches, high watermark {high_watermark}", batches.len())
                }
                ReplicaFetch::Diverging(end) => {
                    format!("epoch {} ends at {}", end.leader_epoch, end.end_offset)
                }
                ReplicaFetch::BelowStart(start) => format!("the log starts at {start}"),
            };
            format!(
                "replica of {}/{} in term {leader_epoch} gets {what}",
                partition.topic.0, partition.partition
            )
        }
        MessageBody::Replicated { partition, leader_epoch, end, last_fetched_epoch, .. } => {
            format!(
                "replica of {}/{} in term {leader_epoch} fetches from {end}, last epoch {last_fetched_epoch}",
                partition.topic.0, partition.partition
            )
        }
    }
}

fn marker(entry: &MarkerEntry) -> String {
    let mut text = format!(
        " {:?} {}.{} coordinator epoch {} on",
        entry.marker_type, entry.producer_id, entry.producer_epoch, entry.coordinator_epoch
    );
    for (topic, partition) in &entry.partitions {
        let _ = write!(text, " {topic}-{partition}");
    }
    text
}
