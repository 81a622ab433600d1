//! ListOffsets: what the ends of a log are to whom.

use fencepost_ids::Rule;
use fencepost_model::Channel;
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::list_offsets_response::ListOffsetsPartitionResponse;
use fencepost_wire::messages::{ListOffsetsRequest, TopicName};
use fencepost_wire::{Release, Response, StrBytes};

use crate::produce;
use crate::world::{Client, START, World, plain, transactional};

fn list(
    world: &mut World,
    client: Client,
    version: i16,
    isolation: i8,
    timestamp: i64,
) -> ListOffsetsPartitionResponse {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(0)
        .with_timestamp(timestamp)
        .with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("a")))
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(isolation)
        .with_topics(vec![topic]);
    match world.call(client, version, request) {
        Response::ListOffsets(mut response) => response.topics.remove(0).partitions.swap_remove(0),
        _ => panic!("not a ListOffsets response"),
    }
}

fn append(world: &mut World, client: Client, id: Option<&str>, data: bytes::Bytes) {
    let answer = world.call(client, 9, produce::request(id, -1, &[("a", 0, data)]));
    assert_eq!(produce::rows(answer)[0].0, 0);
}

/// Five plain records, and four of an open transaction behind them.
fn open_transaction(rule: Option<Rule>) -> (World, Client) {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
        if let Some(rule) = rule {
            config.rules.without(rule);
        }
    });
    let client = world.connect(0);
    append(&mut world, client, None, plain((8, 0), 0, 5));
    append(&mut world, client, Some("t"), transactional((7, 0), 0, 4));
    (world, client)
}

/// API-31: the first version of each special timestamp; any other number below 0 is known to none.
#[test]
fn api_31_special_timestamps_by_version() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| config.release = Release::V4_2);
    let client = world.connect(0);
    append(&mut world, client, None, plain((8, 0), 0, 2));
    let last = *Release::V4_2.versions(fencepost_wire::ApiKey::ListOffsets).end();
    for (timestamp, since, found) in [
        (-1, 1, 2),
        (-2, 1, 0),
        (-3, 7, 0),
        (-4, 8, 0),
        (-5, 9, -1),
        (-6, 11, -1),
        (-7, i16::MAX, -1),
        (i64::MIN, i16::MAX, -1),
    ] {
        for version in 1..=last {
            let row = list(&mut world, client, version, 0, timestamp);
            let expected = if version < since { (35, -1) } else { (0, found) };
            assert_eq!((row.error_code, row.offset), expected, "{timestamp} at {version}");
            if timestamp != -3 {
                assert_eq!(row.timestamp, -1);
            }
        }
    }
    let largest = list(&mut world, client, 7, 0, -3);
    assert_eq!(largest.timestamp, START.0, "-3 tells the timestamp that it found");
}

/// API-32: the end is the high watermark to some and the last stable offset to others.
#[test]
fn api_32_the_end_goes_by_the_isolation_level() {
    let (mut world, client) = open_transaction(None);
    for version in 2..=10 {
        for (isolation, end) in [(0, 9), (1, 5)] {
            let row = list(&mut world, client, version, isolation, -1);
            assert_eq!((row.error_code, row.offset, row.timestamp), (0, end, -1));
            let epoch = if version >= 4 { 0 } else { -1 };
            assert_eq!(row.leader_epoch, epoch, "version {version}");
        }
    }
    assert_eq!(list(&mut world, client, 1, 0, -1).offset, 9, "version 1 has no isolation level");
    world.crash(0);
    world.restart(0);
    let client = world.connect(0);
    assert_eq!(list(&mut world, client, 4, 0, -1).leader_epoch, 2, "the current leader's");
}

/// API-32, switched off: a reader of committed records is told an end that it cannot reach, since
/// its fetches stop at the last stable offset, so that a restore waits for the open transaction.
#[test]
fn api_32_without_it_the_end_lies_where_no_fetch_gets() {
    let reach = |rule| {
        let (mut world, client) = open_transaction(rule);
        let end = list(&mut world, client, 10, 1, -1).offset;
        let fetched = crate::fetch::request(1, 0, &[("a", 0, 5)]);
        let row = crate::fetch::partitions(world.call(client, 12, fetched)).remove(0);
        assert!(row.records.is_empty());
        (end, row.last_stable_offset.0)
    };
    assert_eq!(reach(None), (5, 5));
    assert_eq!(reach(Some(Rule::CommittedEnd)), (9, 5));
}

/// API-35: a leader that does not know yet how far its predecessor's high watermark was does not
/// say where the log ends.
#[test]
fn api_35_a_fresh_leader_does_not_know_the_end() {
    let mut world = World::new(2, &[("a", 1, 2)]);
    let client = world.connect(0);
    append(&mut world, client, None, plain((8, 0), 0, 3));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    // The follower has these two, and does not know that they are acknowledged.
    let pending =
        world.send(client, 9, produce::request(None, -1, &[("a", 0, plain((8, 0), 3, 2))]));
    world.deliver_next();
    world.elect("a", 0, 1);
    let reader = world.connect(1);
    for isolation in [0, 1] {
        for (version, error) in [(4, 5), (5, 78), (10, 78)] {
            let latest = list(&mut world, reader, version, isolation, -1);
            assert_eq!((latest.error_code, latest.offset), (error, -1), "version {version}");
            let late = list(&mut world, reader, version, isolation, START.0 + 1);
            assert_eq!(late.error_code, error, "nothing below the limit");
            let early = list(&mut world, reader, version, isolation, START.0);
            assert_eq!((early.error_code, early.offset), (0, 0), "found below the limit");
            let earliest = list(&mut world, reader, version, isolation, -2);
            assert_eq!((earliest.error_code, earliest.offset), (0, 0));
        }
    }
    world.release();
    let latest = list(&mut world, reader, 10, 0, -1);
    assert_eq!((latest.error_code, latest.offset), (0, 5));
    assert!(!world.waits(pending), "answered, one way or the other");
}
