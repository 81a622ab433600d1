//! A partition that plays histories in the shorthand of the rules.
//!
//! `P12(t,7.3,0..4)` is a Produce of version 12 with a transactional id, producer 7, epoch 3,
//! sequences 0 to 4; `-` in place of `t` makes the batch plain, `*` as the producer takes it away.
//! `W(7.4,C,ce5,tv2)` is a marker, `F(rc,10)` and `F(ru,10)` a read, `HW(5)` a replicated prefix.
//! After the arrow stands an error code, or NONE with or without `@` and the base offset, and then
//! any of LEO, HW, LSO with its value. A read answers the offsets of its batches and the list.

use fencepost_ids::{
    CoordinatorEpoch, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp,
};
use fencepost_log::{
    AppendError, AppendedBatch, BatchBuilder, FramedBatch, GuardIds, Isolation, LeaderContext, Log,
    LogConfig, LogRules, Marker, MarkerType, MarkerVersion, NewRecord, OffsetOutOfRange,
    ReplicaState, TransactionBit, Verification, VerificationGuard, VerificationMode,
    VerificationQuestion,
};

pub(crate) const DAY_MS: i64 = 86_400_000;
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A leader with its log; without `followers` HW is LEO after every append (LSO-02).
#[derive(Clone)]
pub(crate) struct Partition {
    pub(crate) log: Log,
    pub(crate) state: ReplicaState,
    pub(crate) guards: GuardIds,
    pub(crate) config: LogConfig,
    pub(crate) rules: LogRules,
    pub(crate) now: Timestamp,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) followers: bool,
}

impl Partition {
    pub(crate) fn new() -> Self {
        Self {
            log: Log::new(),
            state: ReplicaState::default(),
            guards: GuardIds::default(),
            config: LogConfig::default(),
            rules: LogRules::default(),
            now: NOW,
            leader_epoch: LeaderEpoch(0),
            followers: false,
        }
    }

    pub(crate) fn with_followers() -> Self {
        Self { followers: true, ..Self::new() }
    }

