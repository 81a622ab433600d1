//! Random histories of one partition against the naive [`Reference`]: producers of both kinds of
//! clients whose sequences wrap and whose epochs end, questions whose answers are overtaken, markers
//! early, late and twice, replication, crashes, clean stops, truncation and deletion.

use std::collections::BTreeMap;

use fencepost_ids::{Offset, ProducerId};
use fencepost_log::{AppendError, FramedBatch, LogRules, ProducerSnapshot, VerificationGuard};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::partition::{NOW, Partition, batch, text};
use crate::read::delivered;
use crate::reference::{Reference, Sent, SentMarker, inc};

const MAX: i64 = i32::MAX as i64;

#[derive(Clone, Debug)]
enum Step {
    Produce(Sent),
    /// Begins a verification whose batch comes later.
    Hold(Sent, i16),
    LetGo(i64),
    Mark(SentMarker),
    Replicate(i64),
    Snapshot,
    Load,
    Truncate(i64),
    Delete(i64),
}

/// Batches of one producer that are worth sending now.
fn batches(state: &Reference, id: i64) -> BoxedStrategy<Sent> {
    let entry = state.entry(id);
    let epochs = match &entry {
        Some(entry) => {
            let epoch = entry.epoch;
            prop_oneof![
                8 => Just(epoch),
                2 => Just(epoch.saturating_add(1)),
                1 => Just((epoch - 1).max(0)),
            ]
            .boxed()
        }
        None => prop_oneof![3 => Just(0), 1 => Just(i16::MAX - 1)].boxed(),
    };
    let next =
        entry.as_ref().and_then(|it| it.batches.last()).map_or(0, |(_, last, _)| inc(*last, 1));
    let known: Vec<_> = entry.into_iter().flat_map(|it| it.batches).collect();
    let sequences = prop_oneof![
        8 => (Just(next), 1..4i64),
        2 => (Just(0), 1..4i64),
        1 => (Just(inc(next, 1)), 1..3i64),
        2 => (Just(MAX - 2), 1..5i64),
    ];
    let sequences = if known.is_empty() {
        sequences.boxed()
    } else {
        let again = prop::sample::select(known);
        let again = again.prop_map(|(first, last, _)| (first, inc(last, MAX + 1 - first) + 1));
        prop_oneof![4 => sequences, 1 => again].boxed()
    };
    let kinds = prop_oneof![2 => Just(None), 3 => Just(Some(11)), 4 => Just(Some(12))];
    (epochs, sequences, kinds)
        .prop_map(move |(epoch, (first, count), transaction)| Sent {
            id,
            epoch,
            first,
            count,
            transaction,
        })
        .boxed()
}

fn markers(state: &Reference, id: i64) -> BoxedStrategy<SentMarker> {
    let epoch = state.entry(id).map_or(0, |entry| entry.epoch);
    let epochs = prop_oneof![
        4 => Just(epoch),
        4 => Just(epoch.saturating_add(1)),
        1 => Just((epoch - 1).max(0)),
    ];
    let terms = prop_oneof![8 => Just(1), 1 => Just(0), 1 => Just(2)];
    (epochs, any::<bool>(), terms, any::<bool>())
        .prop_map(move |(epoch, commits, coordinator_epoch, is_tv2)| SentMarker {
            id,
            epoch,
            commits,
            coordinator_epoch,
            is_tv2,
        })
        .boxed()
}

struct History;

impl ReferenceStateMachine for History {
    type State = Reference;
    type Transition = Step;

    /// One of the releases of section 9.
    fn init_state() -> BoxedStrategy<Reference> {
        let v4_2 = LogRules::default();
        let v4_3 = LogRules { equal_marker_at_last_epoch: true, ..v4_2 };
        let v4_1 = LogRules { strict_marker_epoch: false, ..v4_2 };
        let v4_0 = LogRules {
            stale_epoch_before_question: false,
            stale_epoch_before_guard: false,
            tv2_first_sequence_zero: false,
            ..v4_1
        };
        prop::sample::select(vec![v4_0, v4_1, v4_2, v4_3]).prop_map(Reference::new).boxed()
    }

