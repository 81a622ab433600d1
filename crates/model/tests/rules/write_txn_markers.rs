//! WriteTxnMarkers 2, which says by which `transaction.version` a transaction ended.

use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::{ProduceRequest, TopicName, TransactionalId, produce_request};
use fencepost_wire::{Release, Response, StrBytes, TransactionMarker, WriteTxnMarkersRequest};

use crate::world::{Client, World, transactional};

fn name() -> TopicName {
    TopicName(StrBytes::from_static_str("a"))
}

/// A world with data of producer 7 at epoch 5 in an open transaction.
fn open() -> (World, Client) {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.release = Release::V4_2;
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    });
    let client = world.connect(0);
    let partition = produce_request::PartitionProduceData::default()
        .with_records(Some(transactional((7, 5), 0, 1)));
    let topic = produce_request::TopicProduceData::default()
        .with_name(name())
        .with_partition_data(vec![partition]);
    let request = ProduceRequest::default()
        .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("t"))))
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![topic]);
    let Response::Produce(response) = world.call(client, 11, request) else {
        panic!("not a Produce response")
    };
    assert_eq!(response.responses[0].partition_responses[0].error_code, 0);
    (world, client)
}

/// Sends an ABORT of producer 7.
fn abort(world: &mut World, client: Client, version: i16, epoch: i16, level: i8) -> i16 {
    let topic = WritableTxnMarkerTopic::default().with_name(name()).with_partition_indexes(vec![0]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(7.into())
        .with_producer_epoch(epoch)
        .with_topics(vec![topic]);
    let marker = TransactionMarker { marker, transaction_version: level };
    let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
    let Response::WriteTxnMarkers(response) = world.call(client, version, request) else {
        panic!("not a WriteTxnMarkers response")
    };
    response.markers[0].topics[0].partitions[0].error_code
}

/// MARK-05: a marker of level 2 must raise the producer epoch, one of a lower level need not.
#[test]
fn mark_05_the_request_says_by_which_level_a_marker_is_judged() {
    for (version, level, at_equal_epoch) in
        [(1, 0, 0), (2, 0, 0), (2, 1, 0), (2, -2, 0), (2, 2, 47)]
    {
        let (mut world, client) = open();
        assert_eq!(
            abort(&mut world, client, version, 5, level),
            at_equal_epoch,
            "v{version} {level}"
        );
        assert_eq!(abort(&mut world, client, version, 6, level), 0);
    }
}

/// MARKIN-04: no leader takes a marker whose level is -1, "not known"; the broker has an error for it,
/// unless its epoch is stale.
#[test]
fn markin_04_a_marker_of_an_unknown_level_is_refused() {
    let (mut world, client) = open();
    for (epoch, code) in [(4, 47), (5, -1), (6, -1)] {
        assert_eq!(abort(&mut world, client, 2, epoch, -1), code, "epoch {epoch}");
    }
    assert_eq!(abort(&mut world, client, 2, 5, 0), 0, "it is still open");
}
