//! A compacted partition whose batches are given as text, `a=1 b=2 c` with `c` a tombstone, and
//! what is left of it after cleaning.

use fencepost_ids::{Offset, Rule, Sequence};
use fencepost_log::{
    AppendError, AppendedBatch, BatchBuilder, Delivery, DeliveryFilter, Isolation, LogConfig,
    NewRecord, StoredBatch, TransactionBit,
};

use crate::partition::{Partition, incarnation, text};

/// A partition of a compacted topic, without a minimum of dirt; a segment holds what is written
/// within one millisecond.
pub(crate) fn compacted() -> Partition {
    let config = LogConfig {
        compacted: true,
        deletes: false,
        segment_ms: 0,
        min_cleanable_ratio: 0,
        delete_retention_ms: 1_000,
        ..LogConfig::default()
    };
    Partition { config, ..Partition::new() }
}

/// The same with a rule switched off.
pub(crate) fn compacted_without(rule: Rule) -> Partition {
    let mut p = compacted();
    p.rules.in_force.without(rule);
    p
}

impl Partition {
    /// Appends records as one batch: of a transaction with `t`, plain with `-`; without a producer
    /// if that is `*`.
    pub(crate) fn put(
        &mut self,
        transaction: &str,
        producer: &str,
        sequence: i32,
        records: &str,
    ) -> Result<AppendedBatch, AppendError> {
        let mut builder = BatchBuilder::new();
        if producer != "*" {
            let (id, epoch) = incarnation(producer);
            builder = builder.producer(id, epoch, Sequence(sequence));
        }
        if transaction == "t" {
            builder = builder.transaction(TransactionBit::Transactional);
        }
        for record in records.split_whitespace() {
            let (key, value) = match record.split_once('=') {
                Some((key, value)) => (key, Some(value.as_bytes())),
                None => (record, None),
            };
            let record = NewRecord { key: Some(key.as_bytes()), value, headers: &[] };
            builder.push(self.now, record);
        }
        self.produce(12, builder.build())
    }

    /// Plays lines such as `put t 7.0 0 a=1 b=2`, `roll`, `clean`, and those of
    /// [`Partition::play`].
    #[track_caller]
    pub(crate) fn keyed(&mut self, history: &str) {
        for line in history.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<_> = line.splitn(5, ' ').collect();
            match words[..] {
                ["roll"] => self.now = self.now.plus_millis(1),
                ["clean"] => self.clean(),
                ["put", transaction, producer, sequence, records] => {
                    let sequence = sequence.parse().expect("a sequence");
                    let answer = self.put(transaction, producer, sequence, records);
                    assert!(answer.is_ok(), "{line}: {}", text(&answer));
                }
                _ => self.play(line),
            }
        }
    }

    /// Cleans until nothing is due.
    pub(crate) fn clean(&mut self) {
        while let Some(cleanable) =
            self.state.cleanable(&self.log, self.now, &self.config, &self.rules)
        {
            let Self { now, config, rules, .. } = self.clone();
            self.state.clean(&mut self.log, cleanable, now, &config, &rules);
        }
    }

    /// What a client is given from the log's start on: `a=1@0 b@3`.
    pub(crate) fn seen(&self, isolation: Isolation) -> String {
        let mut position = self.log.start_offset();
        let mut seen = Vec::new();
        loop {
            let fetched = self
                .state
                .fetch(&self.log, &self.rules, isolation, position, u64::MAX, true)
                .expect("it is in the log");
            let batches = &fetched.records.batches;
            let Some(last) = batches.last() else { return seen.join(" ") };
            position = last.last_offset().plus(1);
            let aborted = fetched.aborted.unwrap_or_default();
            let mut filter =
                DeliveryFilter::new(aborted.iter().map(|a| (a.producer_id, a.first_offset)));
            let delivered = batches.iter().filter(|batch| filter.judge(batch) == Delivery::Deliver);
            seen.extend(delivered.flat_map(records));
        }
    }

    /// What a read_committed client is given.
    pub(crate) fn committed(&self) -> String {
        self.seen(Isolation::ReadCommitted)
    }

    /// Every batch: `0..2[a=1@0 b@2]`, markers as `3[marker]`.
    pub(crate) fn layout(&self) -> String {
        let batches = self.log.batches_from(Offset::ZERO).map(|batch| {
            let (first, last) = (batch.base_offset(), batch.last_offset());
            let records = records(batch).join(" ");
            let is_control = batch.header().attributes.is_control();
            let content = if is_control && !records.is_empty() { "marker" } else { &records };
            if first == last {
                format!("{first}[{content}]")
            } else {
                format!("{first}..{last}[{content}]")
            }
        });
        batches.collect::<Vec<_>>().join(" ")
    }
}

fn records(batch: &StoredBatch) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let records = batch.records().expect("it was readable");
    let shown = records.iter().map(|record| {
        let record = record.expect("it was readable");
        let key = record.key.map(text).unwrap_or_default();
        let value = record.value.map(|value| format!("={}", text(value))).unwrap_or_default();
        format!("{key}{value}@{}", record.offset(batch.base_offset()))
    });
    shown.collect()
}
