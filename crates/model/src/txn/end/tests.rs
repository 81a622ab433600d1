//! Every cell of the tables of END-03, END-04 and END-10.

use super::super::state::tests::{PID, at, identity, no_ids};
use super::*;
use EndVerdict::{Done, Write};
use ErrorCode::{
    ConcurrentTransactions, InvalidProducerIdMapping, InvalidTxnState, ProducerFenced,
    UnknownServerError,
};
use MarkerType::{Abort, Commit};
use TxnState::{CompleteAbort, CompleteCommit, Empty, Ongoing};

const NEW: i64 = 9000;
const NOW: Timestamp = Timestamp(500);
const P: TxnProfile = TxnProfile::V4_2;

fn tv1(
    metadata: &mut TxnMetadata,
    who: (i64, i16),
    how: MarkerType,
) -> Result<EndVerdict, ErrorCode> {
    let before = metadata.clone();
    let verdict = metadata.prepare_end_tv1(identity(who.0, who.1), how, NOW, P);
    assert_eq!(verdict == Ok(Write), *metadata != before, "only a write changes anything");
    verdict
}

fn tv2(
    metadata: &mut TxnMetadata,
    who: (i64, i16),
    how: MarkerType,
) -> Result<EndVerdict, ErrorCode> {
    let before = metadata.clone();
    let mut ids = || Some(ProducerId(NEW));
    let verdict = metadata.prepare_end_tv2(identity(who.0, who.1), how, NOW, P, &mut ids);
    assert_eq!(verdict == Ok(Write), *metadata != before, "only a write changes anything");
    verdict
}

/// The pending record: identity, last epoch, next producer id.
fn target(metadata: &TxnMetadata) -> (TxnState, Identity, i16, i64) {
    let it = metadata.target().expect("a transition is pending");
    (it.state, it.identity(), it.last_epoch.0, it.next_producer_id.0)
}

#[test]
fn end_05_while_a_transition_is_pending_tv1_fences_and_tv2_waits() {
    let mut metadata = at(Ongoing, 5);
    assert_eq!(tv2(&mut metadata, (PID.0, 5), Commit), Ok(Write));
    assert_eq!(tv1(&mut metadata, (PID.0, 4), Commit), Err(ProducerFenced));
    assert_eq!(tv1(&mut metadata, (1, 5), Commit), Err(InvalidProducerIdMapping));
    assert_eq!(tv1(&mut metadata, (PID.0, 5), Commit), Err(ConcurrentTransactions));
    assert_eq!(tv2(&mut metadata, (PID.0, 4), Commit), Err(ConcurrentTransactions));
    assert_eq!(tv2(&mut metadata, (1, 5), Commit), Err(ConcurrentTransactions));
}

#[test]
fn end_06_the_prepare_record_keeps_partitions_and_start() {
    let mut metadata = at(Ongoing, 5);
    assert_eq!(tv2(&mut metadata, (PID.0, 5), Commit), Ok(Write));
    let prepared = metadata.target().expect("pending").clone();
    assert_eq!(prepared.partitions, metadata.fields.partitions);
    assert_eq!((prepared.start, prepared.last_update), (metadata.fields.start, NOW));
}

#[test]
fn end_08_an_empty_abort_bumps_the_epoch_and_owes_no_marker() {
    for state in [Empty, CompleteCommit, CompleteAbort] {
        let mut metadata = at(state, 5);
        assert_eq!(tv2(&mut metadata, (PID.0, 5), Abort), Ok(Write));
        metadata.complete();
        assert!(metadata.fields.partitions.is_empty());
        assert_eq!(metadata.fields.start, NOW, "STATE-06");
        metadata.prepare_completion(NOW, P);
        assert_eq!(target(&metadata), (CompleteAbort, identity(PID.0, 6), 5, -1));
    }
}

/// Ends an open transaction at `epoch` in each way and gives (Prepare record, Complete record).
fn ended(
    profile: TxnProfile,
    epoch: i16,
    end: impl FnOnce(&mut TxnMetadata) -> Result<(), ErrorCode>,
) -> Result<[(Identity, i16, i64); 2], ErrorCode> {
    let mut metadata = at(Ongoing, epoch);
    metadata.fields.last_epoch = ProducerEpoch(2);
    end(&mut metadata)?;
    let (_, prepare, last, next) = target(&metadata);
    metadata.complete();
    metadata.prepare_completion(NOW, profile);
    let (_, complete, complete_last, _) = target(&metadata);
    let previous = metadata.target().expect("pending").previous_producer_id;
    assert!(previous == PID || !profile.every_transition_sets_previous_id, "STATE-04");
    Ok([(prepare, last, next), (complete, complete_last, -1)])
}

