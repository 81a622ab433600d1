//! What waits for the in-sync replicas, and what a new leader knows: IDEM-06, IDEM-10, MARK-03,
//! LSO-15, LSO-19, RECOV-14.

use fencepost_ids::{Offset, Rule};
use fencepost_model::Channel;
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::{ListOffsetsRequest, TopicName};
use fencepost_wire::{FetchedPartition, Response, StrBytes, WriteTxnMarkersRequest};

use super::{answered, request, rows};
use crate::fetch;
use crate::world::{Client, Pending, World, plain, transactional};

fn replication(channel: &Channel) -> bool {
    matches!(channel, Channel::Replication(_))
}

/// Leaders that take transactional batches without asking, and have no rule of `off`.
fn trusting(brokers: i32, off: &[Rule]) -> World {
    World::with(brokers, &[("a", 1, i16::try_from(brokers).unwrap())], |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
        off.iter().for_each(|rule| config.rules.without(*rule));
    })
}

fn name() -> TopicName {
    TopicName(StrBytes::from_static_str("a"))
}

fn fetch(world: &mut World, client: Client, isolation: i8) -> FetchedPartition {
    let fetched = world.call(client, 12, fetch::request(isolation, 0, &[("a", 0, 0)]));
    fetch::partitions(fetched).remove(0)
}

fn has_records(row: &FetchedPartition) -> bool {
    !row.records.is_empty()
}

/// An ABORT of coordinator epoch 0.
fn send_abort(world: &mut World, client: Client, producer: (i64, i16)) -> Pending {
    let topic = WritableTxnMarkerTopic::default().with_name(name()).with_partition_indexes(vec![0]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_topics(vec![topic]);
    world.send(client, 1, WriteTxnMarkersRequest::default().with_markers(vec![marker]))
}

fn marked(world: &mut World, pending: Pending) -> i16 {
    let Some(Response::WriteTxnMarkers(response)) = world.answer(pending) else {
        panic!("no WriteTxnMarkers response")
    };
    response.markers[0].topics[0].partitions[0].error_code
}

/// Error and offset; versions below 5 read 5 where later ones read 78.
fn list(world: &mut World, client: Client, version: i16, timestamp: i64) -> (i16, i64) {
    let asked =
        ListOffsetsPartition::default().with_timestamp(timestamp).with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(name()).with_partitions(vec![asked]);
    let request =
        ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
    let Response::ListOffsets(response) = world.call(client, version, request) else {
        panic!("not a ListOffsets response")
    };
    let row = &response.topics[0].partitions[0];
    (row.error_code, row.offset)
}

/// IDEM-06: acks=1 is answered after the local append; with acks=all a partition that moves answers
/// 6, and keeps its base offset.
#[test]
fn idem_06_acks_1_does_not_wait_and_a_leader_that_resigns_says_so() {
    let mut world = World::new(2, &[("a", 1, 2)]);
    let client = world.connect(0);
    world.hold(replication);
    let first = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, 1, &first))), [(0, 0)]);
    let next = [("a", 0, plain((7, 0), 1, 1))];
    let pending = world.send(client, 9, request(None, -1, &next));
    assert!(world.waits(pending));
    world.elect("a", 0, 1);
    assert_eq!(answered(&mut world, pending), [(6, 1)]);
}

/// IDEM-06: a request is answered when the slowest of its partitions is replicated.
#[test]
fn idem_06_all_partitions_of_a_request_are_waited_for() {
    let mut world = World::new(2, &[("a", 1, 2), ("b", 2, 1)]);
    let client = world.connect(0);
    world.hold(replication);
    let both = [("a", 0, plain((7, 0), 0, 1)), ("b", 1, plain((7, 0), 0, 1))];
    let pending = world.send(client, 9, request(None, -1, &both));
    assert!(world.waits(pending));
    world.release();
    assert_eq!(answered(&mut world, pending), [(0, 0), (0, 0)]);
}

