//! What goes wrong without the safety rules of Fetch, beside what happens with them.

use fencepost_ids::{ErrorCode, Rule};
use fencepost_model::Channel;
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::{
    CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest, TopicName,
};
use fencepost_wire::{FetchedPartition, Response, StrBytes};

use super::{body, bytes, partitions, request};
use crate::produce;
use crate::world::{Client, Pending, World, plain};

/// A world with the topic `a`, with a rule in force or switched off.
fn world(brokers: i32, replicas: i16, without: Option<Rule>) -> World {
    World::with(brokers, &[("a", 1, replicas)], |config| {
        if let Some(rule) = without {
            config.rules.without(rule);
        }
    })
}

fn a() -> TopicName {
    TopicName(StrBytes::from_static_str("a"))
}

fn append(world: &mut World, client: Client, sequence: i32, count: i32) {
    let data = [("a", 0, plain((7, 0), sequence, count))];
    let rows = produce::rows(world.call(client, 9, produce::request(None, -1, &data)));
    assert_eq!(rows[0].0, 0);
}

/// Error and low watermark of DeleteRecords up to an offset.
fn delete_up_to(world: &mut World, client: Client, offset: i64) -> Pending {
    let partition = DeleteRecordsPartition::default().with_offset(offset);
    let topic = DeleteRecordsTopic::default().with_name(a()).with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
    world.send(client, 2, request)
}

fn deleted(world: &mut World, pending: Pending) -> (i16, i64) {
    let Some(Response::DeleteRecords(response)) = world.answer(pending) else {
        panic!("not a DeleteRecords response")
    };
    let row = &response.topics[0].partitions[0];
    (row.error_code, row.low_watermark)
}

/// The offset of the first record in an answer.
fn first_offset(row: &FetchedPartition) -> Option<i64> {
    let head = row.records.first()?;
    Some(i64::from_be_bytes(head[..8].try_into().unwrap()))
}

/// FETCH-04: a repetition that comes late would move the session back, so that its client is
/// served again what it has.
#[test]
fn fetch_04_without_it_a_late_repetition_serves_records_again() {
    let outcome = |without| {
        let mut world = world(1, 1, without);
        let client = world.connect(0);
        append(&mut world, client, 0, 2);
        let opening = request(0, 0, &[("a", 0, 0)]).with_session_epoch(0);
        let session = body(world.call(client, 12, opening)).session_id;
        let next = |epoch, partitions: &[(&str, i32, i64)]| {
            request(0, 0, partitions).with_session_id(session).with_session_epoch(epoch)
        };
        let late = next(1, &[("a", 0, 0)]);
        world.call(client, 12, late.clone());
        let moved_on = body(world.call(client, 12, next(2, &[("a", 0, 2)])));
        assert!(moved_on.topics.is_empty(), "the client has it all");
        let repeated = body(world.call(client, 12, late));
        let epoch = if repeated.error_code.is_none() { 2 } else { 3 };
        let after = body(world.call(client, 12, next(epoch, &[])));
        let again: usize = after.topics.iter().flat_map(|it| &it.partitions).map(bytes).sum();
        (repeated.error_code, again > 0)
    };
    assert_eq!(outcome(None), (ErrorCode::InvalidFetchSessionEpoch, false));
    assert_eq!(outcome(Some(Rule::FetchSessionEpoch)), (ErrorCode::None, true));
}

/// FETCH-14: a reader whose next records are gone is told, and does not go on as if there had been
/// none.
#[test]
fn fetch_14_without_it_a_reader_misses_records_and_never_knows() {
    let outcome = |without| {
        let mut world = world(1, 1, without);
        let client = world.connect(0);
        for at in 0..4 {
            append(&mut world, client, at, 1);
        }
        let pending = delete_up_to(&mut world, client, 3);
        assert_eq!(deleted(&mut world, pending), (0, 3));
        let rows = partitions(world.call(client, 12, request(0, 0, &[("a", 0, 1)])));
        let above = partitions(world.call(client, 12, request(0, 0, &[("a", 0, 9)])));
        (rows[0].error_code, first_offset(&rows[0]), above[0].error_code)
    };
    let refused = ErrorCode::OffsetOutOfRange;
    assert_eq!(outcome(None), (refused, None, refused));
    let off = outcome(Some(Rule::ReadRange));
    assert_eq!(off, (ErrorCode::None, Some(3), ErrorCode::None), "1 and 2 are passed over");
}

