//! Fetch at the wire.

mod reading;
mod sessions;
mod without;

use fencepost_ids::{ErrorCode, Offset};
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::messages::{CreateTopicsRequest, DeleteTopicsRequest, FetchRequest, TopicName};
use fencepost_wire::{FetchResponse, FetchedPartition, Response, StrBytes};

use crate::produce;
use crate::world::{World, plain};

/// A sessionless fetch of partitions `(topic, partition, offset)`.
pub fn request(isolation: i8, max_wait_ms: i32, partitions: &[(&str, i32, i64)]) -> FetchRequest {
    let topics = partitions.iter().map(|(topic, partition, offset)| {
        FetchTopic::default()
            .with_topic(TopicName(StrBytes::from_string((*topic).to_owned())))
            .with_partitions(vec![
                FetchPartition::default()
                    .with_partition(*partition)
                    .with_fetch_offset(*offset)
                    .with_current_leader_epoch(-1)
                    .with_last_fetched_epoch(-1)
                    .with_partition_max_bytes(1 << 20),
            ])
    });
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(isolation)
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(topics.collect())
}

/// The partitions of a response, in order.
pub fn partitions(response: Response) -> Vec<FetchedPartition> {
    body(response).topics.into_iter().flat_map(|topic| topic.partitions).collect()
}

fn body(response: Response) -> FetchResponse {
    let Response::Fetch(response) = response else { panic!("not a fetch response") };
    response
}

fn bytes(partition: &FetchedPartition) -> usize {
    partition.records.iter().map(bytes::Bytes::len).sum()
}

#[test]
fn fetch_25_a_fetch_waits_for_data_and_the_append_wakes_it() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let (consumer, producer) = (world.connect(0), world.connect(0));
    let pending = world.send(consumer, 12, request(0, 500, &[("a", 0, 0)]));
    assert!(world.waits(pending));
    let data = [("a", 0, plain((7, 0), 0, 3))];
    world.call(producer, 9, produce::request(None, -1, &data));
    let rows = partitions(world.answer(pending).expect("woken"));
    assert_eq!(rows[0].high_watermark, Offset(3));
    assert_eq!(bytes(&rows[0]), data[0].2.len());
}

#[test]
fn fetch_02_an_unknown_topic_does_not_end_the_wait_of_the_others() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let consumer = world.connect(0);
    let pending = world.send(consumer, 12, request(0, 500, &[("nope", 0, 0), ("a", 0, 0)]));
    assert!(world.waits(pending));
    world.advance(500);
    let rows = partitions(world.answer(pending).expect("the wait is over"));
    let errors: Vec<_> = rows.iter().map(|row| row.error_code).collect();
    assert_eq!(errors, [ErrorCode::None, ErrorCode::UnknownTopicOrPartition]);
}

#[test]
fn fetch_14_an_offset_outside_the_log_is_refused_at_once() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let consumer = world.connect(0);
    let rows = partitions(world.call(consumer, 12, request(0, 500, &[("a", 0, 1)])));
    assert_eq!(rows[0].error_code, ErrorCode::OffsetOutOfRange);
    assert_eq!(rows[0].high_watermark, Offset(-1));
}

#[test]
fn fetch_17_whole_batches_are_served_as_they_were_sent() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let batch = plain((7, 0), 0, 10);
    world.call(client, 9, produce::request(None, -1, &[("a", 0, batch.clone())]));
    let rows = partitions(world.call(client, 12, request(0, 0, &[("a", 0, 5)])));
    let served: Vec<u8> = rows[0].records.iter().flatten().copied().collect();
    assert_eq!(served[16..], batch[16..], "BATCH-03: all but offset and leader epoch");
    assert_eq!(served[..8], 0i64.to_be_bytes());
}

#[test]
fn fetch_03_to_fetch_07_a_session_tells_only_what_changed() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let first = request(0, 0, &[("a", 0, 0), ("a", 1, 0)]).with_session_epoch(0);
    let response = body(world.call(client, 12, first));
    let session = response.session_id;
    assert!(session > 0);
    let empty = |epoch| request(0, 0, &[]).with_session_id(session).with_session_epoch(epoch);
    let response = body(world.call(client, 12, empty(1)));
    assert_eq!((response.session_id, response.topics.len()), (session, 0), "no news");
    world.call(client, 9, produce::request(None, -1, &[("a", 1, plain((7, 0), 0, 1))]));
    let rows = partitions(world.call(client, 12, empty(2)));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].partition_index.0, 1);
    let stale = body(world.call(client, 12, empty(2)));
    assert_eq!(stale.error_code, ErrorCode::InvalidFetchSessionEpoch);
    world.crash(0);
    world.restart(0);
    let client = world.connect(0);
    let gone = body(world.call(client, 12, empty(3)));
    assert_eq!(gone.error_code, ErrorCode::FetchSessionIdNotFound, "FETCH-09");
}