#[test]
fn idem_06_off_an_acknowledged_record_is_lost_with_its_leader() {
    for (off, is_answered) in [(&[][..], false), (&[Rule::ReplicationWait], true)] {
        let mut world = trusting(2, off);
        let client = world.connect(0);
        world.hold(replication);
        let data = [("a", 0, plain((7, 0), 0, 1))];
        let pending = world.send(client, 9, request(None, -1, &data));
        assert_eq!(!world.waits(pending), is_answered);
        world.crash(0);
        world.release();
        let client = world.connect(1);
        assert!(!has_records(&fetch(&mut world, client, 0)), "it is lost in either case");
    }
}

/// IDEM-10: a fresh append answers log append time -1, its repetition the batch's own timestamp.
#[test]
fn idem_10_a_repetition_answers_the_time_of_the_original() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let times = [(); 2].map(|()| {
        let data = [("a", 0, plain((7, 0), 0, 1))];
        let row = super::first_row(world.call(client, 9, request(None, -1, &data)));
        assert_eq!((row.error_code, row.base_offset, row.log_start_offset), (0, 0, 0));
        row.log_append_time_ms
    });
    assert_eq!(times, [-1, crate::world::START.0]);
}

#[test]
fn idem_10_off_a_retry_acknowledges_what_is_on_no_follower() {
    for (off, is_answered) in [(&[][..], false), (&[Rule::DuplicateWait], true)] {
        let mut world = trusting(2, off);
        let client = world.connect(0);
        world.hold(replication);
        let data = [("a", 0, plain((7, 0), 0, 1))];
        let original = world.send(client, 9, request(None, -1, &data));
        assert!(world.waits(original));
        let retry = world.send(client, 9, request(None, -1, &data));
        assert_eq!(!world.waits(retry), is_answered);
        world.crash(0);
        world.release();
        let client = world.connect(1);
        assert!(!has_records(&fetch(&mut world, client, 0)), "it is lost in either case");
    }
}

#[test]
fn mark_03_off_a_marker_that_counts_as_written_is_lost() {
    for (off, is_answered) in [(&[][..], false), (&[Rule::MarkerReplication], true)] {
        let mut world = trusting(2, off);
        let client = world.connect(0);
        let open = [("a", 0, transactional((7, 0), 0, 1))];
        assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open))), [(0, 0)]);
        world.hold(replication);
        let pending = send_abort(&mut world, client, (7, 0));
        assert_eq!(!world.waits(pending), is_answered);
        world.crash(0);
        world.release();
        let client = world.connect(1);
        let marks = fetch(&mut world, client, 0);
        let marks = (marks.last_stable_offset, marks.high_watermark);
        assert_eq!(marks, (Offset(0), Offset(1)), "the transaction is open again");
    }
}

/// LSO-15: data inside an open transaction does not wake a read_committed fetch, the marker does; then
/// records, LSO and list belong together.
#[test]
fn lso_15_a_waiting_fetch_wakes_with_the_lso_and_brings_its_list() {
    for (off, listed) in [(&[][..], true), (&[Rule::AbortsOfWaitingFetch], false)] {
        let mut world = trusting(1, off);
        let (consumer, client) = (world.connect(0), world.connect(0));
        let produce = |world: &mut World, sequence| {
            let open = [("a", 0, transactional((7, 0), sequence, 1))];
            assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open)))[0].0, 0);
        };
        produce(&mut world, 0);
        let pending = world.send(consumer, 12, fetch::request(1, 5000, &[("a", 0, 0)]));
        assert!(world.waits(pending));
        produce(&mut world, 1);
        assert!(world.waits(pending), "only the LSO wakes it");
        let marker = send_abort(&mut world, client, (7, 0));
        assert_eq!(marked(&mut world, marker), 0);
        let row = fetch::partitions(world.answer(pending).expect("woken")).remove(0);
        assert_eq!((row.last_stable_offset, row.high_watermark), (Offset(3), Offset(3)));
        let bytes: usize = row.records.iter().map(bytes::Bytes::len).sum();
        let data = transactional((7, 0), 0, 1).len();
        assert_eq!(bytes, 2 * data + fencepost_log::MARKER_BATCH_BYTES);
        let aborted = row.aborted_transactions.expect("read_committed");
        let aborted: Vec<_> =
            aborted.iter().map(|it| (it.producer_id.0, it.first_offset.0)).collect();
        assert_eq!(aborted, if listed { vec![(7, 0)] } else { vec![] });
    }
}

