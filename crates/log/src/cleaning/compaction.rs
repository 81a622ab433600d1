//! A round of compaction over one log (CLEAN-01 to CLEAN-12).

use fencepost_ids::{Offset, Rule, Timestamp};

use super::filter::{Filter, LatestOffsets};
use super::transactions::CleanedTransactions;
use crate::config::{LogConfig, LogRules, ONE};
use crate::durable::{Log, Segment};
use crate::replica::ReplicaState;

/// A log that is due for compaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cleanable {
    first_dirty: Offset,
    end: Offset,
    clean_bytes: u64,
    dirty_bytes: u64,
}

impl Cleanable {
    /// How dirty it is: of two logs the one with more is cleaned first.
    #[must_use]
    pub fn dirtiness(&self) -> u64 {
        let total = u128::from(self.clean_bytes + self.dirty_bytes).max(1);
        u64::try_from(u128::from(self.dirty_bytes) * u128::from(ONE) / total)
            .expect("it is at most one")
    }

    fn is_dirtier_than(&self, ratio: u64) -> bool {
        let total = u128::from(self.clean_bytes + self.dirty_bytes);
        u128::from(self.dirty_bytes) * u128::from(ONE) > u128::from(ratio) * total
    }
}

impl ReplicaState {
    /// What a round of compaction would clean, if one is due (CLEAN-02, CLEAN-03).
    #[must_use]
    pub fn cleanable(
        &self,
        log: &Log,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) -> Option<Cleanable> {
        if !config.compacted || log.segments().sealed().is_empty() {
            return None;
        }
        let first_dirty = log.first_dirty();
        let end = self.cleanable_end(log, first_dirty, now, config, rules);
        let dirty_from = log.segments().base_of(first_dirty);
        let sealed = log.segments().sealed().iter();
        let sizes = |from: Offset, end: Offset| -> u64 {
            let inside = sealed.clone().filter(|segment| (from..end).contains(&segment.base));
            inside.map(|segment| segment.size_bytes).sum()
        };
        let cleanable = Cleanable {
            first_dirty,
            end,
            clean_bytes: sizes(Offset(i64::MIN), first_dirty),
            dirty_bytes: if first_dirty < end { sizes(dirty_from, end) } else { 0 },
        };
        let is_overdue = sealed
            .clone()
            .filter(|segment| segment.base >= dirty_from)
            .filter_map(|segment| segment.first_timestamp.filter(|first| first.0 > 0))
            .min()
            .is_some_and(|first| now.millis_since(first) > config.max_compaction_lag_ms);
        let is_due = (is_overdue && cleanable.dirty_bytes > 0)
            || cleanable.is_dirtier_than(config.min_cleanable_ratio);
        is_due.then_some(cleanable)
    }

    /// Where cleaning must stop: at the segment that holds the LSO, at the active one, and at the
    /// first one that is too young.
    fn cleanable_end(
        &self,
        log: &Log,
        first_dirty: Offset,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) -> Offset {
        let segments = log.segments();
        let active = segments.active().base;
        let stable = if rules.in_force.is_on(Rule::CleaningBound) {
            self.last_stable_offset(log, rules)
        } else {
            log.end_offset()
        };
        let dirty_from = segments.base_of(first_dirty);
        let young = segments
            .sealed()
            .iter()
            .filter(|_| config.min_compaction_lag_ms > 0)
            .filter(|segment| segment.base >= dirty_from)
            .find(|segment| {
                now.millis_since(segment.largest_timestamp()) < config.min_compaction_lag_ms
            })
            .map_or(active, |segment| segment.base);
        segments.base_of(stable.min(active).min(young).max(first_dirty))
    }

    /// Cleans a log (CLEAN-04 to CLEAN-12). Offsets stay, and so does what is remembered of the
    /// producers.
    pub fn clean(
        &self,
        log: &mut Log,
        cleanable: Cleanable,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) {
        let Cleanable { first_dirty, end, .. } = cleanable;
        let mut filter = Filter {
            latest: latest_offsets(log, first_dirty, end, rules),
            transactions: CleanedTransactions::new(log.aborted_transactions(), Offset::ZERO),
            replica: self,
            end,
            now,
            delete_retention_ms: config.delete_retention_ms,
            rules,
        };
        let mut batches = log.batches_from(log.start_offset()).peekable();
        let mut kept = Vec::new();
        let mut cleaned = Vec::new();
        for group in grouped(log.segments().sealed(), end, config.segment_bytes) {
            let mut segment = Segment::new(group.base, group.modified);
            while let Some(batch) = batches.next_if(|batch| batch.base_offset() < group.end) {
                if let Some(batch) = filter.keep(batch) {
                    segment.add(&batch, group.modified);
                    kept.push(batch);
                }
            }
            cleaned.push(segment);
        }
        drop(batches);
        let left = filter.transactions.left;
        log.replace_below(end, kept, cleaned, left);
    }
}

/// The latest offset of each key between `first_dirty` and `end`, as far as it counts (CLEAN-04).
fn latest_offsets(log: &Log, first_dirty: Offset, end: Offset, rules: &LogRules) -> LatestOffsets {
    let mut latest = LatestOffsets::default();
    let mut transactions = CleanedTransactions::new(log.aborted_transactions(), first_dirty);
    let from = log.segments().base_of(first_dirty);
    for batch in log.batches_from(from).take_while(|batch| batch.base_offset() < end) {
        let header = batch.header();
        if header.attributes.is_control() {
            transactions.meet_control(batch);
        } else if !transactions.meet_data(&header)
            || !rules.in_force.is_on(Rule::AbortedRecordsPassedOver)
        {
            latest.note(batch, first_dirty);
        }
    }
    latest
}

/// Neighbouring segments that become one (CLEAN-12).
struct Group {
    base: Offset,
    end: Offset,
    size_bytes: u64,
    modified: Timestamp,
}

fn grouped(sealed: &[Segment], end: Offset, segment_bytes: u64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let cleaned = sealed.iter().take_while(|segment| segment.base < end);
    for (at, segment) in cleaned.enumerate() {
        let next = sealed.get(at + 1).map_or(end, |next| next.base.min(end));
        match groups.last_mut() {
            Some(group) if group.size_bytes + segment.size_bytes <= segment_bytes => {
                group.size_bytes += segment.size_bytes;
                (group.end, group.modified) = (next, segment.modified);
            }
            Some(_) | None => groups.push(Group {
                base: segment.base,
                end: next,
                size_bytes: segment.size_bytes,
                modified: segment.modified,
            }),
        }
    }
    groups
}
