use fencepost_ids::PartitionIndex;

use proptest::prelude::*;

use super::*;

const G: &str = "g";
const P7: ProducerId = ProducerId(7);
const P8: ProducerId = ProducerId(8);
const END: Offset = Offset(i64::MAX);

fn tp(partition: i32) -> TopicPartition {
    TopicPartition { topic: "t".into(), partition: PartitionIndex(partition) }
}

fn value(offset: i64) -> OffsetCommitValue {
    OffsetCommitValue {
        offset: Offset(offset),
        leader_epoch: None,
        metadata: "".into(),
        commit_time: Timestamp(1000),
        expire_time: None,
        topic_id: TopicId::ZERO,
    }
}

/// One partition's offsets with the records of group `g` and topic `t` replayed at rising positions.
#[derive(Default)]
struct Log {
    offsets: Offsets,
    end: i64,
}

impl Log {
    fn at(&mut self) -> Offset {
        self.end += 1;
        Offset(self.end - 1)
    }

    fn plain(&mut self, partition: i32, offset: i64) -> &mut Self {
        let at = self.at();
        self.offsets.commit(at, &G.into(), &tp(partition), &value(offset));
        self
    }

    fn pending(&mut self, producer_id: ProducerId, partition: i32, offset: i64) -> &mut Self {
        let at = self.at();
        self.offsets.commit_pending(at, producer_id, &G.into(), &tp(partition), &value(offset));
        self
    }

    fn delete(&mut self, partition: i32) -> &mut Self {
        let at = self.at();
        self.offsets.delete(at, &G.into(), &tp(partition));
        self
    }

    fn end(&mut self, producer_id: ProducerId, marker: MarkerType) -> &mut Self {
        let at = self.at();
        self.offsets.end_transaction(at, producer_id, marker);
        self
    }

    fn commit(&mut self, producer_id: ProducerId) -> &mut Self {
        self.end(producer_id, MarkerType::Commit)
    }

    fn abort(&mut self, producer_id: ProducerId) -> &mut Self {
        self.end(producer_id, MarkerType::Abort)
    }

    /// The offset that a plain fetch finds with everything replicated, -1 for none.
    fn plain_fetch(&self, partition: i32) -> i64 {
        self.fetch_below(partition, END)
    }

    fn fetch_below(&self, partition: i32, high_watermark: Offset) -> i64 {
        self.offsets
            .fetch(&G.into(), &tp(partition), high_watermark)
            .map_or(-1, |committed| committed.offset.0)
    }

    /// The offset that a stable fetch finds, -1 for none, 88 in place of an unstable one.
    fn stable_fetch(&self, partition: i32) -> Result<i64, i16> {
        match self.offsets.fetch_stable(&G.into(), &tp(partition)) {
            StableOffset::Unstable => Err(88),
            StableOffset::Absent => Ok(-1),
            StableOffset::Committed(committed) => Ok(committed.offset.0),
        }
    }
}

#[test]
fn txoff_07_a_marker_settles_all_that_the_producer_id_left_pending() {
    let mut log = Log::default();
    log.pending(P7, 0, 5).pending(P7, 1, 6).abort(P7);
    assert_eq!((log.stable_fetch(0), log.stable_fetch(1)), (Ok(-1), Ok(-1)));
    assert_eq!(log.offsets, Offsets::default());
}

#[test]
fn txoff_08_a_second_commit_of_the_same_producer_id_replaces_the_first() {
    let mut log = Log::default();
    log.pending(P7, 0, 5).pending(P7, 0, 9).commit(P7);
    assert_eq!(log.plain_fetch(0), 9);
}

#[test]
fn txoff_36_commit_moves_pending_to_committed() {
    let mut log = Log::default();
    log.plain(0, 5).pending(P7, 0, 9);
    assert_eq!(log.plain_fetch(0), 5);
    log.commit(P7);
    assert_eq!((log.plain_fetch(0), log.stable_fetch(0)), (9, Ok(9)));
}

#[test]
fn txoff_37_the_later_commit_record_wins_not_the_later_marker() {
    let mut mixed = Log::default();
    mixed.pending(P7, 0, 10).plain(0, 20).commit(P7);
    assert_eq!(mixed.plain_fetch(0), 20);

    let mut two = Log::default();
    two.pending(P7, 0, 10).pending(P8, 0, 20).commit(P8).commit(P7);
    assert_eq!(two.plain_fetch(0), 20);

    let mut after_a_marker = Log::default();
    after_a_marker.pending(P7, 0, 10).commit(P7).plain(0, 4);
    assert_eq!(after_a_marker.plain_fetch(0), 4);
}

#[test]
fn txoff_38_abort_drops_pending_and_keeps_committed() {
    let mut log = Log::default();
    log.plain(0, 5).pending(P7, 0, 9).abort(P7);
    assert_eq!((log.plain_fetch(0), log.stable_fetch(0)), (5, Ok(5)));
}

#[test]
fn txoff_39_a_marker_without_pending_entries_changes_nothing() {
    let mut log = Log::default();
    log.plain(0, 5).commit(P7);
    assert_eq!(log.plain_fetch(0), 5);
}

