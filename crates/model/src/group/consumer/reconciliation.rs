//! Moving one member towards the target (G848-17 to G848-19).

use fencepost_ids::{MemberEpoch, MemberId, PartitionIndex, Rule, TopicId};

use super::{
    ConsumerGroup, ConsumerMember, Context, Draft, ReconciliationState, Settings, TimerChange,
};
use crate::group::assign::Partitions;
use crate::group::records::{AssignmentEpochs, ConsumerGroupRecord, CurrentAssignmentValue};
use crate::timers::GroupTimer;

/// Whether a member, by what it says that it owns, still owns one of these; one that says nothing
/// counts as owning all.
fn owns_any(owned: Option<&Partitions>, partitions: &Partitions) -> bool {
    owned.is_none_or(|owned| owned.intersects(partitions))
}

/// Whether the request that moves a member changed what it subscribes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subscription {
    Same,
    Changed,
}

/// What a member is moved by.
struct Move<'a> {
    context: &'a Context<'a>,
    member: &'a ConsumerMember,
    /// What it says that it owns.
    owned: Option<&'a Partitions>,
    subscription: Subscription,
}

impl Move<'_> {
    /// Since when the member has these, if that is remembered.
    fn kept(
        &self,
        partitions: impl Iterator<Item = (TopicId, PartitionIndex)>,
    ) -> AssignmentEpochs {
        let since = &self.member.since;
        partitions.filter_map(|at| since.get(&at).map(|epoch| (at, *epoch))).collect()
    }
}

impl Settings {
    /// All these since this epoch, if that is remembered.
    pub(super) fn since(
        &self,
        partitions: impl Iterator<Item = (TopicId, PartitionIndex)>,
        epoch: MemberEpoch,
    ) -> AssignmentEpochs {
        if self.remembers_assignments() {
            partitions.map(|at| (at, epoch)).collect()
        } else {
            AssignmentEpochs::new()
        }
    }
}

impl ConsumerGroup {
    /// Where a member stands after this heartbeat, or none if it stays as it is.
    fn reconcile(&self, step: &Move<'_>) -> Option<CurrentAssignmentValue> {
        let Move { context, member, owned, .. } = step;
        let epoch = match member.state {
            ReconciliationState::Stable if member.epoch == self.target_epoch => {
                return self.without_unsubscribed(step);
            }
            ReconciliationState::Stable | ReconciliationState::UnreleasedPartitions => member.epoch,
            ReconciliationState::UnrevokedPartitions => {
                if owns_any(*owned, &member.pending_revocation) {
                    return self.without_unsubscribed(step);
                }
                let raise = i32::from(!context.settings.reconciles_with_subscriptions());
                MemberEpoch(member.epoch.0.saturating_add(raise))
            }
        };
        Some(self.next_assignment(step, epoch))
    }

    /// The next step from `epoch` (G848-18).
    fn next_assignment(&self, step: &Move<'_>, epoch: MemberEpoch) -> CurrentAssignmentValue {
        let Move { context, member, owned, .. } = step;
        let target = self.target.get(&member.id).cloned().unwrap_or_default();
        let target = if context.settings.reconciles_with_subscriptions() {
            self.subscribed(step, &target)
        } else {
            target
        };
        let mut assigned = member.assigned.intersection(&target);
        let revoked = member.assigned.difference(&assigned);
        let previous_epoch = member.epoch;
        let waits = context.settings.rules.is_on(Rule::RevocationBeforeRelease);
        if waits && !revoked.is_empty() && owns_any(*owned, &revoked) {
            return CurrentAssignmentValue {
                epoch,
                previous_epoch,
                state: ReconciliationState::UnrevokedPartitions,
                since: step.kept(assigned.iter().chain(revoked.iter())),
                assigned,
                pending_revocation: revoked,
            };
        }
        let wanted = target.difference(&assigned);
        let count = wanted.len();
        let free: Partitions =
            wanted.iter().filter(|partition| self.is_free(step, *partition)).collect();
        let all_free = free.len() == count;
        let mut since = step.kept(assigned.iter());
        since.extend(context.settings.since(free.iter(), self.target_epoch));
        assigned.extend(free.iter());
        CurrentAssignmentValue {
            epoch: self.target_epoch,
            previous_epoch,
            state: if all_free {
                ReconciliationState::Stable
            } else {
                ReconciliationState::UnreleasedPartitions
            },
            assigned,
            pending_revocation: Partitions::default(),
            since,
        }
    }

    /// Whether nobody else holds a partition.
    fn is_free(&self, step: &Move<'_>, partition: (TopicId, PartitionIndex)) -> bool {
        let own = step.member.pending_revocation.contains(partition.0, partition.1);
        let is_held = step.context.settings.rules.is_on(Rule::SingleHolder)
            && self.holders.contains_key(&partition);
        own || !is_held
    }

    /// Those partitions whose topics the member subscribes to.
    fn subscribed(&self, step: &Move<'_>, partitions: &Partitions) -> Partitions {
        let topics = self.topic_ids(step.member, step.context.topics);
        partitions.iter().filter(|(topic, _)| topics.contains(topic)).collect()
    }

    /// A member whose subscription changed without a new target gives up what it no longer
    /// subscribes to, and moves no further.
    fn without_unsubscribed(&self, step: &Move<'_>) -> Option<CurrentAssignmentValue> {
        let Move { context, member, owned, subscription } = step;
        match subscription {
            Subscription::Changed if context.settings.reconciles_with_subscriptions() => {}
            Subscription::Changed | Subscription::Same => return None,
        }
        let assigned = self.subscribed(step, &member.assigned);
        let mut pending_revocation = member.pending_revocation.clone();
        pending_revocation.extend(member.assigned.difference(&assigned).iter());
        if assigned == member.assigned {
            return None;
        }
        let mut current = member.current();
        if context.settings.remembers_assignments() {
            current.previous_epoch = member.epoch;
        }
        if owns_any(*owned, &pending_revocation) {
            current.state = ReconciliationState::UnrevokedPartitions;
            current.pending_revocation = pending_revocation;
        }
        current.since = step.kept(assigned.iter().chain(current.pending_revocation.iter()));
        current.assigned = assigned;
        Some(current)
    }
}

impl Draft<'_> {
    pub(super) fn reconcile_member(
        &mut self,
        context: &Context<'_>,
        id: &MemberId,
        owned: Option<&Partitions>,
        subscription: Subscription,
    ) {
        let Some(member) = self.members.get(id).cloned() else { return };
        let next = self.reconcile(&Move { context, member: &member, owned, subscription });
        let Some(next) = next.filter(|next| *next != member.current()) else { return };
        let timer = match next.state {
            ReconciliationState::UnrevokedPartitions => context.rebalance_timer(&member),
            ReconciliationState::Stable | ReconciliationState::UnreleasedPartitions => {
                TimerChange::Disarm(GroupTimer::Rebalance(id.clone()))
            }
        };
        self.write(ConsumerGroupRecord::CurrentAssignment(id.clone(), Some(next)));
        // A member of the classic protocol is timed by its JoinGroups (GRP-57).
        if member.classic.is_none() {
            self.change(timer);
        }
    }
}
