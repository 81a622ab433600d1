//! What holds for every history and for every string of bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use fencepost_ids::{CoordinatorEpoch, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use fencepost_log::{
    AppendedBatch, BatchBuilder, ControlRecord, FramedBatch, LeaderContext, Log, Marker,
    MarkerType, MarkerVersion, NewRecord, ReplicaState, StoredBatch, TransactionBit,
};
use proptest::prelude::*;

use crate::batch::{crc, patched};
use crate::partition::{DAY_MS, NOW, Partition, batch};
use crate::read::delivered;

/// Appends what may be a batch, and reads it back if it was taken.
fn swallow(bytes: Vec<u8>) {
    let bytes = Bytes::from(bytes);
    if let Some(stored) = StoredBatch::take(&mut bytes.clone())
        && let Ok(records) = stored.records()
    {
        for record in records.iter().flatten() {
            let _ = (record.headers.count(), ControlRecord::read(&record));
        }
    }
    let Ok(framed) = FramedBatch::parse(&bytes, 12) else { return };
    let mut p = Partition::new();
    if p.append(framed, None).is_ok() {
        let stored = p.log.batches_from(Offset(0)).next().expect("appended");
        let records = stored.records().expect("it was readable");
        assert!(records.iter().all(|record| record.is_ok()));
        assert_eq!(records.iter().count() as i64, p.log.end_offset().0);
    }
}

/// A well framed batch around any records, with the right CRC.
fn framed(header: Vec<u8>, codec: u8, count: i32, records: &[u8]) -> Vec<u8> {
    let mut bytes = header;
    bytes.extend_from_slice(records);
    let length = (bytes.len() - 12) as i32;
    bytes[..8].fill(0);
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[16] = 2;
    bytes[21..23].copy_from_slice(&[0, codec]);
    bytes[23..27].copy_from_slice(&(count - 1).to_be_bytes());
    bytes[57..61].copy_from_slice(&count.to_be_bytes());
    let sum = crc(&bytes[21..]);
    bytes[17..21].copy_from_slice(&sum.to_be_bytes());
    bytes
}

proptest! {
    #[test]
    fn batch_06_no_bytes_panic_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        swallow(bytes);
    }

    #[test]
    fn batch_09_no_records_panic_the_parser(
        header in prop::collection::vec(any::<u8>(), 61),
        codec in 0u8..8,
        count in 1i32..4,
        records in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        swallow(framed(header, codec, count, &records));
    }

    #[test]
    fn batch_09_no_damaged_stream_panics_the_codecs(
        codec in 0usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        use fencepost_log::Compression::{Gzip, Lz4, Snappy, Zstd};
        let mut builder = BatchBuilder::new().compression([Gzip, Snappy, Lz4, Zstd][codec]);
        let text: Vec<u8> = (0..2000u32).flat_map(|n| format!("{:x} ", n * n).into_bytes()).collect();
        for value in [&[7; 300][..], &text, b""] {
            builder.push(NOW, NewRecord { value: Some(value), ..NewRecord::default() });
        }
        let mut batch = builder.build();
        for (at, byte) in damage {
            let at = 61 + at.index(batch.bytes().len() - 61);
            batch = patched(&batch, at, &[byte]);
        }
        swallow(batch.bytes().to_vec());
    }
}

/// A step of a history of three producers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Transactional {
        producer: usize,
        records: i32,
    },
    Plain {
        records: i32,
    },
    End {
        producer: usize,
        marker_type: MarkerType,
    },
    /// The last batch of the producer once more.
    Retry {
        producer: usize,
    },
    Replicate {
        behind: i64,
    },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0usize..3, 1i32..4)
            .prop_map(|(producer, records)| Step::Transactional { producer, records }),
        2 => (1i32..4).prop_map(|records| Step::Plain { records }),
        3 => (0usize..3, any::<bool>()).prop_map(|(producer, commit)| Step::End {
            producer,
            marker_type: if commit { MarkerType::Commit } else { MarkerType::Abort },
        }),
        1 => (0usize..3).prop_map(|producer| Step::Retry { producer }),
        3 => (0i64..6).prop_map(|behind| Step::Replicate { behind }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..200)
}

/// A producer as it knows itself.
#[derive(Clone, Default)]
struct Producer {
    epoch: i16,
    sequence: i32,
    last: Option<(String, i64)>,
}

/// The naive truth: what became of every batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Plain,
    Open,
    Committed,
    Aborted,
    Marker,
}

#[derive(Clone, Default)]
struct Truth {
    /// Base offset to last offset, producer and fate.
    batches: BTreeMap<i64, (i64, Option<usize>, Fate)>,
}

