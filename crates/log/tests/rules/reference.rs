//! A partition as the rules tell it, without any of the crate's own structures: a list of what was
//! appended, and everything else read off it.

use std::collections::BTreeMap;

use fencepost_log::LogRules;

/// A batch of a producer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sent {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) first: i64,
    pub(crate) count: i64,
    /// The version of Produce; none for a plain batch.
    pub(crate) transaction: Option<i16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SentMarker {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) commits: bool,
    pub(crate) coordinator_epoch: i32,
    pub(crate) is_tv2: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Data(Sent),
    Marker(SentMarker),
}

/// `inc` of the specification's section 1.
pub(crate) fn inc(sequence: i64, count: i64) -> i64 {
    (sequence + count) % (1 << 31)
}

impl Sent {
    pub(crate) fn last(&self) -> i64 {
        inc(self.first, self.count - 1)
    }
}

/// **E** of the specification.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) epoch: i16,
    /// First and last sequence, and base offset; oldest first.
    pub(crate) batches: Vec<(i64, i64, i64)>,
    pub(crate) coordinator_epoch: i32,
    pub(crate) open: Option<i64>,
}

/// A verification entry (VERIFY-04).
#[derive(Clone, Copy, Debug)]
struct Question {
    guard: u32,
    lowest: i64,
    epoch: i16,
    is_tv2: bool,
}

/// Producer id, first offset, marker offset, LSO'.
pub(crate) type Aborted = (i64, i64, i64, i64);

#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) rules: LogRules,
    /// Base offset, last offset, and what it is.
    pub(crate) history: Vec<(i64, i64, Event)>,
    pub(crate) start: i64,
    pub(crate) high_watermark: i64,
    pub(crate) aborted: Vec<Aborted>,
    /// Offset, and the producers of then with one batch each (RECOV-04).
    snapshots: Vec<(i64, BTreeMap<i64, Entry>)>,
    /// What the last load began with: the snapshot, or nothing from the log start on.
    loaded: (i64, BTreeMap<i64, Entry>),
    questions: BTreeMap<i64, Question>,
    guards: u32,
    /// Batches that were asked about and not appended yet.
    pub(crate) held: BTreeMap<i64, (Sent, Option<u32>)>,
    /// The answer to the last step.
    pub(crate) answer: String,
}

impl Reference {
    pub(crate) fn new(rules: LogRules) -> Self {
        Self {
            rules,
            history: Vec::new(),
            start: 0,
            high_watermark: 0,
            aborted: Vec::new(),
            snapshots: Vec::new(),
            loaded: (0, BTreeMap::new()),
            questions: BTreeMap::new(),
            guards: 0,
            held: BTreeMap::new(),
            answer: String::new(),
        }
    }

    pub(crate) fn end(&self) -> i64 {
        self.history.last().map_or(self.start, |(_, last, _)| last + 1).max(self.start)
    }

    /// Every producer, and first and marker offset of each transaction that was decided since the load
    /// (IDEM-19, MARK-09, RECOV-06).
    pub(crate) fn remembered(&self) -> (BTreeMap<i64, Entry>, Vec<(i64, i64)>) {
        let (from, mut entries) = self.loaded.clone();
        let mut decided = Vec::new();
        for (base, last, event) in self.history.iter().filter(|(_, last, _)| *last >= from) {
            let (id, epoch) = match event {
                Event::Data(sent) => (sent.id, sent.epoch),
                Event::Marker(marker) => (marker.id, marker.epoch),
            };
            let entry = entries.entry(id).or_insert(Entry {
                epoch: -1,
                batches: Vec::new(),
                coordinator_epoch: -1,
                open: None,
            });
            if entry.epoch != epoch {
                (entry.epoch, entry.batches) = (epoch, Vec::new());
            }
            match event {
                Event::Data(sent) => {
                    entry.batches.push((sent.first, sent.last(), *base));
                    if entry.batches.len() > 5 {
                        entry.batches.remove(0);
                    }
                    if sent.transaction.is_some() && entry.open.is_none() {
                        entry.open = Some(*base);
                    }
                }
                Event::Marker(marker) => {
                    entry.coordinator_epoch = marker.coordinator_epoch;
                    decided.extend(entry.open.take().map(|first| (first, *last)));
                }
            }
        }
        (entries, decided)
    }

    pub(crate) fn entry(&self, id: i64) -> Option<Entry> {
        self.remembered().0.remove(&id)
    }

