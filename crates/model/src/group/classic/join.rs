//! JoinGroup: who may join, and what that starts (GRP-08 to GRP-17).

use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{ClientId, ErrorCode, InstanceId, MemberId, Rule, Timestamp};

use super::{
    ClassicGroup, JoinPhase, Member, NEW_MEMBER_JOIN_TIMEOUT_MS, Protocol, Settings, State,
};
use crate::group::effects::{Effect, JoinReply};
use crate::ticket::Ticket;
use crate::timers::GroupTimer;

/// A JoinGroup whose first checks passed (GRP-07).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct JoinRequest {
    /// The response that waits.
    pub(crate) ticket: Ticket,
    /// Who joins.
    pub(crate) member: Joining,
    /// The seat of a static member.
    pub(crate) instance: Option<InstanceId>,
    /// What the client calls itself.
    pub(crate) client_id: ClientId,
    /// Where it connects from, with a leading slash.
    pub(crate) client_host: Arc<str>,
    /// How long the member may be silent.
    pub(crate) session_timeout_ms: i32,
    /// How long the member may take to rejoin.
    pub(crate) rebalance_timeout_ms: i32,
    /// What kind of group it wants.
    pub(crate) protocol_type: Arc<str>,
    /// What it offers, most wanted first.
    pub(crate) protocols: Vec<Protocol>,
    /// Whether a dynamic member must come back with the id it is given (v4+, KIP-394).
    pub(crate) requires_known_member: bool,
    /// Whether the response can say that the leader need not assign (v9+, KIP-814).
    pub(crate) can_skip_assignment: bool,
}

impl JoinRequest {
    /// Whether a dynamic member must come back with the id that it is given now (GRP-11).
    pub(crate) fn needs_member_id(&self) -> bool {
        matches!(self.member, Joining::New(_))
            && self.instance.is_none()
            && self.requires_known_member
    }
}

/// Under which member id a JoinGroup comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Joining {
    /// It has none yet; this is a fresh one for it (GRP-05).
    New(MemberId),
    /// It was given this one before.
    Known(MemberId),
}

impl Joining {
    /// The id that it has from now on.
    pub(crate) const fn id(&self) -> &MemberId {
        match self {
            Self::New(member) | Self::Known(member) => member,
        }
    }

    const fn known(&self) -> Option<&MemberId> {
        match self {
            Self::New(_) => None,
            Self::Known(member) => Some(member),
        }
    }
}

impl ClassicGroup {
    /// Handles a JoinGroup.
    pub(crate) fn join(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        out: &mut Vec<Effect>,
    ) {
        if !self.has_room_for(request.member.known(), settings.max_size) {
            if let Some(member) = request.member.known() {
                self.remove(member, out);
            }
            return refuse(&request, ErrorCode::GroupMaxSizeReached, None, out);
        }
        if !self.accepts_protocols(&request.protocol_type, &request.protocols) {
            let member = request.member.known().cloned();
            return refuse(&request, ErrorCode::InconsistentGroupProtocol, member, out);
        }
        match request.member.clone() {
            Joining::New(fresh_id) => self.join_without_id(now, settings, request, fresh_id, out),
            Joining::Known(member) => self.join_with_id(now, settings, request, member, out),
        }
    }

    /// Whether `group.max.size` lets the member in (GRP-09).
    fn has_room_for(&self, member: Option<&MemberId>, max_size: usize) -> bool {
        let known = member.and_then(|member| self.members.get(member));
        match self.state {
            State::Empty => true,
            State::PreparingRebalance(_) => {
                known.is_some_and(|member| member.awaiting_join.is_some())
                    || self.awaiting_join() < max_size
            }
            State::CompletingRebalance | State::Stable => {
                known.is_some() || self.members.len() < max_size
            }
        }
    }

    fn join_without_id(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        fresh_id: MemberId,
        out: &mut Vec<Effect>,
    ) {
        match &request.instance {
            Some(instance) => match self.holder_of(instance).cloned() {
                Some(holder) => {
                    let id = if settings.rules.is_on(Rule::StaticMemberFencing) {
                        fresh_id
                    } else {
                        holder.clone()
                    };
                    self.replace_static(now, settings, request, &holder, id, out);
                }
                None => self.join_as_new(now, settings, request, fresh_id, out),
            },
            None if request.requires_known_member => {
                let deadline = now.plus_millis(request.session_timeout_ms.into());
                self.pending_members.insert(fresh_id.clone());
                out.push(Effect::Arm(GroupTimer::Pending(fresh_id.clone()), deadline));
                refuse(&request, ErrorCode::MemberIdRequired, Some(fresh_id), out);
            }
            None => self.join_as_new(now, settings, request, fresh_id, out),
        }
    }

    fn join_with_id(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        member: MemberId,
        out: &mut Vec<Effect>,
    ) {
        if self.pending_members.contains(&member) {
            // A pending member cannot be static; Kafka fails the request with an internal error.
            if request.instance.is_some() {
                return refuse(&request, ErrorCode::UnknownServerError, None, out);
            }
            return self.join_as_new(now, settings, request, member, out);
        }
        if let Err(error) = self.validate_member(&member, request.instance.as_ref()) {
            return refuse(&request, error, Some(member), out);
        }
        let is_unchanged = self.members[&member].protocols == request.protocols;
        match self.state {
            State::Empty => refuse(&request, ErrorCode::UnknownMemberId, Some(member), out),
            State::CompletingRebalance if is_unchanged => {
                // It may have missed the answer to the same request (GRP-14).
                out.push(Effect::Join(request.ticket, self.current_generation(&member)));
            }
            State::Stable if is_unchanged && !self.is_leader(&member) => {
                out.push(Effect::Join(request.ticket, self.current_generation(&member)));
            }
            State::PreparingRebalance(_) | State::CompletingRebalance | State::Stable => {
                self.rejoin(now, settings, request, &member, out);
            }
        }
    }

    fn rejoin(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        member: &MemberId,
        out: &mut Vec<Effect>,
    ) {
        let JoinRequest { protocols, rebalance_timeout_ms, session_timeout_ms, ticket, .. } =
            request;
        self.update(member, protocols, rebalance_timeout_ms, session_timeout_ms, ticket, out);
        self.rebalance_or_complete(now, settings, out);
    }

    fn join_as_new(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        id: MemberId,
        out: &mut Vec<Effect>,
    ) {
        if matches!(self.state, State::PreparingRebalance(JoinPhase::Initial { .. })) {
            self.new_member_added = true;
        }
        self.remove_pending(&id, out);
        let member = Member {
            id: id.clone(),
            instance: request.instance,
            client_id: request.client_id,
            client_host: request.client_host,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols,
            assignment: Bytes::new(),
            awaiting_join: Some(request.ticket),
            awaiting_sync: None,
            is_new: true,
            ordinal: 0,
        };
        self.add(member, &request.protocol_type);
        // It cannot send heartbeats before its join is answered (GRP-17).
        let deadline = now.plus_millis(NEW_MEMBER_JOIN_TIMEOUT_MS);
        out.push(Effect::Arm(GroupTimer::Session(id), deadline));
        self.rebalance_or_complete(now, settings, out);
    }
}

fn refuse(
    request: &JoinRequest,
    error: ErrorCode,
    member: Option<MemberId>,
    out: &mut Vec<Effect>,
) {
    out.push(Effect::Join(request.ticket, JoinReply::refused(error, member)));
}
