//! Produce at the wire.

mod answers;
mod gates;
mod replicas;
mod rows;
mod verification;

use bytes::Bytes;
use fencepost_model::Channel;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::produce_response::PartitionProduceResponse;
use fencepost_wire::messages::{ProduceRequest, TopicName, TransactionalId};
use fencepost_wire::{Response, StrBytes};

use crate::world::{Pending, World, plain, transactional};

/// A request with one batch for each of some partitions.
pub fn request(
    transactional_id: Option<&str>,
    acks: i16,
    data: &[(&str, i32, Bytes)],
) -> ProduceRequest {
    let topics = data.iter().map(|(topic, partition, records)| {
        TopicProduceData::default()
            .with_name(TopicName(StrBytes::from_string((*topic).to_owned())))
            .with_partition_data(vec![
                PartitionProduceData::default()
                    .with_index(*partition)
                    .with_records(Some(records.clone())),
            ])
    });
    ProduceRequest::default()
        .with_transactional_id(
            transactional_id.map(|id| TransactionalId(StrBytes::from_string(id.to_owned()))),
        )
        .with_acks(acks)
        .with_timeout_ms(1000)
        .with_topic_data(topics.collect())
}

/// The error and base offset of each row.
pub fn rows(response: Response) -> Vec<(i16, i64)> {
    let Response::Produce(response) = response else { panic!("not a produce response") };
    let rows = response.responses.into_iter().flat_map(|topic| topic.partition_responses);
    rows.map(|row| (row.error_code, row.base_offset)).collect()
}

fn answered(world: &mut World, pending: Pending) -> Vec<(i16, i64)> {
    rows(world.answer(pending).expect("answered"))
}

#[test]
fn idem_01_each_partition_has_its_own_answer() {
    let mut world = World::new(2, &[("a", 2, 1)]);
    let client = world.connect(0);
    let batch = plain((7, 0), 0, 1);
    let data = [("a", 0, batch.clone()), ("a", 1, batch.clone()), ("nope", 0, batch)];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [(0, 0), (6, -1), (3, -1)]);
}

#[test]
fn idem_02_a_transactional_batch_needs_a_transactional_id() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let data = [("a", 0, transactional((7, 0), 0, 1)), ("a", 1, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 12, request(None, -1, &data))), [(53, -1), (53, -1)]);
}

#[test]
fn idem_03_one_producer_in_a_transactional_request() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let data = [("a", 0, transactional((7, 0), 0, 1)), ("a", 1, transactional((7, 1), 0, 1))];
    assert_eq!(rows(world.call(client, 12, request(Some("t"), -1, &data))), [(49, -1), (49, -1)]);
    let data = [("a", 0, plain((7, 0), 0, 1)), ("a", 1, plain((7, 1), 0, 1))];
    assert_eq!(rows(world.call(client, 12, request(Some("t"), -1, &data))), [(0, 0), (0, 0)]);
}

/// IDEM-04, IDEM-24.
#[test]
fn idem_04_and_idem_24_unknown_acks_and_internal_topics_are_refused() {
    let mut world = World::new(1, &[("a", 1, 1), ("__consumer_offsets", 1, 1)]);
    let client = world.connect(0);
    let to_a = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, 2, &to_a))), [(21, -1)]);
    let internal = [("__consumer_offsets", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &internal))), [(17, -1)]);
}

#[test]
fn idem_05_acks_0_is_silent_and_an_error_closes_the_connection() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let good = ("a", 0, plain((7, 0), 0, 1));
    let pending = world.send(client, 9, request(None, 0, std::slice::from_ref(&good)));
    assert!(world.waits(pending), "no response");
    let bad = ("nope", 0, plain((7, 0), 1, 1));
    let next = ("a", 0, plain((7, 0), 1, 1));
    world.send(client, 9, request(None, 0, &[next, bad]));
    assert!(world.is_closed(client));
    let client = world.connect(0);
    let retry = [("a", 0, plain((7, 0), 1, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &retry))), [(0, 1)], "it was appended");
}

#[test]
fn idem_06_acks_all_waits_for_the_replicas_and_a_timeout_says_so() {
    let mut world = World::new(3, &[("a", 1, 3)]);
    let client = world.connect(0);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let data = [("a", 0, plain((7, 0), 0, 1))];
    let pending = world.send(client, 9, request(None, -1, &data));
    assert!(world.waits(pending));
    world.advance(1000);
    assert_eq!(answered(&mut world, pending), [(7, 0)], "it may be there, and it is");
    let retry = world.send(client, 9, request(None, -1, &data));
    assert!(world.waits(retry), "a duplicate waits like the original");
    world.release();
    assert_eq!(answered(&mut world, retry), [(0, 0)]);
    let next = [("a", 0, plain((7, 0), 1, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, 1, &next))), [(0, 1)]);
}

#[test]
fn idem_06_too_few_replicas_refuse_before_the_append() {
    let mut world = World::with(3, &[("a", 1, 3)], |config| {
        config.settings.set("min.insync.replicas", "2").unwrap();
    });
    world.crash(1);
    world.crash(2);
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [(19, -1)]);
    world.restart(1);
    assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [(0, 0)]);
}

