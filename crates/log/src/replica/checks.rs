//! The producer checks, in the order of IDEM-07 and MARK-04. None of them changes anything.

use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Rule, Sequence};

use super::producer::ProducerEntry;
use super::state::ReplicaState;
use super::verification::{VerificationGuard, VerificationMode};
use crate::batch::{BatchHeader, Marker, MarkerVersion};
use crate::config::LogRules;
use crate::error::AppendError;

impl ReplicaState {
    /// IDEM-12.
    pub(super) fn check_fence(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        if !rules.in_force.is_on(Rule::ProducerEpochFence) {
            return Ok(());
        }
        self.check_epoch(batch.producer_id, batch.producer_epoch)
    }

    /// Refuses an epoch below the last one: at the append (IDEM-12), before the question (VERIFY-03)
    /// and before the guard (VERIFY-13).
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
        if !batch.attributes.is_transactional() || self.has_open_transaction(id, epoch, rules) {
            return Ok(());
        }
        if rules.stale_epoch_before_guard && rules.in_force.is_on(Rule::StaleEpochBeforeGuard) {
            self.check_epoch(id, epoch)?;
        }
        let current = self.verification.get(id).map(|entry| entry.guard);
        let is_judged =
            rules.partition_verification && rules.in_force.is_on(Rule::VerificationGuardCheck);
        if is_judged && (guard.is_none() || guard != current) {
            return Err(AppendError::Unverified);
        }
        Ok(())
    }

    /// VERIFY-16, then VERIFY-15.
    pub(super) fn check_verified_sequence(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let Some(verification) = self.verification.get(batch.producer_id) else { return Ok(()) };
        let (sequence, lowest) = (batch.base_sequence, verification.lowest_sequence);
        if sequence > lowest && rules.in_force.is_on(Rule::UnverifiedSequenceFirst) {
            return Err(AppendError::BeyondVerification { sequence, lowest });
        }
        let unwritten =
            self.producer(batch.producer_id).is_none_or(|entry| entry.window().is_empty());
        let tv2 = verification.mode == VerificationMode::Add;
        if rules.tv2_first_sequence_zero
            && rules.in_force.is_on(Rule::TransactionalFirstSequence)
            && tv2
            && unwritten
            && sequence != Sequence(0)
        {
            return Err(AppendError::FirstSequenceNotZero(sequence));
        }
        Ok(())
    }

    /// IDEM-13 to IDEM-17.
    pub(super) fn check_sequence(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let sequence = batch.base_sequence;
        let first = sequence == Sequence(0);
        let Some(entry) = self.producer(batch.producer_id) else {
            if rules.unwritten_first_sequence_zero && self.end == Offset::ZERO && !first {
                return Err(AppendError::UnwrittenSequenceNotZero(sequence));
            }
            return Ok(());
        };
        if entry.epoch == ProducerEpoch::NONE {
            return Ok(());
        }
        if entry.epoch != batch.producer_epoch {
            return if first || !rules.in_force.is_on(Rule::NewEpochSequence) {
                Ok(())
            } else {
                Err(AppendError::NewEpochSequenceNotZero(sequence))
            };
        }
        let last = entry.last_sequence();
        if entry.window().is_empty() {
            return if first || !rules.in_force.is_on(Rule::MarkedEpochSequence) {
                Ok(())
            } else {
                Err(AppendError::OutOfOrderSequence { sequence, last })
            };
        }
        if sequence == next(last, rules) || !rules.in_force.is_on(Rule::SequenceOrder) {
            Ok(())
        } else {
            Err(AppendError::OutOfOrderSequence { sequence, last })
        }
    }

    /// IDEM-20.
    pub(super) fn check_plain(
        &self,
        batch: &BatchHeader,
        rules: &LogRules,
    ) -> Result<(), AppendError> {
        let open = |entry: &ProducerEntry| entry.transaction_start.is_some();
        if rules.in_force.is_on(Rule::PlainBatchFence)
            && !batch.attributes.is_transactional()
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
        let is_unknown = marker.version == MarkerVersion::Unknown;
        let Some(entry) = self.producer(marker.producer_id) else {
            return if is_unknown { Err(AppendError::UnknownMarkerVersion) } else { Ok(()) };
        };
        let in_force = rules.in_force;
        let (epoch, current) = (marker.producer_epoch, entry.epoch);
        let is_old = epoch < current && in_force.is_on(Rule::MarkerEpochFence);
        let is_late = match marker.version {
            MarkerVersion::Tv2 if rules.strict_marker_epoch => {
                epoch == current
                    && !may_repeat(entry, rules)
                    && in_force.is_on(Rule::MarkerEpochRise)
            }
            MarkerVersion::Tv2 | MarkerVersion::Legacy | MarkerVersion::Unknown => false,
        };
        if is_old || is_late {
            return Err(AppendError::StaleMarkerEpoch { epoch, current });
        }
        if is_unknown {
            return Err(AppendError::UnknownMarkerVersion);
        }
        let (epoch, current) = (marker.coordinator_epoch, entry.coordinator_epoch);
        if current > epoch && in_force.is_on(Rule::CoordinatorEpochFence) {
            return Err(AppendError::StaleCoordinatorEpoch { epoch, current });
        }
        Ok(())
    }
}

/// The sequence after `last` (IDEM-15).
fn next(last: Sequence, rules: &LogRules) -> Sequence {
    if rules.in_force.is_on(Rule::SequenceWrap) {
        last.plus(1)
    } else {
        Sequence(last.0.wrapping_add(1))
    }
}

/// Whether a TV2 marker of the present epoch repeats one whose answer was lost, or ends the
/// transaction of the last epoch there is (MARK-06).
fn may_repeat(entry: &ProducerEntry, rules: &LogRules) -> bool {
    let last_epoch = rules.equal_marker_at_last_epoch && entry.epoch == ProducerEpoch::MAX;
    rules.in_force.is_on(Rule::MarkerRepetition)
        && (entry.transaction_start.is_none() || last_epoch)
}
