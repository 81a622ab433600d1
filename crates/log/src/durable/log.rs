//! The log itself.

use std::sync::Arc;

use fencepost_ids::{LeaderEpoch, Offset, Timestamp};
use thiserror::Error;

use super::aborted::{AbortedIndex, AbortedTransaction};
use super::epochs::{EpochEnd, LeaderEpochs};
use super::runs::Runs;
use super::segments::{Segment, Segments};
use super::snapshot::ProducerSnapshot;
use crate::batch::StoredBatch;
use crate::config::LogConfig;

/// How many bytes of a segment lie between two entries of Kafka's index of it, at least
/// (`index.interval.bytes`).
const INDEX_INTERVAL_BYTES: u64 = 4096;

/// One replica's history of batches, as it survives a crash. A clone shares all batches.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Log {
    pub(super) runs: Runs,
    segments: Segments,
    start: Offset,
    end: Offset,
    epochs: LeaderEpochs,
    aborted: AbortedIndex,
    size_bytes: u64,
    /// Of the producers, by rising offset (RECOV-05).
    snapshots: Arc<Vec<ProducerSnapshot>>,
    /// How far compaction has come.
    first_dirty: Offset,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// The offset lies below the log's start or above its end (FETCH-14, LSO-09); the answer is
/// `OFFSET_OUT_OF_RANGE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("offset {offset} is outside {start}..{end} (FETCH-14)")]
pub struct OffsetOutOfRange {
    /// The asked offset.
    pub offset: Offset,
    /// The log start offset.
    pub start: Offset,
    /// The log end offset, or the high watermark for DeleteRecords.
    pub end: Offset,
}

/// What a read found: whole stored batches, not copied.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogRead {
    /// The batches, the first of which holds the asked offset or follows it.
    pub batches: Vec<StoredBatch>,
    /// Their size in bytes.
    pub size_bytes: u64,
    /// Not even the first batch fitted, although some bytes were allowed.
    pub is_too_small: bool,
}

