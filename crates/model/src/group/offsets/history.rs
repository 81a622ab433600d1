//! The recent past of one committed offset: as much of it as is not replicated yet.

use fencepost_ids::Offset;

use super::CommittedOffset;

/// One committed offset now, and as of any high watermark that can still be asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct History {
    replicated: Option<CommittedOffset>,
    /// What followed, by the log position that brought it, in rising order; none is a deletion.
    recent: Vec<(Offset, Option<CommittedOffset>)>,
}

impl History {
    pub(super) fn change(&mut self, at: Offset, committed: Option<CommittedOffset>) {
        self.recent.push((at, committed));
    }

    pub(super) fn latest(&self) -> Option<&CommittedOffset> {
        self.as_of(Offset(i64::MAX))
    }

    pub(super) fn as_of(&self, high_watermark: Offset) -> Option<&CommittedOffset> {
        let below = self.recent.partition_point(|(at, _)| *at < high_watermark);
        match below.checked_sub(1) {
            Some(last) => self.recent[last].1.as_ref(),
            None => self.replicated.as_ref(),
        }
    }

    pub(super) fn replicated(&mut self, high_watermark: Offset) {
        let below = self.recent.partition_point(|(at, _)| *at < high_watermark);
        if let Some((_, committed)) = self.recent.drain(..below).next_back() {
            self.replicated = committed;
        }
    }

    /// Whether nothing is left that any fetch could see.
    pub(super) fn is_gone(&self) -> bool {
        self.replicated.is_none() && self.recent.is_empty()
    }
}
