//! JoinGroup of a member of the classic protocol (GRP-52 to GRP-54, GRP-62).

use std::sync::Arc;

use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId};

use super::reconciliation::Subscription as Change;
use super::seat::Seat;
use super::{
    ConsumerGroup, ConsumerMember, Context, Downgrade, Draft, Outcome, Refusal, TimerChange,
};
use crate::config::MigrationPolicy;
use crate::group::JoinReply;
use crate::group::assign::Partitions;
use crate::group::classic::{CONSUMER_PROTOCOL_TYPE, JoinRequest, Joining, Protocol};
use crate::group::records::{ClassicMemberMetadata, Subscription};
use crate::timers::GroupTimer;

impl ConsumerGroup {
    /// Handles the JoinGroup of a member of the classic protocol; the group is not empty.
    ///
    /// # Errors
    /// The reply to a request that changes nothing.
    pub(crate) fn join_classic(
        &self,
        context: &Context<'_>,
        request: &JoinRequest,
    ) -> Result<Outcome<JoinReply>, JoinReply> {
        let id = request.member.id();
        let refused = |error| JoinReply::refused(error, None);
        let first = self.check_join(context, request).map_err(|refusal| refused(refusal.error))?;
        if request.needs_member_id() {
            return Err(JoinReply::refused(ErrorCode::MemberIdRequired, Some(id.clone())));
        }
        let seat = self.classic_seat(context, request).map_err(|refusal| refused(refusal.error))?;
        let subscription = Subscription::decode(&first.metadata)
            .map_err(|_| refused(context.settings.malformed_subscription()))?;
        let owned = owned(context, &subscription);
        let mut draft = Draft::new(self);
        let before = draft.take_seat(seat, id);
        let mut updated = (*before).clone();
        update(&mut updated, context, request, subscription);
        let change = draft.update_member(context, &before, &updated);
        let seated = request.instance.as_ref().and_then(|instance| self.seated(instance));
        let returning =
            seated.filter(|seated| self.is_classic_with(context.settings, seated)).cloned();
        if returning.is_none() {
            draft.update_target(context).map_err(|refusal| refused(refusal.error))?;
        }
        let has_stale_target = if context.settings.follows_target() {
            draft.target_epoch < draft.epoch
        } else {
            change == Change::Changed
        };
        if returning.is_none() || !has_stale_target {
            draft.reconcile_member(context, id, Some(&owned), change);
        }
        let after = draft.members.get(id).cloned().unwrap_or(before);
        let reply = JoinReply {
            error: ErrorCode::None,
            generation: GenerationId(after.epoch.0),
            protocol_type: Some(CONSUMER_PROTOCOL_TYPE.into()),
            protocol: Some(first.name.clone()),
            leader: None,
            member: Some(id.clone()),
            members: Vec::new(),
            skip_assignment: false,
        };
        match returning {
            Some(returning) => self
                .downgrade_with(context, draft, (&returning, &*after), has_stale_target, reply)
                .map_err(|refusal| refused(refusal.error)),
            None => {
                draft.time_classic_member(context, request);
                Ok(draft.outcome(reply))
            }
        }
    }

