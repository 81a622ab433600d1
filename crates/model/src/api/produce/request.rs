//! Sorting a produce request: the gates of the whole request, and the partitions that go on.

use bytes::Bytes;
use fencepost_ids::{
    ErrorCode, PartitionIndex, ProducerEpoch, ProducerId, Rule, TopicId, TopicName,
};
use fencepost_log::{FramedBatch, TransactionBit, VerificationGuard};
use fencepost_wire::FromWire;
use fencepost_wire::messages::ProduceRequest;

use super::answer::Row;
use crate::metadata::PartitionKey;
use crate::step::{Call, Step};

/// The first version that names topics by id.
const TOPIC_ID_VERSION: i16 = 13;

/// A partition of a request, with its batch.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) key: PartitionKey,
    pub(super) batch: FramedBatch,
    /// The right to append after a coordinator was asked (VERIFY-04).
    pub(super) guard: Option<VerificationGuard>,
}

/// Where a partition stands in the request, and so in the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) topic: u32,
    pub(super) row: u32,
    pub(super) name: TopicName,
    pub(super) id: TopicId,
    pub(super) partition: PartitionIndex,
}

/// Whether the request goes on.
pub(super) enum Gate {
    /// These partitions go on, those are answered.
    Open { items: Vec<Item>, rows: Vec<Row> },
    /// All are answered.
    Shut(Vec<Row>),
}

impl Item {
    /// Producer id and epoch, if the batch belongs to a transaction and has a producer id.
    pub(super) fn transactional_producer(&self) -> Option<(ProducerId, ProducerEpoch)> {
        match self.batch.transaction_bit() {
            TransactionBit::Transactional => {
                self.batch.producer().map(|(id, epoch, _)| (id, epoch))
            }
            TransactionBit::Plain => None,
        }
    }
}

/// Steps 1 to 3 of IDEM-01. Without an authorizer a transactional id is always allowed.
pub(super) fn sort(step: &Step<'_>, call: &Call, request: ProduceRequest) -> Gate {
    let version = call.ticket.version;
    let metadata = &step.cluster.metadata;
    let rules = step.cluster.config.rules;
    let has_transactional_id = request.transactional_id.is_some();
    let mut items: Vec<Item> = Vec::new();
    let mut rows = Vec::new();
    let mut whole: Option<(ErrorCode, Option<String>)> = None;
    let mut transactional = false;
    for (at, topic) in (0..).zip(request.topic_data) {
        let id = TopicId::from_wire(&topic.topic_id);
        let found = if version >= TOPIC_ID_VERSION {
            metadata.topic_by_id(id).ok_or(ErrorCode::UnknownTopicId)
        } else {
            metadata.topic(&topic.name.0).ok_or(ErrorCode::UnknownTopicOrPartition)
        };
        let name = match found {
            Ok(found) => found.name.clone(),
            Err(_) => TopicName::from_wire(&topic.name),
        };
        for (row, data) in (0..).zip(topic.partition_data) {
            let place = Place {
                topic: at,
                row,
                name: name.clone(),
                id,
                partition: PartitionIndex(data.index),
            };
            let key = found.and_then(|topic| {
                let known = topic.partition(place.partition);
                known
                    .map(|_| PartitionKey { topic: topic.index, partition: place.partition })
                    .ok_or(ErrorCode::UnknownTopicOrPartition)
            });
            transactional |= data.records.as_ref().is_some_and(begins_transactional);
            let batch = match &data.records {
                Some(records) if rules.is_on(Rule::OneBatch) => {
                    FramedBatch::parse(records, version)
                }
                Some(records) => FramedBatch::first(records, version),
                // Null records break the request inside a real broker (BATCH-06).
                None => {
                    whole = Some((ErrorCode::UnknownServerError, None));
                    rows.push(Row::refused(place, ErrorCode::UnknownServerError));
                    continue;
                }
            };
            match (key, batch) {
                (_, Err(error)) if error.fails_whole_request() => {
                    whole = Some((error.error_code(), Some(error.to_string())));
                    rows.push(Row::refused(place, error.error_code()));
                }
                (Err(error), _) => rows.push(Row::refused(place, error)),
                (Ok(_), Err(error)) => rows.push(Row::refused(place, error.error_code())),
                (Ok(key), Ok(batch)) => {
                    // A partition named twice: the last one counts (BATCH-16).
                    items.retain(|item| item.key != key);
                    items.push(Item { place, key, batch, guard: None });
                }
            }
        }
    }
    if whole.is_none()
        && transactional
        && !has_transactional_id
        && rules.is_on(Rule::TransactionalIdGate)
    {
        whole = Some((ErrorCode::TransactionalIdAuthorizationFailed, None));
    }
    if whole.is_none() && !is_of_one_producer(&items) && rules.is_on(Rule::OneProducerGate) {
        let message = "the transactional batches are of several producers (IDEM-03)";
        whole = Some((ErrorCode::InvalidProducerIdMapping, Some(message.to_owned())));
    }
    match whole {
        None => Gate::Open { items, rows },
        Some((error, message)) => {
            let places = rows.into_iter().map(|row| row.place);
            let places = places.chain(items.into_iter().map(|item| item.place));
            let row = |place| Row { message: message.clone(), ..Row::refused(place, error) };
            Gate::Shut(places.map(row).collect())
        }
    }
}

/// IDEM-02: the first batch belongs to a transaction, whatever else is wrong with the partition.
fn begins_transactional(records: &Bytes) -> bool {
    FramedBatch::first(records, i16::MAX)
        .is_ok_and(|batch| batch.transaction_bit() == TransactionBit::Transactional)
}

/// IDEM-03: all transactional batches are of one producer id and epoch.
fn is_of_one_producer(items: &[Item]) -> bool {
    let mut producers = items.iter().filter_map(Item::transactional_producer);
    producers.next().is_none_or(|first| producers.all(|other| other == first))
}
