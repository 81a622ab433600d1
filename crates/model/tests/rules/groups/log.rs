//! What the coordinator writes to `__consumer_offsets`, and how the log keeps it.

use bytes::Bytes;
use fencepost_log::BatchHeader;

use super::transactions::{end, init, verifying_world_without};
use super::*;
use crate::fetch;

/// A record with the header of its batch.
pub(super) struct Written {
    pub(super) header: BatchHeader,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// All records of a partition of the groups' topic, read as any consumer reads them.
pub(super) fn records(world: &mut World, client: Client, partition: i32) -> Vec<Written> {
    let (mut records, mut position) = (Vec::new(), 0);
    loop {
        let request = fetch::request(0, 0, &[("__consumer_offsets", partition, position)]);
        let fetched = fetch::partitions(world.call(client, 12, request)).remove(0);
        let mut bytes = Bytes::from(fetched.records.concat());
        if bytes.is_empty() {
            return records;
        }
        while let Some(header) = BatchHeader::read(&bytes) {
            position = header.last_offset().0 + 1;
            let batch = bytes.split_to(usize::try_from(header.batch_length).unwrap() + 12);
            let mut rest = &batch[61..];
            for _ in 0..header.record_count {
                varint(&mut rest);
                rest = &rest[1..];
                varint(&mut rest);
                varint(&mut rest);
                let key = field(&mut rest).expect("a key");
                let value = field(&mut rest);
                assert_eq!(varint(&mut rest), 0, "no headers");
                records.push(Written { header, key, value });
            }
        }
    }
}

fn field(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(varint(rest)).ok()?;
    let (field, after) = rest.split_at(length);
    *rest = after;
    Some(field.to_vec())
}

fn varint(bytes: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
        }
    }
}

/// TXOFF-32: each request leaves one batch of its own, with base sequence 0, and none if nothing in
/// it was accepted.
#[test]
fn txoff_32_one_batch_for_each_request() {
    let mut world = world(1);
    let client = world.connect(0);
    let both = [("t", 0, 1), ("t", 1, 2)];
    for _ in 0..2 {
        let request = txn_commit_request((7, 3), NOBODY, &both);
        assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [0, 0]);
    }
    let mut refused = txn_commit_request((7, 3), NOBODY, &both[..1]);
    refused.topics[0].partitions[0].committed_metadata = Some(text(&"x".repeat(4097)));
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, refused))), [12]);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &both), [0, 0]);
    let written = records(&mut world, client, 0);
    let batches: Vec<_> = written
        .iter()
        .map(|record| {
            let header = &record.header;
            (
                header.base_offset.0,
                header.producer_id.0,
                header.producer_epoch.0,
                header.base_sequence.0,
                header.attributes.is_transactional(),
            )
        })
        .collect();
    let (first, second, plain) = ((0, 7, 3, 0, true), (2, 7, 3, 0, true), (4, -1, -1, 0, false));
    assert_eq!(batches, [first, first, second, second, plain, plain]);
}

/// TXOFF-42: positions in the log follow the order of the requests.
#[test]
fn txoff_42_a_plain_commit_before_a_transactional_one_is_written_first() {
    let mut world = world_with(1, &[("group.coordinator.append.linger.ms", "10")]);
    let client = world.connect(0);
    let plain = world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
    let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 30)]);
    let transactional = world.send(client, 3, request);
    let settling = world.send(client, 1, marker_request(7, End::Commit));
    world.advance(10);
    assert_eq!(commit_errors(world.answer(plain)), [0]);
    assert_eq!(txn_commit_errors(world.answer(transactional)), [0]);
    assert!(!world.waits(settling));
    assert_eq!(super::fetch(&mut world, client, true), Ok(30));
    let producers: Vec<_> =
        records(&mut world, client, 0).iter().map(|it| it.header.producer_id.0).collect();
    assert_eq!(producers, [-1, 7, 7]);
}

/// TXOFF-43: read_committed consumers of the internal topic wait for the marker, and are told of what
/// was aborted; the coordinator itself read on.
#[test]
fn txoff_43_pending_offsets_hold_the_last_stable_offset() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    txn_commit(&mut world, client, 7, 9);
    commit(&mut world, client, 6);
    let read = |world: &mut World| {
        let request = fetch::request(1, 0, &[("__consumer_offsets", 0, 0)]);
        let row = fetch::partitions(world.call(client, 12, request)).remove(0);
        let mut bytes = Bytes::from(row.records.concat());
        let mut offsets = Vec::new();
        while let Some(header) = BatchHeader::read(&bytes) {
            let _ = bytes.split_to(usize::try_from(header.batch_length).unwrap() + 12);
            offsets.push(header.base_offset.0);
        }
        let aborted = row.aborted_transactions.unwrap_or_default();
        let aborted: Vec<_> =
            aborted.iter().map(|it| (it.producer_id.0, it.first_offset.0)).collect();
        (offsets, row.last_stable_offset.0, row.high_watermark.0, aborted)
    };
    assert_eq!(read(&mut world), (vec![0], 1, 3, vec![]));
    assert_eq!(super::fetch(&mut world, client, false), Ok(6));
    marker(&mut world, client, 7, End::Abort);
    assert_eq!(read(&mut world), (vec![0, 1, 2, 3], 4, 4, vec![(7, 1)]));
}

