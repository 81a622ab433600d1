//! Moving one member towards the target (G848-17 to G848-19).

use fencepost_ids::{MemberEpoch, MemberId};

use super::{ConsumerGroup, ConsumerMember, Context, Draft, ReconciliationState, TimerChange};
use crate::group::assign::Partitions;
use crate::group::records::{ConsumerGroupRecord, CurrentAssignmentValue};
use crate::timers::GroupTimer;

/// Whether a member, by what it says that it owns, still owns one of these; one that says nothing
/// counts as owning all.
fn owns_any(owned: Option<&Partitions>, partitions: &Partitions) -> bool {
    owned.is_none_or(|owned| owned.intersects(partitions))
}

impl ConsumerGroup {
    /// Where a member stands after this heartbeat, or none if it stays as it is.
    fn reconcile(
        &self,
        member: &ConsumerMember,
        owned: Option<&Partitions>,
    ) -> Option<CurrentAssignmentValue> {
        let epoch = match member.state {
            ReconciliationState::Stable if member.epoch == self.target_epoch => return None,
            ReconciliationState::Stable | ReconciliationState::UnreleasedPartitions => member.epoch,
            ReconciliationState::UnrevokedPartitions => {
                if owns_any(owned, &member.pending_revocation) {
                    return None;
                }
                MemberEpoch(member.epoch.0.saturating_add(1))
            }
        };
        Some(self.next_assignment(member, epoch, owned))
    }

    /// The next step from `epoch` (G848-18).
    fn next_assignment(
        &self,
        member: &ConsumerMember,
        epoch: MemberEpoch,
        owned: Option<&Partitions>,
    ) -> CurrentAssignmentValue {
        let nothing = Partitions::default();
        let target = self.target.get(&member.id).unwrap_or(&nothing);
        let mut assigned = member.assigned.intersection(target);
        let revoked = member.assigned.difference(&assigned);
        let previous_epoch = member.epoch;
        if !revoked.is_empty() && owns_any(owned, &revoked) {
            return CurrentAssignmentValue {
                epoch,
                previous_epoch,
                state: ReconciliationState::UnrevokedPartitions,
                assigned,
                pending_revocation: revoked,
            };
        }
        let wanted = target.difference(&assigned);
        let count = wanted.len();
        // Held by anyone, this member included: what it was to give up is free only when that has
        // been recorded.
        let free: Partitions =
            wanted.iter().filter(|partition| !self.holders.contains_key(partition)).collect();
        let all_free = free.len() == count;
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
            pending_revocation: nothing,
        }
    }
}

impl Draft<'_> {
    pub(super) fn reconcile_member(
        &mut self,
        context: &Context<'_>,
        id: &MemberId,
        owned: Option<&Partitions>,
    ) {
        let Some(member) = self.members.get(id).cloned() else { return };
        let Some(next) = self.reconcile(&member, owned).filter(|next| *next != member.current())
        else {
            return;
        };
        let timer = match next.state {
            ReconciliationState::UnrevokedPartitions => context.rebalance_timer(&member),
            ReconciliationState::Stable | ReconciliationState::UnreleasedPartitions => {
                TimerChange::Disarm(GroupTimer::Rebalance(id.clone()))
            }
        };
        self.write(ConsumerGroupRecord::CurrentAssignment(id.clone(), Some(next)));
        self.change(timer);
    }
}
