//! Verification of transactional partitions (section 3 of the log rules, KIP-890).

use std::collections::BTreeMap;

use fencepost_ids::{ProducerEpoch, ProducerId, Rule, Sequence, Timestamp};

use super::state::ReplicaState;
use crate::config::LogRules;
use crate::error::AppendError;

/// The token of a question to the transaction coordinator; the append shows it (VERIFY-04).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VerificationGuard(u64);

/// Issues guards; one for each broker, so that no guard is used twice (VERIFY-04).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct GuardIds {
    last: u64,
}

impl GuardIds {
    fn issue(&mut self) -> VerificationGuard {
        self.last += 1;
        VerificationGuard(self.last)
    }
}

/// What the coordinator is asked (VERIFY-01).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VerificationMode {
    /// Is the partition in the transaction? (TV1)
    Verify,
    /// Add the partition to the transaction. (TV2)
    Add,
}

/// The first batch for a partition of a transactional request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerificationQuestion {
    /// Its producer id.
    pub producer_id: ProducerId,
    /// Its producer epoch.
    pub producer_epoch: ProducerEpoch,
    /// Its base sequence; [`Sequence::NONE`] for TxnOffsetCommit (VERIFY-10).
    pub base_sequence: Sequence,
    /// By the version of the request.
    pub mode: VerificationMode,
}

/// Whether the coordinator must be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verification {
    /// The transaction is open here: no question and no guard (VERIFY-02).
    NotNeeded,
    /// Ask, and show the guard with the append.
    Needed(VerificationGuard),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct VerificationEntry {
    pub(super) guard: VerificationGuard,
    pub(super) lowest_sequence: Sequence,
    pub(super) epoch: ProducerEpoch,
    pub(super) mode: VerificationMode,
    created: Timestamp,
}

impl VerificationEntry {
    /// VERIFY-05.
    fn lower(&mut self, question: &VerificationQuestion) {
        if question.producer_epoch > self.epoch {
            (self.epoch, self.lowest_sequence) = (question.producer_epoch, question.base_sequence);
        } else if question.producer_epoch == self.epoch {
            self.lowest_sequence = self.lowest_sequence.min(question.base_sequence);
        }
    }
}

/// The entry of each producer id that was asked about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct VerificationEntries(BTreeMap<ProducerId, VerificationEntry>);

impl VerificationEntries {
    pub(super) fn get(&self, producer_id: ProducerId) -> Option<&VerificationEntry> {
        self.0.get(&producer_id)
    }

    pub(super) fn remove(&mut self, producer_id: ProducerId) {
        self.0.remove(&producer_id);
    }

    /// VERIFY-14: a marker leaves the entry of the producer's next TV2 transaction.
    pub(super) fn remove_at_marker(
        &mut self,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
        rules: &LogRules,
    ) {
        let next =
            |entry: &VerificationEntry| entry.mode == VerificationMode::Add && entry.epoch == epoch;
        let is_kept = rules.in_force.is_on(Rule::GuardOfNextTransaction)
            && self.get(producer_id).is_some_and(next);
        if !is_kept {
            self.remove(producer_id);
        }
    }

    /// RECOV-03.
    pub(super) fn expire(&mut self, now: Timestamp, expiration_ms: i64) {
        self.0.retain(|_, entry| now.millis_since(entry.created) < expiration_ms);
    }
}

impl ReplicaState {
    /// Begins the verification of a partition for a transactional request (VERIFY-02 to VERIFY-05).
    ///
    /// # Errors
    /// [`AppendError::StaleProducerEpoch`] without a question (VERIFY-03).
    pub fn begin_verification(
        &mut self,
        question: &VerificationQuestion,
        now: Timestamp,
        guards: &mut GuardIds,
        rules: &LogRules,
    ) -> Result<Verification, AppendError> {
        // Of a producer that was never seen, no epoch is stale before the question.
        let is_known = self.producer(question.producer_id).is_some();
        if rules.stale_epoch_before_question && is_known {
            self.check_epoch(question.producer_id, question.producer_epoch)?;
        }
        if self.has_open_transaction(question.producer_id, question.producer_epoch, rules) {
            return Ok(Verification::NotNeeded);
        }
        let entry =
            self.verification.0.entry(question.producer_id).or_insert_with(|| VerificationEntry {
                guard: guards.issue(),
                lowest_sequence: question.base_sequence,
                epoch: question.producer_epoch,
                mode: question.mode,
                created: now,
            });
        if rules.in_force.is_on(Rule::LowestSequence) {
            entry.lower(question);
        }
        Ok(Verification::Needed(entry.guard))
    }
}
