//! Compaction as readers, new leaders and restarted brokers see it.

use fencepost_log::TransactionBit;
use fencepost_wire::WriteTxnMarkersRequest;
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};

use super::{ALL, COMMITTED, batch, compacted, ends, name, put, put_transactional, read, seen};
use crate::administration::alter;
use crate::produce::{request, rows};
use crate::world::World;

/// The marker of producer 7, as an admin writes it.
fn end_transaction(world: &mut World, broker: i32, is_commit: bool) {
    world.advance(2);
    let topic = WritableTxnMarkerTopic::default().with_name(name()).with_partition_indexes(vec![0]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(7.into())
        .with_producer_epoch(0)
        .with_transaction_result(is_commit)
        .with_topics(vec![topic]);
    let client = world.connect(broker);
    world.call(client, 1, WriteTxnMarkersRequest::default().with_markers(vec![marker]));
}

/// CLEAN-01: the cleaner passes every `log.cleaner.backoff.ms`, and cleans every replica.
#[test]
fn clean_01_the_cleaner_passes_by_the_clock() {
    let mut w = compacted(2, &[]);
    for records in ["a=1 b=1", "a=2", "c=1"] {
        assert_eq!(put(&mut w, 0, records).0, 0);
    }
    assert_eq!(seen(&mut w, 0, ALL, 0), "a=1@0 b=1@1 a=2@2 c=1@3");
    w.advance(1_000);
    assert_eq!(seen(&mut w, 0, ALL, 0), "b=1@1 a=2@2 c=1@3");
    assert_eq!(seen(&mut w, 0, COMMITTED, 0), "b=1@1 a=2@2 c=1@3");
    assert_eq!(ends(&mut w, 0), [0, 4, 3, 0], "the log begins and ends where it did");
    w.elect("a", 0, 1);
    assert_eq!(seen(&mut w, 1, ALL, 0), "b=1@1 a=2@2 c=1@3");
    w.crash(1);
    w.restart(1);
    w.elect("a", 0, 1);
    assert_eq!(seen(&mut w, 1, ALL, 0), "b=1@1 a=2@2 c=1@3");
}

/// CLEAN-01: a change of the policy acts from the next pass on.
#[test]
fn clean_01_a_changed_policy_acts_from_the_next_pass_on() {
    let mut w = compacted(1, &[("log.cleanup.policy", "delete")]);
    for records in ["a=1", "a=2", "c=1"] {
        put(&mut w, 0, records);
    }
    w.advance(20_000);
    assert_eq!(seen(&mut w, 0, ALL, 0), "a=1@0 a=2@1 c=1@2");
    assert_eq!(alter(&mut w, 2, "a", ("cleanup.policy", 0, "compact")).0, 0);
    w.advance(1_000);
    assert_eq!(seen(&mut w, 0, ALL, 0), "a=2@1 c=1@2");
}

/// CLEAN-13: a reader that begins before the round and goes on after it, and one that begins after
/// it, end with the same last record of each key, of committed transactions only.
#[test]
fn clean_13_readers_before_and_after_end_alike() {
    let mut w = compacted(1, &[]);
    put(&mut w, 0, "a=1 b=1 c=1");
    put_transactional(&mut w, 0, 0, "a=2 b=2");
    end_transaction(&mut w, 0, false);
    put_transactional(&mut w, 0, 2, "b=3");
    end_transaction(&mut w, 0, true);
    put(&mut w, 0, "c");
    put(&mut w, 0, "z=1");
    let before = seen(&mut w, 0, COMMITTED, 0);
    assert_eq!(before, "a=1@0 b=1@1 c=1@2 b=3@6 c@8 z=1@9");
    w.advance(1_000);
    assert_eq!(seen(&mut w, 0, COMMITTED, 3), "b=3@6 c@8 z=1@9", "on from the first batch");
    assert_eq!(seen(&mut w, 0, COMMITTED, 0), "a=1@0 b=3@6 c@8 z=1@9");
    // What was aborted is gone for everybody.
    assert_eq!(seen(&mut w, 0, ALL, 0), "a=1@0 b=3@6 c@8 z=1@9");
}

/// CLEAN-08, CLEAN-15: after a crash of the whole cluster a producer whose records are all gone
/// goes on, and its last batch is known.
#[test]
fn clean_15_producers_go_on_after_a_reload() {
    let mut w = compacted(1, &[]);
    let send = |w: &mut World, sequence: i32, records: &str| {
        w.advance(2);
        let data = [("a", 0, batch(w, Some((8, 3, sequence)), TransactionBit::Plain, records))];
        let client = w.connect(0);
        rows(w.call(client, 11, request(None, -1, &data)))[0]
    };
    assert_eq!(send(&mut w, 0, "a=1 b=1"), (0, 0));
    assert_eq!(send(&mut w, 2, "a=2"), (0, 2));
    put(&mut w, 0, "a=3 b=2");
    put(&mut w, 0, "z=1");
    w.advance(1_000);
    assert_eq!(seen(&mut w, 0, ALL, 0), "a=3@3 b=2@4 z=1@5");
    w.crash(0);
    w.restart(0);
    assert_eq!(send(&mut w, 2, "a=2"), (0, 2), "it is known");
    assert_eq!(send(&mut w, 4, "a=4"), (45, -1), "there is a gap");
    assert_eq!(send(&mut w, 3, "a=4"), (0, 6));
}

/// CLEAN-14: Kafka does not wait for a replica that is away: what it has of a transaction whose
/// marker is cleaned away meanwhile stays open on it, and when it leads, read_committed readers
/// stand still at its start.
#[test]
fn clean_14_a_replica_that_was_away_for_too_long_never_sees_the_marker() {
    let mut w = compacted(2, &[]);
    put_transactional(&mut w, 0, 0, "a=1");
    w.crash(1);
    end_transaction(&mut w, 0, true);
    let plain = Some((7, 0, 1));
    w.advance(2);
    let data = [("a", 0, batch(&w, plain, TransactionBit::Plain, "a=2"))];
    let client = w.connect(0);
    assert_eq!(rows(w.call(client, 11, request(None, -1, &data))), [(0, 2)]);
    for _ in 0..3 {
        put(&mut w, 0, "z=1");
        w.advance(61_000);
    }
    put(&mut w, 0, "z=2");
    w.advance(1_000);
    assert_eq!(read(&mut w, 0, COMMITTED, 0).last_stable_offset.0, 7);
    w.restart(1);
    w.elect("a", 0, 1);
    let stuck = read(&mut w, 1, COMMITTED, 0);
    assert_eq!((stuck.last_stable_offset.0, stuck.high_watermark.0), (0, 7));
    assert_eq!(seen(&mut w, 1, COMMITTED, 0), "");
    assert_eq!(seen(&mut w, 1, ALL, 0), "a=1@0 a=2@2 z=1@5 z=2@6");
}

/// FETCH-18: where no batch remains at the offset that is asked for, the next one is returned.
#[test]
fn fetch_18_a_read_from_a_gap_begins_at_the_next_batch() {
    let mut w = compacted(1, &[]);
    for (offset, record) in ["k=1", "a=1", "a=2", "a=3", "z=1"].into_iter().enumerate() {
        assert_eq!(put(&mut w, 0, record), (0, i64::try_from(offset).unwrap()));
    }
    put(&mut w, 0, "active=1");
    w.advance(5_000);
    for from in 1..=3 {
        assert_eq!(seen(&mut w, 0, ALL, from), "a=3@3 z=1@4 active=1@5");
        let first = read(&mut w, 0, ALL, from).records.concat();
        assert_eq!(first[..8], 3_i64.to_be_bytes(), "its base offset, from {from}");
    }
    assert_eq!(seen(&mut w, 0, ALL, 0), "k=1@0 a=3@3 z=1@4 active=1@5");
}
