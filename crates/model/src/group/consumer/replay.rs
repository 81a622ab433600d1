//! What a record does to a group, at load as in service (G848-04).

use std::sync::Arc;

use fencepost_ids::{MemberEpoch, MemberId, Timestamp};

use super::{ConsumerGroup, ConsumerMember};
use crate::group::records::{ConsumerGroupRecord, TargetEpochValue};

impl ConsumerGroup {
    /// Applies a record. The tombstone of the group epoch ends the group itself, which is its
    /// owner's to drop.
    pub(crate) fn replay(&mut self, record: ConsumerGroupRecord) {
        match record {
            ConsumerGroupRecord::GroupEpoch(value) => {
                if let Some(value) = value {
                    self.epoch = value.epoch;
                    self.metadata_hash = value.metadata_hash;
                }
            }
            ConsumerGroupRecord::PartitionMetadata(topics) => self.partition_metadata = topics,
            ConsumerGroupRecord::Member(id, Some(value)) => {
                self.change_member(&id, |member| member.set_value(value));
            }
            ConsumerGroupRecord::Member(id, None) => self.remove_member(&id),
            ConsumerGroupRecord::TargetEpoch(value) => {
                let nothing = TargetEpochValue { epoch: MemberEpoch(-1), time: Timestamp(0) };
                let TargetEpochValue { epoch, time } = value.unwrap_or(nothing);
                self.target_epoch = epoch;
                self.target_time = time;
            }
            ConsumerGroupRecord::TargetAssignment(id, Some(partitions)) => {
                self.target.insert(id, partitions);
            }
            ConsumerGroupRecord::TargetAssignment(id, None) => {
                self.target.remove(&id);
            }
            ConsumerGroupRecord::CurrentAssignment(id, Some(value)) => {
                self.change_member(&id, |member| member.set_current(value));
            }
            ConsumerGroupRecord::CurrentAssignment(id, None) => {
                if self.members.contains_key(&id) {
                    let nothing = ConsumerMember::new(id.clone()).current();
                    self.change_member(&id, |member| member.set_current(nothing));
                }
            }
            ConsumerGroupRecord::RegularExpression(regex, Some(value)) => {
                self.regexes.insert(regex, value);
            }
            ConsumerGroupRecord::RegularExpression(regex, None) => {
                self.regexes.remove(&regex);
            }
        }
    }

    /// Changes a member, which need not be known yet, and what follows from it: who sits where and
    /// who holds what.
    fn change_member(&mut self, id: &MemberId, change: impl FnOnce(&mut ConsumerMember)) {
        self.forget(id);
        let member = self
            .members
            .entry(id.clone())
            .or_insert_with(|| Arc::new(ConsumerMember::new(id.clone())));
        let member = Arc::make_mut(member);
        change(member);
        if let Some(instance) = &member.instance {
            self.seats.insert(instance.clone(), id.clone());
        }
        for partition in member.assigned.iter().chain(member.pending_revocation.iter()) {
            self.holders.insert(partition, id.clone());
        }
    }

    fn remove_member(&mut self, id: &MemberId) {
        self.forget(id);
        self.members.remove(id);
    }

    /// Takes a member off its seat and its partitions, unless another already has them.
    fn forget(&mut self, id: &MemberId) {
        let Some(member) = self.members.get(id) else { return };
        if let Some(instance) = &member.instance
            && self.seats.get(instance) == Some(id)
        {
            self.seats.remove(instance);
        }
        for partition in member.assigned.iter().chain(member.pending_revocation.iter()) {
            if self.holders.get(&partition) == Some(id) {
                self.holders.remove(&partition);
            }
        }
    }
}
