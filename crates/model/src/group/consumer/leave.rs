//! Members that leave or are removed (G848-23, G848-24, GRP-58).

use std::collections::BTreeSet;
use std::sync::Arc;

use fencepost_ids::{ErrorCode, InstanceId, MemberEpoch, MemberId, Rule, Timestamp};

use super::heartbeat::Heartbeat;
use super::seat::unknown_member;
use super::{
    ConsumerGroup, ConsumerMember, Context, Draft, HeartbeatReply, JOIN_EPOCH, LEAVE_EPOCH,
    Outcome, ReconciliationState, Refusal, STATIC_LEAVE_EPOCH, TimerChange,
};
use crate::group::assign::Partitions;
use crate::group::records::{ConsumerGroupRecord, CurrentAssignmentValue};
use crate::timers::GroupTimer;

impl ConsumerGroup {
    /// A member leaves with epoch -1, or a static one for a while with -2; the epoch that it had
    /// is not checked.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID for a seat that another member has; those of
    /// [`Self::without`].
    pub(crate) fn leave(
        &self,
        context: &Context<'_>,
        request: &Heartbeat,
    ) -> Result<Outcome<HeartbeatReply>, Refusal> {
        let member = self.claimed(context, &request.member, request.instance.as_ref())?;
        let reply = |epoch: MemberEpoch| HeartbeatReply {
            member: member.id.clone(),
            epoch,
            assignment: None,
        };
        if request.epoch == STATIC_LEAVE_EPOCH && request.instance.is_some() {
            let mut draft = Draft::new(self);
            draft.vacate(context, member);
            return Ok(draft.outcome(reply(STATIC_LEAVE_EPOCH)));
        }
        self.without(context, &BTreeSet::from([member.id.clone()]), reply(LEAVE_EPOCH))
    }

    /// Members of either protocol leave by LeaveGroup, or are sent away by their instance id alone;
    /// the answers stand in the order of the request (GRP-58).
    ///
    /// # Errors
    /// Those of [`Self::without`].
    pub(crate) fn leave_classic(
        &self,
        context: &Context<'_>,
        members: &[(&str, Option<InstanceId>)],
    ) -> Result<Outcome<Vec<ErrorCode>>, Refusal> {
        let mut leaving = BTreeSet::new();
        let mut answers = Vec::with_capacity(members.len());
        for (member, instance) in members {
            let seated = instance.as_ref().and_then(|instance| self.seats.get(instance));
            let claimed = match (seated, *member) {
                (Some(seated), "") => self.claimed(context, seated, instance.as_ref()),
                (_, member) => self.claimed(context, member, instance.as_ref()),
            };
            answers.push(claimed.as_ref().err().map_or(ErrorCode::None, |refusal| refusal.error));
            leaving.extend(claimed.ok().map(|member| member.id.clone()));
        }
        self.without(context, &leaving, answers)
    }

    /// The member that a request says it comes from.
    pub(super) fn claimed(
        &self,
        context: &Context<'_>,
        member: &str,
        instance: Option<&InstanceId>,
    ) -> Result<&Arc<ConsumerMember>, Refusal> {
        match instance {
            Some(instance) => self.static_member(instance, member),
            None => self.members.get(member).ok_or_else(|| unknown_member(context, member)),
        }
    }

    /// A member's session ended: it is removed, if it is still there.
    ///
    /// # Errors
    /// Those of [`Self::without`].
    pub(crate) fn expire_session(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Result<Option<Outcome<()>>, Refusal> {
        if !context.settings.rules.is_on(Rule::SilentMemberRemoval) {
            return Ok(None);
        }
        self.expire(context, member)
    }

    /// The time that a member had to give up partitions is over: it is removed, if it has not
    /// (G848-22).
    ///
    /// # Errors
    /// Those of [`Self::without`].
    pub(crate) fn expire_rebalance(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Result<Option<Outcome<()>>, Refusal> {
        let waits = self.members.get(member).is_some_and(|member| {
            member.state == ReconciliationState::UnrevokedPartitions
                && member.epoch != STATIC_LEAVE_EPOCH
        });
        if !waits || !context.settings.rules.is_on(Rule::RevocationTimeout) {
            return Ok(None);
        }
        self.expire(context, member)
    }

    /// The time that a member of the classic protocol had to join again, or to send SyncGroup, is
    /// over: it is removed, whatever it speaks by now (GRP-57).
    ///
    /// # Errors
    /// Those of [`Self::without`].
    pub(crate) fn expire_classic(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Result<Option<Outcome<()>>, Refusal> {
        if !context.settings.rules.is_on(Rule::ClassicMemberTimeout) {
            return Ok(None);
        }
        self.expire(context, member)
    }

    fn expire(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Result<Option<Outcome<()>>, Refusal> {
        if !self.members.contains_key(member) {
            return Ok(None);
        }
        self.without(context, &BTreeSet::from([member.clone()]), ()).map(Some)
    }

    /// Takes members off the group. If only members of the classic protocol remain, it may become a
    /// classic group (GRP-61).
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND if it should become one and cannot.
    fn without<R>(
        &self,
        context: &Context<'_>,
        members: &BTreeSet<MemberId>,
        reply: R,
    ) -> Result<Outcome<R>, Refusal> {
        if !members.is_empty() && self.is_classic_without(context.settings, members) {
            return self.downgrade(context, members, reply);
        }
        let mut draft = Draft::new(self);
        draft.remove(context, members);
        Ok(draft.outcome(reply))
    }
}

impl Draft<'_> {
    /// The three tombstones of a member, in the order in which a reader can apply them.
    pub(super) fn write_removal(&mut self, id: &MemberId) {
        self.write(ConsumerGroupRecord::CurrentAssignment(id.clone(), None));
        self.write(ConsumerGroupRecord::TargetAssignment(id.clone(), None));
        self.write(ConsumerGroupRecord::Member(id.clone(), None));
    }

    fn remove(&mut self, context: &Context<'_>, ids: &BTreeSet<MemberId>) {
        if ids.is_empty() {
            return;
        }
        let removed: Vec<_> = ids.iter().filter_map(|id| self.members.get(id).cloned()).collect();
        for member in &removed {
            self.write_removal(&member.id);
        }
        for regex in removed.iter().filter_map(|member| member.regex()) {
            self.drop_regex(regex);
        }
        self.refresh_metadata(context, true);
        if self.members.is_empty() && context.settings.minds_assignor() {
            self.write_target_epoch(Timestamp(0));
        }
        for id in ids {
            self.change(TimerChange::Disarm(GroupTimer::Session(id.clone())));
            self.change(TimerChange::Disarm(GroupTimer::Rebalance(id.clone())));
            self.change(TimerChange::Disarm(GroupTimer::MemberJoin(id.clone())));
            self.change(TimerChange::Disarm(GroupTimer::MemberSync(id.clone())));
        }
    }

    /// A static member goes for a while: it keeps its partitions, but not those that it was to
    /// give up. Its session goes on from its last heartbeat.
    /// Its successor may commit for them at any epoch.
    fn vacate(&mut self, context: &Context<'_>, member: &ConsumerMember) {
        let current = CurrentAssignmentValue {
            epoch: STATIC_LEAVE_EPOCH,
            pending_revocation: Partitions::default(),
            since: context.settings.since(member.assigned.iter(), JOIN_EPOCH),
            ..member.current()
        };
        self.write(ConsumerGroupRecord::CurrentAssignment(member.id.clone(), Some(current)));
        self.change(TimerChange::Disarm(GroupTimer::Rebalance(member.id.clone())));
    }
}
