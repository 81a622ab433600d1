//! What a fetch reads, and when it is answered: FETCH-15 to FETCH-32.

use fencepost_ids::{ErrorCode, LeaderEpoch, Offset};
use fencepost_wire::messages::fetch_request::{FetchPartition, ReplicaState};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::{FetchRequest, TopicName};
use fencepost_wire::{FetchedPartition, Release, Response, StrBytes, WriteTxnMarkersRequest};

use super::{body, bytes, partitions, request};
use crate::produce;
use crate::world::{Client, World, plain, transactional};

/// A broker that takes transactional batches without asking a coordinator.
fn trusting() -> World {
    World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    })
}

fn append(world: &mut World, client: Client, data: bytes::Bytes) {
    let id = Some("t");
    let answer = world.call(client, 9, produce::request(id, -1, &[("a", 0, data)]));
    assert_eq!(produce::rows(answer)[0].0, 0);
}

/// Ends a transaction on partition 0 by hand.
fn mark(world: &mut World, client: Client, producer: (i64, i16), commit: bool) {
    let topic = WritableTxnMarkerTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("a")))
        .with_partition_indexes(vec![0]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_transaction_result(commit)
        .with_topics(vec![topic]);
    let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
    let Response::WriteTxnMarkers(response) = world.call(client, 1, request) else {
        panic!("not a WriteTxnMarkers response")
    };
    assert_eq!(response.markers[0].topics[0].partitions[0].error_code, 0);
}

fn fetch(world: &mut World, client: Client, isolation: i8, offset: i64) -> FetchedPartition {
    let asked = request(isolation, 0, &[("a", 0, offset)]);
    partitions(world.call(client, 12, asked)).remove(0)
}

fn only(request: FetchRequest, change: impl Fn(&mut FetchPartition)) -> FetchRequest {
    let mut request = request;
    change(&mut request.topics[0].partitions[0]);
    request
}

#[test]
fn fetch_15_a_fetcher_whose_log_parts_from_this_one_is_told_where() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let mut client = world.connect(0);
    append(&mut world, client, plain((7, 0), 0, 10));
    for _ in 0..2 {
        world.crash(0);
        world.restart(0);
        client = world.connect(0);
    }
    append(&mut world, client, plain((7, 0), 10, 5));
    let mut diverging = |offset, epoch| {
        let asked = only(request(0, 0, &[("a", 0, offset)]), |partition| {
            partition.last_fetched_epoch = epoch;
        });
        let row = partitions(world.call(client, 12, asked)).remove(0);
        let end = row.diverging_epoch.map(|end| (end.epoch, end.end_offset));
        assert!(row.records.is_empty() || end.is_none());
        (row.error_code, end)
    };
    let parts = Some((LeaderEpoch(0), Offset(10)));
    assert_eq!(diverging(12, 2), (ErrorCode::None, parts), "term 2 began where term 4 did");
    assert_eq!(diverging(12, 0), (ErrorCode::None, parts), "term 0 ended before offset 12");
    assert_eq!(diverging(10, 0), (ErrorCode::None, None));
    assert_eq!(diverging(12, 4), (ErrorCode::None, None));
    assert_eq!(diverging(12, 5), (ErrorCode::OffsetOutOfRange, None));
}

/// FETCH-16, FETCH-20, FETCH-21: open data waits; aborted data travels with its marker, and the list
/// says so to the reader of committed records.
#[test]
fn fetch_16_fetch_20_and_fetch_21_aborted_data_travels_and_open_data_waits() {
    let mut world = trusting();
    let client = world.connect(0);
    let open = transactional((7, 0), 0, 3);
    append(&mut world, client, open.clone());
    let (uncommitted, committed) =
        (fetch(&mut world, client, 0, 0), fetch(&mut world, client, 1, 0));
    assert_eq!(bytes(&uncommitted), open.len());
    assert_eq!(bytes(&committed), 0);
    for row in [&uncommitted, &committed] {
        assert_eq!((row.last_stable_offset, row.high_watermark), (Offset(0), Offset(3)));
    }
    assert_eq!(uncommitted.aborted_transactions, None, "FETCH-19");
    mark(&mut world, client, (7, 0), false);
    let (uncommitted, committed) =
        (fetch(&mut world, client, 0, 0), fetch(&mut world, client, 1, 0));
    assert!(bytes(&committed) > open.len(), "the marker too");
    assert_eq!(bytes(&committed), bytes(&uncommitted));
    let listed = committed.aborted_transactions.expect("a list for read_committed");
    assert_eq!(
        listed.iter().map(|it| (it.producer_id.0, it.first_offset.0)).collect::<Vec<_>>(),
        [(7, 0)]
    );
    assert_eq!(uncommitted.aborted_transactions, None);
    assert_eq!(committed.last_stable_offset, Offset(4), "past the marker");
}

