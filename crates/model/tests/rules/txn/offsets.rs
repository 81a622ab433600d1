//! Offsets inside transactions, as the coordinator's clients see them.

use fencepost_wire::messages::offset_fetch_request::OffsetFetchRequestTopic;
use fencepost_wire::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use fencepost_wire::messages::{OffsetFetchRequest, TxnOffsetCommitRequest};
use fencepost_wire::{Response, StrBytes};

use crate::txn::driver::{Producer, Sent, World, markers, nothing, topic_name, transactional_id};

const GROUP: &str = "orders";

fn send_commit(world: &mut World, version: i16, producer: Producer, offset: i64) -> Sent {
    let partition = TxnOffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(-1);
    let topic = TxnOffsetCommitRequestTopic::default()
        .with_name(topic_name("orders"))
        .with_partitions(vec![partition]);
    let request = TxnOffsetCommitRequest::default()
        .with_transactional_id(transactional_id("t"))
        .with_group_id(StrBytes::from_static_str(GROUP).into())
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_generation_id(-1)
        .with_topics(vec![topic]);
    let broker = world.find_coordinator(GROUP, 0);
    world.send(broker, version, request)
}

fn commit(world: &mut World, version: i16, producer: Producer, offset: i64) -> i16 {
    let sent = send_commit(world, version, producer, offset);
    let Some(Response::TxnOffsetCommit(response)) = world.answer(sent) else { panic!() };
    response.topics[0].partitions[0].error_code
}

/// The committed offset of `orders-0`, or the error; v7 asks for stable offsets.
fn committed(world: &mut World, require_stable: bool) -> Result<i64, i16> {
    let topic = OffsetFetchRequestTopic::default()
        .with_name(topic_name("orders"))
        .with_partition_indexes(vec![0]);
    let request = OffsetFetchRequest::default()
        .with_group_id(StrBytes::from_static_str(GROUP).into())
        .with_topics(Some(vec![topic]))
        .with_require_stable(require_stable);
    let broker = world.find_coordinator(GROUP, 0);
    let Response::OffsetFetch(response) = world.call(broker, 7, request) else { panic!() };
    let partition = &response.topics[0].partitions[0];
    match partition.error_code {
        0 => Ok(partition.committed_offset),
        error => Err(error),
    }
}

#[test]
fn markin_07_a_transaction_of_offsets_alone_is_committed() {
    for transaction_version in [1, 2] {
        let mut world = World::new(3, transaction_version);
        assert_eq!(world.init("t", None), "0,0");
        let (commit_version, end_version) = if transaction_version == 2 {
            (5, 5)
        } else {
            assert_eq!(world.add_offsets("t", (0, 0), GROUP), "0");
            (4, 4)
        };
        assert_eq!(commit(&mut world, commit_version, (0, 0), 42), 0);
        assert_eq!(world.describe("t"), "Ongoing 0,0 __consumer_offsets-31", "ADDP-07");
        assert_eq!(committed(&mut world, true), Err(88), "unstable");
        assert_eq!(committed(&mut world, false), Ok(-1));
        world.held = markers;
        world.end("t", end_version, (0, 0), true);
        assert_eq!(committed(&mut world, true), Err(88), "decided, and no marker yet");
        world.held = nothing;
        world.run();
        assert_eq!(committed(&mut world, true), Ok(42));
        assert!(world.describe("t").starts_with("CompleteCommit"));
        let log = world.log("__consumer_offsets", 31);
        assert!(log.last().expect("a marker").starts_with("COMMIT"), "{log:?}");
    }
}

#[test]
fn markin_07_an_aborted_transaction_leaves_the_offsets_as_they_were() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(commit(&mut world, 5, (0, 0), 1), 0);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(commit(&mut world, 5, (0, 1), 2), 0);
    assert_eq!(world.end("t", 5, (0, 1), false), "0,2");
    assert_eq!(committed(&mut world, true), Ok(1));
}

#[test]
fn addp_10_offset_commits_with_a_stale_epoch_or_outside_a_transaction_are_refused() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(commit(&mut world, 3, (0, 0), 7), 48, "VERIFY-10");
    assert_eq!(commit(&mut world, 4, (0, 0), 7), 120, "VERIFY-10");
    assert_eq!(world.init("t", None), "0,1");
    for version in [3, 4, 5] {
        assert_eq!(commit(&mut world, version, (0, 0), 7), 47);
    }
    assert_eq!(world.log("__consumer_offsets", 31), Vec::<String>::new());
    assert_eq!(committed(&mut world, true), Ok(-1));
}

#[test]
fn addp_11_an_offset_commit_is_not_asked_about_again() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(commit(&mut world, 5, (0, 1), 7), 51);
}