    /// LSO-03, LSO-04.
    pub(crate) fn first_unstable(&self) -> Option<i64> {
        let (entries, decided) = self.remembered();
        let open = entries.values().filter_map(|entry| entry.open);
        let unreplicated = decided.iter().filter(|(_, marker)| *marker >= self.high_watermark);
        let first = open.chain(unreplicated.map(|(first, _)| *first)).min()?;
        let holder = self.history.iter().find(|(_, last, _)| *last >= self.start);
        Some(if first < self.start { holder.map_or(self.start, |it| it.0) } else { first })
    }

    pub(crate) fn last_stable_offset(&self) -> i64 {
        self.first_unstable().map_or(self.high_watermark, |it| it.min(self.high_watermark))
    }

    /// The base offsets of what a read_committed reader is given from `from` on: plain data, and
    /// data whose next marker is a commit.
    pub(crate) fn deliverable(&self, from: i64) -> Vec<i64> {
        let bound = self.last_stable_offset();
        let is_committed = |at: usize, id: i64| {
            let next = self.history[at + 1..].iter().find_map(|(.., event)| match event {
                Event::Marker(marker) if marker.id == id => Some(marker.commits),
                Event::Marker(_) | Event::Data(_) => None,
            });
            next == Some(true)
        };
        let mut delivered = Vec::new();
        for (at, (base, last, event)) in self.history.iter().enumerate() {
            let is_delivered = match event {
                Event::Marker(_) => false,
                Event::Data(sent) => sent.transaction.is_none() || is_committed(at, sent.id),
            };
            if is_delivered && *last >= from && *last < bound {
                delivered.push(*base);
            }
        }
        delivered
    }

    /// VERIFY-02 to VERIFY-05: the guard, or none if no question is needed.
    fn ask(&mut self, sent: &Sent, version: i16) -> Result<Option<u32>, i16> {
        let entry = self.entry(sent.id);
        if self.rules.stale_epoch_before_question
            && entry.as_ref().is_some_and(|entry| sent.epoch < entry.epoch)
        {
            return Err(47);
        }
        if entry.is_some_and(|entry| entry.open.is_some() && entry.epoch == sent.epoch) {
            return Ok(None);
        }
        let known = self.questions.get(&sent.id).copied();
        let question = match known {
            None => {
                self.guards += 1;
                let is_tv2 = version >= 12;
                Question { guard: self.guards, lowest: sent.first, epoch: sent.epoch, is_tv2 }
            }
            Some(it) if sent.epoch > it.epoch => {
                Question { lowest: sent.first, epoch: sent.epoch, ..it }
            }
            Some(it) if sent.epoch == it.epoch => {
                Question { lowest: it.lowest.min(sent.first), ..it }
            }
            Some(it) => it,
        };
        self.questions.insert(sent.id, question);
        Ok(Some(question.guard))
    }

    /// IDEM-07 to IDEM-20, VERIFY-12 to VERIFY-16; the base offset.
    fn append(&mut self, sent: &Sent, guard: Option<u32>) -> Result<i64, i16> {
        let entry = self.entry(sent.id);
        let question = self.questions.get(&sent.id).copied();
        let same_epoch = entry.as_ref().filter(|entry| entry.epoch == sent.epoch);
        let is_known = |known: &&(i64, i64, i64)| (known.0, known.1) == (sent.first, sent.last());
        if let Some(known) = same_epoch.and_then(|entry| entry.batches.iter().find(is_known)) {
            return Ok(known.2);
        }
        let is_stale = entry.as_ref().is_some_and(|entry| sent.epoch < entry.epoch);
        if sent.transaction.is_some() && same_epoch.is_none_or(|entry| entry.open.is_none()) {
            if is_stale && self.rules.stale_epoch_before_guard {
                return Err(47);
            }
            if guard.is_none() || guard != question.map(|it| it.guard) {
                return Err(48);
            }
        }
        if is_stale {
            return Err(47);
        }
        let is_unwritten = entry.as_ref().is_none_or(|entry| entry.batches.is_empty());
        if let Some(question) = question
            && (sent.first > question.lowest
                || (question.is_tv2
                    && self.rules.tv2_first_sequence_zero
                    && is_unwritten
                    && sent.first != 0))
        {
            return Err(45);
        }
        if let Some(entry) = &entry {
            let wanted = match entry.batches.last() {
                Some((_, last, _)) if entry.epoch == sent.epoch => inc(*last, 1),
                Some(_) | None => 0,
            };
            if sent.first != wanted {
                return Err(45);
            }
            if sent.transaction.is_none() && entry.open.is_some() {
                return Err(48);
            }
        }
        let base = self.end();
        self.history.push((base, base + sent.count - 1, Event::Data(*sent)));
        if sent.transaction.is_some() {
            self.questions.remove(&sent.id);
        }
        Ok(base)
    }

