//! A group of the KIP-848 protocol: its state, and the records that are its only way to change
//! (G848-02 to G848-04).
//!
//! A request is answered with an [`Outcome`]: the records that it writes, the timers that it moves
//! and the reply. The group itself changes only by [`ConsumerGroup::replay`] of those records, in
//! service as at load, so that both give the same group. Nothing here knows of requests, logs or
//! clocks.
//!
//! Members of the classic protocol may be in it, and it may come from a classic group or become one
//! (GRP-49). What a member of that protocol calls its generation is its member epoch here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{
    ErrorCode, GroupId, InstanceId, MemberEpoch, MemberId, PartitionIndex, Rules, Timestamp,
    TopicId, TopicName,
};

use fencepost_wire::{Release, StrBytes};

use super::assign::{Assignor, Partitions};
use super::records::{ConsumerGroupRecord, RegularExpressionValue, SubscribedTopic};
use crate::config::MigrationPolicy;
use crate::timers::GroupTimer;

mod classic_heartbeat;
mod classic_join;
mod deletion;
mod describe;
pub(crate) use describe::MemberDescription;
mod downgrade;
pub(crate) use downgrade::Downgrade;
mod draft;
use draft::Draft;
mod heartbeat;
pub(crate) use heartbeat::{Heartbeat, HeartbeatReply};
mod leave;
mod member;
pub(crate) use member::{ConsumerMember, ReconciliationState};
mod offset_commit;
mod reconciliation;
mod regex;
mod replay;
mod seat;
mod subscription;
pub(crate) use subscription::TopicDirectory;
mod target;
mod upgrade;
mod validation;
pub(crate) use validation::validate;

#[cfg(test)]
mod tests;

/// The epoch of a request that joins, and of a member that has not been given one.
pub(crate) const JOIN_EPOCH: MemberEpoch = MemberEpoch(0);
/// The epoch of a request that leaves (G848-23).
pub(crate) const LEAVE_EPOCH: MemberEpoch = MemberEpoch(-1);
/// The epoch of a static member that left but means to come back (G848-23).
pub(crate) const STATIC_LEAVE_EPOCH: MemberEpoch = MemberEpoch(-2);

/// A KIP-848 group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ConsumerGroup {
    /// Rises with every change that asks for a new target; 0 in a group just created, or 1 from
    /// release 4.3 on.
    epoch: MemberEpoch,
    /// The group epoch that the target was computed for.
    target_epoch: MemberEpoch,
    /// When the target was computed; 0 if never, or before release 4.3.
    target_time: Timestamp,
    target: BTreeMap<MemberId, Partitions>,
    /// What the subscribed topics were when the group epoch last rose (KIP-1101).
    metadata_hash: i64,
    /// The same in releases up to 4.0, as topics.
    partition_metadata: Option<Vec<SubscribedTopic>>,
    members: BTreeMap<MemberId, Arc<ConsumerMember>>,
    seats: BTreeMap<InstanceId, MemberId>,
    /// Who has each partition assigned or pending revocation (G848-19).
    holders: BTreeMap<(TopicId, PartitionIndex), MemberId>,
    regexes: BTreeMap<Arc<str>, RegularExpressionValue>,
}

/// What a group needs to know of the broker's configuration (CONF-51).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Settings {
    /// `group.consumer.session.timeout.ms`.
    pub(crate) session_timeout_ms: i32,
    /// `group.consumer.heartbeat.interval.ms`.
    pub(crate) heartbeat_interval_ms: i32,
    /// `group.consumer.assignment.interval.ms`; 0 before release 4.3, which brought it.
    pub(crate) assignment_interval_ms: i32,
    /// `group.consumer.max.size`.
    pub(crate) max_size: i32,
    /// `group.consumer.assignors`, the default one first; never empty.
    pub(crate) assignors: Vec<Assignor>,
    /// `group.consumer.regex.refresh.interval.ms`.
    pub(crate) regex_refresh_interval_ms: i32,
    /// Which release the group behaves as.
    pub(crate) release: Release,
    /// `group.consumer.migration.policy`.
    pub(crate) migration: MigrationPolicy,
    /// `group.max.size`.
    pub(crate) classic_max_size: usize,
    /// The safety rules in force.
    pub(crate) rules: Rules,
}