#[test]
fn end_10_epochs_of_a_client_that_ends_its_transaction() {
    let client = |profile, path, epoch| {
        ended(profile, epoch, |metadata| {
            let who = identity(PID.0, epoch);
            let mut ids = || Some(ProducerId(NEW));
            match path {
                TxnPath::Tv1 => metadata.prepare_end_tv1(who, Commit, NOW, profile),
                TxnPath::Tv2 => metadata.prepare_end_tv2(who, Commit, NOW, profile, &mut ids),
            }
            .map(|verdict| assert_eq!(verdict, Write))
        })
    };
    for profile in [TxnProfile::V4_0_0, TxnProfile::V4_0, TxnProfile::V4_2, TxnProfile::V4_3] {
        let same = (identity(PID.0, 5), 2, -1);
        assert_eq!(client(profile, TxnPath::Tv1, 5), Ok([same, same]));
        let next = (identity(PID.0, 6), 5, -1);
        assert_eq!(client(profile, TxnPath::Tv2, 5), Ok([next, next]));
        let overflow = [(identity(PID.0, 32767), 32766, NEW), (identity(NEW, 0), 32766, -1)];
        assert_eq!(client(profile, TxnPath::Tv2, 32766), Ok(overflow));
    }
    assert_eq!(client(TxnProfile::V4_2, TxnPath::Tv2, 32767), Err(UnknownServerError));
    let rotated = client(TxnProfile::V4_3, TxnPath::Tv2, 32767).expect("rotates");
    assert_eq!(rotated[0].0, identity(PID.0, 32767));
    assert_eq!(rotated[1].0, identity(NEW, 0));
}

#[test]
fn end_10_epochs_of_a_fence() {
    let fence = |profile, path, epoch| {
        ended(profile, epoch, |metadata| {
            metadata.prepare_fence(path, NOW, profile, &mut || Some(ProducerId(NEW)))
        })
    };
    for profile in [TxnProfile::V4_0_0, TxnProfile::V4_0, TxnProfile::V4_2, TxnProfile::V4_3] {
        let next = (identity(PID.0, 6), -1, -1);
        assert_eq!(fence(profile, TxnPath::Tv1, 5), Ok([next, next]));
        assert_eq!(fence(profile, TxnPath::Tv1, 32767), Err(UnknownServerError));
    }
    for profile in [TxnProfile::V4_0, TxnProfile::V4_2, TxnProfile::V4_3] {
        let next = (identity(PID.0, 6), 5, -1);
        assert_eq!(fence(profile, TxnPath::Tv2, 5), Ok([next, next]));
    }
    let twice = (identity(PID.0, 7), 6, -1);
    assert_eq!(fence(TxnProfile::V4_0_0, TxnPath::Tv2, 5), Ok([twice, twice]), "D01");
    assert_eq!(fence(TxnProfile::V4_0_0, TxnPath::Tv2, 32766), Err(UnknownServerError), "D03");
    let last = (identity(PID.0, 32767), 32766, -1);
    assert_eq!(fence(TxnProfile::V4_2, TxnPath::Tv2, 32766), Ok([last, last]), "D03");
    assert_eq!(fence(TxnProfile::V4_2, TxnPath::Tv2, 32767), Err(UnknownServerError), "D04");
    let overflow = [(identity(PID.0, 32767), 32766, NEW), (identity(NEW, 0), 32766, -1)];
    assert_eq!(fence(TxnProfile::V4_3, TxnPath::Tv2, 32766), Ok(overflow), "D03");
    let rotated = fence(TxnProfile::V4_3, TxnPath::Tv2, 32767).expect("D04 rotates");
    assert_eq!((rotated[0].0, rotated[1].0), (identity(PID.0, 32767), identity(NEW, 0)));
}

#[test]
fn end_09_without_a_producer_id_at_hand_nothing_changes() {
    let mut metadata = at(Ongoing, 32766);
    let before = metadata.clone();
    let who = identity(PID.0, 32766);
    let verdict = metadata.prepare_end_tv2(who, Commit, NOW, P, &mut no_ids);
    assert_eq!(verdict, Err(ErrorCode::CoordinatorLoadInProgress));
    assert_eq!(metadata, before);
}