#[test]
fn api_25_and_fetch_12_a_restart_begins_a_new_term() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    world.crash(0);
    world.restart(0);
    let client = world.connect(0);
    let mut old_term = request(0, 0, &[("a", 0, 0)]);
    old_term.topics[0].partitions[0].current_leader_epoch = 0;
    let rows = partitions(world.call(client, 12, old_term));
    assert_eq!(rows[0].error_code, ErrorCode::FencedLeaderEpoch);
}

#[test]
fn fetch_23_the_first_batch_always_fits() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    for partition in 0..2 {
        let data = [("a", partition, plain((7, 0), 0, 10))];
        world.call(client, 9, produce::request(None, -1, &data));
    }
    let tight = request(0, 0, &[("a", 0, 0), ("a", 1, 0)]).with_max_bytes(1);
    let rows = partitions(world.call(client, 12, tight));
    assert!(bytes(&rows[0]) > 0);
    assert_eq!(bytes(&rows[1]), 0);
}

#[test]
fn fetch_31_an_unknown_isolation_level_fails_the_request() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let response = body(world.call(client, 12, request(2, 0, &[("a", 0, 0)])));
    assert_eq!(response.error_code, ErrorCode::UnknownServerError);
    assert_eq!(response.topics[0].partitions[0].error_code, ErrorCode::UnknownServerError);
}

#[test]
fn fetch_02_rows_of_one_topic_stay_together() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let mut asked = request(1, 0, &[("a", 0, 0), ("a", 9, 0)]);
    let second = asked.topics.remove(1);
    asked.topics[0].partitions.extend(second.partitions);
    let response = body(world.call(client, 12, asked));
    assert_eq!(response.topics.len(), 1);
    let lists: Vec<_> =
        response.topics[0].partitions.iter().map(|row| row.aborted_transactions.clone()).collect();
    assert_eq!(lists, [Some(vec![]), Some(vec![])], "FETCH-19: also for the one set aside");
}

#[test]
fn fetch_12_the_zero_id_is_an_unknown_id_and_negative_epochs_are_none() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let by_id = partitions(world.call(client, 13, request(0, 0, &[("", 0, 0)])));
    assert_eq!(by_id[0].error_code, ErrorCode::UnknownTopicId);
    let mut odd = request(0, 0, &[("a", 0, 0)]);
    odd.topics[0].partitions[0].current_leader_epoch = -2;
    odd.topics[0].partitions[0].last_fetched_epoch = -5;
    assert_eq!(partitions(world.call(client, 12, odd))[0].error_code, ErrorCode::None);
}

#[test]
fn fetch_22_a_negative_limit_fails_where_there_are_records() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    world.call(client, 9, produce::request(None, -1, &[("a", 1, plain((7, 0), 0, 1))]));
    let negative = request(0, 0, &[("a", 0, 0), ("a", 1, 0)]).with_max_bytes(-1);
    let rows = partitions(world.call(client, 12, negative));
    assert_eq!(rows[0].error_code, ErrorCode::None);
    let mut negative = request(0, 0, &[("a", 1, 0)]);
    negative.topics[0].partitions[0].partition_max_bytes = -1;
    let rows = partitions(world.call(client, 12, negative));
    assert_eq!(rows[0].error_code, ErrorCode::UnknownServerError);
}

#[test]
fn fetch_03_a_full_fetch_of_nothing_makes_a_session() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let response = body(world.call(client, 12, request(0, 0, &[]).with_session_epoch(0)));
    assert!(response.session_id > 0);
}

#[test]
fn fetch_12_a_session_remembers_the_name_of_a_deleted_topic() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let create = |world: &mut World| {
        let topic = CreatableTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("a")))
            .with_num_partitions(1)
            .with_replication_factor(1);
        match world.call(client, 7, CreateTopicsRequest::default().with_topics(vec![topic])) {
            Response::CreateTopics(response) => response.topics[0].topic_id,
            _ => panic!("not a CreateTopics response"),
        }
    };
    let mut full = request(0, 0, &[("", 0, 0)]).with_session_epoch(0);
    full.topics[0].topic_id = create(&mut world);
    let session = body(world.call(client, 13, full)).session_id;
    let again = |world: &mut World, epoch| {
        let next = request(0, 0, &[]).with_session_id(session).with_session_epoch(epoch);
        partitions(world.call(client, 13, next))[0].error_code
    };
    let name = TopicName(StrBytes::from_static_str("a"));
    world.call(client, 5, DeleteTopicsRequest::default().with_topic_names(vec![name]));
    assert_eq!(again(&mut world, 1), ErrorCode::UnknownTopicOrPartition);
    create(&mut world);
    assert_eq!(again(&mut world, 2), ErrorCode::InconsistentTopicId);
}
