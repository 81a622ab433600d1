//! Every cell of the coordinator's decision tables at the pure state machine, the unreachable ones
//! with them: a Prepare state without a pending transition (MARKOUT-11 alone leaves it), a previous
//! producer id beside an open or decided transaction, and epoch 32767 in every state.

#[path = "../../tests/rules/txn/tables.rs"]
mod tables;

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Timestamp};
use fencepost_log::MarkerType;

use self::tables::{STATES, Stored, Whose};
use super::add::AddVerdict;
use super::end::EndVerdict;
use super::init::InitVerdict;
use super::profile::TxnProfile;
use super::state::tests::{PID, at, identity, partition};
use super::state::{Pending, TxnMetadata, TxnPath, TxnState};

const NOW: Timestamp = Timestamp(500);
const P: TxnProfile = TxnProfile::V4_2;
const NEW: ProducerId = ProducerId(9000);
const PREVIOUS: i64 = 1;

/// The id in a state; pending means on its way to the state it has, which changes nothing else.
fn metadata(stored: Stored) -> TxnMetadata {
    let state = TxnState::ALL.into_iter().find(|it| it.name() == stored.state).expect("known");
    let mut metadata = at(state, stored.epoch);
    metadata.fields.last_epoch = ProducerEpoch(stored.last_epoch);
    metadata.fields.previous_producer_id = ProducerId(PREVIOUS);
    if stored.pending {
        metadata.pending = Some(Pending::To(Box::new(metadata.fields.clone())));
    }
    metadata
}

fn producer_id(whose: Whose) -> i64 {
    match whose {
        Whose::Same => PID.0,
        Whose::Previous => PREVIOUS,
        Whose::Other => 2,
    }
}

fn all_stored(epochs: &[i16]) -> impl Iterator<Item = Stored> {
    let cells = STATES.into_iter().flat_map(|state| {
        let epochs = epochs.iter();
        epochs.flat_map(move |epoch| [false, true].map(|pending| (state, *epoch, pending)))
    });
    cells.map(|(state, epoch, pending)| Stored {
        state,
        pending,
        epoch,
        last_epoch: if epoch > 0 { epoch - 1 } else { -1 },
    })
}

const WHOSE: [Whose; 3] = [Whose::Same, Whose::Previous, Whose::Other];

/// Equal, one below (the last one before an overflow), above, far below.
fn epochs_around(epoch: i16) -> [i16; 4] {
    let below = if epoch == 0 { 32_766 } else { epoch - 1 };
    [epoch, below, epoch.wrapping_add(1), if epoch == 0 { 32_765 } else { epoch - 3 }]
}

fn code<T>(result: Result<T, ErrorCode>, success: impl FnOnce(T) -> &'static str) -> String {
    result.map_or_else(|code| code.code().to_string(), |value| success(value).to_owned())
}

/// END-03, END-04: state, pending or not, direction, epoch relation, producer id and version.
#[test]
fn end_03_and_end_04_every_cell_of_the_state_machine() {
    let mut cells = 0;
    for stored in all_stored(&[0, 5, 32_766]) {
        for whose in WHOSE {
            for epoch in epochs_around(stored.epoch) {
                for (commit, how) in [(true, MarkerType::Commit), (false, MarkerType::Abort)] {
                    let who = identity(producer_id(whose), epoch);
                    let context = format!("{stored:?} {whose:?} {epoch} {how:?}");
                    let before = metadata(stored);

                    let mut metadata = before.clone();
                    let verdict = metadata.prepare_end_tv1(who, how, NOW, P);
                    assert_eq!(verdict == Ok(EndVerdict::Write), metadata != before, "{context}");
                    let shown = code(verdict, |verdict| match verdict {
                        EndVerdict::Write => "write",
                        EndVerdict::Done(_) => "done",
                    });
                    assert_eq!(shown, tables::end_tv1(stored, whose, epoch, commit), "{context}");

                    let mut metadata = before.clone();
                    let verdict = metadata.prepare_end_tv2(who, how, NOW, P, &mut || Some(NEW));
                    assert_eq!(verdict == Ok(EndVerdict::Write), metadata != before, "{context}");
                    let shown = code(verdict, |verdict| match verdict {
                        EndVerdict::Write if stored.state == "Ongoing" => "write",
                        EndVerdict::Write => "empty abort",
                        EndVerdict::Done(answer) => {
                            assert_eq!(answer, before.fields.identity(), "{context}");
                            "done"
                        }
                    });
                    assert_eq!(shown, tables::end_tv2(stored, whose, epoch, commit), "{context}");
                    cells += 2;
                }
            }
        }
    }
    assert_eq!(cells, 3 * 6 * 2 * 3 * 4 * 2 * 2);
}

