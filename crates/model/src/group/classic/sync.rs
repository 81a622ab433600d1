//! SyncGroup: the leader hands in the assignment, all members fetch theirs (GRP-24 to GRP-28).

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId, Rule, Timestamp};

use super::{ClassicGroup, Settings, State};
use crate::group::effects::{AfterWrite, Effect, SyncReply};
use crate::ticket::Ticket;
use crate::timers::GroupTimer;

/// A SyncGroup whose first checks passed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SyncRequest {
    /// The response that waits.
    pub(crate) ticket: Ticket,
    /// The member.
    pub(crate) member: MemberId,
    /// The seat of a static member.
    pub(crate) instance: Option<InstanceId>,
    /// The generation that the member joined.
    pub(crate) generation: GenerationId,
    /// The protocol type, if the member says it (KIP-559).
    pub(crate) protocol_type: Option<Arc<str>>,
    /// The selected protocol, if the member says it (KIP-559).
    pub(crate) protocol: Option<Arc<str>>,
    /// The leader's assignments; the last one of each member counts.
    pub(crate) assignments: Vec<(MemberId, Bytes)>,
}

impl ClassicGroup {
    /// Handles a SyncGroup.
    pub(crate) fn sync(
        &mut self,
        settings: &Settings,
        request: SyncRequest,
        out: &mut Vec<Effect>,
    ) {
        if let Err(error) = self.validate_sync(settings, &request) {
            out.push(Effect::Sync(request.ticket, SyncReply::refused(error)));
            return;
        }
        self.pending_sync.remove(&request.member);
        if self.pending_sync.is_empty() {
            out.push(Effect::Disarm(GroupTimer::Sync));
        }
        match self.state {
            State::Empty | State::PreparingRebalance(_) => {}
            State::CompletingRebalance => self.park_sync(request, out),
            State::Stable => {
                let reply = self.assignment_of(&request.member);
                out.push(Effect::Sync(request.ticket, reply));
            }
        }
    }

    fn validate_sync(&self, settings: &Settings, request: &SyncRequest) -> Result<(), ErrorCode> {
        if self.state == State::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.validate_member(&request.member, request.instance.as_ref())?;
        if settings.rules.is_on(Rule::SyncGenerationFencing) {
            self.is_generation(request.generation)?;
        }
        let differ = |given: &Option<Arc<str>>, of_group: &Option<Arc<str>>| {
            given.is_some() && of_group.is_some() && given != of_group
        };
        if differ(&request.protocol_type, &self.protocol_type)
            || differ(&request.protocol, &self.protocol)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        if matches!(self.state, State::PreparingRebalance(_)) {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }

    fn park_sync(&mut self, request: SyncRequest, out: &mut Vec<Effect>) {
        if let Some(member) = self.members.get_mut(&request.member) {
            out.extend(member.awaiting_sync.replace(request.ticket).map(Effect::Abandon));
        }
        if !self.is_leader(&request.member) {
            return;
        }
        let given: BTreeMap<_, _> = request.assignments.into_iter().collect();
        let assignments: BTreeMap<_, _> = self
            .members
            .keys()
            .map(|member| (member.clone(), given.get(member).cloned().unwrap_or_default()))
            .collect();
        let value = self.value(Some(&assignments));
        let after = AfterWrite::Assignment { generation: self.generation, assignments };
        out.push(Effect::Write(value, after));
    }

    fn assignment_of(&self, member: &MemberId) -> SyncReply {
        SyncReply {
            error: ErrorCode::None,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            assignment: self.members[member].assignment.clone(),
        }
    }

    /// The leader's assignment is replicated, or is not. A rebalance that began meanwhile has made
    /// it worthless (GRP-27).
    pub(super) fn assignment_written(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        generation: GenerationId,
        assignments: &BTreeMap<MemberId, Bytes>,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        let is_overtaken =
            self.state != State::CompletingRebalance || self.generation != generation;
        if is_overtaken && settings.rules.is_on(Rule::OvertakenAssignment) {
            return;
        }
        if let Err(error) = result {
            self.reset_assignments(now, error, out);
            return self.prepare_rebalance(now, settings, out);
        }
        for id in self.member_ids() {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = assignments.get(&id).cloned().unwrap_or_default();
            }
            if self.answer_sync(&id, self.assignment_of(&id), out) {
                self.restart_session(now, &id, out);
            }
        }
        self.enter(now, State::Stable);
    }

    /// Members that never sent SyncGroup are removed (GRP-28).
    pub(super) fn expire_sync(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        out: &mut Vec<Effect>,
    ) {
        match self.state {
            State::Empty | State::PreparingRebalance(_) => {}
            State::CompletingRebalance | State::Stable => {
                let late = std::mem::take(&mut self.pending_sync);
                if late.is_empty() || !settings.rules.is_on(Rule::SyncPhaseEnd) {
                    return;
                }
                for member in late {
                    self.remove(&member, out);
                }
                self.prepare_rebalance(now, settings, out);
            }
        }
    }
}