/// IDEM-07, IDEM-08, IDEM-11 to IDEM-14.
#[test]
fn idem_07_to_idem_14_duplicates_gaps_and_old_epochs() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let mut send = |producer, sequence, count| {
        let data = [("a", 0, plain(producer, sequence, count))];
        rows(world.call(client, 9, request(None, -1, &data)))[0]
    };
    assert_eq!(send((7, 1), 0, 2), (0, 0));
    assert_eq!(send((7, 1), 2, 2), (0, 2));
    assert_eq!(send((7, 1), 0, 2), (0, 0), "IDEM-08: a duplicate");
    assert_eq!(send((7, 1), 1, 2), (45, -1), "IDEM-11: no exact duplicate");
    assert_eq!(send((7, 1), 5, 1), (45, -1), "IDEM-14: a gap");
    assert_eq!(send((7, 0), 4, 1), (47, -1), "IDEM-12: an old epoch");
    assert_eq!(send((7, 3), 4, 1), (45, -1), "IDEM-13: a new epoch begins at 0");
    assert_eq!(send((7, 3), 0, 1), (0, 4));
}

#[test]
fn recov_12_a_new_leader_knows_what_was_replicated() {
    let mut world = World::new(3, &[("a", 1, 3)]);
    let client = world.connect(0);
    let first = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &first))), [(0, 0)]);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let second = [("a", 0, plain((7, 0), 1, 1))];
    world.send(client, 9, request(None, -1, &second));
    world.crash(0);
    assert!(world.is_closed(client));
    world.release();
    let client = world.connect(1);
    assert_eq!(rows(world.call(client, 9, request(None, -1, &first))), [(0, 0)], "a duplicate");
    assert_eq!(rows(world.call(client, 9, request(None, -1, &second))), [(0, 1)], "it is new here");
}

#[test]
fn api_39_a_former_leader_names_the_present_one() {
    let mut world = World::new(2, &[("a", 1, 2)]);
    let client = world.connect(0);
    world.elect("a", 0, 1);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    let Response::Produce(response) = world.call(client, 10, request(None, -1, &data)) else {
        panic!("not a produce response")
    };
    let row = &response.responses[0].partition_responses[0];
    assert_eq!(
        (row.error_code, row.current_leader.leader_id.0, row.current_leader.leader_epoch),
        (6, 1, 1)
    );
    assert_eq!(response.node_endpoints[0].port, 9093);
}

#[test]
fn frame_13_a_request_is_carried_out_though_its_client_is_gone() {
    let mut world = World::new(2, &[("a", 1, 2)]);
    let client = world.connect(0);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let data = [("a", 0, plain((7, 0), 0, 1))];
    let pending = world.send(client, 9, request(None, -1, &data));
    world.disconnect(client);
    world.deliver_next();
    world.release();
    assert_eq!(world.answer(pending), None);
    let client = world.connect(0);
    let next = [("a", 0, plain((7, 0), 1, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &next))), [(0, 1)]);
}

#[test]
fn verify_11_switched_off_a_tv1_batch_passes_unasked() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    });
    let client = world.connect(0);
    let open = [("a", 0, transactional((7, 0), 0, 2))];
    assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open))), [(0, 0)]);
    let fetched = world.call(client, 12, crate::fetch::request(0, 0, &[("a", 0, 0)]));
    let marks = &crate::fetch::partitions(fetched)[0];
    assert_eq!((marks.last_stable_offset.0, marks.high_watermark.0), (0, 2), "the LSO sticks");
}

#[test]
fn idem_25_a_broken_compressed_stream_is_answered_with_the_log_start() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let mut gzip = plain((7, 0), 0, 1).to_vec();
    gzip[22] |= 1;
    let crc = crc32c::crc32c(&gzip[21..]);
    gzip[17..21].copy_from_slice(&crc.to_be_bytes());
    let row = first_row(world.call(client, 9, request(None, -1, &[("a", 0, gzip.into())])));
    assert_eq!((row.error_code, row.log_start_offset, row.error_message), (-1, 0, None));
}

#[test]
fn idem_25_what_refuses_a_whole_request_is_said_in_words() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let mut strange = plain((7, 0), 0, 1).to_vec();
    strange[16] = 3;
    let data = [("a", 0, plain((7, 0), 0, 1)), ("a", 1, strange.into())];
    let row = first_row(world.call(client, 9, request(None, -1, &data)));
    assert_eq!((row.error_code, row.error_message.is_some()), (2, true), "BATCH-06");
    let data = [("a", 0, transactional((7, 0), 0, 1)), ("a", 1, transactional((8, 0), 0, 1))];
    let row = first_row(world.call(client, 12, request(Some("t"), -1, &data)));
    assert_eq!((row.error_code, row.error_message.is_some()), (49, true), "IDEM-03");
}

/// The first row whole.
pub fn first_row(response: Response) -> PartitionProduceResponse {
    let Response::Produce(mut response) = response else { panic!("not a produce response") };
    response.responses.swap_remove(0).partition_responses.swap_remove(0)
}