    /// Whether a member with these protocols fits in; the one whose metadata count (GRP-52).
    fn check_join<'r>(
        &self,
        context: &Context<'_>,
        request: &'r JoinRequest,
    ) -> Result<&'r Protocol, Refusal> {
        let settings = context.settings;
        let inconsistent = || Refusal::of(ErrorCode::InconsistentGroupProtocol);
        if settings.migration == MigrationPolicy::Disabled && settings.joins_strictly() {
            return Err(inconsistent());
        }
        self.check_room(request.member.id(), request.instance.as_ref(), settings)?;
        let all_offer = |protocol: &Protocol| {
            let mut classic = self.members().filter_map(|member| member.classic.as_ref());
            classic.all(|classic| classic.protocols.iter().any(|own| own.name == protocol.name))
        };
        if &*request.protocol_type != CONSUMER_PROTOCOL_TYPE
            || !request.protocols.iter().any(all_offer)
        {
            return Err(inconsistent());
        }
        request.protocols.first().ok_or_else(inconsistent)
    }

    /// The member that a JoinGroup speaks for. A dynamic one may bring any id; a static one without
    /// an id takes its seat from whoever has it (GRP-53).
    fn classic_seat(&self, context: &Context<'_>, request: &JoinRequest) -> Result<Seat, Refusal> {
        let id = request.member.id();
        let known = || match self.members.get(id) {
            Some(member) => Seat::Taken(member.clone()),
            None => Seat::New(id.clone()),
        };
        match (&request.instance, &request.member) {
            (None, _) => Ok(known()),
            (Some(instance), Joining::New(_)) => {
                Ok(self.seated(instance).map_or_else(known, |old| Seat::Inherited(old.clone())))
            }
            (Some(_), Joining::Known(_)) => {
                let member = self.claimed(context, id, request.instance.as_ref())?;
                Ok(Seat::Taken(member.clone()))
            }
        }
    }

    fn seated(&self, instance: &InstanceId) -> Option<&Arc<ConsumerMember>> {
        self.seats.get(instance).and_then(|id| self.members.get(id))
    }

    /// The last member of the consumer protocol came back in the classic one: the group becomes a
    /// classic one, which rebalances only if the member's subscription is another, or from release
    /// 4.3 on if the group waits for a new target (GRP-62).
    fn downgrade_with(
        &self,
        context: &Context<'_>,
        draft: Draft<'_>,
        (returning, after): (&ConsumerMember, &ConsumerMember),
        rebalances: bool,
        reply: JoinReply,
    ) -> Result<Outcome<JoinReply>, Refusal> {
        let others = self.members().filter(|member| member.id != returning.id);
        let former = |id: &MemberId| {
            if *id == after.id { returning.id.clone() } else { id.clone() }
        };
        let group = self.as_classic(context, others.chain([after]), former)?;
        let tombstones = draft.tombstones();
        let mut outcome = draft.outcome(reply);
        outcome.records.extend(tombstones);
        outcome.timers.clear();
        outcome.downgrade = Some(Downgrade { group, rebalances });
        Ok(outcome)
    }
}

/// The partitions of existing topics that a member says it owns.
fn owned(context: &Context<'_>, subscription: &Subscription) -> Partitions {
    let owned = subscription.owned.iter();
    owned
        .filter_map(|(topic, partition)| Some((context.topics.topic(topic)?.0, *partition)))
        .collect()
}

/// The member as a JoinGroup describes it.
fn update(
    member: &mut ConsumerMember,
    context: &Context<'_>,
    request: &JoinRequest,
    subscription: Subscription,
) {
    if let Some(instance) = &request.instance {
        member.instance = Some(instance.clone());
    }
    if let Some(rack) = subscription.rack {
        member.rack = Some(rack);
    }
    if request.rebalance_timeout_ms != -1 {
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
    }
    member.topics = subscription.topics;
    if context.settings.joins_strictly() {
        member.regex = Arc::from("");
    }
    member.client_id = request.client_id.clone();
    member.client_host = request.client_host.clone();
    member.classic = Some(ClassicMemberMetadata {
        session_timeout_ms: request.session_timeout_ms,
        protocols: request.protocols.clone(),
    });
}

impl Draft<'_> {
    /// It has joined: now it must send SyncGroup in time, and heartbeats (GRP-57).
    fn time_classic_member(&mut self, context: &Context<'_>, request: &JoinRequest) {
        let id = request.member.id();
        self.change(TimerChange::Disarm(GroupTimer::MemberJoin(id.clone())));
        self.change(context.session_timer_of(id, request.session_timeout_ms));
        let deadline = context.now.plus_millis(request.rebalance_timeout_ms.into());
        self.change(TimerChange::Arm(GroupTimer::MemberSync(id.clone()), deadline));
    }
}
