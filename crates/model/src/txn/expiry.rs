//! When a transaction has lasted too long, and when a transactional id is forgotten.

use fencepost_ids::{Rule, Timestamp};

use super::profile::TxnProfile;
use super::state::{Pending, TxnMetadata, TxnState};

impl TxnMetadata {
    /// Whether the coordinator has to abort the transaction (TIMEOUT-01).
    pub(crate) fn is_timed_out(&self, now: Timestamp, profile: TxnProfile) -> bool {
        let unlimited = profile.two_phase_commit && self.fields.timeout_ms == i32::MAX;
        self.fields.state == TxnState::Ongoing
            && self.pending.is_none()
            && !unlimited
            && profile.is_on(Rule::TimeoutAbort)
            && self.fields.start.plus_millis(i64::from(self.fields.timeout_ms)) < now
    }

    /// Marks the id as expiring if it has been idle for `expiration_ms` (TIMEOUT-05, TIMEOUT-06);
    /// says whether it did.
    pub(crate) fn prepare_expiry(
        &mut self,
        now: Timestamp,
        expiration_ms: i64,
        profile: TxnProfile,
    ) -> bool {
        let ended = match self.fields.state {
            TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort => true,
            TxnState::Ongoing => !profile.is_on(Rule::OpenNeverExpires),
            TxnState::PrepareCommit | TxnState::PrepareAbort => false,
        };
        let idle = now.millis_since(self.fields.last_update) >= expiration_ms;
        let expires = ended && idle && self.pending.is_none();
        if expires {
            self.pending = Some(Pending::Dead);
        }
        expires
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::at;
    use super::*;

    #[test]
    fn timeout_01_only_an_ongoing_transaction_times_out_and_strictly_after_its_time() {
        for state in TxnState::ALL {
            let mut metadata = at(state, 5);
            metadata.fields.start = Timestamp(100);
            metadata.fields.timeout_ms = 50;
            let timed_out = |now| metadata.is_timed_out(Timestamp(now), TxnProfile::V4_2);
            assert!(!timed_out(150), "{state:?}");
            assert_eq!(timed_out(151), state == TxnState::Ongoing, "{state:?}");
        }
    }

    #[test]
    fn timeout_01_a_pending_transition_and_two_phase_commit_hold_the_timeout_off() {
        let mut metadata = at(TxnState::Ongoing, 5);
        metadata.fields.start = Timestamp(0);
        metadata.fields.timeout_ms = i32::MAX;
        let far = Timestamp(i64::from(i32::MAX) + 1);
        assert!(!metadata.is_timed_out(far, TxnProfile::V4_2));
        assert!(metadata.is_timed_out(far, TxnProfile::V4_0));
        metadata.pending = Some(Pending::Dead);
        assert!(!metadata.is_timed_out(far, TxnProfile::V4_0));
    }

    #[test]
    fn timeout_05_an_idle_id_expires_once_unless_a_transaction_is_open() {
        for state in TxnState::ALL {
            let mut metadata = at(state, 5);
            metadata.fields.last_update = Timestamp(100);
            assert!(!metadata.prepare_expiry(Timestamp(149), 50, TxnProfile::V4_2), "{state:?}");
            let expires = matches!(
                state,
                TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort
            );
            assert_eq!(
                metadata.prepare_expiry(Timestamp(150), 50, TxnProfile::V4_2),
                expires,
                "{state:?}"
            );
            assert!(
                !metadata.prepare_expiry(Timestamp(150), 50, TxnProfile::V4_2),
                "{state:?}: pending already"
            );
        }
    }
}
