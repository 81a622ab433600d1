//! What a partition's log shows at the wire, besides records: LSO-02, LSO-18, LSO-20, RECOV-01,
//! RECOV-15, RECOV-17.

use fencepost_ids::{ProducerEpoch, ProducerId, Rule, Sequence};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_model::{Channel, ClusterConfig};
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::describe_producers_request::TopicRequest;
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::{
    DeleteRecordsRequest, DescribeProducersRequest, ListOffsetsRequest, TopicName,
};
use fencepost_wire::{Response, StrBytes};

use crate::produce::{request, rows};
use crate::world::{Client, START, World, plain, transactional};

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

fn trusting(topics: &[(&str, i32, i16)], change: impl FnOnce(&mut ClusterConfig)) -> World {
    World::with(2, topics, |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
        change(config);
    })
}

/// Error, offset, timestamp and leader epoch.
fn list(
    world: &mut World,
    client: Client,
    version: i16,
    (replica, isolation): (i32, i8),
    timestamp: i64,
) -> (i16, i64, i64, i32) {
    let asked =
        ListOffsetsPartition::default().with_timestamp(timestamp).with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(name("a")).with_partitions(vec![asked]);
    let request = ListOffsetsRequest::default()
        .with_replica_id(replica.into())
        .with_isolation_level(isolation)
        .with_topics(vec![topic]);
    let Response::ListOffsets(response) = world.call(client, version, request) else {
        panic!("not a ListOffsets response")
    };
    let row = &response.topics[0].partitions[0];
    (row.error_code, row.offset, row.timestamp, row.leader_epoch)
}

fn delete(world: &mut World, client: Client, topic: &str, offset: i64) -> (i16, i64) {
    let partition = DeleteRecordsPartition::default().with_offset(offset);
    let topic =
        DeleteRecordsTopic::default().with_name(name(topic)).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
    let Response::DeleteRecords(response) = world.call(client, 2, request) else {
        panic!("not a DeleteRecords response")
    };
    let row = &response.topics[0].partitions[0];
    (row.error_code, row.low_watermark)
}

/// Error, and of each producer id, epoch, last sequence, last timestamp, coordinator epoch and
/// transaction start.
fn producers(world: &mut World, client: Client, topic: &str) -> (i16, Vec<[i64; 6]>) {
    let topic = TopicRequest::default().with_name(name(topic)).with_partition_indexes(vec![0]);
    let request = DescribeProducersRequest::default().with_topics(vec![topic]);
    let Response::DescribeProducers(response) = world.call(client, 0, request) else {
        panic!("not a DescribeProducers response")
    };
    let row = &response.topics[0].partitions[0];
    let producers = row.active_producers.iter().map(|it| {
        [
            it.producer_id.0,
            i64::from(it.producer_epoch),
            i64::from(it.last_sequence),
            it.last_timestamp,
            i64::from(it.coordinator_epoch),
            it.current_txn_start_offset,
        ]
    });
    (row.error_code, producers.collect())
}

/// Five plain records of consecutive milliseconds, and an open transaction of five more.
fn half_open(off: &[Rule]) -> (World, Client) {
    let mut world = trusting(&[("a", 1, 1)], |config| {
        off.iter().for_each(|rule| config.rules.without(*rule));
    });
    let client = world.connect(0);
    for (bit, from, id) in
        [(TransactionBit::Plain, 0, None), (TransactionBit::Transactional, 5, Some("t"))]
    {
        let mut builder = BatchBuilder::new().transaction(bit);
        if id.is_some() {
            builder = builder.producer(ProducerId(7), ProducerEpoch(0), Sequence(0));
        }
        for at in from..from + 5 {
            builder.push(START.plus_millis(at), NewRecord::default());
        }
        let data = [("a", 0, builder.build().bytes().clone())];
        assert_eq!(rows(world.call(client, 11, request(id, -1, &data))), [(0, from)]);
    }
    (world, client)
}

/// LSO-02, LSO-18: latest by isolation and replica, earliest, and searches by timestamp.
#[test]
fn lso_18_offsets_by_isolation() {
    let (mut world, client) = half_open(&[]);
    const UNCOMMITTED: (i32, i8) = (-1, 0);
    const COMMITTED: (i32, i8) = (-1, 1);
    for (reader, latest) in [(UNCOMMITTED, 10), (COMMITTED, 5)] {
        assert_eq!(list(&mut world, client, 7, reader, -1), (0, latest, -1, 0));
        assert_eq!(list(&mut world, client, 3, reader, -1), (0, latest, -1, -1), "no epoch yet");
        assert_eq!(list(&mut world, client, 7, reader, -2), (0, 0, -1, 0));
        assert_eq!(list(&mut world, client, 7, reader, START.0 + 3), (0, 3, START.0 + 3, 0));
    }
    let seventh = START.0 + 7;
    assert_eq!(list(&mut world, client, 7, UNCOMMITTED, seventh), (0, 7, seventh, 0));
    assert_eq!(list(&mut world, client, 7, COMMITTED, seventh), (0, -1, -1, -1));
    assert_eq!(list(&mut world, client, 7, UNCOMMITTED, -3), (0, 9, START.0 + 9, 0));
    assert_eq!(list(&mut world, client, 7, COMMITTED, -3), (0, -1, -1, -1));
    assert_eq!(list(&mut world, client, 6, COMMITTED, -3), (35, -1, -1, -1), "from version 7");
}