impl LogRead {
    /// All batches as they go to a reader, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        let mut out = bytes::BytesMut::with_capacity(self.size_bytes as usize);
        for batch in &self.batches {
            batch.write_to(&mut out);
        }
        out.freeze()
    }
}

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            runs: Runs::default(),
            segments: Segments::starting_at(Offset::ZERO, Timestamp::NONE),
            start: Offset::ZERO,
            end: Offset::ZERO,
            epochs: LeaderEpochs::default(),
            aborted: AbortedIndex::default(),
            size_bytes: 0,
            snapshots: Arc::default(),
            first_dirty: Offset::ZERO,
        }
    }

    /// LSTART: the first readable offset.
    #[must_use]
    pub const fn start_offset(&self) -> Offset {
        self.start
    }

    /// LEO: the next offset to assign.
    #[must_use]
    pub const fn end_offset(&self) -> Offset {
        self.end
    }

    /// Bytes of all batches from the log's start on; a batch that the start cuts counts whole.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Every batch from the one that holds `offset`, or the first one after it.
    pub fn batches_from(&self, offset: Offset) -> impl Iterator<Item = &StoredBatch> {
        self.runs.from(offset.max(self.start))
    }

    /// Reads whole batches that lie below `upper_bound`, of one segment and up to `max_bytes`; the
    /// first may be larger if `at_least_one` (FETCH-16 to FETCH-18, FETCH-23, FETCH-34).
    ///
    /// # Errors
    /// [`OffsetOutOfRange`] if `from` is below the start or above the end.
    pub fn read(
        &self,
        from: Offset,
        upper_bound: Offset,
        max_bytes: u64,
        at_least_one: bool,
    ) -> Result<LogRead, OffsetOutOfRange> {
        self.check_range(from, self.end)?;
        let mut read = LogRead::default();
        let segment_end = self.segment_of(from).1;
        for batch in self.readable(from, upper_bound.min(segment_end)) {
            let too_much = read.size_bytes + batch.size_bytes() > max_bytes;
            let owed = at_least_one && read.batches.is_empty();
            if too_much && !owed {
                read.is_too_small = read.batches.is_empty() && max_bytes > 0;
                break;
            }
            read.size_bytes += batch.size_bytes();
            read.batches.push(batch.clone());
        }
        Ok(read)
    }

    /// How many bytes lie from the batch that holds `from` to `upper_bound` (FETCH-25).
    #[must_use]
    pub fn available_bytes(&self, from: Offset, upper_bound: Offset) -> u64 {
        self.readable(from, upper_bound).map(StoredBatch::size_bytes).sum()
    }

    /// Where the batch begins that holds `offset`, or the first one after it; LEO if there is none.
    #[must_use]
    pub fn batch_at(&self, offset: Offset) -> Offset {
        self.batches_from(offset).next().map_or(self.end, StoredBatch::base_offset)
    }

    /// Where the segment begins from which a read of `from` is served (FETCH-34).
    #[must_use]
    pub fn segment_at(&self, from: Offset) -> Offset {
        self.segment_of(from).0
    }

    /// Where the segment of a read of `from` begins, and where the next one does; the last one has
    /// no end.
    fn segment_of(&self, from: Offset) -> (Offset, Offset) {
        let base = self.segments.base_of(self.batch_at(from));
        let mut bases = self.segments.iter().map(|segment| segment.base);
        (base, bases.find(|next| *next > base).unwrap_or(Offset(i64::MAX)))
    }

    fn readable(&self, from: Offset, upper_bound: Offset) -> impl Iterator<Item = &StoredBatch> {
        self.batches_from(from).take_while(move |batch| batch.last_offset() < upper_bound)
    }

    pub(crate) fn check_range(&self, offset: Offset, end: Offset) -> Result<(), OffsetOutOfRange> {
        if self.start <= offset && offset <= end {
            Ok(())
        } else {
            Err(OffsetOutOfRange { offset, start: self.start, end })
        }
    }

    /// The aborted transactions that a read_committed reader learns with what it read, in the order
    /// of their markers. Kafka searches up to an offset of its sparse index of the segment, or the
    /// segment's end, so that the list may name some that begin after what was read (LSO-11).
    #[must_use]
    pub fn aborted_with(&self, from: Offset, read: &LogRead) -> Vec<AbortedTransaction> {
        if self.aborted_between(from, self.end).is_empty() {
            return Vec::new();
        }
        let (base, segment_end) = self.segment_of(from);
        let in_segment = self.runs.from(base).take_while(|batch| batch.base_offset() < segment_end);
        let mut position = 0;
        let mut read_to = None;
        let mut since_entry = 0;
        let mut is_first_entry = true;
        let mut bound = segment_end.min(self.end);
        for batch in in_segment {
            if read_to.is_none() && batch.last_offset() >= from {
                read_to = Some(position + read.size_bytes);
            }
            if since_entry > INDEX_INTERVAL_BYTES {
                // Kafka's search never looks at the first entry itself.
                let least = position - u64::from(is_first_entry);
                if read_to.is_some_and(|end| least >= end) {
                    bound = batch.last_offset();
                    break;
                }
                since_entry = 0;
                is_first_entry = false;
            }
            position += batch.size_bytes();
            since_entry += batch.size_bytes();
        }
        self.aborted_between(from.max(base), bound)
    }

    /// The aborted transactions that a read_committed reader of `from..upper_bound` must know, in
    /// the order of their markers (LSO-12).
    #[must_use]
    pub fn aborted_between(&self, from: Offset, upper_bound: Offset) -> Vec<AbortedTransaction> {
        self.aborted.overlapping(from, upper_bound)
    }

    /// The whole index of aborted transactions, in the order of their markers (LSO-07).
    #[must_use]
    pub fn aborted_transactions(&self) -> &[AbortedTransaction] {
        self.aborted.entries()
    }

    /// Where leader epoch `epoch` ends in this log; `None` if it is above all known (API-41).
    #[must_use]
    pub fn end_offset_for(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        self.epochs.end_of(epoch, self.end)
    }

    /// The newest leader epoch that began in this log.
    #[must_use]
    pub fn latest_leader_epoch(&self) -> Option<LeaderEpoch> {
        self.epochs.latest()
    }

    /// The leader epoch of an offset (API-33).
    #[must_use]
    pub fn leader_epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.epochs.at(offset)
    }

    /// Notes that a new leader's term begins at the end of the log.
    pub fn begin_leader_epoch(&mut self, epoch: LeaderEpoch) {
        self.epochs.assign(epoch, self.end);
    }

    /// Whether a new segment must begin before `batch` is appended (RETAIN-01).
    pub(crate) fn must_roll(
        &self,
        batch: &StoredBatch,
        now: Timestamp,
        config: &LogConfig,
    ) -> bool {
        self.segments.must_roll(batch, now, config)
    }

    /// Begins a new segment at the end of the log, with a snapshot of the producers (RECOV-05).
    pub(crate) fn roll(&mut self, producers: ProducerSnapshot, now: Timestamp) {
        self.segments.roll(self.end, now);
        self.keep_snapshot(producers);
    }

    /// Appends a batch whose base offset is the end of the log.
    pub(crate) fn append(&mut self, batch: StoredBatch, now: Timestamp) {
        assert_eq!(batch.base_offset(), self.end, "an append begins at the log end offset");
        self.epochs.assign(batch.leader_epoch(), self.end);
        self.end = batch.last_offset().plus(1);
        self.size_bytes += batch.size_bytes();
        self.segments.add(&batch, now);
        self.runs.push(batch);
    }

    /// Moves the end of a follower's log over a gap that compaction left in the leader's.
    pub(crate) fn skip_to(&mut self, offset: Offset) {
        assert!(offset >= self.end, "a follower appends what it does not hold");
        self.end = offset;
    }

    /// Notes an aborted transaction, after its marker was appended (LSO-07).
    pub(crate) fn note_aborted(&mut self, aborted: AbortedTransaction) {
        self.aborted.push(aborted);
    }

    /// Drops everything: the log goes on at `offset` (RECOV-17, RECOV-18).
    pub fn restart_at(&mut self, offset: Offset) {
        let segments = Segments::starting_at(offset, Timestamp::NONE);
        *self = Self { start: offset, end: offset, segments, ..Self::new() };
    }

    /// Cuts everything at and above `offset`, also a batch that holds it (RECOV-11); every
    /// [`crate::ReplicaState`] beyond it must be loaded again. At or above the end only leader
    /// epochs that begin there are forgotten.
    pub fn truncate_to(&mut self, offset: Offset) {
        self.epochs.truncate(offset);
        if offset >= self.end {
            return;
        }
        let cut: u64 = self.runs.from(offset).map(StoredBatch::size_bytes).sum();
        self.size_bytes -= cut;
        self.runs.truncate(offset);
        let runs = &self.runs;
        self.segments.truncate(offset, |base| runs.from(base).collect());
        self.aborted.truncate(offset);
        self.end = offset;
        self.start = self.start.min(offset);
        self.first_dirty = self.first_dirty.min(offset);
        if self.snapshots.last().is_some_and(|last| last.offset > offset) {
            Arc::make_mut(&mut self.snapshots).retain(|snapshot| snapshot.offset <= offset);
        }
    }

    /// Raises LSTART; batches wholly below it go once a run of them is full (LSO-20).
    pub(crate) fn raise_start(&mut self, offset: Offset) {
        if offset <= self.start {
            return;
        }
        let gone = self.runs.from(self.start).take_while(|batch| batch.last_offset() < offset);
        self.size_bytes -= gone.map(StoredBatch::size_bytes).sum::<u64>();
        self.start = offset;
        self.epochs.raise_start(offset);
        self.runs.drop_below(offset);
        self.aborted.drop_below(offset);
    }

    /// The snapshots of the producers, by rising offset (RECOV-05).
    #[must_use]
    pub fn snapshots(&self) -> &[ProducerSnapshot] {
        &self.snapshots
    }

    /// Writes a snapshot of the producers down, unless the last one says as much (RECOV-05).
    pub fn keep_snapshot(&mut self, snapshot: ProducerSnapshot) {
        let last = self.snapshots.last().map_or(Offset::ZERO, ProducerSnapshot::offset);
        if last < snapshot.offset {
            Arc::make_mut(&mut self.snapshots).push(snapshot);
        }
    }

    /// Drops the snapshots from inside the active segment, which a recovery after a crash passes
    /// over (RECOV-06).
    pub fn forget_active_snapshots(&mut self) {
        let base = self.segments.active().base;
        if self.snapshots.last().is_some_and(|last| last.offset > base) {
            Arc::make_mut(&mut self.snapshots).retain(|snapshot| snapshot.offset <= base);
        }
    }

    /// Whether there is more than the active segment (RETAIN-01).
    #[must_use]
    pub fn has_closed_segments(&self) -> bool {
        !self.segments.sealed().is_empty()
    }

    /// What retention and compaction may touch.
    pub(crate) const fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Deletes the first `count` segments, and moves LSTART to the next one (RETAIN-02).
    pub(crate) fn delete_first(&mut self, count: usize) {
        self.segments.drop_first(count);
        let start = self.segments.iter().next().map_or(self.end, |first| first.base);
        self.raise_start(start);
        let start = self.start;
        if self.snapshots.first().is_some_and(|first| first.offset <= start) {
            Arc::make_mut(&mut self.snapshots).retain(|snapshot| snapshot.offset > start);
        }
    }

    /// The first offset that compaction has not cleaned yet; LSTART if that is not in the log.
    pub(crate) fn first_dirty(&self) -> Offset {
        let is_inside = self.start <= self.first_dirty && self.first_dirty <= self.end;
        if is_inside { self.first_dirty } else { self.start }
    }

    /// Puts what a round of compaction left in the place of all below `end` (CLEAN-12).
    pub(crate) fn replace_below(
        &mut self,
        end: Offset,
        batches: Vec<StoredBatch>,
        segments: Vec<Segment>,
        aborted: Vec<AbortedTransaction>,
    ) {
        let rest: Vec<_> = self.runs.from(end).cloned().collect();
        let mut runs = Runs::default();
        batches.into_iter().chain(rest).for_each(|batch| runs.push(batch));
        self.runs = runs;
        self.size_bytes = self.batches_from(self.start).map(StoredBatch::size_bytes).sum();
        self.segments.replace_below(end, segments);
        self.aborted.replace_below(end, aborted);
        self.first_dirty = end;
    }
}
