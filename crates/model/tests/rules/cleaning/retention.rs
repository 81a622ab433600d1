//! Segments that go, and log starts that move.

use fencepost_ids::ErrorCode;
use fencepost_model::{Channel, MessageBody};

use super::{ALL, delete, deleted, ends, list, put, read, seen, world};

const OUT_OF_RANGE: ErrorCode = ErrorCode::OffsetOutOfRange;

/// RETAIN-06: the check comes 30 s after a start and then every `log.retention.check.interval.ms`.
#[test]
fn retain_06_old_segments_go_at_the_next_check() {
    let mut w = world(1, &[("log.retention.ms", "1000")]);
    assert_eq!(put(&mut w, 0, "a=1"), (0, 0));
    assert_eq!(put(&mut w, 0, "a=2"), (0, 1));
    w.advance(29_000);
    assert_eq!(list(&mut w, 0, -2), (0, 0));
    w.advance(1_000);
    assert_eq!(ends(&mut w, 0), [2, 2, -1, 2]);
    assert_eq!(put(&mut w, 0, "a=3"), (0, 2));
    w.advance(299_000);
    assert_eq!(list(&mut w, 0, -2), (0, 2));
    w.advance(1_000);
    assert_eq!(ends(&mut w, 0), [3, 3, -1, 3]);
}

/// RETAIN-06: a compacted topic is left to the cleaner, which deletes its old segments as well if
/// the policy names both.
#[test]
fn retain_06_the_cleaner_deletes_from_compacted_topics() {
    for (policy, start) in [("compact,delete", 1), ("compact", 0)] {
        let settings = [
            ("log.retention.ms", "60000"),
            ("log.cleanup.policy", policy),
            ("log.cleaner.backoff.ms", "1000"),
            ("log.retention.check.interval.ms", "1000000"),
        ];
        let mut w = world(1, &settings);
        put(&mut w, 0, "a=1");
        w.advance(30_000);
        put(&mut w, 0, "b=1");
        w.advance(29_000);
        assert_eq!(list(&mut w, 0, -2), (0, 0));
        w.advance(3_000);
        assert_eq!(list(&mut w, 0, -2), (0, start), "{policy}");
    }
}

/// RETAIN-08: below LSTART a fetch is out of range, and earliest tells where to go on; a fetch from
/// there on is served.
#[test]
fn retain_08_readers_of_what_is_gone_are_told() {
    let mut w = world(1, &[("log.retention.bytes", "100"), ("log.retention.ms", "-1")]);
    for value in 0..4 {
        put(&mut w, 0, &format!("a={value}"));
    }
    w.advance(30_000);
    assert_eq!(ends(&mut w, 0), [2, 4, 3, 2]);
    let refused = read(&mut w, 0, ALL, 1);
    assert_eq!((refused.error_code, refused.log_start_offset.0), (OUT_OF_RANGE, -1));
    assert_eq!(read(&mut w, 0, ALL, 2).log_start_offset.0, 2);
    assert_eq!(seen(&mut w, 0, ALL, 2), "a=2@2 a=3@3");
}

/// RETAIN-07, API-44: DeleteRecords is answered when the live followers have taken over the log
/// start; the low watermark is the smallest of them. A new leader has it as well.
#[test]
fn api_44_deletion_waits_for_the_followers() {
    let mut w = world(3, &[]);
    for value in 0..4 {
        put(&mut w, 0, &format!("a={value}"));
    }
    w.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = delete(&mut w, 0, 2);
    assert_eq!(deleted(&mut w, pending), None);
    assert_eq!(list(&mut w, 0, -2), (0, 2), "the leader has moved");
    w.release();
    assert_eq!(deleted(&mut w, pending), Some((0, 2)));
    w.elect("a", 0, 1);
    assert_eq!(ends(&mut w, 1), [2, 4, 3, 2]);
    assert_eq!(read(&mut w, 1, ALL, 1).error_code, OUT_OF_RANGE);
    let pending = delete(&mut w, 1, 1);
    assert_eq!(deleted(&mut w, pending), Some((0, 2)), "below the log start nothing changes");
    w.crash(2);
    let pending = delete(&mut w, 1, -1);
    assert_eq!(deleted(&mut w, pending), Some((0, 4)), "a broker that is down is not waited for");
    w.restart(2);
    w.elect("a", 0, 2);
    assert_eq!(ends(&mut w, 2), [4, 4, -1, 4]);
}

/// API-44: with the request's time the wait ends, with 7 and the low watermark as it is; and with
/// leadership, with 6.
#[test]
fn api_44_the_wait_ends_with_the_time_or_the_leadership() {
    let mut w = world(2, &[]);
    put(&mut w, 0, "a=1");
    put(&mut w, 0, "a=2");
    w.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = delete(&mut w, 0, 1);
    w.advance(9_999);
    assert_eq!(deleted(&mut w, pending), None);
    w.advance(1);
    assert_eq!(deleted(&mut w, pending), Some((7, 0)));
    let pending = delete(&mut w, 0, 2);
    w.elect("a", 0, 1);
    assert_eq!(deleted(&mut w, pending), Some((6, -1)));
}

/// RETAIN-07: each replica deletes by itself, but nothing above the high watermark that it knows.
#[test]
fn retain_07_followers_delete_by_themselves() {
    let mut w = world(2, &[("log.retention.ms", "60000")]);
    put(&mut w, 0, "a=1");
    put(&mut w, 0, "a=2");
    w.crash(0);
    w.advance(400_000);
    assert_eq!(ends(&mut w, 1), [2, 2, -1, 2]);
    w.restart(0);
    w.elect("a", 0, 0);
    assert_eq!(ends(&mut w, 0), [2, 2, -1, 2], "it took over the log start");
    assert!(!w.cluster.in_flight().any(|it| matches!(it.body, MessageBody::Replicate { .. })));
}