/// TXOFF-39: the marker of a transaction that committed nothing to the group.
#[test]
fn txoff_39_a_marker_without_pending_offsets_is_a_control_batch_and_no_more() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    marker(&mut world, client, 7, End::Commit);
    let written = records(&mut world, client, 0);
    assert_eq!(written.len(), 2);
    assert!(written[1].header.attributes.is_control());
    assert_eq!(super::fetch(&mut world, client, true), Ok(5));
}

/// TXOFF-18: the partition was added by a commit that the group refused, and gets its marker.
#[test]
fn txoff_18_a_refused_commit_leaves_a_marker() {
    let mut world = verifying_world_without(None);
    let client = world.connect(0);
    let producer = init(&mut world, client);
    let request = txn_commit_request(producer, who(3, "m"), &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request))), [22]);
    assert_eq!(end(&mut world, client, producer, 5), 0);
    let written = records(&mut world, client, 0);
    assert_eq!(written.len(), 1);
    assert!(written[0].header.attributes.is_control());
    assert_eq!(written[0].header.producer_id.0, producer.0);
}

/// TXOFF-70, TXOFF-71, TXOFF-74: the bytes of a commit and of its tombstone, in the log.
#[test]
fn txoff_71_a_commit_and_its_tombstone_byte_for_byte() {
    let mut world = world(1);
    let client = world.connect(0);
    let mut request = commit_request(NOBODY, &[("t", 1, 42)]);
    request.topics[0].partitions[0].committed_leader_epoch = 7;
    request.topics[0].partitions[0].committed_metadata = Some(text("m"));
    assert_eq!(commit_errors(Some(world.call(client, 8, request))), [0]);
    assert_eq!(super::admin::delete_offsets(&mut world, client, &[("t", 1)]), (0, vec![0]));
    let written = records(&mut world, client, 0);
    assert_eq!(written.len(), 2);
    let key = b"\x00\x01\x00\x01g\x00\x01t\x00\x00\x00\x01";
    assert_eq!((&*written[0].key, &*written[1].key), (&key[..], &key[..]));
    let mut value = b"\x00\x04\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x07\x02m".to_vec();
    value.extend(world.now.0.to_be_bytes());
    value.push(0);
    assert_eq!(written[0].value, Some(value));
    assert_eq!(written[1].value, None);
    assert_eq!(written[0].header.base_timestamp, world.now, "the time of the append");
}

/// TXOFF-72, TXOFF-73: a group is written when it is created, when its leader's assignment comes and
/// when its last member has gone; the end of a join phase with members writes nothing.
#[test]
fn txoff_73_when_a_classic_group_is_written() {
    let mut world = world(1);
    let client = world.connect(0);
    let values = |world: &mut World| -> Vec<_> {
        let written = records(world, client, 0);
        written.into_iter().map(|it| (it.key, it.value.expect("no tombstone"))).collect()
    };
    let joining = join(&mut world, client, "");
    world.advance(0);
    let member = joined(world.answer(joining)).member_id.to_string();
    let key = b"\x00\x02\x00\x01g".to_vec();
    let at = world.now.0.to_be_bytes();
    let empty = [&b"\x00\x03\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"[..], &at, &[0; 4]].concat();
    assert_eq!(values(&mut world), [(key.clone(), empty.clone())]);

    let request = sync_request(who(1, &member), &[(&member, b"a")]);
    assert_eq!(synced(Some(world.call(client, 5, request))).0, 0);
    let id = [&u16::try_from(member.len()).unwrap().to_be_bytes()[..], member.as_bytes()].concat();
    let stable = [
        &b"\x00\x03\x00\x08consumer\x00\x00\x00\x01\x00\x05range"[..],
        &id,
        &at,
        &b"\x00\x00\x00\x01"[..],
        &id,
        &b"\xff\xff\x00\x04test\x00\x0a/127.0.0.1\x00\x00\xea\x60\x00\x00\x27\x10"[..],
        &b"\x00\x00\x00\x00\x00\x00\x00\x01a"[..],
    ]
    .concat();
    assert_eq!(values(&mut world)[1..], [(key.clone(), stable)]);

    world.advance(10_000);
    let at = world.now.0.to_be_bytes();
    let left = [&b"\x00\x03\x00\x08consumer\x00\x00\x00\x02\xff\xff\xff\xff"[..], &at, &[0; 4]];
    assert_eq!(values(&mut world)[2..], [(key, left.concat())]);
}
