//! The verdicts on the end of a transaction: EndTxn on both paths, the abort by a fence, and
//! completion (END-03 to END-13).

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Rule, Timestamp};

use super::init::ProducerIdSource;
use super::profile::{FenceBump, TxnProfile};
use super::state::{Identity, TxnFields, TxnMetadata, TxnPath, TxnState};
use fencepost_log::MarkerType;

/// What an EndTxn that is not refused leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndVerdict {
    /// A retry of what is already done: answer at once, on the TV2 path with this identity.
    Done(Identity),
    /// Write the pending Prepare record; the answer is the identity after completion (END-07).
    Write,
}

/// How the identity of a request relates to the stored one (END-04).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Relation {
    /// The stored epoch itself.
    Current,
    /// The epoch before the bump of this very request: its answer was lost.
    Retry,
    Other,
}

impl TxnMetadata {
    /// Judges an EndTxn v0-4 (END-03).
    ///
    /// # Errors
    /// The code to answer; nothing has changed then.
    pub(crate) fn prepare_end_tv1(
        &mut self,
        identity: Identity,
        outcome: MarkerType,
        now: Timestamp,
        profile: TxnProfile,
    ) -> Result<EndVerdict, ErrorCode> {
        if identity.producer_id != self.fields.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        // Before the pending check: a fenced producer learns so at once (END-05).
        let is_later = identity.epoch > self.fields.epoch;
        if is_later && profile.is_on(Rule::StrictEpochAtEnd) || identity.epoch < self.fields.epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        self.refuse_if_pending(profile)?;
        match (self.fields.state, outcome) {
            (TxnState::Ongoing, _) => {
                let prepared = self.prepared(outcome, TxnPath::Tv1, now);
                self.prepare(prepared, profile);
                Ok(EndVerdict::Write)
            }
            (TxnState::CompleteCommit, MarkerType::Commit)
            | (TxnState::CompleteAbort, MarkerType::Abort) => Ok(EndVerdict::Done(identity)),
            (TxnState::PrepareCommit, MarkerType::Commit)
            | (TxnState::PrepareAbort, MarkerType::Abort) => Err(ErrorCode::ConcurrentTransactions),
            (TxnState::CompleteCommit | TxnState::PrepareCommit, MarkerType::Abort)
            | (TxnState::CompleteAbort | TxnState::PrepareAbort, MarkerType::Commit)
            | (TxnState::Empty, MarkerType::Commit | MarkerType::Abort) => {
                Err(ErrorCode::InvalidTxnState)
            }
        }
    }

