//! SyncGroup and Heartbeat of members of the classic protocol (GRP-55 to GRP-57).

use std::sync::Arc;

use fencepost_ids::{
    ErrorCode, GenerationId, InstanceId, MemberEpoch, PartitionIndex, Rule, TopicId,
};

use super::downgrade::assignment;
use super::{
    ConsumerGroup, ConsumerMember, Context, Outcome, ReconciliationState, Refusal, TimerChange,
};
use crate::group::SyncReply;
use crate::group::classic::{CONSUMER_PROTOCOL_TYPE, SyncRequest};
use crate::group::records::ClassicMemberMetadata;
use crate::timers::GroupTimer;

impl ConsumerGroup {
    /// Handles a Heartbeat: the answer is NONE or REBALANCE_IN_PROGRESS (GRP-56).
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or ILLEGAL_GENERATION.
    pub(crate) fn heartbeat_classic(
        &self,
        context: &Context<'_>,
        member: &str,
        instance: Option<&InstanceId>,
        generation: GenerationId,
    ) -> Result<Outcome<ErrorCode>, Refusal> {
        let (member, classic) = self.classic_member(context, member, instance, generation)?;
        let mut timers = vec![context.session_timer_of(&member.id, classic.session_timeout_ms)];
        let mut reply = ErrorCode::None;
        if self.must_rejoin(context, member)
            && context.settings.rules.is_on(Rule::ClassicMemberRejoin)
        {
            reply = ErrorCode::RebalanceInProgress;
            timers.push(join_timer(context, member));
        }
        Ok(Outcome { records: Vec::new(), timers, downgrade: None, reply })
    }

    /// Handles a SyncGroup: the answer is what the member holds (GRP-55).
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION or INCONSISTENT_GROUP_PROTOCOL.
    pub(crate) fn sync_classic(
        &self,
        context: &Context<'_>,
        request: &SyncRequest,
    ) -> Result<Outcome<SyncReply>, Refusal> {
        let instance = request.instance.as_ref();
        let (member, classic) =
            self.classic_member(context, &request.member, instance, request.generation)?;
        let inconsistent = || Refusal::of(ErrorCode::InconsistentGroupProtocol);
        let first = classic.protocols.first().ok_or_else(inconsistent)?;
        let differs = |given: &Option<Arc<str>>, expected: &str| {
            given.as_deref().is_some_and(|given| given != expected)
        };
        if differs(&request.protocol_type, CONSUMER_PROTOCOL_TYPE)
            || differs(&request.protocol, &first.name)
        {
            return Err(inconsistent());
        }
        if self.leading_epoch(context) > member.epoch
            && member.state != ReconciliationState::UnrevokedPartitions
        {
            let timers = vec![join_timer(context, member)];
            let reply = SyncReply::refused(ErrorCode::RebalanceInProgress);
            return Ok(Outcome { records: Vec::new(), timers, downgrade: None, reply });
        }
        let timers = vec![
            TimerChange::Disarm(GroupTimer::MemberSync(member.id.clone())),
            context.session_timer_of(&member.id, classic.session_timeout_ms),
        ];
        let reply = SyncReply {
            error: ErrorCode::None,
            protocol_type: request.protocol_type.clone(),
            protocol: request.protocol.clone(),
            assignment: assignment(context, &member.assigned, &first.metadata)
                .map_err(|_| Refusal::of(ErrorCode::UnknownServerError))?,
        };
        Ok(Outcome { records: Vec::new(), timers, downgrade: None, reply })
    }

    /// The member that a request in the classic protocol comes from.
    fn classic_member(
        &self,
        context: &Context<'_>,
        member: &str,
        instance: Option<&InstanceId>,
        generation: GenerationId,
    ) -> Result<(&ConsumerMember, &ClassicMemberMetadata), Refusal> {
        let member = self.claimed(context, member, instance)?;
        let classic =
            member.classic.as_ref().ok_or_else(|| Refusal::of(ErrorCode::UnknownMemberId))?;
        if member.epoch.0 != generation.0 {
            return Err(Refusal::of(ErrorCode::IllegalGeneration));
        }
        Ok((member, classic))
    }

    /// The epoch that members are to come to.
    fn leading_epoch(&self, context: &Context<'_>) -> MemberEpoch {
        if context.settings.follows_target() { self.target_epoch } else { self.epoch }
    }

    /// Whether a JoinGroup would move the member on.
    fn must_rejoin(&self, context: &Context<'_>, member: &ConsumerMember) -> bool {
        member.epoch < self.leading_epoch(context)
            || match member.state {
                ReconciliationState::Stable => false,
                ReconciliationState::UnrevokedPartitions => true,
                ReconciliationState::UnreleasedPartitions => !self.waits_for_others(member),
            }
    }

    /// Whether some partition of the member's target is still held by another.
    fn waits_for_others(&self, member: &ConsumerMember) -> bool {
        let held = |partition: &(TopicId, PartitionIndex)| {
            !member.assigned.contains(partition.0, partition.1)
                && self.holders.contains_key(partition)
        };
        self.target.get(&member.id).is_some_and(|target| target.iter().any(|next| held(&next)))
    }
}

fn join_timer(context: &Context<'_>, member: &ConsumerMember) -> TimerChange {
    let deadline = context.now.plus_millis(member.rebalance_timeout_ms.into());
    TimerChange::ArmUnlessRunning(GroupTimer::MemberJoin(member.id.clone()), deadline)
}
