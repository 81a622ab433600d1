//! The segments of a log: what retention and compaction may touch (RETAIN-01).

use std::sync::Arc;

use fencepost_ids::{Offset, Timestamp};

use crate::batch::StoredBatch;
use crate::config::LogConfig;

/// A segment's boundaries and times; its batches are in the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Segment {
    /// Where it begins; it ends where the next one begins.
    pub(crate) base: Offset,
    /// The size of all its batches.
    pub(crate) size_bytes: u64,
    /// The max timestamp of its first batch.
    pub(crate) first_timestamp: Option<Timestamp>,
    /// The largest timestamp of a batch.
    pub(crate) max_timestamp: Timestamp,
    /// When it was last written to, or when it was made.
    pub(crate) modified: Timestamp,
    /// When it was made or, of a log's first one, first written to.
    created: Timestamp,
}

impl Segment {
    pub(crate) const fn new(base: Offset, now: Timestamp) -> Self {
        Self {
            base,
            size_bytes: 0,
            first_timestamp: None,
            max_timestamp: Timestamp::NONE,
            modified: now,
            created: now,
        }
    }

    /// Counts a batch that is appended to it.
    pub(crate) fn add(&mut self, batch: &StoredBatch, now: Timestamp) {
        let timestamp = batch.header().max_timestamp;
        if self.created == Timestamp::NONE {
            self.created = now;
        }
        self.size_bytes += batch.size_bytes();
        self.first_timestamp.get_or_insert(timestamp);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.modified = now;
    }

    /// The timestamp by which it ages: that of its youngest batch, or of its last write if no
    /// batch has one.
    pub(crate) const fn largest_timestamp(&self) -> Timestamp {
        if self.max_timestamp.0 >= 0 { self.max_timestamp } else { self.modified }
    }

    /// Whether a new segment begins with `batch`: this one would grow too large, or is too old.
    fn is_full_for(&self, batch: &StoredBatch, now: Timestamp, config: &LogConfig) -> bool {
        let waited = match self.first_timestamp {
            Some(first) if first.0 >= 0 => batch.header().max_timestamp.millis_since(first),
            Some(_) | None => now.millis_since(self.created),
        };
        self.size_bytes + batch.size_bytes() > config.segment_bytes
            || (self.size_bytes > 0 && waited > config.segment_ms)
    }
}

/// All segments, in the order of their offsets; the last one, which is written to, is active.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Segments {
    sealed: Arc<Vec<Segment>>,
    active: Segment,
}

impl Segments {
    pub(super) fn starting_at(base: Offset, now: Timestamp) -> Self {
        Self { sealed: Arc::default(), active: Segment::new(base, now) }
    }

    pub(crate) const fn active(&self) -> &Segment {
        &self.active
    }

    /// Those that are not written to any more.
    pub(crate) fn sealed(&self) -> &[Segment] {
        &self.sealed
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().chain([&self.active])
    }

    /// Where the segment that holds `offset` begins.
    pub(crate) fn base_of(&self, offset: Offset) -> Offset {
        let bases = self.iter().map(|segment| segment.base);
        bases.take_while(|base| *base <= offset).last().unwrap_or(self.active.base)
    }

    /// Whether a new segment must begin before `batch` is appended.
    pub(super) fn must_roll(
        &self,
        batch: &StoredBatch,
        now: Timestamp,
        config: &LogConfig,
    ) -> bool {
        self.active.is_full_for(batch, now, config)
    }

    /// Begins a new active segment at `base`; an empty one is moved there.
    pub(super) fn roll(&mut self, base: Offset, now: Timestamp) {
        if self.active.size_bytes > 0 {
            Arc::make_mut(&mut self.sealed).push(self.active);
        }
        self.active = Segment::new(base, now);
    }

    pub(super) fn add(&mut self, batch: &StoredBatch, now: Timestamp) {
        self.active.add(batch, now);
    }

    /// Cuts what lies at and above `offset`; `left` are the batches that stay in the segment that
    /// is cut, which becomes the active one.
    pub(super) fn truncate<'a>(
        &mut self,
        offset: Offset,
        left: impl FnOnce(Offset) -> Vec<&'a StoredBatch>,
    ) {
        let base = self.base_of(offset).min(offset);
        let cut = self.iter().find(|segment| segment.base >= base).copied();
        let modified = cut.map_or(self.active.modified, |segment| segment.modified);
        let mut active = Segment::new(base, Timestamp::NONE);
        for batch in left(base) {
            active.add(batch, modified);
        }
        if self.sealed.iter().any(|segment| segment.base >= base) {
            Arc::make_mut(&mut self.sealed).retain(|segment| segment.base < base);
        }
        self.active = active;
    }

    /// Drops the first `count` segments, not the active one.
    pub(super) fn drop_first(&mut self, count: usize) {
        Arc::make_mut(&mut self.sealed).drain(..count);
    }

    /// Puts `cleaned` in the place of all that begin below `end`.
    pub(super) fn replace_below(&mut self, end: Offset, cleaned: Vec<Segment>) {
        let rest = self.sealed.iter().filter(|segment| segment.base >= end);
        self.sealed = Arc::new(cleaned.iter().chain(rest).copied().collect());
    }
}