    /// Judges an EndTxn v5 (END-04).
    ///
    /// # Errors
    /// The code to answer; nothing has changed then.
    pub(crate) fn prepare_end_tv2(
        &mut self,
        identity: Identity,
        outcome: MarkerType,
        now: Timestamp,
        profile: TxnProfile,
        new_id: ProducerIdSource<'_>,
    ) -> Result<EndVerdict, ErrorCode> {
        // First, so that a client that aborts the next, empty transaction with the promised epoch
        // waits rather than being fenced (END-05, KAFKA-18464).
        if profile.is_on(Rule::PendingBeforeEnder) {
            self.refuse_if_pending(profile)?;
        }
        let overflow_retry = self.is_overflow_retry(identity, profile);
        if identity.producer_id != self.fields.producer_id && !overflow_retry {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        let relation = match self.fields.state {
            TxnState::CompleteCommit | TxnState::CompleteAbort if overflow_retry => Relation::Retry,
            TxnState::Empty
            | TxnState::Ongoing
            | TxnState::PrepareCommit
            | TxnState::PrepareAbort
            | TxnState::CompleteCommit
            | TxnState::CompleteAbort => self.relation(identity, profile),
        };
        match (self.fields.state, relation, outcome) {
            (TxnState::Ongoing, Relation::Current, _)
            | (
                TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort,
                Relation::Current,
                MarkerType::Abort,
            ) => {
                self.refuse_if_pending(profile)?;
                if self.fields.state != TxnState::Ongoing && !profile.is_on(Rule::EmptyAbort) {
                    return Err(ErrorCode::InvalidTxnState);
                }
                let mut prepared = self.prepared(outcome, TxnPath::Tv2, now);
                if profile.is_on(Rule::EpochPerTransaction) {
                    prepared = bumped_or_rotated(prepared, profile, new_id)?;
                }
                self.prepare(prepared, profile);
                Ok(EndVerdict::Write)
            }
            (TxnState::CompleteCommit, Relation::Retry, MarkerType::Commit)
            | (TxnState::CompleteAbort, Relation::Retry, MarkerType::Abort) => {
                Ok(EndVerdict::Done(self.fields.identity()))
            }
            (TxnState::PrepareCommit, Relation::Retry, MarkerType::Commit)
            | (TxnState::PrepareAbort, Relation::Retry, MarkerType::Abort) => {
                Err(ErrorCode::ConcurrentTransactions)
            }
            (
                TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort,
                Relation::Current,
                MarkerType::Commit,
            )
            | (
                TxnState::CompleteCommit | TxnState::PrepareCommit,
                Relation::Retry,
                MarkerType::Abort,
            )
            | (
                TxnState::CompleteAbort | TxnState::PrepareAbort,
                Relation::Retry,
                MarkerType::Commit,
            ) => Err(ErrorCode::InvalidTxnState),
            (TxnState::Ongoing | TxnState::Empty, Relation::Retry | Relation::Other, _)
            | (
                TxnState::PrepareCommit | TxnState::PrepareAbort,
                Relation::Current | Relation::Other,
                _,
            )
            | (TxnState::CompleteCommit | TxnState::CompleteAbort, Relation::Other, _) => {
                Err(ErrorCode::ProducerFenced)
            }
        }
    }

    /// The abort of an open transaction by a timeout or by a newcomer, with its epoch bump
    /// (INIT-13, INIT-14, TIMEOUT-02). Fence and abort are one step.
    ///
    /// # Errors
    /// What the newcomer has to be told.
    pub(crate) fn prepare_fence(
        &mut self,
        path: TxnPath,
        now: Timestamp,
        profile: TxnProfile,
        new_id: ProducerIdSource<'_>,
    ) -> Result<(), ErrorCode> {
        self.refuse_if_pending(profile)?;
        assert!(self.fields.state == TxnState::Ongoing, "only an open transaction is fenced");
        let fence = if profile.is_on(Rule::SingleBump) { profile.fence } else { FenceBump::Twice };
        if path == TxnPath::Tv2 && fence != FenceBump::Twice {
            let prepared = self.prepared(MarkerType::Abort, path, now);
            let prepared = match fence {
                FenceBump::OnceOrRotate => bumped_or_rotated(prepared, profile, new_id)?,
                FenceBump::Once | FenceBump::Twice => bumped(prepared)?,
            };
            self.prepare(prepared, profile);
            return Ok(());
        }
        let fenced = if self.unlogged_fence && profile.is_on(Rule::FenceBumpsOnce) {
            self.fields.epoch
        } else {
            self.fields.epoch.next().ok_or(ErrorCode::UnknownServerError)?
        };
        let mut prepared = self.prepared(MarkerType::Abort, path, now);
        prepared.epoch = fenced;
        prepared.last_epoch = ProducerEpoch::NONE;
        if path == TxnPath::Tv2 {
            prepared = bumped(prepared)?;
        }
        // The bump counts from here on, even if its record never reaches the log.
        self.fields.epoch = fenced;
        self.fields.last_epoch = ProducerEpoch::NONE;
        self.unlogged_fence = true;
        self.prepare(prepared, profile);
        Ok(())
    }

    /// The completion that follows a committed Prepare record (END-07); its record is written
    /// once no marker is owed any more (MARKOUT-09), with the time of this moment.
    pub(crate) fn prepare_completion(&mut self, now: Timestamp, profile: TxnProfile) {
        let state = match self.fields.state {
            TxnState::PrepareCommit => TxnState::CompleteCommit,
            TxnState::PrepareAbort => TxnState::CompleteAbort,
            TxnState::Empty
            | TxnState::Ongoing
            | TxnState::CompleteCommit
            | TxnState::CompleteAbort => unreachable!("only a decided transaction completes"),
        };
        let rotates = self.fields.path == TxnPath::Tv2 && self.fields.next_producer_id.is_some();
        let identity = if rotates {
            Identity { producer_id: self.fields.next_producer_id, epoch: ProducerEpoch(0) }
        } else {
            self.fields.identity()
        };
        let target = TxnFields {
            producer_id: identity.producer_id,
            epoch: identity.epoch,
            next_producer_id: ProducerId::NONE,
            state,
            partitions: BTreeSet::new(),
            last_update: now,
            ..self.fields.clone()
        };
        self.prepare(target, profile);
    }

    /// A retry of the EndTxn that replaced the producer id (END-11).
    fn is_overflow_retry(&self, identity: Identity, profile: TxnProfile) -> bool {
        profile.is_on(Rule::OverflowRetry)
            && identity.producer_id == self.fields.previous_producer_id
            && identity.epoch == ProducerEpoch(ProducerEpoch::MAX.0 - 1)
            && self.fields.epoch == ProducerEpoch(0)
    }

    fn relation(&self, identity: Identity, profile: TxnProfile) -> Relation {
        let is_late = identity.epoch < self.fields.epoch;
        if identity.epoch == self.fields.epoch
            || is_late && !profile.is_on(Rule::EndOfItsOwnTransaction)
        {
            Relation::Current
        } else if identity.epoch.next() == Some(self.fields.epoch) {
            Relation::Retry
        } else {
            Relation::Other
        }
    }

    /// The Prepare record, before any bump (END-06, END-08).
    fn prepared(&self, outcome: MarkerType, path: TxnPath, now: Timestamp) -> TxnFields {
        let state = match outcome {
            MarkerType::Commit => TxnState::PrepareCommit,
            MarkerType::Abort => TxnState::PrepareAbort,
        };
        let start = if self.fields.state == TxnState::Ongoing { self.fields.start } else { now };
        TxnFields { state, path, start, last_update: now, ..self.fields.clone() }
    }
}

/// One epoch more; past the last one Kafka fails inside (D04).
fn bumped(prepared: TxnFields) -> Result<TxnFields, ErrorCode> {
    let epoch = prepared.epoch.next().ok_or(ErrorCode::UnknownServerError)?;
    Ok(TxnFields { epoch, last_epoch: prepared.epoch, ..prepared })
}

/// One epoch more, and a new producer id to follow when the last one is reached (END-10).
fn bumped_or_rotated(
    prepared: TxnFields,
    profile: TxnProfile,
    new_id: ProducerIdSource<'_>,
) -> Result<TxnFields, ErrorCode> {
    let rotates = prepared.epoch.is_exhausted();
    let stays = prepared.epoch == ProducerEpoch::MAX && profile.fence == FenceBump::OnceOrRotate;
    let mut prepared = if stays { prepared } else { bumped(prepared)? };
    if rotates {
        prepared.next_producer_id = new_id().ok_or(ErrorCode::CoordinatorLoadInProgress)?;
    }
    Ok(prepared)
}

#[cfg(test)]
mod tests;
