//! What ConsumerGroupDescribe shows (G848-31).

use fencepost_ids::MemberEpoch;

use super::{ConsumerGroup, ConsumerMember, GroupState, Settings};
use crate::group::assign::{Assignor, Partitions};

/// A group as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupDescription<'a> {
    /// Where it stands.
    pub(crate) state: GroupState,
    /// The group epoch.
    pub(crate) epoch: MemberEpoch,
    /// The epoch of the target.
    pub(crate) assignment_epoch: MemberEpoch,
    /// The assignor in use.
    pub(crate) assignor: Assignor,
    /// The members, by id.
    pub(crate) members: Vec<MemberDescription<'a>>,
}

/// A member as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MemberDescription<'a> {
    /// The member, with what it holds.
    pub(crate) member: &'a ConsumerMember,
    /// Whether what it is to give up counts as held.
    pub(crate) shows_pending: bool,
    /// What it should hold, or none if no target was computed for it yet.
    pub(crate) target: Option<&'a Partitions>,
}

impl ConsumerGroup {
    /// The group as it is shown.
    #[must_use]
    pub(crate) fn describe(&self, settings: &Settings) -> GroupDescription<'_> {
        GroupDescription {
            state: self.state(),
            epoch: self.epoch,
            assignment_epoch: self.target_epoch,
            assignor: self.assignor(&settings.assignors),
            members: self
                .members()
                .map(|member| MemberDescription {
                    member,
                    shows_pending: settings.remembers_assignments(),
                    target: self.target.get(&member.id),
                })
                .collect(),
        }
    }
}
