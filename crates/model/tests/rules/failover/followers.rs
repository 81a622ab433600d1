//! Followers serve consumers, with what they have and know (FETCH-29, RECOV-23).

use fencepost_ids::{ErrorCode, LeaderEpoch, Offset};

use super::{acknowledged, append, read, send, sequences, world};
use crate::fetch::{partitions, request};

#[test]
fn fetch_29_from_version_11_a_follower_serves_consumers() {
    let mut world = world(2);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    assert_eq!(sequences(&mut world, 1), [0]);
    let client = world.connect(1);
    for (version, error) in [(10, ErrorCode::NotLeaderOrFollower), (11, ErrorCode::None)] {
        let row = partitions(world.call(client, version, request(0, 0, &[("a", 0, 0)]))).remove(0);
        assert_eq!(row.error_code, error, "version {version}");
    }
}

/// FETCH-29, LSO-17, RECOV-23: up to its own high watermark, the one that it was told.
#[test]
fn recov_23_a_followers_high_watermark_is_what_it_was_told() {
    let mut world = world(2);
    world.isolate(1);
    let sent = send(&mut world, 0, -1, 0);
    world.deliver_next();
    let row = read(&mut world, 1, 0, 0);
    assert_eq!(row.high_watermark, Offset(0), "it has the record, and does not know it committed");
    assert!(row.records.is_empty());
    world.deliver_next();
    assert_eq!(acknowledged(&mut world, sent), Some((0, 0)));
    assert_eq!(read(&mut world, 0, 0, 0).high_watermark, Offset(1), "the leader knows");
    assert_eq!(read(&mut world, 1, 0, 0).high_watermark, Offset(0), "the follower does not yet");
    world.release();
    assert_eq!(read(&mut world, 1, 0, 0).high_watermark, Offset(1));
}

#[test]
fn fetch_29_an_offset_beyond_the_followers_own_end_is_out_of_range() {
    let mut world = world(2);
    world.isolate(1);
    assert_eq!(append(&mut world, 0, 1, 0), (0, 0));
    assert_eq!(read(&mut world, 0, 0, 1).error_code, ErrorCode::None);
    assert_eq!(read(&mut world, 1, 0, 1).error_code, ErrorCode::OffsetOutOfRange);
}

/// FETCH-29: the epoch check is what stops consumers with old metadata.
#[test]
fn fetch_12_a_follower_fences_by_leader_epoch() {
    let mut world = world(2);
    world.elect("a", 0, 0);
    let client = world.connect(1);
    for (epoch, error) in [
        (0, ErrorCode::FencedLeaderEpoch),
        (1, ErrorCode::None),
        (2, ErrorCode::UnknownLeaderEpoch),
    ] {
        let mut asked = request(0, 0, &[("a", 0, 0)]);
        asked.topics[0].partitions[0].current_leader_epoch = LeaderEpoch(epoch).0;
        assert_eq!(partitions(world.call(client, 12, asked))[0].error_code, error, "{epoch}");
    }
}

/// FETCH-12: without the fence a consumer of an old term reads a history that is not the one it
/// knows.
#[test]
fn fetch_12_off_a_consumer_of_an_old_term_reads_another_history() {
    for (off, error) in [
        (None, ErrorCode::FencedLeaderEpoch),
        (Some(super::Rule::LeaderEpochFencing), ErrorCode::None),
    ] {
        let mut world = super::with(2, &[], off);
        assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
        world.elect("a", 0, 1);
        let client = world.connect(1);
        let mut asked = request(0, 0, &[("a", 0, 0)]);
        asked.topics[0].partitions[0].current_leader_epoch = 0;
        let row = partitions(world.call(client, 12, asked)).remove(0);
        assert_eq!(row.error_code, error);
        assert_eq!(row.records.is_empty(), off.is_none());
    }
}

/// FETCH-15: a consumer's position in a history that was cut is named.
#[test]
fn fetch_15_a_position_in_a_lost_history_diverges() {
    let mut world = world(2);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    assert_eq!(append(&mut world, 0, 1, 1), (0, 1));
    assert_eq!(append(&mut world, 0, 1, 2), (0, 2));
    world.crash(0);
    assert_eq!(append(&mut world, 1, -1, 1), (0, 1));
    let client = world.connect(1);
    let mut asked = request(0, 0, &[("a", 0, 3)]);
    asked.topics[0].partitions[0].last_fetched_epoch = 0;
    let row = partitions(world.call(client, 12, asked)).remove(0);
    let end = row.diverging_epoch.expect("its term ends at 1 here");
    assert_eq!((end.epoch, end.end_offset), (LeaderEpoch(0), Offset(1)));
    assert!(row.records.is_empty());
}