/// A leader in its first term with five records that all know to be replicated, and three more that
/// its predecessor alone knows to be; no follower answers it.
fn fresh_leader(off: &[Rule]) -> (World, Client, (i16, i64)) {
    let mut world = trusting(2, off);
    let old = world.connect(0);
    let five = [("a", 0, plain((7, 0), 0, 5))];
    assert_eq!(rows(world.call(old, 9, request(None, -1, &five))), [(0, 0)]);
    world.hold(replication);
    let three = world.send(old, 9, request(None, -1, &[("a", 0, plain((7, 0), 5, 3))]));
    // The follower gets them and says so; that they are committed it is not told.
    world.deliver_next();
    world.deliver_next();
    assert!(!world.waits(three));
    let told = list(&mut world, old, 5, -1);
    world.elect("a", 0, 1);
    let client = world.connect(1);
    (world, client, told)
}

/// LSO-19: latest, and a timestamp without a hit below the bound, are not known yet; earliest is, and
/// a fetch ends at the old high watermark.
#[test]
fn lso_19_a_fresh_leader_does_not_know_the_latest_offset_yet() {
    let (mut world, client, told) = fresh_leader(&[]);
    assert_eq!(told, (0, 8));
    assert_eq!(list(&mut world, client, 5, -1), (78, -1));
    assert_eq!(list(&mut world, client, 4, -1), (5, -1));
    assert_eq!(list(&mut world, client, 7, -3).0, 0, "the first record has the largest timestamp");
    assert_eq!(list(&mut world, client, 5, crate::world::START.0), (0, 0), "a hit below the bound");
    assert_eq!(list(&mut world, client, 5, crate::world::START.0 + 1), (78, -1), "none");
    assert_eq!(list(&mut world, client, 5, -2), (0, 0));
    let row = fetch(&mut world, client, 0);
    assert_eq!((row.error_code.code(), row.high_watermark), (0, Offset(5)));
    world.release();
    assert_eq!(list(&mut world, client, 5, -1), (0, 8));
}

#[test]
fn lso_19_off_the_latest_offset_goes_back() {
    let (mut world, client, told) = fresh_leader(&[Rule::FreshLeaderOffset]);
    assert_eq!((told, list(&mut world, client, 5, -1)), ((0, 8), (0, 5)));
}

/// RECOV-14: the log and the producers stay with a leader that resigned, and so does what it was asked
/// about; a restart forgets the questions.
#[test]
fn recov_14_a_former_leader_remembers_its_questions_until_it_restarts() {
    for (restarts, answer) in [(false, 45), (true, 0)] {
        let mut world = World::new(2, &[("a", 1, 2)]);
        let client = world.connect(0);
        // Nobody knows the id: the question fails, and its lowest sequence is kept.
        let asked = [("a", 0, transactional((7, 0), 3, 1))];
        let failed = world.send(client, 11, request(Some("t"), -1, &asked));
        world.advance(1000);
        assert_ne!(rows(world.answer(failed).expect("refused"))[0].0, 0);
        world.elect("a", 0, 1);
        world.elect("a", 0, 0);
        if restarts {
            world.crash(0);
            world.restart(0);
            world.elect("a", 0, 0);
        }
        let client = world.connect(0);
        let later = [("a", 0, plain((7, 0), 4, 1))];
        let answers = rows(world.call(client, 9, request(None, -1, &later)));
        assert_eq!(answers[0].0, answer, "VERIFY-16");
    }
}