#[test]
fn fetch_24_what_is_enough_is_answered_at_once() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let waits = |world: &mut World, request: FetchRequest| {
        let client = world.connect(0);
        let pending = world.send(client, 12, request);
        world.waits(pending)
    };
    let both = request(0, 500, &[("a", 0, 0), ("a", 1, 0)]);
    assert!(waits(&mut world, both.clone()), "nothing there");
    assert!(!waits(&mut world, both.clone().with_min_bytes(0)));
    assert!(!waits(&mut world, both.clone().with_max_wait_ms(0)));
    assert!(!waits(&mut world, request(0, 500, &[("a", 0, 0), ("a", 1, 9)])), "an error");
    append(&mut world, client, plain((7, 0), 0, 1));
    assert!(!waits(&mut world, both.clone()));
    assert!(waits(&mut world, both.with_min_bytes(1000)));
    assert!(!waits(&mut world, request(0, 500, &[])), "nothing to be read");
}

#[test]
fn fetch_26_when_the_time_is_over_what_there_is_is_answered() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    append(&mut world, client, plain((7, 0), 0, 1));
    let pending = world.send(client, 12, request(0, 500, &[("a", 0, 0)]).with_min_bytes(1_000_000));
    world.advance(499);
    assert!(world.waits(pending));
    world.advance(1);
    let rows = partitions(world.answer(pending).expect("the wait is over"));
    assert!(bytes(&rows[0]) > 0);
}

#[test]
fn fetch_25_and_fetch_27_a_fetch_at_the_lso_waits_and_one_above_it_does_not() {
    let mut world = trusting();
    let (client, reader) = (world.connect(0), world.connect(0));
    append(&mut world, client, plain((8, 0), 0, 5));
    append(&mut world, client, transactional((7, 0), 0, 4));
    append(&mut world, client, transactional((7, 0), 4, 1));
    let above = world.send(reader, 12, request(1, 1000, &[("a", 0, 9)]));
    let rows = partitions(world.answer(above).expect("answered at once"));
    assert_eq!((rows[0].error_code, bytes(&rows[0])), (ErrorCode::None, 0));
    let other = world.connect(0);
    let inside = world.send(other, 12, request(1, 1000, &[("a", 0, 7)]));
    let at = world.send(reader, 12, request(1, 1000, &[("a", 0, 5)]));
    assert!(world.waits(at) && world.waits(inside), "in the batch at the last stable offset");
    append(&mut world, client, transactional((7, 0), 5, 1));
    assert!(world.waits(at), "more of the open transaction is no news");
    mark(&mut world, client, (7, 0), true);
    let rows = partitions(world.answer(at).expect("the marker wakes it"));
    assert!(bytes(&rows[0]) > 0);
}

