//! Answers that are ready but must wait until all that they tell is replicated.

use std::collections::BTreeMap;

use fencepost_ids::{BrokerId, ErrorCode};
use fencepost_wire::messages::{
    ConsumerGroupHeartbeatResponse, HeartbeatResponse, JoinGroupResponse, LeaveGroupResponse,
    OffsetCommitResponse, OffsetDeleteResponse, SyncGroupResponse,
};
use fencepost_wire::{DeleteGroupsResponse, Response, TxnOffsetCommitResponse};

use super::ShardStep;
use crate::api;
use crate::step::Step;
use crate::ticket::Ticket;

/// An answer in the making; each of its parts can still fail.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    ConsumerGroupHeartbeat(ConsumerGroupHeartbeatResponse),
    Heartbeat(HeartbeatResponse),
    JoinGroup(JoinGroupResponse),
    LeaveGroup(LeaveGroupResponse),
    OffsetCommit(OffsetCommitResponse),
    OffsetDelete(OffsetDeleteResponse),
    OffsetFetch(api::offset_fetch::Fetched),
    DeleteGroups(DeleteGroupsResponse),
    SyncGroup(SyncGroupResponse),
    TxnOffsetCommit(TxnOffsetCommitResponse),
}

impl Answer {
    /// A part was not replicated in time, or the partition moved away; `error` is that of the log.
    fn fail(&mut self, part: usize, error: ErrorCode) {
        match self {
            Self::ConsumerGroupHeartbeat(response) => {
                api::consumer_group_heartbeat::fail(response, error);
            }
            Self::Heartbeat(response) => api::heartbeat::fail(response, error),
            Self::JoinGroup(response) => api::join_group::fail(response, error),
            Self::LeaveGroup(response) => api::leave_group::fail(response, error),
            Self::OffsetCommit(response) => api::offset_commit::fail(response, error),
            Self::OffsetDelete(response) => api::offset_delete::fail(response, error),
            Self::OffsetFetch(fetched) => fetched.fail(part, error),
            Self::DeleteGroups(response) => api::delete_groups::fail(response, part, error),
            Self::SyncGroup(response) => api::sync_group::fail(response, error),
            Self::TxnOffsetCommit(response) => api::txn_offset_commit::fail(response, error),
        }
    }

    fn into_response(self) -> Response {
        match self {
            Self::ConsumerGroupHeartbeat(response) => response.into(),
            Self::Heartbeat(response) => response.into(),
            Self::JoinGroup(response) => response.into(),
            Self::LeaveGroup(response) => response.into(),
            Self::OffsetCommit(response) => response.into(),
            Self::OffsetDelete(response) => response.into(),
            Self::OffsetFetch(fetched) => fetched.into_response().into(),
            Self::DeleteGroups(response) => response.into(),
            Self::SyncGroup(response) => response.into(),
            Self::TxnOffsetCommit(response) => response.into(),
        }
    }
}

/// The answers of one broker that wait, by the serial numbers of their tickets.
#[derive(Clone, Default, Debug)]
pub(crate) struct Answers(BTreeMap<u64, Pending>);

#[derive(Clone, Debug)]
struct Pending {
    ticket: Ticket,
    answer: Answer,
    /// How many of its parts wait.
    parts: usize,
}

impl Answers {
    /// A part is settled; the answer, if that was the last one.
    pub(super) fn settle(
        &mut self,
        serial: u64,
        part: usize,
        result: Result<(), ErrorCode>,
    ) -> Option<(Ticket, Response)> {
        let pending = self.0.get_mut(&serial)?;
        if let Err(error) = result {
            pending.answer.fail(part, error);
        }
        pending.parts -= 1;
        if pending.parts > 0 {
            return None;
        }
        let Pending { ticket, answer, .. } = self.0.remove(&serial)?;
        Some((ticket, answer.into_response()))
    }
}

impl ShardStep<'_> {
    /// Answers when all that was written is replicated.
    pub(super) fn answer_when_replicated(&mut self, ticket: Ticket, answer: Answer) {
        if self.await_replication(ticket.serial, 0) {
            self.answers.0.insert(ticket.serial, Pending { ticket, answer, parts: 1 });
        } else {
            self.host.respond(ticket, answer.into_response());
        }
    }
}

impl Step<'_> {
    /// Answers now, or when as many parts are settled as wait.
    pub(crate) fn answer_when_replicated(
        &mut self,
        broker: BrokerId,
        ticket: Ticket,
        answer: Answer,
        parts: usize,
    ) {
        if parts == 0 {
            return self.respond(ticket, answer.into_response());
        }
        if let Some(running) = self.broker(broker) {
            let pending = Pending { ticket, answer, parts };
            running.group.answers.0.insert(ticket.serial, pending);
        }
    }
}
