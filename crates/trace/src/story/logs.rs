//! The logs of partitions as a story goes on: whose records are open, committed and aborted, and where
//! the marks stand.

use std::collections::{BTreeMap, VecDeque};

use crate::event::Event;

/// What became of records so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Fate {
    /// Outside transactions.
    Plain,
    /// Their transaction has no marker here.
    Open,
    /// A marker committed them.
    Committed,
    /// A marker aborted them.
    Aborted,
    /// They went with a leader that alone had them.
    Gone,
}

impl Fate {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Open => "open",
            Self::Committed => "committed",
            Self::Aborted => "aborted",
            Self::Gone => "gone",
        }
    }

    /// What tells it without a colour.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Plain => "•",
            Self::Open => "○",
            Self::Committed => "✓",
            Self::Aborted => "✗",
            Self::Gone => "–",
        }
    }

    pub(super) const fn of_marker(commits: bool) -> Self {
        if commits { Self::Committed } else { Self::Aborted }
    }
}

/// Neighbours in a log, of one producer and one fate; or a marker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) first: i64,
    pub(super) last: i64,
    producer_id: i64,
    pub(super) fate: Fate,
    pub(super) is_marker: bool,
}

/// The end of a log at some moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Strip {
    pub(super) partition: String,
    /// There is more before the first cell.
    pub(super) is_cut: bool,
    pub(super) cells: Vec<Cell>,
    pub(super) high_watermark: i64,
    pub(super) last_stable_offset: i64,
}

/// As many cells as a strip has.
const SHOWN: usize = 8;
/// So many ended cells of a partition are remembered; open ones all are.
const KEPT: usize = 64;

#[derive(Clone, Default, Debug)]
struct Log {
    cells: VecDeque<Cell>,
    is_cut: bool,
    high_watermark: i64,
    last_stable_offset: i64,
}

/// All logs but those that only coordinators write.
#[derive(Clone, Default, Debug)]
pub(super) struct Logs(BTreeMap<String, Log>);

impl Logs {
    /// The partition whose log an event changes, if it does.
    pub(super) fn take(&mut self, event: &Event) -> Option<String> {
        let partition = match event {
            Event::BatchAppended(append) => &append.partition,
            Event::MarkerAppended { partition, .. }
            | Event::HighWatermarkMoved { partition, .. }
            | Event::LastStableOffsetMoved { partition, .. } => partition,
            _ => return None,
        };
        if partition.starts_with("__") {
            return None;
        }
        let log = self.0.entry(partition.clone()).or_default();
        match event {
            Event::BatchAppended(append) => log.push(Cell {
                first: append.base_offset,
                last: append.last_offset,
                producer_id: append.producer_id,
                fate: if append.is_transactional { Fate::Open } else { Fate::Plain },
                is_marker: false,
            }),
            Event::MarkerAppended { offset, producer_id, commits, .. } => {
                let fate = Fate::of_marker(*commits);
                log.push(Cell {
                    first: *offset,
                    last: *offset,
                    producer_id: *producer_id,
                    fate,
                    is_marker: true,
                });
                let open = log.cells.iter_mut().filter(|cell| cell.fate == Fate::Open);
                open.filter(|cell| cell.producer_id == *producer_id)
                    .for_each(|cell| cell.fate = fate);
            }
            Event::HighWatermarkMoved { high_watermark, .. } => {
                log.high_watermark = *high_watermark
            }
            Event::LastStableOffsetMoved { last_stable_offset, .. } => {
                log.last_stable_offset = *last_stable_offset;
            }
            _ => {}
        }
        Some(partition.clone())
    }

    /// A topic is deleted.
    pub(super) fn delete(&mut self, topic: &str) {
        self.0.retain(|partition, _| topic_of(partition) != topic);
    }

    /// The end of a log as it is now.
    pub(super) fn strip(&self, partition: &str) -> Option<Strip> {
        let log = self.0.get(partition)?;
        let left_out = log.cells.len().saturating_sub(SHOWN);
        Some(Strip {
            partition: partition.to_owned(),
            is_cut: log.is_cut || left_out > 0,
            cells: log.cells.iter().skip(left_out).copied().collect(),
            high_watermark: log.high_watermark,
            last_stable_offset: log.last_stable_offset,
        })
    }

    /// What a marker of a producer would end in a partition: first and last offsets.
    pub(super) fn open(&self, partition: &str, producer_id: i64) -> Vec<(i64, i64)> {
        let cells = self.0.get(partition).into_iter().flat_map(|log| &log.cells);
        cells
            .filter(|cell| cell.fate == Fate::Open && cell.producer_id == producer_id)
            .map(|cell| (cell.first, cell.last))
            .collect()
    }
}

/// The topic of a partition, as in `orders-0`.
pub(super) fn topic_of(partition: &str) -> &str {
    partition.rsplit_once('-').map_or(partition, |(topic, _)| topic)
}

impl Log {
    fn push(&mut self, cell: Cell) {
        // What a new leader does not have is gone.
        while self.cells.back().is_some_and(|last| last.first >= cell.first) {
            self.cells.pop_back();
        }
        if let Some(last) = self.cells.back_mut() {
            last.last = last.last.min(cell.first - 1);
        }
        self.is_cut |= self.cells.is_empty() && cell.first > 0;
        match self.cells.back_mut() {
            Some(last) if last.takes(&cell) => last.last = cell.last,
            Some(_) | None => self.cells.push_back(cell),
        }
        while self.cells.len() > KEPT && self.cells[0].fate != Fate::Open {
            self.cells.pop_front();
            self.is_cut = true;
        }
    }
}

impl Cell {
    fn takes(&self, next: &Self) -> bool {
        let Self { last, producer_id, fate, is_marker, .. } = *self;
        !is_marker
            && !next.is_marker
            && (last + 1, producer_id, fate) == (next.first, next.producer_id, next.fate)
    }
}
