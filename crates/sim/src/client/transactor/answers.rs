//! What answers mean to a transactional producer: go on, ask again, abort or give up.

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId};
use fencepost_oracle::End;
use fencepost_wire::Response;

use super::super::sender::Sent;
use super::super::{BatchTag, Io, Tag, error_of, is_retriable};
use super::{Protocol, Report, Stage, Transactor};

impl Transactor {
    pub(super) fn produced(
        &mut self,
        tag: BatchTag,
        response: &Response,
        io: &mut Io<'_>,
    ) -> Option<Report> {
        if self.stage == Stage::Dead {
            return None;
        }
        let failed = match self.sender.answered(tag, response, &mut self.directory, io) {
            Sent::Acknowledged(records) => {
                for record in records {
                    io.history.acknowledged(record);
                }
                None
            }
            Sent::Again => None,
            Sent::Failed(error) => Some(error),
        };
        if let (Some(error), Stage::Sending(transaction, _)) = (failed, self.stage.clone()) {
            if is_fatal_for_produce(error) {
                return self.die(error, io);
            }
            self.stage = Stage::Failing(transaction);
            self.bump_needed = true;
        }
        self.progress(io);
        None
    }

    pub(super) fn coordinator_answered(
        &mut self,
        tag: Tag,
        response: &Response,
        io: &mut Io<'_>,
    ) -> Option<Report> {
        let error = match response {
            Response::InitProducerId(response) => response.error_code,
            Response::AddOffsetsToTxn(response) => response.error_code,
            Response::EndTxn(response) => response.error_code,
            Response::AddPartitionsToTxn(response) => response
                .results_by_topic_v3_and_below
                .iter()
                .flat_map(|topic| &topic.results_by_partition)
                .map(|row| row.partition_error_code)
                .find(|code| *code != 0)
                .unwrap_or(0),
            _ => ErrorCode::UnknownServerError.code(),
        };
        match error_of(error) {
            ErrorCode::None => {
                self.coordinator.settle();
                self.coordinator_agreed(response, io)
            }
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.coordinator.relocate(io);
                None
            }
            error if is_retriable(error) => {
                self.coordinator.repeat(io);
                None
            }
            ErrorCode::TransactionAbortable if tag != Tag::EndTransaction => {
                self.coordinator.settle();
                self.fail(io);
                None
            }
            error => self.die(error, io),
        }
    }

    pub(super) fn coordinator_agreed(
        &mut self,
        response: &Response,
        io: &mut Io<'_>,
    ) -> Option<Report> {
        match (self.stage.clone(), response) {
            (Stage::Initialising, Response::InitProducerId(answer)) => {
                let id = ProducerId(answer.producer_id.0);
                self.sender.identify(id, ProducerEpoch(answer.producer_epoch));
                self.stage = Stage::Ready;
                return Some(Report::Ready);
            }
            (Stage::Adding(transaction, work), _) => self.send(transaction, work, io),
            (Stage::AddingOffsets(transaction, work), _) => {
                self.commit_offsets(transaction, work, io);
            }
            (Stage::Ending(transaction, commit), Response::EndTxn(answer)) => {
                let end = if commit { End::Committed } else { End::NotCommitted };
                io.history.ended(transaction, end);
                if self.protocol == Protocol::Tv2 {
                    let id = ProducerId(answer.producer_id.0);
                    self.sender.identify(id, ProducerEpoch(answer.producer_epoch));
                } else if std::mem::take(&mut self.bump_needed)
                    && let Some(identity) = self.sender.identity()
                {
                    self.stage = Stage::Initialising;
                    self.initialise(identity, io);
                    return Some(Report::Ended(end));
                }
                self.stage = Stage::Ready;
                return Some(Report::Ended(end));
            }
            _ => {}
        }
        None
    }

    pub(super) fn offsets_answered(
        &mut self,
        response: &Response,
        io: &mut Io<'_>,
    ) -> Option<Report> {
        let Response::TxnOffsetCommit(answer) = response else { return None };
        let coordinator = self.group_coordinator.as_mut()?;
        let code = answer
            .topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .map(|row| row.error_code)
            .find(|code| *code != 0)
            .unwrap_or(0);
        match error_of(code) {
            ErrorCode::None => {
                coordinator.settle();
                if let Stage::CommittingOffsets(transaction, work) = self.stage.clone() {
                    self.end(transaction, work.commit, io);
                }
                None
            }
            ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
            | ErrorCode::RequestTimedOut => {
                coordinator.relocate(io);
                None
            }
            error if is_retriable(error) => {
                coordinator.repeat(io);
                None
            }
            ErrorCode::TransactionAbortable
            | ErrorCode::IllegalGeneration
            | ErrorCode::UnknownMemberId => {
                coordinator.settle();
                self.fail(io);
                None
            }
            error => self.die(error, io),
        }
    }
}

/// Errors of Produce that no abort mends (CLIENT-07).
const fn is_fatal_for_produce(error: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(error, E::InvalidProducerIdMapping | E::ProducerFenced | E::UnsupportedVersion)
}