/// FETCH-15: a fetcher with records of term 0 up to offset 12, of which this log has 10, is told
/// where they part.
#[test]
fn fetch_15_without_it_a_fetcher_reads_on_behind_what_it_never_saw() {
    let outcome = |without| {
        let mut world = world(1, 1, without);
        let client = world.connect(0);
        append(&mut world, client, 0, 10);
        world.crash(0);
        world.restart(0);
        let client = world.connect(0);
        for at in 10..15 {
            append(&mut world, client, at, 1);
        }
        let mut asked = request(0, 0, &[("a", 0, 12)]);
        asked.topics[0].partitions[0].last_fetched_epoch = 0;
        let row = partitions(world.call(client, 12, asked)).remove(0);
        (row.diverging_epoch.map(|end| end.end_offset.0), first_offset(&row))
    };
    assert_eq!(outcome(None), (Some(10), None));
    assert_eq!(outcome(Some(Rule::DivergingEpoch)), (None, Some(12)), "10 and 11 are missed");
}

/// FETCH-23: a batch larger than every limit of its reader.
#[test]
fn fetch_23_without_it_a_reader_never_gets_past_a_large_batch() {
    let outcome = |without| {
        let mut world = world(1, 1, without);
        let client = world.connect(0);
        append(&mut world, client, 0, 10);
        append(&mut world, client, 10, 10);
        let mut offset = 0;
        for _ in 0..5 {
            let mut tight = request(0, 0, &[("a", 0, offset)]).with_max_bytes(1);
            tight.topics[0].partitions[0].partition_max_bytes = 1;
            let row = partitions(world.call(client, 12, tight)).remove(0);
            assert_eq!(row.error_code, ErrorCode::None);
            if first_offset(&row).is_some() {
                offset += 10;
            }
        }
        offset
    };
    assert_eq!(outcome(None), 20);
    assert_eq!(outcome(Some(Rule::FirstBatchFits)), 0);
}

/// FETCH-33: a topic that was deleted and created anew is another topic; a session that went on in
/// it would pass over its first records.
#[test]
fn fetch_33_without_it_a_session_goes_on_in_another_topic() {
    let outcome = |without| {
        let mut world = world(1, 1, without);
        let client = world.connect(0);
        let id = crate::topics::topic_id(&mut world, client, "a");
        for at in 0..2 {
            append(&mut world, client, at, 1);
        }
        let mut opening = super::sessions::by_id(id, (0, 0));
        opening.topics[0].partitions[0].fetch_offset = 2;
        let session = body(world.call(client, 13, opening)).session_id;
        world.call(client, 5, DeleteTopicsRequest::default().with_topic_names(vec![a()]));
        let topic = CreatableTopic::default()
            .with_name(a())
            .with_num_partitions(1)
            .with_replication_factor(1);
        world.call(client, 7, CreateTopicsRequest::default().with_topics(vec![topic]));
        for at in 0..4 {
            append(&mut world, client, at, 1);
        }
        let next = request(0, 0, &[]).with_session_id(session).with_session_epoch(1);
        let row = partitions(world.call(client, 13, next)).remove(0);
        (row.error_code, first_offset(&row))
    };
    assert_eq!(outcome(None), (ErrorCode::InconsistentTopicId, None));
    assert_eq!(outcome(Some(Rule::TopicIdCheck)), (ErrorCode::None, Some(2)), "0 and 1 are missed");
}

/// API-44: records that no other replica has yet are not deleted, so that none of them is both gone
/// and acknowledged.
#[test]
fn api_44_without_it_acknowledged_records_are_gone() {
    let outcome = |without| {
        let mut world = world(2, 2, without);
        let client = world.connect(0);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        let data = [("a", 0, plain((7, 0), 0, 3))];
        let pending = world.send(client, 9, produce::request(None, -1, &data));
        let deletion = delete_up_to(&mut world, client, 3);
        world.release();
        let deleted = deleted(&mut world, deletion);
        let acknowledged = produce::rows(world.answer(pending).expect("replicated"));
        let row = partitions(world.call(client, 12, request(0, 0, &[("a", 0, 0)]))).remove(0);
        (deleted.0, acknowledged[0], first_offset(&row))
    };
    assert_eq!(outcome(None), (1, (0, 0), Some(0)));
    assert_eq!(outcome(Some(Rule::DeletionBound)), (0, (0, 0), None));
}