/// LSO-18: brokers and the debugging replica, -2, see the log end, replicated or not.
#[test]
fn lso_18_offsets_by_replica() {
    let mut world = trusting(&[("a", 1, 2)], |_| {});
    let client = world.connect(0);
    let replicated = [("a", 0, plain((7, 0), 0, 5))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &replicated))), [(0, 0)]);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let alone = [("a", 0, plain((7, 0), 5, 3))];
    assert_eq!(rows(world.call(client, 9, request(None, 1, &alone))), [(0, 5)]);
    let latest = [-1, -2, 1].map(|replica| list(&mut world, client, 7, (replica, 0), -1).1);
    assert_eq!(latest, [5, 8, 8]);
}

#[test]
fn lso_18_off_an_undecided_record_is_found() {
    let (mut world, client) = half_open(&[Rule::TimestampSearchBound]);
    let seventh = START.0 + 7;
    assert_eq!(list(&mut world, client, 7, (-1, 1), seventh), (0, 7, seventh, 0));
    assert_eq!(list(&mut world, client, 7, (-1, 1), -1).1, 5, "where its reading ends");
}

/// LSO-20, RECOV-17: what may be deleted, and what stays.
#[test]
fn lso_20_deletion_into_an_open_transaction_and_its_refusals() {
    let topics = [("a", 1, 1), ("compacted", 1, 1), ("__consumer_offsets", 1, 1)];
    let mut world = trusting(&topics, |_| {});
    let client = world.connect(0);
    let compact = ("cleanup.policy", 0, Some("compact"));
    assert_eq!(crate::administration::alter_to(&mut world, 2, "compacted", compact).0, 0);
    let open = [("a", 0, transactional((7, 0), 0, 13))];
    assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open))), [(0, 0)]);
    assert_eq!(delete(&mut world, client, "a", 14), (1, -1), "above the high watermark");
    assert_eq!(delete(&mut world, client, "a", -2), (1, -1));
    assert_eq!(delete(&mut world, client, "nope", 0), (3, -1));
    assert_eq!(delete(&mut world, client, "compacted", 0), (44, -1));
    assert_eq!(delete(&mut world, client, "__consumer_offsets", 0), (17, -1));
    assert_eq!(delete(&mut world, client, "a", 5), (0, 5));
    assert_eq!(list(&mut world, client, 7, (-1, 1), -1).1, 0, "the LSO: the base of the batch");
    assert_eq!(list(&mut world, client, 7, (-1, 1), -2).1, 5);
    let row = [7, 0, 12, START.0, -1, 0];
    assert_eq!(producers(&mut world, client, "a"), (0, vec![row]), "it still began at 0");
    assert_eq!(delete(&mut world, client, "a", -1), (0, 13));
    let retry = [("a", 0, transactional((7, 0), 0, 13))];
    let row = crate::produce::first_row(world.call(client, 11, request(Some("t"), -1, &retry)));
    assert_eq!((row.error_code, row.base_offset), (0, 0), "RECOV-17");
    assert_eq!(row.log_start_offset, 13, "IDEM-10: the present one");
}

/// RECOV-01: the sweep every ten minutes; RECOV-03: the same batch is new afterwards.
#[test]
fn recov_01_and_recov_03_the_sweep_forgets_idle_producers() {
    let mut world = trusting(&[("a", 1, 1)], |_| {});
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 1), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [(0, 0)]);
    let open = [("a", 0, transactional((8, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open))), [(0, 1)]);
    world.advance(86_400_000 - 1);
    let client = world.connect(0);
    let known = |world: &mut World| {
        let (error, rows) = producers(world, client, "a");
        assert_eq!(error, 0);
        rows.iter().map(|row| row[0]).collect::<Vec<_>>()
    };
    assert_eq!(known(&mut world), [7, 8]);
    world.advance(600_000);
    assert_eq!(known(&mut world), [8], "an open transaction never expires");
    let zombie = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &zombie))), [(0, 2)]);
}

/// RECOV-15: a follower answers for its own prefix; who does not host the partition says 6.
#[test]
fn recov_15_every_replica_answers() {
    let mut world = trusting(&[("a", 1, 2), ("b", 2, 1)], |_| {});
    let clients = [world.connect(0), world.connect(1)];
    let open = [("a", 0, transactional((7, 3), 0, 2))];
    assert_eq!(rows(world.call(clients[0], 11, request(Some("t"), -1, &open))), [(0, 0)]);
    let row = vec![[7, 3, 1, START.0, -1, 0]];
    assert_eq!(clients.map(|it| producers(&mut world, it, "a")), [(0, row.clone()), (0, row)]);
    let errors = clients.map(|it| producers(&mut world, it, "b").0);
    assert!(errors == [0, 6] || errors == [6, 0], "{errors:?}");
    assert_eq!(producers(&mut world, clients[0], "nope").0, 3);
}
