//! The verdict on InitProducerId (INIT-08 to INIT-16).

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Rule, Timestamp};

use super::profile::TxnProfile;
use super::state::{Identity, TxnFields, TxnMetadata, TxnState};

/// Where new producer ids come from; none when the broker has to ask for a block first (PID-02).
pub(crate) type ProducerIdSource<'a> = &'a mut dyn FnMut() -> Option<ProducerId>;

/// What an InitProducerId that is not refused leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InitVerdict {
    /// Write the pending fields; their identity is the answer.
    Write,
    /// Abort the open transaction first, and answer CONCURRENT_TRANSACTIONS (INIT-13).
    AbortOngoing,
}

impl TxnMetadata {
    /// Judges an InitProducerId for this id, by the identity that the client expects to hold.
    ///
    /// # Errors
    /// The code to answer; nothing has changed then.
    pub(crate) fn prepare_init(
        &mut self,
        expected: Option<Identity>,
        timeout_ms: i32,
        now: Timestamp,
        profile: TxnProfile,
        new_id: ProducerIdSource<'_>,
    ) -> Result<InitVerdict, ErrorCode> {
        self.refuse_if_pending(profile)?;
        let strangers_are_refused = profile.is_on(Rule::PlausibleIdentity);
        if strangers_are_refused && !expected.is_none_or(|identity| self.is_plausible(identity)) {
            return Err(ErrorCode::ProducerFenced);
        }
        match self.fields.state {
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                Err(ErrorCode::ConcurrentTransactions)
            }
            TxnState::Ongoing => Ok(InitVerdict::AbortOngoing),
            TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort => {
                let (identity, last_epoch) = self.next_identity(expected, profile, new_id)?;
                let target = TxnFields {
                    producer_id: identity.producer_id,
                    previous_producer_id: self.fields.previous_producer_id,
                    next_producer_id: ProducerId::NONE,
                    epoch: identity.epoch,
                    last_epoch,
                    timeout_ms,
                    state: TxnState::Empty,
                    partitions: BTreeSet::new(),
                    start: if profile.keeps_last_start {
                        self.fields.start
                    } else {
                        Timestamp::NONE
                    },
                    last_update: now,
                    path: self.fields.path,
                };
                self.prepare(target, profile);
                Ok(InitVerdict::Write)
            }
        }
    }

    /// Whether an expected identity may be ours; its epoch is not compared yet (INIT-09).
    fn is_plausible(&self, expected: Identity) -> bool {
        self.fields.epoch == ProducerEpoch::NONE
            || expected.producer_id == self.fields.producer_id
            || (expected.producer_id == self.fields.previous_producer_id
                && expected.epoch.is_exhausted())
    }

    /// The identity to give out, and the epoch of which a retry is to be known.
    fn next_identity(
        &self,
        expected: Option<Identity>,
        profile: TxnProfile,
        new_id: ProducerIdSource<'_>,
    ) -> Result<(Identity, ProducerEpoch), ErrorCode> {
        let current = self.fields.identity();
        let is_current = expected.is_none_or(|identity| identity.epoch == current.epoch);
        let last_epoch = if expected.is_none() && profile.is_on(Rule::InitForgetsRetries) {
            ProducerEpoch::NONE
        } else {
            current.epoch
        };
        if current.epoch.is_exhausted() {
            if !is_current {
                // Kafka fails inside here, and its clients find that fatal (INIT-15).
                return Err(ErrorCode::UnknownServerError);
            }
            let producer_id = new_id().ok_or(ErrorCode::CoordinatorLoadInProgress)?;
            return Ok((Identity { producer_id, epoch: ProducerEpoch(0) }, last_epoch));
        }
        if is_current || current.epoch == ProducerEpoch::NONE {
            let epoch = ProducerEpoch(current.epoch.0 + 1);
            return Ok((Identity { epoch, ..current }, last_epoch));
        }
        match expected {
            Some(identity)
                if identity.epoch == self.fields.last_epoch && profile.is_on(Rule::InitRetry) =>
            {
                Ok((current, self.fields.last_epoch))
            }
            Some(_) | None => Err(ErrorCode::ProducerFenced),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{PID, at, identity, no_ids};
    use super::*;
    use TxnState::{CompleteCommit, Empty};

    const NEW: ProducerId = ProducerId(9000);
    const P: TxnProfile = TxnProfile::V4_2;

    /// Judges an InitProducerId, with a new producer id at hand; what is written comes as
    /// (identity, last epoch).
    fn init(
        metadata: &mut TxnMetadata,
        expected: Option<(i64, i16)>,
    ) -> Result<Option<(Identity, i16)>, ErrorCode> {
        let expected = expected.map(|(id, epoch)| identity(id, epoch));
        let before = metadata.clone();
        let verdict = metadata.prepare_init(expected, 1000, Timestamp(77), P, &mut || Some(NEW));
        if verdict != Ok(InitVerdict::Write) {
            assert_eq!(*metadata, before, "a refusal changes nothing");
        }
        match verdict? {
            InitVerdict::AbortOngoing => Ok(None),
            InitVerdict::Write => {
                let target = metadata.target().expect("written").clone();
                assert_eq!(target.state, Empty);
                assert!(target.partitions.is_empty());
                assert_eq!(target.start, Timestamp::NONE);
                assert_eq!(target.timeout_ms, 1000);
                assert_eq!(target.last_update, Timestamp(77));
                assert_eq!(target.previous_producer_id, before.fields.producer_id);
                Ok(Some((target.identity(), target.last_epoch.0)))
            }
        }
    }

    #[test]
    fn init_09_a_pending_transition_comes_before_the_identity() {
        let mut metadata = at(Empty, 3);
        assert!(init(&mut metadata, None).is_ok());
        assert_eq!(init(&mut metadata, Some((1, 0))), Err(ErrorCode::ConcurrentTransactions));
    }

    #[test]
    fn init_11_a_plain_init_forgets_who_might_retry() {
        let mut metadata = at(Empty, 0);
        for (expected, answer) in [
            (Some((PID.0, 0)), Ok(Some((identity(PID.0, 1), 0)))),
            (None, Ok(Some((identity(PID.0, 2), -1)))),
            (Some((PID.0, 1)), Err(ErrorCode::ProducerFenced)),
        ] {
            assert_eq!(init(&mut metadata, expected), answer);
            metadata.complete();
        }
    }

    #[test]
    fn init_12_a_retry_gives_the_same_epoch_however_often_it_comes() {
        let mut metadata = at(Empty, 4);
        for _ in 0..3 {
            assert_eq!(init(&mut metadata, Some((PID.0, 4))), Ok(Some((identity(PID.0, 5), 4))));
            metadata.complete();
        }
    }

    #[test]
    fn init_15_the_retry_of_the_last_bump_fails_inside() {
        let mut metadata = at(Empty, 32765);
        assert_eq!(
            init(&mut metadata, Some((PID.0, 32765))),
            Ok(Some((identity(PID.0, 32766), 32765)))
        );
        metadata.complete();
        assert_eq!(init(&mut metadata, Some((PID.0, 32765))), Err(ErrorCode::UnknownServerError));
    }

    #[test]
    fn init_16_a_retry_after_a_failover_is_fenced() {
        let mut metadata = at(Empty, 4);
        assert!(init(&mut metadata, Some((PID.0, 4))).is_ok());
        metadata.complete();
        let mut loaded = metadata.fields.clone();
        loaded.last_epoch = ProducerEpoch::NONE;
        let mut metadata = TxnMetadata::loaded(loaded);
        assert_eq!(init(&mut metadata, Some((PID.0, 4))), Err(ErrorCode::ProducerFenced));
    }

    #[test]
    fn init_09_a_rotation_is_recognised_once_by_the_previous_producer_id() {
        let mut metadata = at(CompleteCommit, 32766);
        let retry = Some((PID.0, 32766));
        for _ in 0..2 {
            assert_eq!(init(&mut metadata, retry), Ok(Some((identity(NEW.0, 0), 32766))));
            metadata.complete();
        }
        // The retry was a transition too, so the previous id is the new one by now (STATE-04).
        assert_eq!(init(&mut metadata, retry), Err(ErrorCode::ProducerFenced));
    }

    #[test]
    fn pid_02_without_a_producer_id_at_hand_nothing_changes() {
        let mut metadata = at(Empty, 32766);
        let verdict = metadata.prepare_init(None, 1000, Timestamp(1), P, &mut no_ids);
        assert_eq!(verdict, Err(ErrorCode::CoordinatorLoadInProgress));
        assert_eq!(metadata.pending(), None);
    }
}
