//! A transactional producer's protocol: identity, transactions, errors (CLIENT-01 to CLIENT-09).
//!
//! It is told what to send by whoever owns it, and reports what became of it.

mod answers;
mod requests;

use fencepost_ids::{ErrorCode, GroupId, Offset, ProducerEpoch, ProducerId, TransactionalId};
use fencepost_oracle::{End, Place, RecordId, TransactionId};

use super::coordinator::{Coordinator, Kind};
use super::directory::Directory;
use super::sender::Sender;
use super::{Io, Part, Signal, Tag, Wait};

/// Which transaction protocol the client speaks (FEAT-03).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Tv1,
    Tv2,
}

/// What is to happen in one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Work {
    /// Batches: the lane, and the input of each record if it is an output.
    pub(crate) batches: Vec<(usize, Vec<Option<RecordId>>)>,
    /// Offsets to commit with it.
    pub(crate) offsets: Vec<(Place, Offset)>,
    pub(crate) commit: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// Waits for an identity.
    Initialising,
    /// Between transactions.
    Ready,
    /// Adds its partitions, before anything is sent (TV1).
    Adding(TransactionId, Work),
    /// Sends its batches.
    Sending(TransactionId, Work),
    /// Tells the transaction's coordinator about the group (TV1).
    AddingOffsets(TransactionId, Work),
    /// Commits offsets to the group's coordinator.
    CommittingOffsets(TransactionId, Work),
    /// Waits for batches in flight before it aborts what failed.
    Failing(TransactionId),
    /// Waits for the end.
    Ending(TransactionId, bool),
    /// Another producer has its transactional id, or something broke for good.
    Dead,
}

/// What a transactor reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Report {
    /// Ready for the next transaction.
    Ready,
    /// The transaction ended.
    Ended(End),
    /// It is fenced, or refused for good; a new instance must begin anew.
    Dead,
}

/// A transactional producer's protocol.
#[derive(Debug)]
pub(crate) struct Transactor {
    protocol: Protocol,
    transactional_id: TransactionalId,
    timeout_ms: i32,
    group: Option<GroupId>,
    pub(crate) directory: Directory,
    coordinator: Coordinator,
    group_coordinator: Option<Coordinator>,
    sender: Sender,
    stage: Stage,
    /// Whether the TV1 client must raise its epoch after the abort (CLIENT-08).
    bump_needed: bool,
}

