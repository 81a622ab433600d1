//! What a step of a group asks for: replies, timers and records to write.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId, Timestamp};

use super::classic::Protocol;
use super::records::ClassicGroupValue;

/// A response that somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// What a step of a classic group asks for, in the order in which it must be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Answer a JoinGroup.
    Join(Ticket, JoinReply),
    /// Answer a SyncGroup.
    Sync(Ticket, SyncReply),
    /// Never answer this request: a later one of the same member took its place (GRP-16).
    Abandon(Ticket),
    /// Start a timer, in place of a running one of the same name.
    Arm(Timer, Timestamp),
    /// Stop a timer, if it runs.
    Disarm(Timer),
    /// Write the group's record; when it is replicated, or could not be, the second value says how
    /// to go on.
    Write(ClassicGroupValue, AfterWrite),
}

/// A timer of a classic group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// The session of a member, or the five minutes that a new one may wait in its first join
    /// (GRP-17, GRP-30, GRP-31).
    Session(MemberId),
    /// A member id was given out and its JoinGroup has not come yet (GRP-11).
    PendingMember(MemberId),
    /// The wait for more members of a group that was empty (GRP-19).
    InitialRebalanceDelay,
    /// The wait for members to rejoin (GRP-18).
    JoinPhase,
    /// The wait for members to send SyncGroup (GRP-28).
    Sync,
}

/// How a group goes on when its record is replicated or refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AfterWrite {
    /// The record that created the group; a refusal undoes the creation (TXOFF-73 case 1).
    Created {
        /// The JoinGroup that created it, which a failure answers if it is still open.
        ticket: Ticket,
    },
    /// The group became empty: nothing to do in either case (TXOFF-73 case 2).
    BecameEmpty,
    /// The leader's assignment, given out when it is durable (GRP-25 to GRP-27).
    Assignment {
        /// The generation that it is for.
        generation: GenerationId,
        /// The assignment of each member.
        assignments: BTreeMap<MemberId, Bytes>,
    },
    /// A static member got a new member id without a rebalance (GRP-37, GRP-40).
    StaticReplacement(Box<StaticReplacement>),
}

/// What must be known to finish, or to undo, the replacement of a static member in Stable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaticReplacement {
    /// The seat.
    pub instance: InstanceId,
    /// Who held it.
    pub old_member: MemberId,
    /// Who holds it now.
    pub new_member: MemberId,
    /// The protocols of the old member.
    pub old_protocols: Vec<Protocol>,
    /// The rebalance timeout of the old member.
    pub old_rebalance_timeout_ms: i32,
    /// The session timeout of the old member.
    pub old_session_timeout_ms: i32,
    /// The leader before the replacement (GRP-38).
    pub old_leader: Option<MemberId>,
    /// The JoinGroup to answer.
    pub ticket: Ticket,
    /// Whether the response can say that the leader need not assign (JoinGroup v9+, KIP-814).
    pub can_skip_assignment: bool,
}

/// The answer to a JoinGroup (GRP-22).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinReply {
    /// Success or the refusal.
    pub error: ErrorCode,
    /// The generation, -1 in most refusals.
    pub generation: GenerationId,
    /// The group's protocol type.
    pub protocol_type: Option<Arc<str>>,
    /// The selected protocol.
    pub protocol: Option<Arc<str>>,
    /// The leader; none is "" on the wire.
    pub leader: Option<MemberId>,
    /// The member's own id; none is "" on the wire.
    pub member: Option<MemberId>,
    /// All members, for the leader alone.
    pub members: Vec<JoinedMember>,
    /// Whether the leader must not assign (KIP-814).
    pub skip_assignment: bool,
}

impl JoinReply {
    /// A refusal with the member id that the request gave, or none.
    #[must_use]
    pub fn refused(error: ErrorCode, member: Option<MemberId>) -> Self {
        Self {
            error,
            generation: GenerationId(-1),
            protocol_type: None,
            protocol: None,
            leader: None,
            member,
            members: Vec::new(),
            skip_assignment: false,
        }
    }
}

/// A member as the leader sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinedMember {
    /// Its id.
    pub member: MemberId,
    /// Its seat, if it is static.
    pub instance: Option<InstanceId>,
    /// Its metadata for the selected protocol.
    pub metadata: Bytes,
}

/// The answer to a SyncGroup (GRP-25).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncReply {
    /// Success or the refusal.
    pub error: ErrorCode,
    /// The group's protocol type, none in refusals.
    pub protocol_type: Option<Arc<str>>,
    /// The selected protocol, none in refusals.
    pub protocol: Option<Arc<str>>,
    /// The member's assignment, empty in refusals.
    pub assignment: Bytes,
}

impl SyncReply {
    /// A refusal.
    #[must_use]
    pub fn refused(error: ErrorCode) -> Self {
        Self { error, protocol_type: None, protocol: None, assignment: Bytes::new() }
    }
}