impl Truth {
    fn end(&mut self, producer: usize, fate: Fate) {
        for (_, owner, state) in self.batches.values_mut() {
            if *owner == Some(producer) && *state == Fate::Open {
                *state = fate;
            }
        }
    }

    fn first_open(&self) -> Option<i64> {
        self.batches.iter().find(|(_, (_, _, fate))| *fate == Fate::Open).map(|(base, _)| *base)
    }

    fn deliverable(&self, from: i64, bound: i64) -> Vec<i64> {
        let fates = self.batches.iter().filter(|(_, (last, ..))| *last >= from && *last < bound);
        let wanted = [Fate::Plain, Fate::Committed];
        fates.filter(|(_, (_, _, fate))| wanted.contains(fate)).map(|(base, _)| *base).collect()
    }
}

fn play(steps: &[Step]) -> (Partition, Truth) {
    let mut p = Partition::with_followers();
    let mut truth = Truth::default();
    let mut producers = vec![Producer::default(); 3];
    for step in steps {
        let base = p.log.end_offset().0;
        match *step {
            Step::Transactional { producer, records } => {
                let me = &mut producers[producer];
                let sequences = format!("{}..{}", me.sequence, me.sequence + records - 1);
                let sent = batch("t", &format!("{producer}.{}", me.epoch), &sequences, NOW);
                p.produce(12, sent).expect("in sequence");
                me.sequence += records;
                me.last = Some((sequences, base));
                let last = base + i64::from(records) - 1;
                truth.batches.insert(base, (last, Some(producer), Fate::Open));
            }
            Step::Plain { records } => {
                let sequences = format!("0..{}", records - 1);
                p.append(batch("-", "*", &sequences, NOW), None).expect("plain");
                truth.batches.insert(base, (base + i64::from(records) - 1, None, Fate::Plain));
            }
            Step::End { producer, marker_type } => {
                let me = &mut producers[producer];
                *me = Producer { epoch: me.epoch + 1, ..Producer::default() };
                let marker = Marker {
                    producer_id: ProducerId(producer as i64),
                    producer_epoch: ProducerEpoch(me.epoch),
                    marker_type,
                    coordinator_epoch: CoordinatorEpoch(0),
                    version: MarkerVersion::Tv2,
                };
                let Partition { config, rules, .. } = p.clone();
                let leader = LeaderContext {
                    now: NOW,
                    leader_epoch: LeaderEpoch(0),
                    config: &config,
                    rules: &rules,
                };
                p.state.append_marker(&mut p.log, &marker, &leader).expect("a newer epoch");
                truth.end(
                    producer,
                    match marker_type {
                        MarkerType::Abort => Fate::Aborted,
                        MarkerType::Commit => Fate::Committed,
                    },
                );
                truth.batches.insert(base, (base, Some(producer), Fate::Marker));
            }
            Step::Retry { producer } => {
                let me = &producers[producer];
                let Some((sequences, offset)) = &me.last else { continue };
                let again = batch("t", &format!("{producer}.{}", me.epoch), sequences, NOW);
                let answer = p.produce(12, again).expect("a duplicate");
                assert!(matches!(answer, AppendedBatch::Duplicate { .. }));
                assert_eq!(answer.base_offset(), Offset(*offset));
            }
            Step::Replicate { behind } => {
                // A follower holds whole batches.
                let upto = truth.batches.range(..=(base - behind).max(0)).next_back();
                let offset = if behind == 0 { base } else { upto.map_or(0, |(base, _)| *base) };
                p.state.raise_high_watermark(Offset(offset));
            }
            Step::Restart => {
                let before = p.state.clone();
                p.restart(&[]);
                assert_eq!(p.state, before, "replay gives the same state");
            }
        }
    }
    (p, truth)
}