impl Transactor {
    pub(crate) fn new(
        protocol: Protocol,
        transactional_id: &TransactionalId,
        timeout_ms: i32,
        group: Option<GroupId>,
        places: Vec<Place>,
    ) -> Self {
        let version = match protocol {
            Protocol::Tv1 => 11,
            Protocol::Tv2 => 12,
        };
        let lanes = places.len();
        let group_coordinator =
            group.as_ref().map(|group| Coordinator::new(Kind::Group(Part::Output), group.as_str()));
        Self {
            protocol,
            transactional_id: transactional_id.clone(),
            timeout_ms,
            group,
            directory: Directory::new(Part::Output, places),
            coordinator: Coordinator::new(Kind::Transaction, transactional_id),
            group_coordinator,
            sender: Sender::new(version, Some(transactional_id.clone()), lanes, -1),
            stage: Stage::Initialising,
            bump_needed: false,
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Finds the coordinator and asks for an identity; the one it has is given up.
    pub(crate) fn start(&mut self, io: &mut Io<'_>) {
        self.sender.reset();
        self.stage = Stage::Initialising;
        self.bump_needed = false;
        self.directory.refresh(io);
        self.initialise((ProducerId::NONE, ProducerEpoch::NONE), io);
    }

    /// Begins a transaction and works through it.
    pub(crate) fn begin(&mut self, work: Work, io: &mut Io<'_>) {
        let transaction = io.history.began(io.actor);
        match self.protocol {
            Protocol::Tv1 if !work.batches.is_empty() => self.add_partitions(transaction, work, io),
            Protocol::Tv1 | Protocol::Tv2 => self.send(transaction, work, io),
        }
    }

    fn send(&mut self, transaction: TransactionId, work: Work, io: &mut Io<'_>) {
        for (lane, inputs) in &work.batches {
            let place = self.directory.places()[*lane].clone();
            let records = inputs
                .iter()
                .map(|input| io.history.sent(io.actor, place.clone(), Some(transaction), *input))
                .collect();
            self.sender.push(*lane, records, io);
        }
        self.stage = Stage::Sending(transaction, work);
        self.sender.pump(&mut self.directory, io);
        self.sent(io);
    }

    /// Goes on if every batch was acknowledged.
    fn sent(&mut self, io: &mut Io<'_>) {
        if !self.sender.is_idle() {
            return;
        }
        let Stage::Sending(transaction, work) = self.stage.clone() else { return };
        if work.offsets.is_empty() {
            return self.end(transaction, work.commit, io);
        }
        match self.protocol {
            Protocol::Tv1 => self.add_offsets(transaction, work, io),
            Protocol::Tv2 => self.commit_offsets(transaction, work, io),
        }
    }

    /// Handles what is the protocol's; the report says what the owner must know.
    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) -> Option<Report> {
        match signal {
            Signal::Reply(Tag::Metadata(Part::Output), response) => {
                self.directory.learn(response, io);
                self.sender.pump(&mut self.directory, io);
            }
            Signal::Broken(Tag::Metadata(Part::Output)) => self.directory.broken(io),
            Signal::Wake(Wait::Metadata(Part::Output)) => self.directory.ask(io),
            Signal::Reply(Tag::FindTransactionCoordinator, response) => {
                self.coordinator.found(response, io);
            }
            Signal::Broken(Tag::FindTransactionCoordinator) => self.coordinator.find_broken(io),
            Signal::Wake(Wait::TransactionCoordinator) => self.coordinator.wake(io),
            Signal::Reply(Tag::FindGroupCoordinator(Part::Output), response) => {
                if let Some(coordinator) = &mut self.group_coordinator {
                    coordinator.found(response, io);
                }
            }
            Signal::Broken(Tag::FindGroupCoordinator(Part::Output)) => {
                if let Some(coordinator) = &mut self.group_coordinator {
                    coordinator.find_broken(io);
                }
            }
            Signal::Wake(Wait::GroupCoordinator(Part::Output)) => {
                if let Some(coordinator) = &mut self.group_coordinator {
                    coordinator.wake(io);
                }
            }
            Signal::Wake(Wait::Send) => self.sender.wake(&mut self.directory, io),
            Signal::Reply(Tag::Produce(tag), response) => return self.produced(tag, &response, io),
            Signal::Broken(Tag::Produce(tag)) => {
                self.sender.broken(tag, &mut self.directory, io);
                self.progress(io);
            }
            Signal::Reply(
                tag @ (Tag::InitProducerId
                | Tag::AddPartitions
                | Tag::AddOffsets
                | Tag::EndTransaction),
                response,
            ) => return self.coordinator_answered(tag, &response, io),
            Signal::Broken(
                Tag::InitProducerId | Tag::AddPartitions | Tag::AddOffsets | Tag::EndTransaction,
            ) => self.coordinator.relocate(io),
            Signal::Reply(Tag::OffsetCommit, response) => {
                return self.offsets_answered(&response, io);
            }
            Signal::Broken(Tag::OffsetCommit) => {
                if let Some(coordinator) = &mut self.group_coordinator {
                    coordinator.relocate(io);
                }
            }
            Signal::Start
            | Signal::Reply(..)
            | Signal::Unanswered(_)
            | Signal::Broken(_)
            | Signal::Wake(_) => {}
        }
        None
    }

    /// Goes on when the batches are all acknowledged, or when what failed may be aborted.
    fn progress(&mut self, io: &mut Io<'_>) {
        match self.stage {
            Stage::Failing(transaction) => {
                self.sender.drop_unsent();
                if !self.sender.has_in_flight() {
                    self.end(transaction, false, io);
                }
            }
            Stage::Sending(..) => self.sent(io),
            Stage::Initialising
            | Stage::Ready
            | Stage::Adding(..)
            | Stage::AddingOffsets(..)
            | Stage::CommittingOffsets(..)
            | Stage::Ending(..)
            | Stage::Dead => {}
        }
    }

    /// The transaction cannot be committed any more: it is aborted.
    fn fail(&mut self, io: &mut Io<'_>) {
        let transaction = match self.stage {
            Stage::Adding(transaction, _)
            | Stage::Sending(transaction, _)
            | Stage::AddingOffsets(transaction, _)
            | Stage::CommittingOffsets(transaction, _)
            | Stage::Failing(transaction)
            | Stage::Ending(transaction, _) => transaction,
            Stage::Initialising | Stage::Ready | Stage::Dead => return,
        };
        self.end(transaction, false, io);
    }

    /// It cannot go on with its identity: fenced, or refused.
    fn die(&mut self, error: ErrorCode, io: &mut Io<'_>) -> Option<Report> {
        let ended = match self.stage {
            Stage::Ending(transaction, true) => Some((transaction, End::Unknown)),
            Stage::Adding(transaction, _)
            | Stage::Sending(transaction, _)
            | Stage::AddingOffsets(transaction, _)
            | Stage::CommittingOffsets(transaction, _)
            | Stage::Failing(transaction)
            | Stage::Ending(transaction, false) => Some((transaction, End::NotCommitted)),
            Stage::Initialising | Stage::Ready | Stage::Dead => None,
        };
        if let Some((transaction, end)) = ended {
            io.history.ended(transaction, end);
        }
        if !is_fencing(error) && !matches!(self.stage, Stage::Ending(_, true)) {
            io.history.complained(io.actor, format!("refused for good: {error}"));
        }
        self.coordinator.settle();
        if let Some(coordinator) = &mut self.group_coordinator {
            coordinator.settle();
        }
        self.stage = Stage::Dead;
        Some(Report::Dead)
    }
}

/// Errors that a rival, or the coordinator's own abort, explains.
const fn is_fencing(error: ErrorCode) -> bool {
    matches!(error, ErrorCode::ProducerFenced | ErrorCode::InvalidProducerEpoch)
}