#[test]
fn txoff_46_and_47_instability_is_of_one_partition() {
    let mut log = Log::default();
    log.pending(P7, 0, 1).plain(1, 7);
    assert_eq!(log.stable_fetch(0), Err(88));
    assert_eq!(log.stable_fetch(1), Ok(7));
    assert_eq!(log.stable_fetch(2), Ok(-1));
    assert!(!log.offsets.is_pending(&"other".into(), &tp(0)));
}

#[test]
fn txoff_48_a_partition_with_only_a_pending_offset_is_not_listed() {
    let mut log = Log::default();
    log.pending(P7, 0, 1).plain(1, 7);
    let listed: Vec<_> = log.offsets.partitions(&G.into(), None).collect();
    assert_eq!(listed, [&tp(1)]);
}

#[test]
fn txoff_49_a_plain_fetch_sees_what_lies_below_the_high_watermark() {
    let mut log = Log::default();
    log.plain(0, 5).plain(0, 6).delete(0).plain(0, 8);
    for prune in [false, true] {
        let seen: Vec<_> = (0..=4).map(|hw| log.fetch_below(0, Offset(hw))).collect();
        if prune {
            assert_eq!(seen[2..], [6, -1, 8]);
        } else {
            assert_eq!(seen, [-1, 5, 6, -1, 8]);
        }
        log.offsets.replicated(Offset(2));
    }
    log.offsets.replicated(Offset(4));
    assert_eq!(log.plain_fetch(0), 8);
}

#[test]
fn txoff_49_a_deleted_offset_leaves_nothing_once_replicated() {
    let mut log = Log::default();
    log.plain(0, 5).delete(0);
    log.offsets.replicated(Offset(2));
    assert_eq!(log.offsets, Offsets::default());
}

#[test]
fn txoff_59_a_plain_commit_does_not_disturb_pending_ones() {
    let mut log = Log::default();
    log.pending(P7, 0, 10).plain(0, 20);
    assert_eq!((log.stable_fetch(0), log.plain_fetch(0)), (Err(88), 20));
    log.abort(P7);
    assert_eq!((log.stable_fetch(0), log.plain_fetch(0)), (Ok(20), 20));
}

#[test]
fn txoff_63_a_tombstone_also_kills_pending_entries() {
    let mut log = Log::default();
    log.pending(P7, 0, 10).delete(0).commit(P7);
    assert_eq!(log.plain_fetch(0), -1);
}

#[test]
fn txoff_64_a_commit_after_the_tombstone_counts() {
    let mut log = Log::default();
    log.pending(P7, 0, 10).delete(0).pending(P7, 0, 11).commit(P7);
    assert_eq!(log.plain_fetch(0), 11);
}

#[test]
fn txoff_65_one_tombstone_for_each_committed_or_pending_partition() {
    let mut log = Log::default();
    log.plain(0, 1).pending(P7, 0, 2).pending(P8, 0, 3).pending(P8, 1, 4);
    assert_eq!(log.offsets.tombstones_of_group(&G.into()), [tp(0), tp(1)]);
    assert_eq!(
        log.offsets.tombstones_of_topic(&"t".into()),
        [(G.into(), tp(0)), (G.into(), tp(1))]
    );
    assert_eq!(log.offsets.tombstones_of_topic(&"u".into()), []);
}

fn round(log: &Log, base: ExpiryBase, now: i64) -> super::expiry::ExpiryRound {
    log.offsets.expire(&G.into(), base, 100, Timestamp(now), |_| false)
}

#[test]
fn txoff_67_an_offset_with_a_pending_successor_survives_the_round() {
    let mut log = Log::default();
    log.plain(0, 1).pending(P7, 0, 2);
    assert_eq!(round(&log, ExpiryBase::CommitTime, 9999).expired, []);
    log.abort(P7);
    let after = round(&log, ExpiryBase::CommitTime, 9999);
    assert_eq!(after, super::expiry::ExpiryRound { expired: vec![tp(0)], leaves_nothing: true });
}

#[test]
fn txoff_68_the_age_counts_from_the_commit_or_from_the_empty_group_and_not_at_all_otherwise() {
    let mut log = Log::default();
    log.plain(0, 1);
    assert_eq!(round(&log, ExpiryBase::CommitTime, 1099).expired, []);
    assert_eq!(round(&log, ExpiryBase::CommitTime, 1100).expired, [tp(0)]);
    assert_eq!(round(&log, ExpiryBase::Since(Timestamp(1500)), 1599).expired, []);
    assert_eq!(round(&log, ExpiryBase::Since(Timestamp(1500)), 1600).expired, [tp(0)]);
    assert_eq!(round(&log, ExpiryBase::Never, i64::MAX).expired, []);
    let subscribed =
        log.offsets.expire(&G.into(), ExpiryBase::CommitTime, 100, Timestamp(9999), |_| true);
    assert_eq!(subscribed, super::expiry::ExpiryRound { expired: vec![], leaves_nothing: false });
}

