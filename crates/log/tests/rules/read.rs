//! Reads: ranges, sizes, offsets by timestamp, leader epochs.

use fencepost_ids::{LeaderEpoch, Offset, Timestamp};
use fencepost_log::{
    BatchBuilder, Delivery, DeliveryFilter, EpochEnd, Isolation, NewRecord, StoredBatch,
};

use crate::partition::{NOW, Partition, batch};

/// The base offsets of the batches that a read_committed client delivers from one answer.
pub(crate) fn delivered(p: &Partition, from: i64) -> Vec<i64> {
    let fetched = p
        .state
        .fetch(&p.log, &p.rules, Isolation::ReadCommitted, Offset(from), u64::MAX, true)
        .expect("in range");
    let aborted = fetched.aborted.expect("read_committed");
    let mut filter = DeliveryFilter::new(aborted.iter().map(|a| (a.producer_id, a.first_offset)));
    let mut bytes = fetched.records.to_bytes();
    let mut delivered = Vec::new();
    while let Some(batch) = StoredBatch::take(&mut bytes) {
        if filter.judge(&batch) == Delivery::Deliver {
            delivered.push(batch.base_offset().0);
        }
    }
    delivered
}

fn many(batches: i64) -> Partition {
    let mut p = Partition::new();
    for _ in 0..batches {
        p.append(batch("-", "*", "0..1", NOW), None).expect("a good batch");
    }
    p
}

#[test]
fn fetch_14_offsets_outside_the_log_are_refused() {
    let mut p = many(3);
    p.play(
        "F(ru,7) -> 1
         F(ru,6) -> empty
         F(ru,-1) -> 1",
    );
    p.delete(Some(2)).expect("up to HW");
    p.play(
        "F(ru,1) -> 1
         F(ru,2) -> 2..5",
    );
}

/// FETCH-16, FETCH-17.
#[test]
fn fetch_16_and_fetch_17_whole_batches_below_the_bound() {
    let p = many(200);
    for (from, bound, first, last) in [(0, 400, 0, 399), (131, 290, 130, 289), (5, 9, 4, 7)] {
        let read = p.log.read(Offset(from), Offset(bound), u64::MAX, true).expect("in range");
        assert_eq!(read.batches.first().map(|batch| batch.base_offset()), Some(Offset(first)));
        assert_eq!(read.batches.last().map(|batch| batch.last_offset()), Some(Offset(last)));
    }
}

/// FETCH-22, FETCH-23.
#[test]
fn fetch_22_and_fetch_23_sizes_bound_all_but_the_first_batch() {
    let p = many(5);
    let size = p.log.size_bytes() / 5;
    let batches = |max_bytes, at_least_one| {
        let read = p.log.read(Offset(0), Offset(10), max_bytes, at_least_one).expect("in range");
        assert_eq!(read.to_bytes().len() as u64, read.size_bytes);
        read.batches.len()
    };
    assert_eq!(batches(0, true), 1);
    assert_eq!(batches(0, false), 0);
    assert_eq!(batches(size * 3, true), 3);
    assert_eq!(batches(size * 3 - 1, false), 2);
}

#[test]
fn fetch_25_available_bytes_end_at_the_bound() {
    let p = many(5);
    let size = p.log.size_bytes() / 5;
    assert_eq!(p.log.available_bytes(Offset(2), Offset(8)), size * 3);
    assert_eq!(p.log.available_bytes(Offset(8), Offset(8)), 0);
}

/// FETCH-25, FETCH-34, LSO-11: an old record, and a marker of today behind it.
#[test]
fn fetch_34_a_read_ends_with_its_segment() {
    let mut p = Partition::new();
    p.play("P12(t,7.0,0..1) -> NONE@0");
    p.now = NOW.plus_millis(p.config.segment_ms + 1);
    p.play(
        "W(7.0,A,ce0) -> NONE@2
         F(ru,0) -> 0..1
         F(rc,0) -> 0..1 [7@0]
         F(rc,2) -> 2..2 [7@0]",
    );
    assert_eq!([0, 1, 2, 3].map(|at| p.log.segment_at(Offset(at)).0), [0, 0, 2, 2]);
}

/// LSO-11: the search ends with the first entry of the index behind what is returned.
#[test]
fn lso_11_the_list_goes_on_to_an_entry_of_the_index() {
    let mut p = many(100);
    p.play("P12(t,7.0,0..0) -> NONE@200\nW(7.1,A,ce0,tv2) -> NONE@201");
    let size = p.log.size_bytes() / 100;
    let listed = |batches: u64| {
        let read = p.log.read(Offset(0), Offset(202), size * batches, true).expect("in range");
        p.log.aborted_with(Offset(0), &read).len()
    };
    assert_eq!([listed(1), listed(40), listed(100)], [0, 0, 1]);
    p.delete(Some(150)).expect("up to HW");
    p.play("F(rc,199) -> 198..201 [7@200]");
}

