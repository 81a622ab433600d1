//! ConsumerGroupHeartbeat of a member that joins or stays (G848-08 to G848-22).

use std::collections::BTreeSet;
use std::sync::Arc;

use fencepost_ids::{ClientId, InstanceId, MemberEpoch, MemberId, TopicName};

use super::reconciliation::Subscription;
use super::regex::RegexChange;
use super::seat::Seat;
use super::{
    ConsumerGroup, ConsumerMember, Context, Draft, JOIN_EPOCH, Outcome, Refusal, TimerChange,
};
use crate::group::assign::Partitions;
use crate::group::records::ConsumerGroupRecord;
use crate::timers::GroupTimer;

/// A ConsumerGroupHeartbeat as values. Except for the first two fields, none means unchanged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heartbeat {
    /// The member; the coordinator has made an id if the request gave none (G848-13).
    pub(crate) member: MemberId,
    /// Its epoch, or one of the special ones.
    pub(crate) epoch: MemberEpoch,
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// Its rack.
    pub(crate) rack: Option<Arc<str>>,
    /// How long it may take to give up partitions; -1 means unchanged.
    pub(crate) rebalance_timeout_ms: i32,
    /// The names that it subscribes to.
    pub(crate) topics: Option<BTreeSet<TopicName>>,
    /// The regular expression that it subscribes to; an empty one ends that subscription.
    pub(crate) regex: Option<Arc<str>>,
    /// The assignor that it asks for.
    pub(crate) assignor: Option<Arc<str>>,
    /// What it owns.
    pub(crate) owned: Option<Partitions>,
    /// What its client calls itself.
    pub(crate) client_id: ClientId,
    /// Where its client connects from, with a leading slash.
    pub(crate) client_host: Arc<str>,
}

impl Heartbeat {
    /// Whether the request says all that a member can say, as after an error (G848-21).
    const fn is_full(&self) -> bool {
        self.rebalance_timeout_ms != -1
            && (self.topics.is_some() || self.regex.is_some())
            && self.owned.is_some()
    }

    /// The member as this request describes it.
    fn update(&self, member: &mut ConsumerMember) {
        if let Some(instance) = &self.instance {
            member.instance = Some(instance.clone());
        }
        if let Some(rack) = &self.rack {
            member.rack = Some(rack.clone());
        }
        if self.rebalance_timeout_ms != -1 {
            member.rebalance_timeout_ms = self.rebalance_timeout_ms;
        }
        if let Some(topics) = &self.topics {
            member.topics.clone_from(topics);
        }
        if let Some(regex) = &self.regex {
            member.regex = regex.clone();
        }
        if let Some(assignor) = &self.assignor {
            member.assignor = Some(assignor.clone());
        }
        member.client_id = self.client_id.clone();
        member.client_host = self.client_host.clone();
        member.classic = None;
    }
}

/// The answer to a heartbeat that was accepted (G848-21).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct HeartbeatReply {
    /// The member.
    pub(crate) member: MemberId,
    /// Its epoch from now on.
    pub(crate) epoch: MemberEpoch,
    /// What it holds, or none if that is unchanged.
    pub(crate) assignment: Option<Partitions>,
}

impl ConsumerGroup {
    /// A member joins or stays; the request has been validated.
    ///
    /// # Errors
    /// The refusals of G848-08 to G848-12, or INVALID_REGULAR_EXPRESSION.
    pub(crate) fn heartbeat(
        &self,
        context: &Context<'_>,
        request: &Heartbeat,
    ) -> Result<Outcome<HeartbeatReply>, Refusal> {
        let seat = self.seat(context, request)?;
        self.check_regex(request.regex.as_ref())?;
        let mut draft = Draft::new(self);
        let before = draft.take_seat(seat, &request.member);
        let mut updated = (*before).clone();
        request.update(&mut updated);
        let subscription = draft.update_member(context, &before, &updated);
        draft.update_target(context)?;
        draft.reconcile_member(context, &before.id, request.owned.as_ref(), subscription);
        draft.change(context.session_timer(&before.id));
        let after = draft.members.get(&before.id).cloned().unwrap_or_else(|| before.clone());
        let shown =
            request.epoch == JOIN_EPOCH || request.is_full() || after.assigned != before.assigned;
        Ok(draft.outcome(HeartbeatReply {
            member: after.id.clone(),
            epoch: after.epoch,
            assignment: shown.then(|| after.assigned.clone()),
        }))
    }
}

impl Draft<'_> {
    /// The member as it was before this request; one that inherits a seat is there already, with
    /// all that its predecessor had and epoch 0 (G848-12).
    pub(super) fn take_seat(&mut self, seat: Seat, id: &MemberId) -> Arc<ConsumerMember> {
        match seat {
            Seat::Taken(member) => member,
            Seat::New(id) => Arc::new(ConsumerMember::new(id)),
            Seat::Inherited(old) => {
                let target = self.target.get(&old.id).cloned().unwrap_or_default();
                self.write_removal(&old.id);
                let heir = ConsumerMember {
                    id: id.clone(),
                    epoch: JOIN_EPOCH,
                    previous_epoch: JOIN_EPOCH,
                    ..(*old).clone()
                };
                let (member, current) = (heir.value(), heir.current());
                self.write(ConsumerGroupRecord::Member(id.clone(), Some(member)));
                self.write(ConsumerGroupRecord::TargetAssignment(id.clone(), Some(target)));
                self.write(ConsumerGroupRecord::CurrentAssignment(id.clone(), Some(current)));
                if old.id != *id {
                    self.change(TimerChange::Disarm(GroupTimer::Session(old.id.clone())));
                }
                Arc::new(heir)
            }
        }
    }

    /// Stores what a request changes of the member, and raises the group epoch if that changes what
    /// the group is subscribed to (G848-14, G848-15). An expression that is not matched yet raises
    /// it when it is, but for that of the first member, since no member may stay at epoch 0.
    pub(super) fn update_member(
        &mut self,
        context: &Context<'_>,
        before: &ConsumerMember,
        after: &ConsumerMember,
    ) -> Subscription {
        let former = self.assignor(&context.settings.assignors);
        if after != before || !self.members.contains_key(&before.id) {
            let value = after.value();
            self.write(ConsumerGroupRecord::Member(before.id.clone(), Some(value)));
        }
        let is_first = self.epoch == JOIN_EPOCH;
        let assignors = &context.settings.assignors;
        let is_assigned_otherwise = context.settings.minds_assignor()
            && after.classic.is_none()
            && self.assignor(assignors) != former;
        let raise = is_first || after.topics != before.topics || is_assigned_otherwise;
        let change = self.change_regex(context, before.regex(), after.regex());
        match change {
            RegexChange::Unmatched if !raise => {}
            RegexChange::Unmatched | RegexChange::Same => self.refresh_metadata(context, raise),
            RegexChange::Effective => self.refresh_metadata(context, true),
        }
        if after.topics == before.topics && change == RegexChange::Same {
            Subscription::Same
        } else {
            Subscription::Changed
        }
    }
}