/// INIT-09 and its table: state, pending or not, exhausted or not, no identity or any.
#[test]
fn init_09_every_cell_of_the_state_machine() {
    let mut cells = 0;
    for stored in all_stored(&[-1, 0, 5, 32_766, 32_767]) {
        let identities = WHOSE.into_iter().flat_map(|whose| {
            let mut epochs = epochs_around(stored.epoch).to_vec();
            epochs.extend([32_766, 32_767]);
            epochs.into_iter().map(move |epoch| Some((whose, epoch)))
        });
        for expected in identities.chain([None]) {
            let context = format!("{stored:?} {expected:?}");
            let before = metadata(stored);
            let mut metadata = before.clone();
            let who = expected.map(|(whose, epoch)| identity(producer_id(whose), epoch));
            let verdict = metadata.prepare_init(who, 1000, NOW, P, &mut || Some(NEW));
            let writes = verdict == Ok(InitVerdict::Write);
            assert_eq!(writes, metadata != before, "{context}");
            let wanted = tables::init(stored, expected);
            let shown = code(verdict, |verdict| {
                if verdict == InitVerdict::AbortOngoing {
                    return "abort, 51";
                }
                let target = metadata.target().expect("written");
                assert_eq!(target.state, TxnState::Empty, "{context}");
                assert_eq!(target.start, Timestamp::NONE, "{context}");
                assert!(target.partitions.is_empty(), "{context}");
                assert_eq!((target.timeout_ms, target.last_update), (1000, NOW), "{context}");
                assert_eq!(target.previous_producer_id, PID, "{context}");
                let answer = (target.producer_id, target.epoch.0, target.last_epoch.0);
                match wanted {
                    _ if answer == (PID, stored.epoch, stored.last_epoch) => "retry",
                    _ if answer == (NEW, 0, -1) => "rotate, last none",
                    _ if answer == (NEW, 0, stored.epoch) => "rotate, last old",
                    "bump, last none" if answer == (PID, stored.epoch + 1, -1) => wanted,
                    "bump, last old" if answer == (PID, stored.epoch + 1, stored.epoch) => wanted,
                    _ => "something else",
                }
            });
            assert_eq!(shown, wanted, "{context}");
            cells += 1;
        }
    }
    assert_eq!(cells, 6 * 5 * 2 * (3 * 6 + 1));
}

/// ADDP-03, ADDP-06: state, pending or not, identity, epoch, known partition or new; to add on
/// either path, and to verify.
#[test]
fn addp_03_and_addp_06_every_cell_of_the_state_machine() {
    let mut cells = 0;
    for stored in all_stored(&[5]) {
        for whose in WHOSE {
            for epoch in epochs_around(stored.epoch) {
                for is_new in [false, true] {
                    let who = identity(producer_id(whose), epoch);
                    let index = if is_new { 7 } else { 0 };
                    let context = format!("{stored:?} {whose:?} {epoch} {index}");
                    let before = metadata(stored);
                    for path in [TxnPath::Tv1, TxnPath::Tv2] {
                        let mut metadata = before.clone();
                        let partitions = [partition(index)].into();
                        let verdict = metadata.prepare_add(who, &partitions, path, NOW, P);
                        let writes = verdict == Ok(AddVerdict::Write);
                        assert_eq!(writes, metadata != before, "{context}");
                        let shown = code(verdict, |verdict| match verdict {
                            AddVerdict::Write => "write",
                            AddVerdict::AlreadyIn => "done",
                        });
                        let wanted = tables::add(stored, whose, epoch, false, is_new);
                        assert_eq!(shown, wanted, "{context} {path:?}");
                        cells += 1;
                    }
                    let shown = code(before.verify(who, &partition(index)), |()| "0");
                    let wanted = tables::add(stored, whose, epoch, true, is_new);
                    assert_eq!(shown, wanted, "verify {context}");
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 6 * 2 * 3 * 4 * 2 * 3);
}