#[test]
fn fetch_19_the_list_covers_what_is_returned() {
    let mut p = Partition::new();
    p.play(
        "P9(-,*,0..2) -> NONE@0
         P12(t,7.0,0..3) -> NONE@3
         W(7.1,A,ce0,tv2) -> NONE@7
         F(rc,5) -> 3..7 [7@3]
         F(rc,8) -> empty []
         F(ru,5) -> 3..7",
    );
}

#[test]
fn api_34_and_lso_18_offsets_by_timestamp() {
    let mut p = Partition::new();
    p.leader_epoch = LeaderEpoch(3);
    for times in [&[100, 300, 200][..], &[50], &[400, 400]] {
        let mut builder = BatchBuilder::new();
        for time in times {
            builder.push(Timestamp(*time), NewRecord::default());
        }
        p.append(builder.build(), None).expect("a good batch");
    }
    let at = |p: &Partition, time| {
        p.log.offset_for_timestamp(Timestamp(time)).map(|hit| (hit.offset.0, hit.timestamp.0))
    };
    assert_eq!(at(&p, 0), Some((0, 100)));
    assert_eq!(at(&p, 101), Some((1, 300)));
    assert_eq!(at(&p, 301), Some((4, 400)));
    assert_eq!(at(&p, 401), None);
    let largest = p.log.offset_of_max_timestamp().expect("not empty");
    assert_eq!((largest.offset, largest.leader_epoch), (Offset(4), LeaderEpoch(3)));
    p.delete(Some(2)).expect("up to HW");
    assert_eq!(at(&p, 0), Some((2, 200)));
    p.delete(None).expect("up to HW");
    assert_eq!(at(&p, 0), None);
    assert_eq!(p.log.offset_of_max_timestamp(), None);
}

#[test]
fn api_34_the_record_with_the_largest_timestamp_may_be_deleted_inside_its_batch() {
    let mut p = Partition::new();
    let mut builder = BatchBuilder::new();
    builder.push(Timestamp(900), NewRecord::default());
    builder.push(Timestamp(100), NewRecord::default());
    p.append(builder.build(), None).expect("a good batch");
    p.delete(Some(1)).expect("up to HW");
    let largest = p.log.offset_of_max_timestamp().map(|hit| (hit.offset.0, hit.timestamp.0));
    assert_eq!(largest, Some((1, 100)));
}

#[test]
fn api_34_the_largest_timestamp_is_found_wherever_it_lies_in_a_long_log() {
    let mut p = Partition::new();
    let times: Vec<i64> = (0..1500).map(|index| (index * 7919) % 1499).collect();
    for time in &times {
        let mut builder = BatchBuilder::new();
        builder.push(Timestamp(*time), NewRecord::default());
        p.append(builder.build(), None).expect("a good batch");
    }
    for start in [0, 1, 255, 256, 257, 1000, 1499] {
        p.delete(Some(start as i64)).expect("up to HW");
        let found = p.log.offset_of_max_timestamp().map(|hit| (hit.offset.0, hit.timestamp.0));
        let left = times.iter().enumerate().skip(start);
        let largest = left.clone().map(|(_, time)| *time).max().expect("some are left");
        let first = left.clone().find(|(_, time)| **time == largest).expect("it is there");
        assert_eq!(found, Some((first.0 as i64, largest)), "from {start}");
    }
}

#[test]
fn api_41_leader_epochs_end_where_the_next_begins() {
    let mut p = Partition::new();
    p.play("P9(-,*,0..9) -> NONE@0");
    p.leader_epoch = LeaderEpoch(2);
    p.log.begin_leader_epoch(LeaderEpoch(1));
    p.log.begin_leader_epoch(LeaderEpoch(2));
    p.play("P9(-,*,0..4) -> NONE@10");
    let end = |p: &Partition, epoch| {
        let end = p.log.end_offset_for(LeaderEpoch(epoch));
        end.map(|EpochEnd { leader_epoch, end_offset }| (leader_epoch.0, end_offset.0))
    };
    assert_eq!(end(&p, 2), Some((2, 15)));
    assert_eq!(end(&p, 0), Some((0, 10)));
    assert_eq!(end(&p, 1), Some((0, 10)), "epoch 1 wrote nothing");
    assert_eq!(end(&p, 3), None);
    assert_eq!(end(&p, -1), None);
    assert_eq!(p.log.leader_epoch_at(Offset(9)), Some(LeaderEpoch(0)));
    p.delete(Some(12)).expect("up to HW");
    assert_eq!(end(&p, 0), Some((0, 12)), "below all known: the start of the first");
    p.log.truncate_to(Offset(12));
    assert_eq!(p.log.latest_leader_epoch(), None);
}

#[test]
fn a_clone_is_a_fork() {
    let mut p = many(100);
    let before = p.clone();
    p.play("P9(-,*,0..0) -> NONE@200");
    p.truncate(50);
    assert_eq!(before.log.end_offset(), Offset(200));
    assert_eq!(before.log.batches_from(Offset(0)).count(), 100);
    assert_eq!(p.log.batches_from(Offset(0)).count(), 25);
}
