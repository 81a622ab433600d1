//! A static member that comes back under a new member id (GRP-36 to GRP-40).

use fencepost_ids::{ErrorCode, InstanceId, MemberId, Timestamp};

use super::{ClassicGroup, JoinRequest, Settings, State};
use crate::group::effects::{AfterWrite, Effect, JoinReply, StaticReplacement, SyncReply};
use crate::timers::GroupTimer;

impl ClassicGroup {
    /// Gives the seat of `old` to the member that asks for it (GRP-36).
    pub(super) fn replace_static(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: JoinRequest,
        old: &MemberId,
        new: MemberId,
        out: &mut Vec<Effect>,
    ) {
        let Some(instance) = request.instance.clone() else { return };
        let before = &self.members[old];
        let replacement = StaticReplacement {
            instance: instance.clone(),
            old_member: old.clone(),
            new_member: new.clone(),
            old_protocols: before.protocols.clone(),
            old_rebalance_timeout_ms: before.rebalance_timeout_ms,
            old_session_timeout_ms: before.session_timeout_ms,
            old_leader: self.leader.clone(),
            ticket: request.ticket,
            can_skip_assignment: request.can_skip_assignment,
        };
        self.rename(&instance, old, &new, out);
        self.restart_session(now, &new, out);
        self.update(
            &new,
            request.protocols,
            request.rebalance_timeout_ms,
            request.session_timeout_ms,
            request.ticket,
            out,
        );
        match self.state {
            State::Stable if self.select_protocol() == self.protocol => {
                let after = AfterWrite::StaticReplacement(Box::new(replacement));
                out.push(Effect::Write(self.value(None), after));
            }
            State::Stable | State::CompletingRebalance => {
                self.prepare_rebalance(now, settings, out);
            }
            State::PreparingRebalance(_) => self.maybe_complete_join_phase(now, out),
            State::Empty => unreachable!("an empty group has no member to replace"),
        }
    }

    /// Puts a member's seat, assignment and leadership under another member id. What the old id has
    /// parked is fenced (GRP-36).
    fn rename(
        &mut self,
        instance: &InstanceId,
        old: &MemberId,
        new: &MemberId,
        out: &mut Vec<Effect>,
    ) {
        let fenced = JoinReply::refused(ErrorCode::FencedInstanceId, Some(old.clone()));
        self.answer_join(old, fenced, out);
        self.answer_sync(old, SyncReply::refused(ErrorCode::FencedInstanceId), out);
        let Some(mut member) = self.members.remove(old) else { return };
        member.id = new.clone();
        member.is_new = false;
        self.members.insert(new.clone(), member);
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        self.static_members.insert(instance.clone(), new.clone());
        out.push(Effect::Disarm(GroupTimer::Session(old.clone())));
    }

    /// The record with the new member id is replicated, or is not (GRP-38, GRP-40).
    pub(super) fn replacement_written(
        &mut self,
        now: Timestamp,
        replacement: StaticReplacement,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        match result {
            Ok(()) => self.replacement_stored(&replacement, out),
            Err(error) => self.undo_replacement(now, replacement, error, out),
        }
    }

    fn replacement_stored(&mut self, replacement: &StaticReplacement, out: &mut Vec<Effect>) {
        let new = &replacement.new_member;
        let is_leader = self.is_leader(new);
        // A rebalance that began meanwhile will tell the leader what it needs to know.
        if is_leader && matches!(self.state, State::PreparingRebalance(_)) {
            return;
        }
        let mut reply = self.current_generation(new);
        if replacement.can_skip_assignment {
            reply.skip_assignment = is_leader;
        } else {
            reply.leader.clone_from(&replacement.old_leader);
            reply.members.clear();
        }
        self.answer_join(new, reply, out);
    }

    /// Gives the seat back. If somebody else has taken it meanwhile, nothing is left to undo, and the
    /// JoinGroup was answered when that happened.
    fn undo_replacement(
        &mut self,
        now: Timestamp,
        replacement: StaticReplacement,
        error: ErrorCode,
        out: &mut Vec<Effect>,
    ) {
        let mut reply = self.current_generation(&replacement.new_member);
        reply.error = error;
        reply.member = None;
        reply.members.clear();
        reply.leader = replacement.old_leader;
        let Some(member) = self.members.get_mut(&replacement.new_member) else { return };
        member.protocols = replacement.old_protocols;
        member.rebalance_timeout_ms = replacement.old_rebalance_timeout_ms;
        member.session_timeout_ms = replacement.old_session_timeout_ms;
        match member.awaiting_join.take() {
            Some(ticket) if ticket == replacement.ticket => out.push(Effect::Join(ticket, reply)),
            Some(ticket) => out.push(Effect::Abandon(ticket)),
            None => {}
        }
        let (old, new) = (&replacement.old_member, &replacement.new_member);
        self.rename(&replacement.instance, new, old, out);
        self.restart_session(now, old, out);
    }
}