proptest! {
    #[test]
    fn lso_05_and_lso_14_read_committed_is_the_naive_truth(steps in steps()) {
        let (mut p, truth) = play(&steps);
        for _ in 0..2 {
            let lso = p.state.last_stable_offset(&p.log, &p.rules);
            let hw = p.state.high_watermark();
            prop_assert!(lso <= hw && hw <= p.log.end_offset());
            prop_assert!(truth.first_open().is_none_or(|open| lso.0 <= open));
            for from in 0..=lso.0 {
                prop_assert_eq!(delivered(&p, from), truth.deliverable(from, lso.0));
            }
            // Once everything is replicated, nothing but open transactions holds readers back.
            p.state.raise_high_watermark(p.log.end_offset());
        }
        let lso = p.state.last_stable_offset(&p.log, &p.rules);
        prop_assert_eq!(lso.0, truth.first_open().unwrap_or(p.log.end_offset().0));
    }

    #[test]
    fn fetch_17_reads_are_the_naive_slice(
        steps in steps(),
        from in any::<prop::sample::Index>(),
        max_bytes in 0u64..3000,
        at_least_one in any::<bool>(),
    ) {
        let (p, truth) = play(&steps);
        let end = p.log.end_offset();
        let from = from.index(end.0 as usize + 1) as i64;
        let read = p.log.read(Offset(from), end, max_bytes, at_least_one).expect("in range");
        let mut left = max_bytes;
        let mut naive = Vec::new();
        for (base, _) in truth.batches.iter().filter(|(_, (last, ..))| *last >= from) {
            let stored = p.log.batches_from(Offset(*base)).next().expect("a known batch");
            if stored.size_bytes() > left && !(naive.is_empty() && at_least_one) {
                break;
            }
            left = left.saturating_sub(stored.size_bytes());
            naive.push(*base);
        }
        let read: Vec<_> = read.batches.iter().map(|batch| batch.base_offset().0).collect();
        prop_assert_eq!(read, naive);
    }

    #[test]
    fn recov_11_a_truncated_log_is_the_shorter_history(
        steps in steps(),
        at in any::<prop::sample::Index>(),
    ) {
        let (p, truth) = play(&steps);
        let bases: Vec<i64> = truth.batches.keys().copied().chain([p.log.end_offset().0]).collect();
        let at = Offset(bases[at.index(bases.len())]);
        let mut truncated = p.log.clone();
        truncated.truncate_to(at);
        let mut copied = Log::new();
        let mut copied_state = ReplicaState::default();
        let leader = LeaderContext {
            now: NOW,
            leader_epoch: LeaderEpoch(0),
            config: &p.config,
            rules: &fencepost_log::LogRules {
                partition_verification: false,
                ..fencepost_log::LogRules::default()
            },
        };
        for stored in p.log.batches_from(Offset(0)).take_while(|b| b.last_offset() < at) {
            let set = stored.records().expect("readable");
            let record = set.iter().next().expect("not empty").expect("well formed");
            let control = stored.header().attributes.is_control();
            if let (true, Ok(ControlRecord::EndTransaction(marker_type, coordinator_epoch))) =
                (control, ControlRecord::read(&record))
            {
                let marker = Marker {
                    producer_id: stored.header().producer_id,
                    producer_epoch: stored.header().producer_epoch,
                    marker_type,
                    coordinator_epoch,
                    version: MarkerVersion::Tv2,
                };
                copied_state.append_marker(&mut copied, &marker, &leader).expect("again");
            } else {
                let bytes = unpatched(stored);
                let framed = FramedBatch::parse(&bytes, 12).expect("one batch");
                copied_state.append_client(&mut copied, framed, None, &leader).expect("again");
            }
        }
        prop_assert_eq!(&truncated, &copied);
        let loaded = ReplicaState::load(&truncated, at, Offset(0), &[], NOW, DAY_MS, &p.rules);
        prop_assert_eq!(loaded, copied_state);
    }

    #[test]
    fn idem_09_and_idem_15_a_window_near_the_wrap(
        first in (i32::MAX - 30)..=i32::MAX,
        counts in prop::collection::vec(1i32..6, 1..20),
    ) {
        let mut p = Partition::new();
        let mut sequence = Sequence(first);
        let mut sent: Vec<(FramedBatch, Offset)> = Vec::new();
        for count in counts {
            let mut builder =
                BatchBuilder::new().producer(ProducerId(7), ProducerEpoch(0), sequence);
            for _ in 0..count {
                builder.push(NOW, NewRecord::default());
            }
            let batch = builder.transaction(TransactionBit::Plain).build();
            let base = p.append(batch.clone(), None).expect("in sequence").base_offset();
            sequence = sequence.plus(count);
            sent.push((batch, base));
        }
        let end = p.log.end_offset();
        for (age, (batch, base)) in sent.into_iter().rev().enumerate() {
            match p.append(batch, None) {
                Ok(answer) => prop_assert!(age < 5 && answer.base_offset() == base),
                Err(error) => prop_assert!(age >= 5 && error.error_code().code() == 45),
            }
        }
        prop_assert_eq!(p.log.end_offset(), end);
    }
}

/// The batch as its producer sent it.
fn unpatched(stored: &StoredBatch) -> Bytes {
    let mut bytes = Vec::new();
    stored.write_to(&mut bytes);
    bytes[..8].fill(0);
    Bytes::from(bytes)
}
