//! The producer checks, in the order of IDEM-07 and MARK-04. None of them changes anything.

use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Rule, Sequence};

use super::state::ReplicaState;
use super::verification::{VerificationGuard, VerificationMode};
use crate::batch::{BatchHeader, Marker, MarkerVersion};
use crate::config::LogRules;
use crate::error::AppendError;

impl ReplicaState {
    /// IDEM-12, also asked before verification (VERIFY-03).
    pub(super) fn check_epoch(
        &self,
        id: ProducerId,
        epoch: ProducerEpoch,
    ) -> Result<(), AppendError> {
        // A producer that was never seen stands at no epoch, which still is above -2.
        let current = self.producer(id).map_or(ProducerEpoch::NONE, |entry| entry.epoch);
        if epoch < current {
            return Err(AppendError::StaleProducerEpoch { epoch, current });
        }
        Ok(())
    }

    /// VERIFY-12 and VERIFY-13: a transaction opens only with the coordinator's knowledge.
    pub(super) fn check_guard(
        &self,
        batch: &BatchHeader,
        guard: Option<VerificationGuard>,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let (id, epoch) = (batch.producer_id, batch.producer_epoch);
        if !batch.attributes.is_transactional() || self.has_open_transaction(id, epoch) {
            return Ok(());
        }
        if rules.stale_epoch_before_guard {
            self.check_epoch(id, epoch)?;
        }
        let current = self.verification.get(id).map(|entry| entry.guard);
        if rules.partition_verification && (guard.is_none() || guard != current) {
            return Err(AppendError::Unverified);
        }
        Ok(())
    }

    /// VERIFY-16, VERIFY-15, then IDEM-13 to IDEM-17.
    pub(super) fn check_sequence(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let sequence = batch.base_sequence;
        let entry = self.producer(batch.producer_id);
        let first = sequence == Sequence(0);
        if let Some(verification) = self.verification.get(batch.producer_id) {
            let lowest = verification.lowest_sequence;
            if sequence > lowest {
                return Err(AppendError::BeyondVerification { sequence, lowest });
            }
            let unwritten = entry.is_none_or(|entry| entry.window().is_empty());
            let tv2 = verification.mode == VerificationMode::Add;
            if rules.tv2_first_sequence_zero && tv2 && unwritten && !first {
                return Err(AppendError::FirstSequenceNotZero(sequence));
            }
        }
        if !rules.in_force.is_on(Rule::DuplicateCheck) {
            return Ok(());
        }
        let Some(entry) = entry else {
            if rules.unwritten_first_sequence_zero && self.end == Offset::ZERO && !first {
                return Err(AppendError::UnwrittenSequenceNotZero(sequence));
            }
            return Ok(());
        };
        if entry.epoch == ProducerEpoch::NONE {
            return Ok(());
        }
        if entry.epoch != batch.producer_epoch {
            return if first {
                Ok(())
            } else {
                Err(AppendError::NewEpochSequenceNotZero(sequence))
            };
        }
        let last = entry.last_sequence();
        if sequence == last.plus(1) {
            Ok(())
        } else {
            Err(AppendError::OutOfOrderSequence { sequence, last })
        }
    }

    /// IDEM-20.
    pub(super) fn check_plain(&self, batch: &BatchHeader) -> Result<(), AppendError> {
        let open = |entry: &super::ProducerEntry| entry.transaction_start.is_some();
        if !batch.attributes.is_transactional()
            && self.producer(batch.producer_id).is_some_and(open)
        {
            return Err(AppendError::TransactionOpen);
        }
        Ok(())
    }

    /// MARK-04 to MARK-07.
    pub(super) fn check_marker(
        &self,
        marker: &Marker,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let Some(entry) = self.producer(marker.producer_id) else { return Ok(()) };
        if !rules.in_force.is_on(Rule::MarkerFencing) {
            return Ok(());
        }
        let (epoch, current) = (marker.producer_epoch, entry.epoch);
        let accepted = match marker.version {
            MarkerVersion::Tv2 if rules.strict_marker_epoch => {
                let repeatable = entry.transaction_start.is_none()
                    || (rules.equal_marker_at_last_epoch && epoch == ProducerEpoch::MAX);
                epoch > current || (epoch == current && repeatable)
            }
            MarkerVersion::Tv2 | MarkerVersion::Legacy => epoch >= current,
        };
        if !accepted {
            return Err(AppendError::StaleMarkerEpoch { epoch, current });
        }
        let (epoch, current) = (marker.coordinator_epoch, entry.coordinator_epoch);
        if current > epoch {
            return Err(AppendError::StaleCoordinatorEpoch { epoch, current });
        }
        Ok(())
    }
}