impl Settings {
    /// Whether JoinGroup minds a migration policy of `disabled`, and ends its member's subscription
    /// by a regular expression.
    fn joins_strictly(&self) -> bool {
        self.release >= Release::V4_2
    }

    /// What JoinGroup answers to metadata that is no subscription (GRP-52).
    fn malformed_subscription(&self) -> ErrorCode {
        match self.release {
            Release::V4_2 | Release::V4_4 => ErrorCode::InconsistentGroupProtocol,
            Release::V3_9 | Release::V4_0 | Release::V4_1 | Release::V4_3 => {
                ErrorCode::UnknownServerError
            }
        }
    }

    /// Whether the subscribed topics are remembered as a hash in key 3, and not as topics in key 4
    /// (KIP-1101).
    fn remembers_hash(&self) -> bool {
        self.release >= Release::V4_1
    }

    /// Whether a member that the group knows may join again whatever its epoch (KAFKA-19233).
    fn takes_back_members(&self) -> bool {
        self.release >= Release::V4_2
    }

    /// Whether reconciliation is that of release 4.2: what a member gave up does not raise its
    /// epoch, and what it no longer subscribes to it must give up at once, even before there is a
    /// new target (KAFKA-19431).
    fn reconciles_with_subscriptions(&self) -> bool {
        self.release >= Release::V4_2
    }

    /// Whether it is remembered at which epoch a member got each partition, so that it may commit
    /// for that at any epoch since (KIP-1251), and when a target was computed, so that the next one
    /// is not computed too soon (KIP-1263).
    fn remembers_assignments(&self) -> bool {
        self.release >= Release::V4_3
    }

    /// Whether members of the classic protocol follow the target, and not the group epoch, which
    /// may be ahead of it for a while.
    fn follows_target(&self) -> bool {
        self.release >= Release::V4_3
    }

    /// Whether another assignor in use is a reason for a new target, a newcomer to a taken seat
    /// needs no room of its own, and a group that was left by all has its target at once.
    fn minds_assignor(&self) -> bool {
        self.release >= Release::V4_4
    }
}

/// What a step of a group may look at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The group's id.
    pub(crate) group: &'a GroupId,
    /// The moment.
    pub(crate) now: Timestamp,
    /// The configuration.
    pub(crate) settings: &'a Settings,
    /// The topics that exist.
    pub(crate) topics: &'a dyn TopicDirectory,
}

/// What a step of a group asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome<R> {
    /// To be written in one batch and replayed, in this order.
    pub(crate) records: Vec<ConsumerGroupRecord>,
    /// To be done when the records are written, whether or not they are replicated yet.
    pub(crate) timers: Vec<TimerChange>,
    /// The classic group that stands in the place of this one when the records are written.
    pub(crate) downgrade: Option<Downgrade>,
    /// The answer, to be given when the records are replicated.
    pub(crate) reply: R,
}

/// A timer of a group is started or stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TimerChange {
    /// Start it, in place of a running one of the same name.
    Arm(GroupTimer, Timestamp),
    /// Start it, unless one of the same name runs.
    ArmUnlessRunning(GroupTimer, Timestamp),
    /// Stop it, if it runs.
    Disarm(GroupTimer),
}

/// A request that changes nothing (G848-11).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{error}: {message}")]
pub(crate) struct Refusal {
    /// The error of the answer.
    pub(crate) error: ErrorCode,
    /// Its message, "" for none.
    pub(crate) message: String,
}

impl Refusal {
    /// No KIP-848 group of this name.
    pub(crate) fn unknown_group(group: &GroupId) -> Self {
        Self::new(ErrorCode::GroupIdNotFound, format!("Consumer group {group} not found."))
    }

    /// The group of this name is a classic one.
    pub(crate) fn classic_group(group: &GroupId) -> Self {
        Self::new(ErrorCode::GroupIdNotFound, format!("Group {group} is not a consumer group."))
    }

