//! Members that leave or are removed (G848-23, G848-24).

use fencepost_ids::{MemberEpoch, MemberId, Rule};

use super::heartbeat::Heartbeat;
use super::seat::unknown_member;
use super::{
    ConsumerGroup, ConsumerMember, Context, Draft, HeartbeatReply, LEAVE_EPOCH, Outcome,
    ReconciliationState, Refusal, STATIC_LEAVE_EPOCH, TimerChange,
};
use crate::group::assign::Partitions;
use crate::group::records::{ConsumerGroupRecord, CurrentAssignmentValue};
use crate::timers::GroupTimer;

impl ConsumerGroup {
    /// A member leaves with epoch -1, or a static one for a while with -2; the epoch that it had
    /// is not checked.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID for a seat that another member has.
    pub(crate) fn leave(
        &self,
        context: &Context<'_>,
        request: &Heartbeat,
    ) -> Result<Outcome<HeartbeatReply>, Refusal> {
        let member = match &request.instance {
            Some(instance) => self.static_member(instance, &request.member)?,
            None => {
                self.members.get(&request.member).ok_or_else(|| unknown_member(&request.member))?
            }
        };
        let reply = |epoch: MemberEpoch| HeartbeatReply {
            member: member.id.clone(),
            epoch,
            assignment: None,
        };
        let mut draft = Draft::new(self);
        if request.epoch == STATIC_LEAVE_EPOCH && request.instance.is_some() {
            draft.vacate(member);
            return Ok(draft.outcome(reply(STATIC_LEAVE_EPOCH)));
        }
        draft.remove(context, member);
        Ok(draft.outcome(reply(LEAVE_EPOCH)))
    }

    /// A member's session ended: it is removed, if it is still there.
    #[must_use]
    pub(crate) fn expire_session(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Option<Outcome<()>> {
        let member = self.members.get(member)?;
        if !context.settings.rules.is_on(Rule::SilentMemberRemoval) {
            return None;
        }
        let mut draft = Draft::new(self);
        draft.remove(context, member);
        Some(draft.outcome(()))
    }

    /// The time that a member had to give up partitions is over: it is removed, if it has not
    /// (G848-22).
    #[must_use]
    pub(crate) fn expire_rebalance(
        &self,
        context: &Context<'_>,
        member: &MemberId,
    ) -> Option<Outcome<()>> {
        let member = self.members.get(member)?;
        let waits = member.state == ReconciliationState::UnrevokedPartitions
            && member.epoch != STATIC_LEAVE_EPOCH;
        if !waits || !context.settings.rules.is_on(Rule::RevocationTimeout) {
            return None;
        }
        let mut draft = Draft::new(self);
        draft.remove(context, member);
        Some(draft.outcome(()))
    }
}

impl Draft<'_> {
    /// The three tombstones of a member, in the order in which a reader can apply them.
    pub(super) fn write_removal(&mut self, id: &MemberId) {
        self.write(ConsumerGroupRecord::CurrentAssignment(id.clone(), None));
        self.write(ConsumerGroupRecord::TargetAssignment(id.clone(), None));
        self.write(ConsumerGroupRecord::Member(id.clone(), None));
    }

    fn remove(&mut self, context: &Context<'_>, member: &ConsumerMember) {
        let id = &member.id;
        self.write_removal(id);
        if let Some(regex) = member.regex() {
            self.drop_regex(regex);
        }
        self.refresh_metadata(context, true);
        self.change(TimerChange::Disarm(GroupTimer::Session(id.clone())));
        self.change(TimerChange::Disarm(GroupTimer::Rebalance(id.clone())));
    }

    /// A static member goes for a while: it keeps its partitions, but not those that it was to
    /// give up. Its session goes on from its last heartbeat.
    fn vacate(&mut self, member: &ConsumerMember) {
        let current = CurrentAssignmentValue {
            epoch: STATIC_LEAVE_EPOCH,
            pending_revocation: Partitions::default(),
            ..member.current()
        };
        self.write(ConsumerGroupRecord::CurrentAssignment(member.id.clone(), Some(current)));
        self.change(TimerChange::Disarm(GroupTimer::Rebalance(member.id.clone())));
    }
}
