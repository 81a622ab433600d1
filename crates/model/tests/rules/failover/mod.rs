//! Replication, crashes and failover. One topic, `a`, with one partition whose first leader is
//! broker 0.

mod coordinators;
mod elections;
mod events;
mod followers;
mod foreign_records;
mod histories;
mod in_sync;
mod restarts;
mod truncation;

use fencepost_ids::{LeaderEpoch, PartitionIndex, Rule};
use fencepost_log::BatchHeader;
use fencepost_model::{ClusterConfig, PartitionState};
use fencepost_wire::FetchedPartition;

use crate::fetch::{partitions, request};
use crate::produce;
use crate::world::{Pending, World, plain};

/// The partition on `brokers` brokers, all of them replicas.
fn world(brokers: i32) -> World {
    with(brokers, &[], None)
}

/// The same with broker settings, perhaps without a rule.
fn with(brokers: i32, settings: &[(&str, &str)], off: Option<Rule>) -> World {
    let replicas = i16::try_from(brokers).unwrap();
    World::with(brokers, &[("a", 1, replicas)], |config: &mut ClusterConfig| {
        for (name, value) in settings {
            config.settings.set(name, value).unwrap();
        }
        if let Some(rule) = off {
            config.rules.without(rule);
        }
    })
}

/// Sends one record of producer 7 to a broker.
fn send(world: &mut World, broker: i32, acks: i16, sequence: i32) -> Pending {
    let client = world.connect(broker);
    let data = [("a", 0, plain((7, 0), sequence, 1))];
    world.send(client, 9, produce::request(None, acks, &data))
}

/// The same, and its error code and base offset.
fn append(world: &mut World, broker: i32, acks: i16, sequence: i32) -> (i16, i64) {
    let sent = send(world, broker, acks, sequence);
    acknowledged(world, sent).expect("answered at once")
}

/// Error code and base offset, if the answer is there.
fn acknowledged(world: &mut World, sent: Pending) -> Option<(i16, i64)> {
    world.answer(sent).map(|response| produce::rows(response)[0])
}

/// What a consumer gets from a broker, from an offset on.
fn read(world: &mut World, broker: i32, isolation: i8, offset: i64) -> FetchedPartition {
    let client = world.connect(broker);
    partitions(world.call(client, 12, request(isolation, 0, &[("a", 0, offset)]))).remove(0)
}

/// The sequences of the records that a consumer gets from a broker.
fn sequences(world: &mut World, broker: i32) -> Vec<i32> {
    let row = read(world, broker, 0, 0);
    assert!(row.error_code.is_none(), "{}", row.error_code);
    let mut bytes = row.records.concat();
    let mut sequences = Vec::new();
    while !bytes.is_empty() {
        let header = BatchHeader::read(&bytes).expect("whole batches");
        sequences.push(header.base_sequence.0);
        let length = i32::from_be_bytes(bytes[8..12].try_into().unwrap());
        bytes.drain(..12 + usize::try_from(length).unwrap());
    }
    sequences
}

fn state(world: &World) -> PartitionState {
    world.cluster.topic_state("a").expect("it exists").remove(0)
}

/// The leader, by its number.
fn leader(world: &World) -> Option<i32> {
    state(world).leader.map(|leader| leader.0)
}

fn term(world: &World) -> LeaderEpoch {
    state(world).leader_epoch
}

/// The in-sync replicas, by their numbers.
fn in_sync(world: &World) -> Vec<i32> {
    state(world).in_sync.into_iter().map(|broker| broker.0).collect()
}

fn high_watermark(world: &World) -> i64 {
    state(world).offsets.expect("a leader").high_watermark.0
}

const A: PartitionIndex = PartitionIndex(0);