    /// What it says on the wire.
    pub(crate) fn message(self) -> Option<StrBytes> {
        (!self.message.is_empty()).then(|| StrBytes::from_string(self.message))
    }

    /// An error without words.
    pub(crate) fn of(error: ErrorCode) -> Self {
        Self::new(error, "")
    }

    fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }
}

/// Where a group stands (G848-03). Dead is not a state here: a group that was deleted is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GroupState {
    /// No members.
    Empty,
    /// The target is older than the group.
    Assigning,
    /// Some member is on its way to the target.
    Reconciling,
    /// Every member is at the target.
    Stable,
}

impl GroupState {
    /// The name on the wire.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

impl ConsumerGroup {
    /// A group just created.
    #[must_use]
    pub(crate) fn created(release: Release) -> Self {
        let epoch = MemberEpoch(i32::from(release >= Release::V4_3));
        Self {
            epoch,
            target_epoch: epoch,
            target_time: Timestamp(0),
            target: BTreeMap::new(),
            metadata_hash: 0,
            partition_metadata: None,
            members: BTreeMap::new(),
            seats: BTreeMap::new(),
            holders: BTreeMap::new(),
            regexes: BTreeMap::new(),
        }
    }

    /// Where the group stands.
    #[must_use]
    pub(crate) fn state(&self) -> GroupState {
        if self.members.is_empty() {
            GroupState::Empty
        } else if self.epoch > self.target_epoch {
            GroupState::Assigning
        } else if self.members.values().all(|member| member.is_reconciled_to(self.target_epoch)) {
            GroupState::Stable
        } else {
            GroupState::Reconciling
        }
    }

    /// Whether there are no members.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A member.
    #[must_use]
    pub(crate) fn member(&self, id: &str) -> Option<&ConsumerMember> {
        self.members.get(id).map(|member| &**member)
    }

    /// Every member, by id.
    pub(crate) fn members(&self) -> impl Iterator<Item = &ConsumerMember> {
        self.members.values().map(|member| &**member)
    }

    /// The group epoch (G848-02).
    pub(crate) const fn epoch(&self) -> MemberEpoch {
        self.epoch
    }

    /// Whether some member subscribes to a topic, by name or by a regular expression.
    #[must_use]
    pub(crate) fn is_subscribed_to(&self, topic: &TopicName) -> bool {
        self.members.values().any(|member| member.topics.contains(topic))
            || self.regexes.values().any(|regex| regex.topics.contains(topic))
    }

    /// The timers of a group that was just loaded: sessions start anew, and so do the waits for
    /// partitions to be given up (G848-04).
    #[must_use]
    pub(crate) fn timers_at_load(&self, context: &Context<'_>) -> Vec<TimerChange> {
        self.members()
            .flat_map(|member| {
                let wait = (member.state == ReconciliationState::UnrevokedPartitions)
                    .then(|| context.rebalance_timer(member));
                std::iter::once(context.session_timer(&member.id)).chain(wait)
            })
            .collect()
    }

    /// The names of all topics that some member subscribes to.
    fn subscribed_topics(&self) -> BTreeSet<&TopicName> {
        let names = self.members.values().flat_map(|member| &member.topics);
        names.chain(self.regexes.values().flat_map(|regex| &regex.topics)).collect()
    }
}

impl Context<'_> {
    fn session_timer(&self, member: &MemberId) -> TimerChange {
        self.session_timer_of(member, self.settings.session_timeout_ms)
    }

    fn session_timer_of(&self, member: &MemberId, timeout_ms: i32) -> TimerChange {
        let at = self.now.plus_millis(timeout_ms.into());
        TimerChange::Arm(GroupTimer::Session(member.clone()), at)
    }

    fn rebalance_timer(&self, member: &ConsumerMember) -> TimerChange {
        let at = self.now.plus_millis(member.rebalance_timeout_ms.into());
        TimerChange::Arm(GroupTimer::Rebalance(member.id.clone()), at)
    }
}