#[test]
fn fetch_28_and_fetch_29_a_client_in_the_wrong_place_is_told_who_leads() {
    let mut world = World::new(3, &[("a", 1, 2)]);
    let replicas = (0..3).map(|broker| {
        let client = world.connect(broker);
        let by_name = partitions(world.call(client, 10, request(0, 0, &[("a", 0, 0)])));
        by_name[0].error_code
    });
    let errors: Vec<_> = replicas.collect();
    let leader = errors.iter().position(|error| error.is_none()).expect("one leads");
    for broker in (0..3).filter(|broker| *broker != leader) {
        assert_eq!(errors[broker], ErrorCode::NotLeaderOrFollower, "up to version 10");
    }
    for broker in (0..3).filter(|broker| *broker != leader) {
        let client = world.connect(i32::try_from(broker).unwrap());
        let id = crate::topics::topic_id(&mut world, client, "a");
        let current = body(world.call(client, 13, super::sessions::by_id(id, (0, -1))));
        if current.topics[0].partitions[0].error_code.is_none() {
            continue; // The follower serves consumers.
        }
        let asked = super::sessions::by_id(id, (0, -1));
        let asked = only(asked, |partition| partition.current_leader_epoch = 0);
        let told = body(world.call(client, 16, asked.clone()));
        let row = &told.topics[0].partitions[0];
        assert_eq!(row.error_code, ErrorCode::NotLeaderOrFollower);
        let hint = row.current_leader.expect("the leader");
        assert_eq!((hint.leader_id.0 as usize, hint.leader_epoch), (leader, LeaderEpoch(0)));
        assert_eq!(told.node_endpoints.len(), 1);
        assert_eq!(told.node_endpoints[0].port as usize, 9092 + leader);
        let untold = body(world.call(client, 15, asked));
        assert_eq!(untold.topics[0].partitions[0].current_leader, None);
    }
}

#[test]
fn fetch_28_a_client_of_an_old_term_is_told_the_new_one() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    world.crash(0);
    world.restart(0);
    let client = world.connect(0);
    let id = crate::topics::topic_id(&mut world, client, "a");
    let asked = super::sessions::by_id(id, (0, -1));
    let old = only(asked, |partition| partition.current_leader_epoch = 0);
    let told = body(world.call(client, 16, old));
    let row = &told.topics[0].partitions[0];
    assert_eq!(row.error_code, ErrorCode::FencedLeaderEpoch);
    assert_eq!(row.current_leader.map(|hint| hint.leader_epoch), Some(LeaderEpoch(2)));
}

#[test]
fn fetch_30_a_zstd_topic_is_closed_to_old_clients_where_brokers_convert_records() {
    for (release, refusal) in
        [(Release::V3_9, ErrorCode::UnsupportedCompressionType), (Release::V4_0, ErrorCode::None)]
    {
        let mut world = World::with(1, &[("a", 1, 1)], |config| {
            config.release = release;
            config.settings.set("compression.type", "zstd").unwrap();
        });
        let client = world.connect(0);
        let mut error = |version| {
            partitions(world.call(client, version, request(0, 0, &[("a", 0, 0)])))[0].error_code
        };
        assert_eq!(error(9), refusal, "{release}");
        assert_eq!(error(10), ErrorCode::None, "{release}");
    }
}

#[test]
fn fetch_32_internal_topics_are_read_like_any() {
    let mut world = World::new(1, &[("__transaction_state", 1, 1)]);
    let client = world.connect(0);
    let row = partitions(world.call(client, 12, request(0, 0, &[("__transaction_state", 0, 0)])));
    assert_eq!(row[0].error_code, ErrorCode::None);
}

/// FETCH-12: who asks in the name of a broker that is no follower of the partition gets 6, after
/// the checks of topic and epoch; negative ids are consumers.
#[test]
fn fetch_12_a_fetch_in_the_name_of_no_follower_is_refused_by_partition() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    append(&mut world, client, plain((7, 0), 0, 3));
    let mut errors = |replica: i32, version, epoch| {
        let mut asked = request(0, 0, &[("a", 0, 0), ("a", 9, 0)]);
        asked.topics[0].partitions[0].current_leader_epoch = epoch;
        let asked = if version < 15 {
            asked.with_replica_id(replica.into())
        } else {
            asked.with_replica_state(ReplicaState::default().with_replica_id(replica.into()))
        };
        let rows = partitions(world.call(client, version, asked));
        [rows[0].error_code.code(), rows[1].error_code.code()]
    };
    for replica in [0, 5] {
        assert_eq!(errors(replica, 4, -1), [6, 3]);
        assert_eq!(errors(replica, 12, -1), [6, 3]);
        assert_eq!(errors(replica, 12, 1), [75, 3]);
    }
    assert_eq!(errors(-2, 12, -1), [0, 3]);
}
