//! Reads for Fetch: records, marks and the aborted list of one moment (LSO-06, LSO-10).

use fencepost_ids::{Offset, Rule};

use super::state::ReplicaState;
use crate::config::LogRules;
use crate::durable::{AbortedTransaction, Log, LogRead, OffsetOutOfRange};

/// Where a read ends (LSO-08).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Isolation {
    /// At LEO: a follower.
    LogEnd,
    /// At HW.
    ReadUncommitted,
    /// At LSO, with the aborted transactions named.
    ReadCommitted,
}

/// The answer for one partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchData {
    /// HW when the batches were read.
    pub high_watermark: Offset,
    /// LSO when the batches were read.
    pub last_stable_offset: Offset,
    /// LSTART when the batches were read.
    pub log_start_offset: Offset,
    /// Whole batches.
    pub records: LogRead,
    /// For read_committed, the aborted transactions that overlap the batches, in the order of
    /// their markers (LSO-11, LSO-12); `None` for the others, and where no batch fitted.
    pub aborted: Option<Vec<AbortedTransaction>>,
}

impl ReplicaState {
    /// The offset that a reader does not pass (LSO-08, FETCH-16).
    #[must_use]
    pub fn upper_bound(&self, log: &Log, rules: &LogRules, isolation: Isolation) -> Offset {
        match isolation {
            Isolation::LogEnd => self.end,
            Isolation::ReadCommitted if rules.in_force.is_on(Rule::LastStableOffsetBound) => {
                self.last_stable_offset(log, rules)
            }
            Isolation::ReadUncommitted | Isolation::ReadCommitted => self.high_watermark,
        }
    }

    /// Reads from `from` up to the reader's bound and `max_bytes`; the first batch may be larger
    /// if `at_least_one` (FETCH-14 to FETCH-23).
    ///
    /// # Errors
    /// [`OffsetOutOfRange`] below LSTART and above LEO; between the bound and LEO the answer is
    /// empty instead (LSO-09).
    pub fn fetch(
        &self,
        log: &Log,
        rules: &LogRules,
        isolation: Isolation,
        from: Offset,
        max_bytes: u64,
        at_least_one: bool,
    ) -> Result<FetchData, OffsetOutOfRange> {
        let from = match log.check_range(from, self.end) {
            Ok(()) => from,
            Err(outside) if rules.in_force.is_on(Rule::ReadRange) => return Err(outside),
            Err(_) => from.clamp(log.start_offset(), self.end),
        };
        let bound = self.upper_bound(log, rules, isolation);
        let records = log.read(from, bound, max_bytes, at_least_one)?;
        let aborted = match isolation {
            Isolation::LogEnd | Isolation::ReadUncommitted => None,
            Isolation::ReadCommitted if records.is_too_small => None,
            Isolation::ReadCommitted if from >= bound => Some(Vec::new()),
            Isolation::ReadCommitted => {
                let mut aborted = log.aborted_with(from, &records);
                if !rules.in_force.is_on(Rule::AbortedTransactionList) {
                    aborted.retain(|transaction| transaction.first_offset >= from);
                }
                Some(aborted)
            }
        };
        Ok(FetchData {
            high_watermark: self.high_watermark,
            last_stable_offset: self.last_stable_offset(log, rules),
            log_start_offset: log.start_offset(),
            records,
            aborted,
        })
    }
}