    fn transitions(state: &Reference) -> BoxedStrategy<Step> {
        let ids = 0..3i64;
        let (one, two, three) = (state.clone(), state.clone(), state.clone());
        let ends: Vec<i64> = state.history.iter().map(|(_, last, _)| last + 1).collect();
        let ends = [vec![state.start], ends].concat();
        prop_oneof![
            16 => ids.clone().prop_flat_map(move |id| batches(&one, id)).prop_map(Step::Produce),
            3 => ids
                .clone()
                .prop_flat_map(move |id| (batches(&two, id), 11..13i16))
                .prop_map(|(sent, version)| {
                    Step::Hold(Sent { transaction: Some(version), ..sent }, version)
                }),
            4 => ids.clone().prop_map(Step::LetGo),
            8 => ids.prop_flat_map(move |id| markers(&three, id)).prop_map(Step::Mark),
            6 => prop::sample::select(ends.clone()).prop_map(Step::Replicate),
            1 => Just(Step::Snapshot),
            2 => Just(Step::Load),
            1 => prop::sample::select(ends.clone()).prop_map(Step::Truncate),
            1 => prop::sample::select(ends).prop_map(Step::Delete),
        ]
        .boxed()
    }

    fn preconditions(state: &Reference, step: &Step) -> bool {
        match step {
            Step::LetGo(id) => state.held.contains_key(id),
            Step::Truncate(to) => {
                *to >= state.start && state.history.iter().any(|(base, ..)| base == to)
            }
            Step::Delete(to) => *to <= state.high_watermark,
            Step::Produce(_) | Step::Hold(..) | Step::Mark(_) => true,
            Step::Replicate(_) | Step::Snapshot | Step::Load => true,
        }
    }

    fn apply(mut state: Reference, step: &Step) -> Reference {
        state.answer.clear();
        match step {
            Step::Produce(sent) => state.produce(sent),
            Step::Hold(sent, version) => state.hold(sent, *version),
            Step::LetGo(id) => state.let_go(*id),
            Step::Mark(marker) => state.mark(marker),
            Step::Replicate(to) => state.replicate(*to),
            Step::Snapshot => state.snapshot(),
            Step::Load => state.load(),
            Step::Truncate(to) => state.truncate(*to),
            Step::Delete(to) => state.delete(*to),
        }
        state
    }
}

struct Tested {
    p: Partition,
    snapshots: Vec<ProducerSnapshot>,
    held: BTreeMap<i64, (FramedBatch, Option<VerificationGuard>)>,
}

fn framed(sent: &Sent) -> FramedBatch {
    let transaction = if sent.transaction.is_some() { "t" } else { "-" };
    let producer = format!("{}.{}", sent.id, sent.epoch);
    batch(transaction, &producer, &format!("{}..{}", sent.first, sent.last()), NOW)
}

fn refusal(error: &AppendError) -> String {
    error.error_code().code().to_string()
}

impl Tested {
    fn take(&mut self, step: &Step) -> String {
        match step {
            Step::Produce(sent) => {
                text(&self.p.produce(sent.transaction.unwrap_or(9), framed(sent)))
            }
            Step::Hold(sent, version) => match self.p.ask(*version, &framed(sent)) {
                Ok(guard) => {
                    self.held.insert(sent.id, (framed(sent), guard));
                    guard.is_some().to_string()
                }
                Err(error) => refusal(&error),
            },
            Step::LetGo(id) => {
                let (batch, guard) = self.held.remove(id).expect("it was held");
                text(&self.p.append(batch, guard))
            }
            Step::Mark(SentMarker { id, epoch, commits, coordinator_epoch, is_tv2 }) => {
                let kind = if *commits { "C" } else { "A" };
                let version = if *is_tv2 { ",tv2" } else { "" };
                self.p.step(&format!("W({id}.{epoch},{kind},ce{coordinator_epoch}{version})"))
            }
            Step::Replicate(to) => {
                self.p.state.raise_high_watermark(Offset(*to));
                String::new()
            }
            Step::Snapshot => {
                self.snapshots.push(self.p.state.snapshot());
                String::new()
            }
            Step::Load => {
                self.p.restart(&self.snapshots);
                String::new()
            }
            Step::Truncate(to) => {
                self.p.log.truncate_to(Offset(*to));
                self.snapshots.retain(|snapshot| snapshot.offset() <= Offset(*to));
                self.p.restart(&self.snapshots);
                String::new()
            }
            Step::Delete(to) => {
                self.p.delete(Some(*to)).expect("below the high watermark");
                String::new()
            }
        }
    }

