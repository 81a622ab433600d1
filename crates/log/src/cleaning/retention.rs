//! Deletion of old segments (RETAIN-02 to RETAIN-08).

use fencepost_ids::{Rule, Timestamp};

use crate::config::{LogConfig, LogRules};
use crate::durable::Log;
use crate::replica::ReplicaState;

/// Why a segment goes.
#[derive(Clone, Copy)]
enum Reason {
    /// It lies below LSTART.
    BelowStart,
    /// The log is larger than `retention.bytes` without it.
    Size,
    /// It is older than `retention.ms`.
    Age,
}

impl Reason {
    /// In the order in which they are looked at.
    const ALL: [Self; 3] = [Self::BelowStart, Self::Size, Self::Age];
}

impl ReplicaState {
    /// Whether [`ReplicaState::delete_old_segments`] would delete any.
    #[must_use]
    pub fn has_old_segments(
        &self,
        log: &Log,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) -> bool {
        Reason::ALL.iter().any(|reason| self.deletable(log, *reason, now, config, rules) > 0)
    }

    /// Deletes the segments that lie below LSTART and, if `cleanup.policy` names `delete`, those
    /// that the log's size or their age is too much for. LSTART moves with them; producers and open
    /// transactions stay (RECOV-17). The active one may go, too: then a new one begins at LEO.
    pub fn delete_old_segments(
        &mut self,
        log: &mut Log,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) {
        for reason in Reason::ALL {
            let deletable = self.deletable(log, reason, now, config, rules);
            if deletable > 0 {
                if deletable > log.segments().sealed().len() {
                    log.roll(self.snapshot(), now);
                }
                log.delete_first(deletable);
                self.start_raised(log.start_offset(), rules);
            }
        }
    }

    /// How many segments may go, from the oldest to the first that may not.
    fn deletable(
        &self,
        log: &Log,
        reason: Reason,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) -> usize {
        let is_bound = rules.in_force.is_on(Rule::RetentionBound);
        let size: u64 = log.segments().iter().map(|segment| segment.size_bytes).sum();
        let mut surplus = config.retention_bytes.and_then(|limit| size.checked_sub(limit));
        let mut segments = log.segments().iter().peekable();
        let mut deletable = 0;
        while let Some(segment) = segments.next() {
            let next = segments.peek().map(|next| next.base);
            let is_replicated = self.high_watermark() >= next.unwrap_or(log.end_offset());
            let is_empty_and_last = next.is_none() && segment.size_bytes == 0;
            if is_empty_and_last || (is_bound && !is_replicated) {
                break;
            }
            let goes = match reason {
                Reason::BelowStart => next.is_some_and(|next| next <= log.start_offset()),
                Reason::Size => {
                    surplus = surplus.and_then(|surplus| surplus.checked_sub(segment.size_bytes));
                    config.deletes && surplus.is_some()
                }
                Reason::Age => {
                    let age = now.millis_since(segment.largest_timestamp());
                    config.deletes && config.retention_ms.is_some_and(|limit| age > limit)
                }
            };
            if !goes {
                break;
            }
            deletable += 1;
        }
        deletable
    }
}
