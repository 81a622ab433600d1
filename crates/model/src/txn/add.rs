//! The verdicts on AddPartitionsToTxn, to add and to verify (ADDP-03 to ADDP-06).

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, Rule, Timestamp, TopicPartition};

use super::profile::TxnProfile;
use super::state::{Identity, TxnFields, TxnMetadata, TxnPath, TxnState};

/// What a request to add partitions leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddVerdict {
    /// All are in the transaction: answer at once, write nothing.
    AlreadyIn,
    /// Write the pending fields, then answer.
    Write,
}

impl TxnMetadata {
    /// Judges a request to add partitions to the transaction; `path` is the one that the
    /// request's version proves (ADDP-04).
    ///
    /// # Errors
    /// The code to answer for every partition; nothing has changed then.
    pub(crate) fn prepare_add(
        &mut self,
        identity: Identity,
        partitions: &BTreeSet<TopicPartition>,
        path: TxnPath,
        now: Timestamp,
        profile: TxnProfile,
    ) -> Result<AddVerdict, ErrorCode> {
        // First, so that a client that already uses the identity promised by EndTxn v5 waits
        // rather than being fenced (KAFKA-18660).
        if profile.pending_before_adder && profile.is_on(Rule::PendingBeforeAdder) {
            self.refuse_if_pending(profile)?;
        }
        self.refuse_stranger(identity)?;
        self.refuse_if_pending(profile)?;
        let (mut all, mut start) = match self.fields.state {
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                return Err(ErrorCode::ConcurrentTransactions);
            }
            TxnState::Ongoing if partitions.is_subset(&self.fields.partitions) => {
                return Ok(AddVerdict::AlreadyIn);
            }
            TxnState::Ongoing => (self.fields.partitions.clone(), self.fields.start),
            TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort => {
                (BTreeSet::new(), now)
            }
        };
        if !profile.is_on(Rule::TimeFromFirstPartition) {
            start = now;
        }
        all.extend(partitions.iter().cloned());
        let target = TxnFields {
            state: TxnState::Ongoing,
            partitions: all,
            start,
            last_update: now,
            path: if profile.keeps_client_version { path } else { TxnPath::Tv1 },
            ..self.fields.clone()
        };
        self.prepare(target, profile);
        Ok(AddVerdict::Write)
    }

    /// Whether a partition is in the transaction of this identity (ADDP-06). A pending transition
    /// does not matter: the old fields are read.
    ///
    /// # Errors
    /// The code to answer for the partition.
    pub(crate) fn verify(
        &self,
        identity: Identity,
        partition: &TopicPartition,
    ) -> Result<(), ErrorCode> {
        self.refuse_stranger(identity)?;
        match self.fields.state {
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                Err(ErrorCode::ConcurrentTransactions)
            }
            TxnState::Ongoing if self.fields.partitions.contains(partition) => Ok(()),
            TxnState::Empty
            | TxnState::Ongoing
            | TxnState::CompleteCommit
            | TxnState::CompleteAbort => Err(ErrorCode::TransactionAbortable),
        }
    }

    /// Another producer id is not mapped to this transactional id; another epoch is fenced.
    fn refuse_stranger(&self, identity: Identity) -> Result<(), ErrorCode> {
        if identity.producer_id != self.fields.producer_id {
            Err(ErrorCode::InvalidProducerIdMapping)
        } else if identity.epoch != self.fields.epoch {
            Err(ErrorCode::ProducerFenced)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{PID, at, identity, partition};
    use super::*;

    const P: TxnProfile = TxnProfile::V4_2;
    const NOW: Timestamp = Timestamp(500);

    fn add(
        metadata: &mut TxnMetadata,
        producer: (i64, i16),
        partitions: &[i32],
        path: TxnPath,
    ) -> Result<AddVerdict, ErrorCode> {
        let partitions = partitions.iter().map(|index| partition(*index)).collect();
        metadata.prepare_add(identity(producer.0, producer.1), &partitions, path, NOW, P)
    }

    #[test]
    fn addp_03_a_pending_transition_comes_before_the_identity() {
        let mut metadata = at(TxnState::Empty, 5);
        assert_eq!(add(&mut metadata, (PID.0, 5), &[0], TxnPath::Tv1), Ok(AddVerdict::Write));
        let second = add(&mut metadata, (1, 9), &[1], TxnPath::Tv1);
        assert_eq!(second, Err(ErrorCode::ConcurrentTransactions));
        let verified = metadata.verify(identity(PID.0, 5), &partition(0));
        assert_eq!(verified, Err(ErrorCode::TransactionAbortable), "ADDP-06 reads the old fields");
    }

    #[test]
    fn addp_04_and_addp_05_entering_ongoing_starts_the_clock_and_growing_keeps_it() {
        let mut metadata = at(TxnState::CompleteCommit, 5);
        assert_eq!(add(&mut metadata, (PID.0, 5), &[3], TxnPath::Tv2), Ok(AddVerdict::Write));
        metadata.complete();
        assert_eq!(metadata.fields.start, NOW);
        assert_eq!(metadata.fields.partitions, BTreeSet::from([partition(3)]));
        assert_eq!(metadata.fields.path.level(), 2);

        metadata.fields.start = Timestamp(400);
        assert_eq!(add(&mut metadata, (PID.0, 5), &[4], TxnPath::Tv1), Ok(AddVerdict::Write));
        metadata.complete();
        assert_eq!(metadata.fields.start, Timestamp(400));
        assert_eq!(metadata.fields.partitions, BTreeSet::from([partition(3), partition(4)]));
        assert_eq!(metadata.fields.path.level(), 0);

        assert_eq!(add(&mut metadata, (PID.0, 5), &[4], TxnPath::Tv2), Ok(AddVerdict::AlreadyIn));
        assert_eq!(metadata.fields.path.level(), 0, "the shortcut leaves the level");
    }

    #[test]
    fn addp_05_an_empty_list_opens_a_transaction_too() {
        let mut metadata = at(TxnState::Empty, 5);
        assert_eq!(add(&mut metadata, (PID.0, 5), &[], TxnPath::Tv1), Ok(AddVerdict::Write));
        metadata.complete();
        assert_eq!(metadata.fields.state, TxnState::Ongoing);
        assert!(metadata.fields.partitions.is_empty());
    }
}