    /// Plays a history, a line for each step.
    #[track_caller]
    pub(crate) fn play(&mut self, history: &str) {
        for line in history.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (step, expected) = line.split_once("->").unwrap_or((line, "NONE"));
            let expected = expected.trim();
            let answer = self.step(step.trim());
            let marks = self.marks();
            let mut words = expected.split_whitespace().peekable();
            let mut outcome = Vec::new();
            while let Some(word) = words.next_if(|word| !["LEO", "HW", "LSO"].contains(word)) {
                outcome.push(word);
            }
            let outcome = outcome.join(" ");
            let same = answer == outcome || (outcome == "NONE" && answer.starts_with("NONE@"));
            assert!(same, "{line}: {answer}");
            while let (Some(mark), Some(value)) = (words.next(), words.next()) {
                let found = marks.iter().find(|(name, _)| *name == mark).map(|(_, value)| value);
                assert_eq!(
                    found.map(|offset| offset.to_string()).as_deref(),
                    Some(value),
                    "{line}"
                );
            }
        }
    }

    fn marks(&self) -> [(&'static str, Offset); 3] {
        let lso = self.state.last_stable_offset(&self.log, &self.rules);
        let hw = self.state.high_watermark();
        [("LEO", self.log.end_offset()), ("HW", hw), ("LSO", lso)]
    }

    /// Takes one step of a history, and shows its answer.
    pub(crate) fn step(&mut self, step: &str) -> String {
        let (name, rest) = step.split_once('(').expect("a step has arguments");
        let args: Vec<&str> = rest.trim_end_matches(')').split(',').map(str::trim).collect();
        match (name, &args[..]) {
            ("W", [producer, kind, epoch, rest @ ..]) => {
                let marker = marker(producer, kind, epoch, rest.first() == Some(&"tv2"));
                self.marker(&marker)
            }
            ("F", [isolation, from]) => self.read(isolation, from),
            ("HW", [offset]) => {
                self.state.raise_high_watermark(Offset(offset.parse().expect("an offset")));
                "NONE".to_owned()
            }
            (produce, [transaction, producer, sequences]) => {
                let version = produce.trim_start_matches('P').parse().expect("a version");
                let batch = batch(transaction, producer, sequences, self.now);
                text(&self.produce(version, batch))
            }
            _ => panic!("no such step: {step}"),
        }
    }

    /// A Produce whose verification, if it needs one, is answered well at once.
    pub(crate) fn produce(
        &mut self,
        version: i16,
        batch: FramedBatch,
    ) -> Result<AppendedBatch, AppendError> {
        let guard = match batch.transaction_bit() {
            TransactionBit::Transactional => self.ask(version, &batch)?,
            TransactionBit::Plain => None,
        };
        self.append(batch, guard)
    }

    /// Begins the verification of a batch; the guard if the coordinator must be asked.
    pub(crate) fn ask(
        &mut self,
        version: i16,
        batch: &FramedBatch,
    ) -> Result<Option<VerificationGuard>, AppendError> {
        let Some((producer_id, producer_epoch, base_sequence)) = batch.producer() else {
            return Ok(None);
        };
        let mode = if version >= 12 { VerificationMode::Add } else { VerificationMode::Verify };
        let question = VerificationQuestion { producer_id, producer_epoch, base_sequence, mode };
        let verification =
            self.state.begin_verification(&question, self.now, &mut self.guards, &self.rules)?;
        Ok(match verification {
            Verification::NotNeeded => None,
            Verification::Needed(guard) => Some(guard),
        })
    }

    pub(crate) fn append(
        &mut self,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
    ) -> Result<AppendedBatch, AppendError> {
        let Self { config, rules, .. } = self.clone();
        let leader = self.leader(&config, &rules);
        let appended = self.state.append_client(&mut self.log, batch, guard, &leader)?;
        self.replicate();
        Ok(appended)
    }

    pub(crate) fn append_coordinator(
        &mut self,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
    ) -> Result<AppendedBatch, AppendError> {
        let Self { config, rules, .. } = self.clone();
        let leader = self.leader(&config, &rules);
        let appended = self.state.append_coordinator(&mut self.log, batch, guard, &leader)?;
        self.replicate();
        Ok(appended)
    }

    fn marker(&mut self, marker: &Marker) -> String {
        let Self { config, rules, .. } = self.clone();
        let leader = self.leader(&config, &rules);
        match self.state.append_marker(&mut self.log, marker, &leader) {
            Ok(appended) => {
                self.replicate();
                format!("NONE@{}", appended.offset)
            }
            Err(error) => error.error_code().code().to_string(),
        }
    }

    fn leader<'a>(&self, config: &'a LogConfig, rules: &'a LogRules) -> LeaderContext<'a> {
        LeaderContext { now: self.now, leader_epoch: self.leader_epoch, config, rules }
    }

    fn replicate(&mut self) {
        if !self.followers {
            self.state.raise_high_watermark(self.log.end_offset());
        }
    }

    fn read(&self, isolation: &str, from: &str) -> String {
        let isolation = match isolation {
            "rc" => Isolation::ReadCommitted,
            "ru" => Isolation::ReadUncommitted,
            _ => Isolation::LogEnd,
        };
        let from = Offset(from.parse().expect("an offset"));
        let Ok(fetched) = self.state.fetch(&self.log, &self.rules, isolation, from, u64::MAX, true)
        else {
            return "1".to_owned();
        };
        let offsets = match (fetched.records.batches.first(), fetched.records.batches.last()) {
            (Some(first), Some(last)) => format!("{}..{}", first.base_offset(), last.last_offset()),
            _ => "empty".to_owned(),
        };
        let Some(aborted) = fetched.aborted else { return offsets };
        let list: Vec<_> =
            aborted.iter().map(|a| format!("{}@{}", a.producer_id, a.first_offset)).collect();
        format!("{offsets} [{}]", list.join(","))
    }

    /// The leader loses its memory and loads its log again.
    pub(crate) fn restart(&mut self, snapshots: &[fencepost_log::ProducerSnapshot]) {
        let end = self.log.end_offset();
        let high_watermark = if self.followers { self.state.high_watermark() } else { end };
        self.state = ReplicaState::load(
            &self.log,
            end,
            high_watermark,
            snapshots,
            self.now,
            DAY_MS,
            &self.rules,
        );
    }

    /// DeleteRecords; `None` is up to HW.
    pub(crate) fn delete(&mut self, offset: Option<i64>) -> Result<Offset, OffsetOutOfRange> {
        self.state.delete_records(&mut self.log, offset.map(Offset), &self.rules)
    }

    /// A sweep over idle producers.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<ProducerId> {
        self.state.expire_producers(now, DAY_MS, &self.rules)
    }

    pub(crate) fn truncate(&mut self, offset: i64) {
        self.log.truncate_to(Offset(offset));
        self.restart(&[]);
    }

    /// The rows of DescribeProducers as text: id.epoch, last sequence, coordinator epoch, start of
    /// the open transaction.
    pub(crate) fn producers(&self) -> String {
        let rows: Vec<_> = self
            .state
            .describe_producers()
            .map(|row| {
                let start = row.transaction_start.unwrap_or(Offset::NONE);
                format!(
                    "{}.{} seq {} ce {} txn {start}",
                    row.producer_id, row.producer_epoch, row.last_sequence, row.coordinator_epoch
                )
            })
            .collect();
        rows.join("; ")
    }
}