    fn windows(&self, id: i64) -> Option<Vec<(i64, i64)>> {
        let window = self.p.state.producer(ProducerId(id))?.window().iter();
        Some(window.map(|it| (i64::from(it.last_sequence.0), it.base_offset().0)).collect())
    }
}

impl StateMachineTest for Tested {
    type SystemUnderTest = Self;
    type Reference = History;

    fn init_test(reference: &Reference) -> Self {
        let p = Partition { rules: reference.rules, ..Partition::with_followers() };
        Self { p, snapshots: Vec::new(), held: BTreeMap::new() }
    }

    fn apply(mut tested: Self, reference: &Reference, step: Step) -> Self {
        assert_eq!(tested.take(&step), reference.answer, "{step:?}");
        tested
    }

    fn check_invariants(tested: &Self, reference: &Reference) {
        let (p, (entries, _)) = (&tested.p, reference.remembered());
        let marks = [p.log.start_offset(), p.state.high_watermark(), p.log.end_offset()];
        assert_eq!(
            marks.map(|it| it.0),
            [reference.start, reference.high_watermark, reference.end()]
        );
        let rows: Vec<_> = entries
            .iter()
            .map(|(id, entry)| {
                let last = entry.batches.last().map_or(-1, |it| it.1);
                let (term, open) = (entry.coordinator_epoch, entry.open.unwrap_or(-1));
                format!("{id}.{} seq {last} ce {term} txn {open}", entry.epoch)
            })
            .collect();
        assert_eq!(p.producers(), rows.join("; "));
        for (id, entry) in &entries {
            let known = entry.batches.iter().map(|(_, last, base)| (*last, *base)).collect();
            assert_eq!(tested.windows(*id), Some(known), "producer {id}");
        }
        let unstable = p.state.first_unstable_offset(&p.log, &p.rules).map(|it| it.0);
        assert_eq!(unstable, reference.first_unstable());
        let stable = p.state.last_stable_offset(&p.log, &p.rules).0;
        assert_eq!(stable, reference.last_stable_offset());
        let index: Vec<_> = p
            .log
            .aborted_transactions()
            .iter()
            .map(|it| {
                (it.producer_id.0, it.first_offset.0, it.marker_offset.0, it.last_stable_offset.0)
            })
            .collect();
        assert_eq!(index, reference.aborted);
        for from in reference.start..=reference.end() {
            for bound in [from + 1, (from + reference.end()) / 2 + 1, reference.end()] {
                let listed = p.log.aborted_between(Offset(from), Offset(bound));
                let listed: Vec<_> =
                    listed.iter().map(|it| (it.producer_id.0, it.first_offset.0)).collect();
                let wanted = reference.aborted.iter().filter(|it| it.2 >= from && it.1 < bound);
                let wanted: Vec<_> = wanted.map(|it| (it.0, it.1)).collect();
                assert_eq!(listed, wanted, "LSO-12: {from}..{bound}");
            }
            assert_eq!(delivered(p, from), reference.deliverable(from), "from {from}");
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// IDEM-07 to IDEM-20, VERIFY-02 to VERIFY-05, VERIFY-12 to VERIFY-16, MARK-04 to MARK-10, LSO-03 to
    /// LSO-07, LSO-12, LSO-14, LSO-20, RECOV-04 to RECOV-11, RECOV-17.
    #[test]
    fn every_history_is_that_of_the_reference(sequential 1..60 => Tested);
}