    pub(crate) fn produce(&mut self, sent: &Sent) {
        let guard = match sent.transaction {
            Some(version) => self.ask(sent, version),
            None => Ok(None),
        };
        let answer = guard.and_then(|guard| self.append(sent, guard));
        self.answer = text(answer);
    }

    /// Asks about a batch and keeps it back.
    pub(crate) fn hold(&mut self, sent: &Sent, version: i16) {
        self.answer = match self.ask(sent, version) {
            Ok(guard) => {
                self.held.insert(sent.id, (*sent, guard));
                guard.is_some().to_string()
            }
            Err(code) => code.to_string(),
        };
    }

    /// Appends the batch that was kept back.
    pub(crate) fn let_go(&mut self, id: i64) {
        let Some((sent, guard)) = self.held.remove(&id) else { return };
        let answer = self.append(&sent, guard);
        self.answer = text(answer);
    }

    /// MARK-04 to MARK-10, VERIFY-14.
    pub(crate) fn mark(&mut self, marker: &SentMarker) {
        self.answer = text(self.judge(marker).map(|()| self.end()));
        if !self.answer.starts_with("NONE") {
            return;
        }
        let at = self.end();
        let (entries, _) = self.remembered();
        let open = entries.get(&marker.id).and_then(|entry| entry.open);
        if let (Some(first), false) = (open, marker.commits) {
            let others = entries.iter().filter(|(id, _)| **id != marker.id);
            let stable = others.filter_map(|(_, entry)| entry.open).min().unwrap_or(at + 1);
            self.aborted.push((marker.id, first, at, stable));
        }
        let keeps = |it: &Question| it.is_tv2 && it.epoch == marker.epoch;
        if !self.questions.get(&marker.id).is_some_and(keeps) {
            self.questions.remove(&marker.id);
        }
        self.history.push((at, at, Event::Marker(*marker)));
    }

    fn judge(&self, marker: &SentMarker) -> Result<(), i16> {
        let Some(entry) = self.entry(marker.id) else { return Ok(()) };
        let is_accepted = if marker.is_tv2 && self.rules.strict_marker_epoch {
            let may_repeat = entry.open.is_none()
                || (self.rules.equal_marker_at_last_epoch && marker.epoch == i16::MAX);
            marker.epoch > entry.epoch || (marker.epoch == entry.epoch && may_repeat)
        } else {
            marker.epoch >= entry.epoch
        };
        match is_accepted {
            false => Err(47),
            true if entry.coordinator_epoch > marker.coordinator_epoch => Err(52),
            true => Ok(()),
        }
    }

    pub(crate) fn replicate(&mut self, to: i64) {
        self.high_watermark = self.high_watermark.max(to.min(self.end()));
    }

    pub(crate) fn snapshot(&mut self) {
        let (mut entries, _) = self.remembered();
        for entry in entries.values_mut() {
            entry.batches = entry.batches.last().copied().into_iter().collect();
        }
        self.snapshots.push((self.end(), entries));
    }

    /// RECOV-05, RECOV-06: memory is lost and rebuilt.
    pub(crate) fn load(&mut self) {
        let usable = self.snapshots.iter().filter(|(at, _)| *at > self.start && *at <= self.end());
        let latest = usable.max_by_key(|(at, _)| *at).cloned();
        self.loaded = latest.unwrap_or((self.start, BTreeMap::new()));
        self.questions.clear();
    }

    /// RECOV-11.
    pub(crate) fn truncate(&mut self, to: i64) {
        self.history.retain(|(_, last, _)| *last < to);
        self.aborted.retain(|(_, _, marker, _)| *marker < to);
        self.snapshots.retain(|(at, _)| *at <= to);
        self.start = self.start.min(to);
        self.high_watermark = self.high_watermark.min(to);
        self.load();
    }

    /// LSO-20.
    pub(crate) fn delete(&mut self, to: i64) {
        self.start = self.start.max(to);
        self.aborted.retain(|(_, _, marker, _)| *marker >= self.start);
    }
}

fn text(answer: Result<i64, i16>) -> String {
    match answer {
        Ok(base) => format!("NONE@{base}"),
        Err(code) => code.to_string(),
    }
}
