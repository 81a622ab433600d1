//! A follower's log, fed from its leader's (RECOV-07, RECOV-18).

use fencepost_ids::{LeaderEpoch, Offset, Timestamp};

use super::state::ReplicaState;
use crate::batch::StoredBatch;
use crate::config::{LogConfig, LogRules};
use crate::durable::{EpochEnd, Log};

impl ReplicaState {
    /// Appends a leader's batches as they are, without judging them. Those that this replica holds
    /// are passed over, and nothing is taken from a term above `term`.
    pub fn follow(
        &mut self,
        log: &mut Log,
        batches: &[StoredBatch],
        term: LeaderEpoch,
        now: Timestamp,
        config: &LogConfig,
        rules: &LogRules,
    ) {
        for batch in batches.iter().take_while(|batch| batch.leader_epoch() <= term) {
            if batch.base_offset() < self.end {
                continue;
            }
            log.skip_to(batch.base_offset());
            self.end = log.end_offset();
            if log.must_roll(batch, now, config) {
                log.roll(self.snapshot(), now);
            }
            log.append(batch.clone(), now);
            if let Some(aborted) = self.replay(batch, rules) {
                log.note_aborted(aborted);
            }
            self.end = log.end_offset();
        }
    }

    /// Takes over the leader's log start, as far as it is below HW (LSO-20).
    pub fn follow_start(&mut self, log: &mut Log, leader_start: Offset) {
        log.raise_start(leader_start.min(self.high_watermark));
        self.transactions.settle_below(log.start_offset());
    }

    /// Cuts the log at `offset` and rebuilds this replica from what is left (RECOV-11).
    pub fn truncate(
        &mut self,
        log: &mut Log,
        offset: Offset,
        now: Timestamp,
        expiration_ms: i64,
        rules: &LogRules,
    ) {
        let cuts = offset < log.end_offset();
        log.truncate_to(offset);
        if cuts {
            let high_watermark = self.high_watermark.min(offset);
            let snapshots = log.snapshots();
            *self = Self::load(log, offset, high_watermark, snapshots, now, expiration_ms, rules);
        }
    }
}

impl Log {
    /// How much of this log a leader agrees with that says where the asked epoch ends in its own
    /// (KIP-101). The epoch of the answer may be one that this log does not know: then what it
    /// has from later ones goes first, and the leader is asked again.
    #[must_use]
    pub fn agreed_end(&self, leader: EpochEnd) -> Offset {
        let agreed = match self.end_offset_for(leader.leader_epoch) {
            Some(own) if own.leader_epoch == leader.leader_epoch => {
                own.end_offset.min(leader.end_offset)
            }
            Some(own) => own.end_offset,
            None => leader.end_offset,
        };
        agreed.min(self.end_offset())
    }
}
