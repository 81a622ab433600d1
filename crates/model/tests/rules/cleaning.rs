//! Retention, compaction and DeleteRecords by the clock and at the wire. One topic, `a`, with one
//! partition whose first leader is broker 0; a segment holds what is stamped within a millisecond.

mod compaction;
mod retention;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, Offset, ProducerEpoch, ProducerId, Sequence};
use fencepost_log::{
    BatchBuilder, Delivery, DeliveryFilter, NewRecord, StoredBatch, TransactionBit,
};
use fencepost_model::ClusterConfig;
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::{DeleteRecordsRequest, ListOffsetsRequest, TopicName};
use fencepost_wire::{FetchedPartition, Response, StrBytes};

use crate::fetch;
use crate::produce::{request, rows};
use crate::world::{Pending, World};

/// A read_uncommitted reader.
const ALL: i8 = 0;
/// A read_committed reader.
const COMMITTED: i8 = 1;

fn world(brokers: i32, settings: &[(&str, &str)]) -> World {
    let replicas = i16::try_from(brokers).unwrap();
    World::with(brokers, &[("a", 1, replicas)], |config: &mut ClusterConfig| {
        let common = [("log.roll.ms", "1"), ("transaction.partition.verification.enable", "false")];
        for (name, value) in common.iter().chain(settings) {
            config.settings.set(name, value).unwrap();
        }
    })
}

/// A compacted topic that is cleaned every second if there is any dirt.
fn compacted(brokers: i32, settings: &[(&str, &str)]) -> World {
    let common = [
        ("log.cleanup.policy", "compact"),
        ("log.cleaner.min.cleanable.ratio", "0"),
        ("log.cleaner.backoff.ms", "1000"),
        ("log.cleaner.delete.retention.ms", "60000"),
    ];
    world(brokers, &[&common, settings].concat())
}

/// Records `a=1 b`, the last a tombstone, stamped with the present.
fn batch(
    world: &World,
    producer: Option<(i64, i16, i32)>,
    bit: TransactionBit,
    records: &str,
) -> Bytes {
    let mut builder = BatchBuilder::new().transaction(bit);
    if let Some((id, epoch, sequence)) = producer {
        builder = builder.producer(ProducerId(id), ProducerEpoch(epoch), Sequence(sequence));
    }
    for record in records.split_whitespace() {
        let (key, value) = match record.split_once('=') {
            Some((key, value)) => (key, Some(value.as_bytes())),
            None => (record, None),
        };
        builder.push(world.now, NewRecord { key: Some(key.as_bytes()), value, headers: &[] });
    }
    builder.build().bytes().clone()
}

/// Appends plain records without a producer at a broker, two milliseconds after the last.
fn put(world: &mut World, broker: i32, records: &str) -> (i16, i64) {
    world.advance(2);
    let data = [("a", 0, batch(world, None, TransactionBit::Plain, records))];
    let client = world.connect(broker);
    rows(world.call(client, 11, request(None, -1, &data)))[0]
}

/// Appends records of producer 7 with epoch 0 to its transaction.
fn put_transactional(world: &mut World, broker: i32, sequence: i32, records: &str) -> (i16, i64) {
    world.advance(2);
    let producer = Some((7, 0, sequence));
    let data = [("a", 0, batch(world, producer, TransactionBit::Transactional, records))];
    let client = world.connect(broker);
    rows(world.call(client, 11, request(Some("t"), -1, &data)))[0]
}

fn read(world: &mut World, broker: i32, isolation: i8, from: i64) -> FetchedPartition {
    let client = world.connect(broker);
    let asked = fetch::request(isolation, 0, &[("a", 0, from)]);
    fetch::partitions(world.call(client, 11, asked)).remove(0)
}

/// What a client is given from an offset on: `a=1@0 b@3`.
fn seen(world: &mut World, broker: i32, isolation: i8, from: i64) -> String {
    let (mut records, mut position) = (Vec::new(), from);
    loop {
        let partition = read(world, broker, isolation, position);
        assert_eq!(partition.error_code, ErrorCode::None);
        let aborted = partition.aborted_transactions.unwrap_or_default();
        let aborted = aborted.iter().map(|it| (ProducerId(it.producer_id.0), it.first_offset.0));
        let mut filter = DeliveryFilter::new(aborted.map(|(id, at)| (id, Offset(at))));
        let mut bytes = Bytes::from(partition.records.concat());
        if bytes.is_empty() {
            return records.join(" ");
        }
        while let Some(batch) = StoredBatch::take(&mut bytes) {
            position = batch.last_offset().0 + 1;
            if filter.judge(&batch) != Delivery::Deliver {
                continue;
            }
            for record in &batch.records().unwrap() {
                let record = record.unwrap();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let value = record.value.map(|value| format!("={}", text(value)));
                let (key, offset) = (text(record.key.unwrap()), record.offset(batch.base_offset()));
                records.push(format!("{key}{}@{offset}", value.unwrap_or_default()));
            }
        }
    }
}

/// Error and offset of a query by timestamp.
fn list(world: &mut World, broker: i32, timestamp: i64) -> (i16, i64) {
    let client = world.connect(broker);
    let asked =
        ListOffsetsPartition::default().with_timestamp(timestamp).with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(name()).with_partitions(vec![asked]);
    let request =
        ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
    let Response::ListOffsets(response) = world.call(client, 8, request) else {
        panic!("not a ListOffsets response")
    };
    let row = &response.topics[0].partitions[0];
    (row.error_code, row.offset)
}

/// Earliest, latest, the record with the largest timestamp, and earliest local.
fn ends(world: &mut World, broker: i32) -> [i64; 4] {
    [-2, -1, -3, -4].map(|timestamp| list(world, broker, timestamp).1)
}

fn delete(world: &mut World, broker: i32, offset: i64) -> Pending {
    let partition = DeleteRecordsPartition::default().with_offset(offset);
    let topic = DeleteRecordsTopic::default().with_name(name()).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000);
    let client = world.connect(broker);
    world.send(client, 2, request)
}

/// Error and low watermark.
fn deleted(world: &mut World, pending: Pending) -> Option<(i16, i64)> {
    match world.answer(pending)? {
        Response::DeleteRecords(response) => {
            let row = &response.topics[0].partitions[0];
            Some((row.error_code, row.low_watermark))
        }
        _ => panic!("not a DeleteRecords response"),
    }
}

fn name() -> TopicName {
    TopicName(StrBytes::from_static_str("a"))
}
