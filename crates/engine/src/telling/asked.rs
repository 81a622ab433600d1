//! What a request is in a story: who serves it, and what it does to a transaction.

use fencepost_faults::Subject;
use fencepost_ids::{BrokerId, TopicId};
use fencepost_log::StoredBatch;
use fencepost_model::Cluster;
use fencepost_trace::{Deed, Lane, Producer, SentBatch};
use fencepost_wire::messages::ProduceRequest;
use fencepost_wire::{ApiKey, FromWire, Request, RequestHeader, TxnOffsetCommitRequest};

use crate::describe::topic_name;

/// What a request does to the transaction of its client.
pub(super) fn deed(request: &Request, cluster: &Cluster) -> Option<Deed> {
    let producer = |id: i64, epoch: i16| Producer { id, epoch };
    Some(match request {
        Request::InitProducerId(body) => {
            Deed::Begins { transactional_id: body.transactional_id.as_ref()?.to_string() }
        }
        Request::AddPartitionsToTxn(body) => Deed::Adds {
            transactional_id: body.v3_and_below_transactional_id.to_string(),
            producer: producer(body.v3_and_below_producer_id.0, body.v3_and_below_producer_epoch),
        },
        Request::AddOffsetsToTxn(body) => Deed::Adds {
            transactional_id: body.transactional_id.to_string(),
            producer: producer(body.producer_id.0, body.producer_epoch),
        },
        Request::Produce(body) => {
            let transactional_id = body.transactional_id.as_ref()?.to_string();
            Deed::Writes { transactional_id, batches: batches(body, cluster) }
        }
        Request::TxnOffsetCommit(body) => Deed::Commits {
            transactional_id: body.transactional_id.to_string(),
            producer: producer(body.producer_id.0, body.producer_epoch),
            group: body.group_id.to_string(),
            offsets: offsets(body, cluster),
        },
        Request::EndTxn(body) => Deed::Ends {
            transactional_id: body.transactional_id.to_string(),
            producer: producer(body.producer_id.0, body.producer_epoch),
            commits: body.committed,
        },
        _ => return None,
    })
}

fn batches(body: &ProduceRequest, cluster: &Cluster) -> Vec<SentBatch> {
    let topics = body.topic_data.iter().map(|topic| {
        let name = topic_name(&topic.name, TopicId::from_wire(&topic.topic_id), cluster);
        (name, &topic.partition_data)
    });
    topics
        .flat_map(|(topic, rows)| {
            rows.iter().map(move |row| (format!("{topic}-{}", row.index), row))
        })
        .filter_map(|(partition, row)| {
            let batch = StoredBatch::take(&mut row.records.clone()?)?;
            let header = batch.header();
            Some(SentBatch {
                partition,
                producer: Producer { id: header.producer_id.0, epoch: header.producer_epoch.0 },
                base_sequence: header.base_sequence.0,
                last_sequence: header.last_sequence().0,
            })
        })
        .collect()
}

fn offsets(body: &TxnOffsetCommitRequest, cluster: &Cluster) -> Vec<(String, i64)> {
    let topics = body.topics.iter().map(|topic| {
        let name = topic_name(&topic.name, TopicId::from_wire(&topic.topic_id), cluster);
        (name, &topic.partitions)
    });
    topics
        .flat_map(|(topic, rows)| {
            let name = move |partition: i32| format!("{topic}-{partition}");
            rows.iter().map(move |row| (name(row.partition_index), row.committed_offset))
        })
        .collect()
}

/// The topics that a request deletes.
pub(super) fn deletes(request: &Request, cluster: &Cluster) -> Vec<String> {
    let Request::DeleteTopics(body) = request else { return Vec::new() };
    let by_name = body.topic_names.iter().map(|name| name.as_str().to_owned());
    let by_either = body.topics.iter().map(|topic| {
        let name = topic.name.as_ref().map_or("", |name| name.as_str());
        topic_name(name, TopicId::from_wire(&topic.topic_id), cluster)
    });
    by_name.chain(by_either).collect()
}

/// Who serves a request, as the story tells it.
pub(super) fn lane(
    header: &RequestHeader,
    request: &Request,
    broker: BrokerId,
    cluster: &Cluster,
) -> Lane {
    let subject =
        Subject::of_request(header, request, broker, |id| cluster.topic_name(id).cloned());
    let transaction =
        || subject.transactional_ids.first().map(|id| Lane::Transaction(id.to_string()));
    let group = || subject.groups.first().map(|id| Lane::Group(id.to_string()));
    let partition = || {
        let (topic, partition) = subject.topics.first()?;
        Some(Lane::Partition(format!("{topic}-{}", (*partition)?)))
    };
    let lane = match header.api {
        ApiKey::Produce | ApiKey::Fetch | ApiKey::ListOffsets => partition(),
        ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn => transaction(),
        _ => group(),
    };
    lane.unwrap_or(Lane::Broker(broker.0))
}

/// Whether clients ask it all the time, so that a picture leaves it out.
pub(super) const fn is_routine(api: ApiKey) -> bool {
    matches!(
        api,
        ApiKey::ApiVersions
            | ApiKey::Metadata
            | ApiKey::FindCoordinator
            | ApiKey::Heartbeat
            | ApiKey::ConsumerGroupHeartbeat
            | ApiKey::Fetch
            | ApiKey::ListOffsets
    )
}
