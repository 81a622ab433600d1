//! Who is in the group: joining the list, leaving it, leading it, and proving to be in it (GRP-04).

use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId, Timestamp};

use super::{ClassicGroup, Member, Protocol};
use crate::group::effects::{Effect, JoinReply, JoinedMember, SyncReply};
use crate::ticket::Ticket;
use crate::timers::GroupTimer;

impl ClassicGroup {
    /// Checks that a member is who it says (GRP-04).
    pub(super) fn validate_member(
        &self,
        member: &str,
        instance: Option<&InstanceId>,
    ) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            let holder = self.static_members.get(instance).ok_or(ErrorCode::UnknownMemberId)?;
            if &**holder != member {
                return Err(ErrorCode::FencedInstanceId);
            }
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// The member on a seat.
    pub(super) fn holder_of(&self, instance: &InstanceId) -> Option<&MemberId> {
        self.static_members.get(instance).filter(|holder| self.members.contains_key(*holder))
    }

    pub(super) fn is_leader(&self, member: &MemberId) -> bool {
        self.leader.as_ref() == Some(member)
    }

    /// Puts a member on the list. The first one leads and sets the protocol type (GRP-17).
    pub(super) fn add(&mut self, mut member: Member, protocol_type: &str) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.into());
        }
        member.ordinal = self.joined;
        self.joined += 1;
        self.leader.get_or_insert_with(|| member.id.clone());
        if let Some(instance) = &member.instance {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member, or a pending one, off the list; a leader is followed by the member that
    /// joined first (GRP-23). A SyncGroup that it has parked is never answered.
    pub(super) fn remove(&mut self, member: &str, out: &mut Vec<Effect>) {
        self.remove_pending(member, out);
        self.pending_sync.remove(member);
        let Some(removed) = self.members.remove(member) else { return };
        out.extend(removed.awaiting_join.into_iter().map(Effect::Abandon));
        out.extend(removed.awaiting_sync.into_iter().map(Effect::Abandon));
        if let Some(instance) = &removed.instance {
            self.static_members.remove(instance);
        }
        if self.is_leader(&removed.id) {
            let first = self.members.values().min_by_key(|member| member.ordinal);
            self.leader = first.map(|member| member.id.clone());
        }
        out.push(Effect::Disarm(GroupTimer::Session(removed.id)));
    }

    pub(super) fn remove_pending(&mut self, member: &str, out: &mut Vec<Effect>) {
        if let Some(pending) = self.pending_members.take(member) {
            out.push(Effect::Disarm(GroupTimer::Pending(pending)));
        }
    }

    /// Takes over what a JoinGroup says of its member and parks it. An earlier parked one of the
    /// same member is never answered (GRP-16).
    pub(super) fn update(
        &mut self,
        member: &MemberId,
        protocols: Vec<Protocol>,
        rebalance_timeout_ms: i32,
        session_timeout_ms: i32,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        let Some(member) = self.members.get_mut(member) else { return };
        member.protocols = protocols;
        member.rebalance_timeout_ms = rebalance_timeout_ms;
        member.session_timeout_ms = session_timeout_ms;
        out.extend(member.awaiting_join.replace(ticket).map(Effect::Abandon));
    }

    /// Answers the parked JoinGroup of a member, if there is one.
    pub(super) fn answer_join(
        &mut self,
        member: &MemberId,
        reply: JoinReply,
        out: &mut Vec<Effect>,
    ) {
        let parked = self.members.get_mut(member).and_then(|member| member.awaiting_join.take());
        out.extend(parked.map(|ticket| Effect::Join(ticket, reply)));
    }

    /// Answers the parked SyncGroup of a member, if there is one; whether there was one.
    pub(super) fn answer_sync(
        &mut self,
        member: &MemberId,
        reply: SyncReply,
        out: &mut Vec<Effect>,
    ) -> bool {
        let parked = self.members.get_mut(member).and_then(|member| member.awaiting_sync.take());
        let was_parked = parked.is_some();
        out.extend(parked.map(|ticket| Effect::Sync(ticket, reply)));
        was_parked
    }

    /// Starts a member's session timer anew (GRP-30).
    pub(super) fn restart_session(&self, now: Timestamp, member: &str, out: &mut Vec<Effect>) {
        if let Some(member) = self.members.get(member) {
            let deadline = now.plus_millis(member.session_timeout_ms.into());
            out.push(Effect::Arm(GroupTimer::Session(member.id.clone()), deadline));
        }
    }

    pub(super) fn member_ids(&self) -> Vec<MemberId> {
        self.members.keys().cloned().collect()
    }

    /// The largest rebalance timeout of the members, 0 without any.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        let timeouts = self.members.values().map(|member| member.rebalance_timeout_ms);
        timeouts.max().unwrap_or(0).max(0).into()
    }

    pub(super) fn awaiting_join(&self) -> usize {
        self.members.values().filter(|member| member.awaiting_join.is_some()).count()
    }

    /// Whether the join phase waits for nobody: all are parked and none is pending (GRP-11).
    pub(super) fn has_all_members_joined(&self) -> bool {
        self.awaiting_join() == self.members.len() && self.pending_members.is_empty()
    }

    /// What a member is told of the current generation; the list of members is the leader's
    /// (GRP-22).
    pub(super) fn current_generation(&self, member: &MemberId) -> JoinReply {
        JoinReply {
            error: ErrorCode::None,
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            member: Some(member.clone()),
            members: if self.is_leader(member) { self.joined_members() } else { Vec::new() },
            skip_assignment: false,
        }
    }

    fn joined_members(&self) -> Vec<JoinedMember> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let joined = self.members.values().map(|member| JoinedMember {
            member: member.id.clone(),
            instance: member.instance.clone(),
            metadata: member.metadata(protocol),
        });
        joined.collect()
    }

    pub(super) fn is_generation(&self, generation: GenerationId) -> Result<(), ErrorCode> {
        if self.generation == generation { Ok(()) } else { Err(ErrorCode::IllegalGeneration) }
    }
}
