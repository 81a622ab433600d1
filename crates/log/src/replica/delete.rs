//! DeleteRecords (LSO-20).

use std::sync::Arc;

use fencepost_ids::{Offset, Rule};

use super::state::ReplicaState;
use crate::config::LogRules;
use crate::durable::{Log, OffsetOutOfRange};

impl ReplicaState {
    /// Raises LSTART to `offset`, or to HW if none is given; answers the new LSTART. Producers and
    /// open transactions stay, also if all their batches are gone (RECOV-17).
    ///
    /// # Errors
    /// [`OffsetOutOfRange`] for a negative offset and for one above HW.
    pub fn delete_records(
        &mut self,
        log: &mut Log,
        offset: Option<Offset>,
        rules: &LogRules,
    ) -> Result<Offset, OffsetOutOfRange> {
        let offset = offset.unwrap_or(self.high_watermark);
        let end = if rules.in_force.is_on(Rule::DeletionBound) {
            self.high_watermark
        } else {
            log.end_offset()
        };
        if offset < Offset::ZERO || offset > end {
            let start = log.start_offset();
            return Err(OffsetOutOfRange { offset, start, end });
        }
        log.raise_start(offset);
        self.start_raised(log.start_offset(), rules);
        Ok(log.start_offset())
    }

    /// LSTART was raised to `start`.
    pub(crate) fn start_raised(&mut self, start: Offset, rules: &LogRules) {
        self.transactions.settle_below(start);
        if !rules.in_force.is_on(Rule::ProducerRetention) {
            Arc::make_mut(&mut self.producers).retain(|_, entry| entry.reaches(start));
        }
    }
}
