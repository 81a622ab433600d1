//! Random histories of a compacted partition, with rounds of cleaning and crashes at any moment,
//! against the same history without either.

use std::collections::BTreeMap;

use fencepost_ids::Offset;
use fencepost_log::{Delivery, DeliveryFilter, Isolation};
use proptest::prelude::*;

use crate::keyed::compacted;
use crate::partition::Partition;

#[derive(Clone, Debug)]
enum Step {
    /// Producers 0 and 1 write in transactions, 2 and 3 plainly.
    Put {
        producer: usize,
        records: Vec<(u8, bool)>,
    },
    End {
        producer: usize,
        is_commit: bool,
    },
    /// Also begins a new segment.
    Wait {
        millis: i64,
    },
    Clean,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let records = prop::collection::vec((0..4u8, prop::bool::weighted(0.8)), 1..4);
    prop_oneof![
        5 => (0..4usize, records).prop_map(|(producer, records)| Step::Put { producer, records }),
        3 => (0..2usize, any::<bool>())
            .prop_map(|(producer, is_commit)| Step::End { producer, is_commit }),
        3 => (1..900i64).prop_map(|millis| Step::Wait { millis }),
        3 => Just(Step::Clean),
        1 => Just(Step::Crash),
    ]
}

/// Where a producer stands.
#[derive(Clone, Copy, Default)]
struct Producer {
    epoch: i16,
    sequence: i32,
    is_open: bool,
}

/// A read_committed reader that keeps the last value of each key.
#[derive(Default)]
struct Reader {
    position: i64,
    values: BTreeMap<String, String>,
}

impl Reader {
    fn read(&mut self, p: &Partition) {
        loop {
            let before = self.position;
            self.read_segment(p);
            if self.position == before {
                return;
            }
        }
    }

    fn read_segment(&mut self, p: &Partition) {
        let (from, isolation) = (Offset(self.position), Isolation::ReadCommitted);
        let fetched = p.state.fetch(&p.log, &p.rules, isolation, from, u64::MAX, true);
        let fetched = fetched.expect("it is in the log");
        let aborted = fetched.aborted.unwrap_or_default();
        let mut filter =
            DeliveryFilter::new(aborted.iter().map(|a| (a.producer_id, a.first_offset)));
        for batch in &fetched.records.batches {
            self.position = batch.last_offset().0 + 1;
            if filter.judge(batch) != Delivery::Deliver {
                continue;
            }
            for record in &batch.records().expect("readable") {
                let record = record.expect("readable");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let key = text(record.key.expect("a key"));
                match record.value {
                    Some(value) => self.values.insert(key, text(value)),
                    None => self.values.remove(&key),
                };
            }
        }
    }
}

fn in_the_end(p: &Partition) -> BTreeMap<String, String> {
    let mut reader = Reader::default();
    reader.read(p);
    reader.values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// CLEAN-13, CLEAN-15: no producer is refused; all marks stay; and a reader that follows, one
    /// that begins at the end, and one of the log that is never cleaned end alike.
    #[test]
    fn clean_13_cleaning_changes_nothing_for_clients(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (mut cleaned, mut whole) = (compacted(), compacted());
        let mut producers = [Producer::default(); 4];
        let mut follower = Reader::default();
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Put { producer, records } => {
                    let who = &mut producers[*producer];
                    let records: Vec<_> = records
                        .iter()
                        .map(|(key, is_value)| {
                            if *is_value { format!("{key}={at}") } else { key.to_string() }
                        })
                        .collect();
                    let transaction = if *producer < 2 { "t" } else { "-" };
                    let name = format!("{producer}.{}", who.epoch);
                    let text = records.join(" ");
                    for p in [&mut cleaned, &mut whole] {
                        let answer = p.put(transaction, &name, who.sequence, &text);
                        prop_assert!(answer.is_ok(), "{answer:?}");
                    }
                    who.sequence += i32::try_from(records.len()).unwrap();
                    who.is_open = *producer < 2;
                }
                Step::End { producer, is_commit } => {
                    let who = &mut producers[*producer];
                    if who.is_open {
                        let epoch = who.epoch + 1;
                        *who = Producer { epoch, ..Producer::default() };
                        let kind = if *is_commit { "C" } else { "A" };
                        let line = format!("W({producer}.{epoch},{kind},ce0,tv2) -> NONE");
                        [&mut cleaned, &mut whole].into_iter().for_each(|p| p.play(&line));
                    }
                }
                Step::Wait { millis } => {
                    follower.read(&cleaned);
                    for p in [&mut cleaned, &mut whole] {
                        p.now = p.now.plus_millis(*millis);
                    }
                }
                Step::Clean => cleaned.clean(),
                Step::Crash => {
                    cleaned.log.forget_active_snapshots();
                    let snapshots = cleaned.log.snapshots().to_vec();
                    cleaned.restart(&snapshots);
                }
            }
            let marks = |p: &Partition| {
                let stable = p.state.last_stable_offset(&p.log, &p.rules);
                (p.log.start_offset(), stable, p.state.high_watermark(), p.log.end_offset())
            };
            prop_assert_eq!(marks(&cleaned), marks(&whole));
        }
        follower.read(&cleaned);
        let expected = in_the_end(&whole);
        prop_assert_eq!(&in_the_end(&cleaned), &expected);
        prop_assert_eq!(&follower.values, &expected);
    }
}