#[test]
fn end_11_an_overflow_retry_is_known_until_the_next_transaction_begins() {
    for (profile, late) in
        [(TxnProfile::V4_2, InvalidProducerIdMapping), (TxnProfile::V4_0, ProducerFenced)]
    {
        let mut metadata = at(Ongoing, 32766);
        let retry = |metadata: &mut TxnMetadata| {
            let who = identity(PID.0, 32766);
            metadata.prepare_end_tv2(who, Commit, NOW, profile, &mut || Some(ProducerId(NEW)))
        };
        assert_eq!(retry(&mut metadata), Ok(Write));
        metadata.complete();
        metadata.prepare_completion(NOW, profile);
        metadata.complete();
        assert_eq!(retry(&mut metadata), Ok(Done(identity(NEW, 0))));
        let partitions = [super::super::state::tests::partition(0)].into();
        metadata
            .prepare_add(identity(NEW, 0), &partitions, TxnPath::Tv2, NOW, profile)
            .expect("opens the next transaction");
        metadata.complete();
        assert_eq!(retry(&mut metadata), Err(late));
    }
}

#[test]
fn init_14_a_fence_whose_append_fails_is_kept_on_tv1_only() {
    let fence_thrice = |profile, path| {
        let mut metadata = at(Ongoing, 3);
        for _ in 0..2 {
            metadata.prepare_fence(path, NOW, profile, &mut no_ids).expect("fences");
            metadata.abandon();
        }
        let epoch_in_memory = metadata.fields.epoch.0;
        metadata.prepare_fence(path, NOW, profile, &mut no_ids).expect("fences");
        let record = target(&metadata).1.epoch.0;
        metadata.complete();
        (epoch_in_memory, record, metadata.unlogged_fence)
    };
    assert_eq!(fence_thrice(TxnProfile::V4_2, TxnPath::Tv1), (4, 4, false));
    assert_eq!(fence_thrice(TxnProfile::V4_2, TxnPath::Tv2), (3, 4, false));
    assert_eq!(fence_thrice(TxnProfile::V4_0_0, TxnPath::Tv2), (4, 5, false), "D02");
}

/// The coordinator's half of TIMEOUT-04: what the old producer reads once the abort is complete.
#[test]
fn timeout_04_every_cell_at_the_coordinator() {
    for path in [TxnPath::Tv1, TxnPath::Tv2] {
        let mut metadata = at(Ongoing, 3);
        metadata.prepare_fence(path, NOW, P, &mut no_ids).expect("fences");
        metadata.complete();
        metadata.prepare_completion(NOW, P);
        let old = (PID.0, 3);
        let pending = metadata.clone();
        for how in [Commit, Abort] {
            assert_eq!(tv2(&mut pending.clone(), old, how), Err(ConcurrentTransactions));
            assert_eq!(tv1(&mut pending.clone(), old, how), Err(ProducerFenced));
        }
        metadata.complete();
        let add = |metadata: &TxnMetadata| {
            let partitions = [super::super::state::tests::partition(5)].into();
            metadata.clone().prepare_add(identity(old.0, old.1), &partitions, path, NOW, P)
        };
        assert_eq!(add(&pending), Err(ConcurrentTransactions));
        assert_eq!(add(&metadata), Err(ProducerFenced));
        assert_eq!(tv1(&mut metadata.clone(), old, Abort), Err(ProducerFenced));
        assert_eq!(tv1(&mut metadata.clone(), old, Commit), Err(ProducerFenced));
        let init = |metadata: &TxnMetadata| {
            let mut metadata = metadata.clone();
            let who = Some(identity(old.0, old.1));
            let verdict = metadata.prepare_init(who, 1000, NOW, P, &mut no_ids);
            verdict.map(|_| target(&metadata).1)
        };
        assert_eq!(init(&pending), Err(ConcurrentTransactions));
        match path {
            TxnPath::Tv1 => assert_eq!(init(&metadata), Err(ProducerFenced)),
            TxnPath::Tv2 => {
                // END-12 and END-13: it may abort and go on, but not commit.
                assert_eq!(init(&metadata), Ok(identity(PID.0, 4)));
                let aborted = tv2(&mut metadata.clone(), old, Abort);
                assert_eq!(aborted, Ok(Done(identity(PID.0, 4))));
                assert_eq!(tv2(&mut metadata.clone(), old, Commit), Err(InvalidTxnState));
            }
        }
    }
}
