//! Which leader epoch began at which offset (API-41, KIP-101, KIP-320).

use fencepost_ids::{LeaderEpoch, Offset};

/// Where a leader epoch ends in this log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EpochEnd {
    /// The asked epoch, or the largest known one below it.
    pub leader_epoch: LeaderEpoch,
    /// The first offset after it.
    pub end_offset: Offset,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct EpochStart {
    epoch: LeaderEpoch,
    start: Offset,
}

/// Leader epochs and their first offsets, both rising.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct LeaderEpochs(Vec<EpochStart>);

impl LeaderEpochs {
    /// Notes that `epoch` begins at `start`, unless it is known; an epoch that wrote nothing
    /// before it is forgotten.
    pub(super) fn assign(&mut self, epoch: LeaderEpoch, start: Offset) {
        if epoch.0 < 0 || self.latest() == Some(epoch) {
            return;
        }
        self.0.retain(|entry| entry.epoch < epoch && entry.start < start);
        self.0.push(EpochStart { epoch, start });
    }

    pub(super) fn latest(&self) -> Option<LeaderEpoch> {
        self.0.last().map(|entry| entry.epoch)
    }

    /// The epoch under which `offset` was or will be written.
    pub(super) fn at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let after = self.0.partition_point(|entry| entry.start <= offset);
        after.checked_sub(1).map(|index| self.0[index].epoch)
    }

    pub(super) fn end_of(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<EpochEnd> {
        if epoch == LeaderEpoch::NONE {
            return None;
        }
        if self.latest() == Some(epoch) {
            return Some(EpochEnd { leader_epoch: epoch, end_offset: log_end });
        }
        let above = self.0.partition_point(|entry| entry.epoch <= epoch);
        let end_offset = self.0.get(above)?.start;
        let leader_epoch = match above.checked_sub(1) {
            Some(index) => self.0[index].epoch,
            None => epoch,
        };
        Some(EpochEnd { leader_epoch, end_offset })
    }

    pub(super) fn truncate(&mut self, log_end: Offset) {
        self.0.retain(|entry| entry.start < log_end);
    }

    /// Keeps the epoch in which `log_start` lies, as if it began there.
    pub(super) fn raise_start(&mut self, log_start: Offset) {
        let after = self.0.partition_point(|entry| entry.start <= log_start);
        if let Some(first) = after.checked_sub(1) {
            self.0.drain(..first);
            self.0[0].start = log_start;
        }
    }
}