#[test]
fn txoff_68_an_explicit_expiry_time_decides_alone() {
    let mut offsets = Offsets::default();
    let expiring = OffsetCommitValue { expire_time: Some(Timestamp(5000)), ..value(1) };
    offsets.commit(Offset(0), &G.into(), &tp(0), &expiring);
    let log = Log { offsets, end: 1 };
    assert_eq!(round(&log, ExpiryBase::CommitTime, 4999).expired, []);
    assert_eq!(round(&log, ExpiryBase::CommitTime, 5000).expired, [tp(0)]);
}

#[test]
fn txoff_69_a_group_with_only_pending_offsets_keeps_something() {
    let mut log = Log::default();
    log.pending(P7, 0, 1);
    assert!(!round(&log, ExpiryBase::CommitTime, 9999).leaves_nothing);
    log.abort(P7);
    assert!(round(&log, ExpiryBase::CommitTime, 9999).leaves_nothing);
}

/// A record of group `g` and topic `t`.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Written {
    Plain { partition: i32, offset: i64 },
    Pending { producer: i64, partition: i32, offset: i64 },
    Tombstone { partition: i32 },
    Marker { producer: i64, marker: MarkerType },
}

impl Written {
    /// The partition in the record's key; a marker has none.
    fn key(&self) -> Option<i32> {
        match self {
            Self::Plain { partition, .. }
            | Self::Pending { partition, .. }
            | Self::Tombstone { partition } => Some(*partition),
            Self::Marker { .. } => None,
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let (partition, offset, producer) = (0..2_i32, 0..100_i64, 7..9_i64);
    let marker = prop_oneof![Just(MarkerType::Commit), Just(MarkerType::Abort)];
    prop_oneof![
        3 => (partition.clone(), offset.clone())
            .prop_map(|(partition, offset)| Written::Plain { partition, offset }),
        4 => (producer.clone(), partition.clone(), offset).prop_map(
            |(producer, partition, offset)| Written::Pending { producer, partition, offset }
        ),
        1 => partition.prop_map(|partition| Written::Tombstone { partition }),
        3 => (producer, marker)
            .prop_map(|(producer, marker)| Written::Marker { producer, marker }),
    ]
}

fn replay(log: &[(i64, Written)]) -> Offsets {
    let mut offsets = Offsets::default();
    for (at, written) in log {
        let at = Offset(*at);
        match *written {
            Written::Plain { partition, offset } => {
                offsets.commit(at, &G.into(), &tp(partition), &value(offset));
            }
            Written::Pending { producer, partition, offset } => {
                let producer = ProducerId(producer);
                offsets.commit_pending(at, producer, &G.into(), &tp(partition), &value(offset));
            }
            Written::Tombstone { partition } => offsets.delete(at, &G.into(), &tp(partition)),
            Written::Marker { producer, marker } => {
                offsets.end_transaction(at, ProducerId(producer), marker);
            }
        }
    }
    offsets
}

/// The marker that ends the transaction of a record.
fn ending(log: &[(i64, Written)], at: i64, producer: i64) -> Option<MarkerType> {
    log.iter().find_map(|(position, written)| match written {
        Written::Marker { producer: of, marker } if *of == producer && *position > at => {
            Some(*marker)
        }
        _ => None,
    })
}

/// What the cleaner leaves: below the first open transaction aborted records go, and of each key all
/// but the last record.
fn compact(log: &[(i64, Written)]) -> Vec<(i64, Written)> {
    let open = log.iter().find(|(at, written)| match written {
        Written::Pending { producer, .. } => ending(log, *at, *producer).is_none(),
        _ => false,
    });
    let end = open.map_or(i64::MAX, |(at, _)| *at);
    let survives = |(at, written): &(i64, Written)| match written {
        Written::Pending { producer, .. } => {
            ending(log, *at, *producer) == Some(MarkerType::Commit)
        }
        _ => true,
    };
    let clean: Vec<_> = log.iter().copied().filter(|it| it.0 < end && survives(it)).collect();
    let is_last = |(at, written): &(i64, Written)| {
        !clean.iter().any(|(later, other)| later > at && written.key() == other.key())
    };
    let kept = clean.iter().copied().filter(|it| it.1.key().is_none() || is_last(it));
    kept.chain(log.iter().copied().filter(|it| it.0 >= end)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// TXOFF-74, TXOFF-37: a log and what the cleaner leaves of it load alike.
    #[test]
    fn txoff_74_a_compacted_log_gives_the_same_offsets(
        log in proptest::collection::vec(written(), 0..30),
    ) {
        let log: Vec<_> = (0..).zip(log).collect();
        let (whole, compacted) = (replay(&log), replay(&compact(&log)));
        for partition in 0..2 {
            let (group, partition) = (GroupId::from(G), tp(partition));
            prop_assert_eq!(
                whole.latest(&group, &partition),
                compacted.latest(&group, &partition)
            );
            prop_assert_eq!(
                whole.is_pending(&group, &partition),
                compacted.is_pending(&group, &partition)
            );
        }
    }
}