pub(crate) fn text(answer: &Result<AppendedBatch, AppendError>) -> String {
    match answer {
        Ok(appended) => format!("NONE@{}", appended.base_offset()),
        Err(error) => error.error_code().code().to_string(),
    }
}

/// A batch with a record for each sequence, or as many plain records if the producer is `*`.
pub(crate) fn batch(
    transaction: &str,
    producer: &str,
    sequences: &str,
    now: Timestamp,
) -> FramedBatch {
    let (first, last) = sequences.split_once("..").expect("two sequences");
    let parse = |text: &str| text.parse::<i64>().expect("a sequence");
    let (first, last) = (parse(first), parse(last));
    let count = if last < first { last + (1 << 31) - first + 1 } else { last - first + 1 };
    let mut builder = BatchBuilder::new();
    if producer != "*" {
        let (id, epoch) = incarnation(producer);
        builder = builder.producer(id, epoch, Sequence(first as i32));
    }
    if transaction == "t" {
        builder = builder.transaction(TransactionBit::Transactional);
    }
    for _ in 0..count {
        builder.push(now, NewRecord { key: Some(b"k"), value: Some(b"v"), headers: &[] });
    }
    builder.build()
}

fn marker(producer: &str, kind: &str, epoch: &str, tv2: bool) -> Marker {
    let (producer_id, producer_epoch) = incarnation(producer);
    let epoch = epoch.trim_start_matches("ce").parse().expect("a coordinator epoch");
    Marker {
        producer_id,
        producer_epoch,
        marker_type: if kind == "C" { MarkerType::Commit } else { MarkerType::Abort },
        coordinator_epoch: CoordinatorEpoch(epoch),
        version: if tv2 { MarkerVersion::Tv2 } else { MarkerVersion::Legacy },
    }
}

pub(crate) fn incarnation(producer: &str) -> (ProducerId, ProducerEpoch) {
    let (id, epoch) = producer.split_once('.').expect("id.epoch");
    let id = id.parse().expect("a producer id");
    (ProducerId(id), ProducerEpoch(epoch.parse().expect("a producer epoch")))
}
