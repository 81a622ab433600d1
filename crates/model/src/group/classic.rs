//! A group of the classic protocol: its state and who may change it (GRP-01, GRP-02).
//!
//! The machine is fed with plain values and pushes [`Effect`]s; it never waits. What it forgets in
//! a crash is all but the record that it asks to write (GRP-48).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{GenerationId, InstanceId, MemberId, Rules, Timestamp, TopicName};

use super::effects::{AfterWrite, Effect};
use crate::timers::GroupTimer;

mod conversion;
mod deletion;
mod durable;
mod join;
pub(crate) use join::{JoinRequest, Joining};
mod leave;
mod member;
pub(crate) use member::{Member, Protocol};
mod membership;
mod offset_commit;
pub(crate) use offset_commit::{CommitKind, Identity};
mod protocols;
pub(crate) use protocols::assigned_partitions;
mod rebalance;
mod session;
mod static_member;
mod sync;
pub(crate) use sync::SyncRequest;

#[cfg(test)]
mod tests;

/// Where a classic group stands (GRP-01). Dead is not a state here: a group that was deleted or
/// unloaded is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// No members.
    Empty,
    /// Waits for members to join.
    PreparingRebalance(JoinPhase),
    /// Waits for the leader's assignment.
    CompletingRebalance,
    /// Every member may fetch its assignment.
    Stable,
}

/// Which join phase a group is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinPhase {
    /// The first after the group was empty, which members that join do not end early (GRP-19).
    Initial {
        /// How long the running delay is.
        delay_ms: i64,
        /// How much it may still be extended by.
        remaining_ms: i64,
    },
    /// Any other.
    Later,
}

impl State {
    /// The name on the wire.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance(_) => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// What a classic group needs to know of the broker's configuration (CONF-50).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Settings {
    /// `group.max.size`.
    pub(crate) max_size: usize,
    /// `group.initial.rebalance.delay.ms`.
    pub(crate) initial_rebalance_delay_ms: i64,
    /// The safety rules in force.
    pub(crate) rules: Rules,
}

/// How long a new member may wait in its first join phase (GRP-17); not configurable.
pub(crate) const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 300_000;

/// The protocol type whose metadata the coordinator understands (GRP-50).
pub(crate) const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

/// A group of the classic protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ClassicGroup {
    state: State,
    /// When the state was entered; unknown in records of old brokers.
    state_since: Option<Timestamp>,
    generation: GenerationId,
    protocol_type: Option<Arc<str>>,
    protocol: Option<Arc<str>>,
    leader: Option<MemberId>,
    members: BTreeMap<MemberId, Member>,
    /// Counts the members that ever joined, so that the earliest of them can be told.
    joined: u64,
    static_members: BTreeMap<InstanceId, MemberId>,
    pending_members: BTreeSet<MemberId>,
    /// Members of this generation that have not sent SyncGroup (GRP-28).
    pending_sync: BTreeSet<MemberId>,
    /// A member came during an initial rebalance; as in Kafka, a later one inherits the mark
    /// if it was not used (GRP-19).
    new_member_added: bool,
    /// None if they could not be told (GRP-50).
    subscribed_topics: Option<BTreeSet<TopicName>>,
}

impl ClassicGroup {
    /// A group without members or protocol, as a JoinGroup or a commit of offsets creates it.
    #[must_use]
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            state: State::Empty,
            state_since: Some(now),
            generation: GenerationId(0),
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            joined: 0,
            static_members: BTreeMap::new(),
            pending_members: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            new_member_added: false,
            subscribed_topics: None,
        }
    }

    /// Where the group stands.
    #[must_use]
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// The number of the last join phase that ended.
    #[must_use]
    pub(crate) const fn generation(&self) -> GenerationId {
        self.generation
    }

    /// The protocol type of the members, or of those that were.
    #[must_use]
    pub(crate) fn protocol_type(&self) -> Option<&str> {
        self.protocol_type.as_deref()
    }

    /// The selected protocol.
    #[must_use]
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The leader.
    pub(crate) const fn leader(&self) -> Option<&MemberId> {
        self.leader.as_ref()
    }

    /// The members, by id.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.values()
    }

    /// Whether the group exists through committed offsets alone (GRP-03).
    #[cfg(test)]
    pub(crate) fn is_simple(&self) -> bool {
        self.protocol_type.is_none()
            && self.state == State::Empty
            && self.pending_members.is_empty()
    }

    /// A timer of the group fired.
    pub(crate) fn fire(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        timer: &GroupTimer,
        out: &mut Vec<Effect>,
    ) {
        match timer {
            GroupTimer::Session(member) => self.expire_session(now, settings, member, out),
            GroupTimer::Pending(member) => self.expire_pending_member(now, member, out),
            GroupTimer::InitialDelay => self.initial_delay_ended(now, settings, out),
            GroupTimer::Join => self.join_phase_ended(now, settings, out),
            GroupTimer::Sync => self.expire_sync(now, settings, out),
            // Timers of KIP-848 groups.
            GroupTimer::Rebalance(_)
            | GroupTimer::RegexRefresh
            | GroupTimer::MemberJoin(_)
            | GroupTimer::MemberSync(_) => {}
        }
    }

    /// The group's record is replicated, or could not be written or was not replicated in time; the
    /// error is already the one to answer (GRP-26).
    pub(crate) fn written(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        after: AfterWrite,
        result: Result<(), fencepost_ids::ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        match after {
            AfterWrite::BecameEmpty => {}
            AfterWrite::Created { ticket } => self.creation_written(ticket, result, out),
            AfterWrite::Assignment { generation, assignments } => {
                self.assignment_written(now, settings, generation, &assignments, result, out);
            }
            AfterWrite::StaticReplacement(replacement) => {
                self.replacement_written(now, *replacement, result, out);
            }
        }
    }

    fn enter(&mut self, now: Timestamp, state: State) {
        self.state = state;
        self.state_since = Some(now);
    }
}
