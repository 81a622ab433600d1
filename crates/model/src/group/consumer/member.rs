//! A member of a KIP-848 group.

use std::collections::BTreeSet;
use std::sync::Arc;

use fencepost_ids::{ClientId, InstanceId, MemberEpoch, MemberId, TopicName};

use super::JOIN_EPOCH;
use crate::group::assign::Partitions;
use crate::group::records::{
    AssignmentEpochs, ClassicMemberMetadata, ConsumerMemberValue, CurrentAssignmentValue,
};

/// How far a member is on its way to the target (G848-02).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReconciliationState {
    /// Nothing is left to do for its epoch.
    Stable,
    /// It must give up partitions before it moves on.
    UnrevokedPartitions,
    /// Partitions of its target are still held by others.
    UnreleasedPartitions,
}

impl ReconciliationState {
    /// The number in records.
    #[must_use]
    pub(crate) const fn code(self) -> i8 {
        match self {
            Self::Stable => 0,
            Self::UnrevokedPartitions => 1,
            Self::UnreleasedPartitions => 2,
        }
    }

    /// The state behind a number.
    #[must_use]
    pub(crate) const fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Stable),
            1 => Some(Self::UnrevokedPartitions),
            2 => Some(Self::UnreleasedPartitions),
            _ => None,
        }
    }
}

/// A member (G848-02).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ConsumerMember {
    /// Its id.
    pub(crate) id: MemberId,
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// Its rack.
    pub(crate) rack: Option<Arc<str>>,
    /// What its client calls itself.
    pub(crate) client_id: ClientId,
    /// Where its client connects from, with a leading slash.
    pub(crate) client_host: Arc<str>,
    /// The names that it subscribes to.
    pub(crate) topics: BTreeSet<TopicName>,
    /// The regular expression that it subscribes to, or "".
    pub(crate) regex: Arc<str>,
    /// The assignor that it asks for.
    pub(crate) assignor: Option<Arc<str>>,
    /// How long it may take to give up partitions; -1 if it never said.
    pub(crate) rebalance_timeout_ms: i32,
    /// What it says of itself in the classic protocol, if it speaks that (GRP-49).
    pub(crate) classic: Option<ClassicMemberMetadata>,
    /// The epoch that its requests and commits must carry.
    pub(crate) epoch: MemberEpoch,
    /// The epoch before, which a member still has that lost the answer (G848-10).
    pub(crate) previous_epoch: MemberEpoch,
    /// How far it is on its way to the target.
    pub(crate) state: ReconciliationState,
    /// What it holds and is told of.
    pub(crate) assigned: Partitions,
    /// What it holds and must give up.
    pub(crate) pending_revocation: Partitions,
    /// The epoch at which it got each of these; nothing before release 4.3.
    pub(crate) since: AssignmentEpochs,
}

impl ConsumerMember {
    /// A member of which nothing is known yet.
    pub(super) fn new(id: MemberId) -> Self {
        Self {
            id,
            instance: None,
            rack: None,
            client_id: "".into(),
            client_host: "".into(),
            topics: BTreeSet::new(),
            regex: Arc::from(""),
            assignor: None,
            rebalance_timeout_ms: -1,
            classic: None,
            epoch: JOIN_EPOCH,
            previous_epoch: JOIN_EPOCH,
            state: ReconciliationState::Stable,
            assigned: Partitions::default(),
            pending_revocation: Partitions::default(),
            since: AssignmentEpochs::new(),
        }
    }

    /// Whether nothing is left to do to reach the target.
    pub(super) fn is_reconciled_to(&self, target_epoch: MemberEpoch) -> bool {
        self.state == ReconciliationState::Stable && self.epoch == target_epoch
    }

    /// The regular expression, if it says anything.
    pub(super) fn regex(&self) -> Option<&Arc<str>> {
        Some(&self.regex).filter(|regex| !regex.is_empty())
    }

    pub(super) fn value(&self) -> ConsumerMemberValue {
        ConsumerMemberValue {
            instance: self.instance.clone(),
            rack: self.rack.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            topics: self.topics.clone(),
            regex: self.regex.clone(),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            assignor: self.assignor.clone(),
            classic: self.classic.clone(),
        }
    }

    pub(super) fn set_value(&mut self, value: ConsumerMemberValue) {
        self.instance = value.instance;
        self.rack = value.rack;
        self.client_id = value.client_id;
        self.client_host = value.client_host;
        self.topics = value.topics;
        self.regex = value.regex;
        self.rebalance_timeout_ms = value.rebalance_timeout_ms;
        self.assignor = value.assignor;
        self.classic = value.classic;
    }

    pub(super) fn current(&self) -> CurrentAssignmentValue {
        CurrentAssignmentValue {
            epoch: self.epoch,
            previous_epoch: self.previous_epoch,
            state: self.state,
            assigned: self.assigned.clone(),
            pending_revocation: self.pending_revocation.clone(),
            since: self.since.clone(),
        }
    }

    pub(super) fn set_current(&mut self, value: CurrentAssignmentValue) {
        self.epoch = value.epoch;
        self.previous_epoch = value.previous_epoch;
        self.state = value.state;
        self.assigned = value.assigned;
        self.pending_revocation = value.pending_revocation;
        self.since = value.since;
    }
}
