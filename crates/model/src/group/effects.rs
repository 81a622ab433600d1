//! What a step of a group asks for: replies, timers and records to write.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId, Timestamp};

use super::classic::Protocol;
use super::records::ClassicGroupValue;
use crate::ticket::Ticket;
use crate::timers::GroupTimer;

/// What a step of a classic group asks for, in the order in which it must be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Answer a JoinGroup.
    Join(Ticket, JoinReply),
    /// Answer a SyncGroup.
    Sync(Ticket, SyncReply),
    /// Never answer this request: a later one of the same member took its place (GRP-16).
    Abandon(Ticket),
    /// Start a timer, in place of a running one of the same name.
    Arm(GroupTimer, Timestamp),
    /// Stop a timer, if it runs.
    Disarm(GroupTimer),
    /// Write the group's record; when it is replicated, or could not be, the second value says how
    /// to go on.
    Write(ClassicGroupValue, AfterWrite),
}

/// How a group goes on when its record is replicated or refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AfterWrite {
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
pub(crate) struct StaticReplacement {
    /// The seat.
    pub(crate) instance: InstanceId,
    /// Who held it.
    pub(crate) old_member: MemberId,
    /// Who holds it now.
    pub(crate) new_member: MemberId,
    /// The protocols of the old member.
    pub(crate) old_protocols: Vec<Protocol>,
    /// The rebalance timeout of the old member.
    pub(crate) old_rebalance_timeout_ms: i32,
    /// The session timeout of the old member.
    pub(crate) old_session_timeout_ms: i32,
    /// The leader before the replacement (GRP-38).
    pub(crate) old_leader: Option<MemberId>,
    /// The JoinGroup to answer.
    pub(crate) ticket: Ticket,
    /// Whether the response can say that the leader need not assign (JoinGroup v9+, KIP-814).
    pub(crate) can_skip_assignment: bool,
}

/// The answer to a JoinGroup (GRP-22).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct JoinReply {
    /// Success or the refusal.
    pub(crate) error: ErrorCode,
    /// The generation, -1 in most refusals.
    pub(crate) generation: GenerationId,
    /// The group's protocol type.
    pub(crate) protocol_type: Option<Arc<str>>,
    /// The selected protocol.
    pub(crate) protocol: Option<Arc<str>>,
    /// The leader; none is "" on the wire.
    pub(crate) leader: Option<MemberId>,
    /// The member's own id; none is "" on the wire.
    pub(crate) member: Option<MemberId>,
    /// All members, for the leader alone.
    pub(crate) members: Vec<JoinedMember>,
    /// Whether the leader must not assign (KIP-814).
    pub(crate) skip_assignment: bool,
}

impl JoinReply {
    /// A refusal with the member id that the request gave, or none.
    #[must_use]
    pub(crate) fn refused(error: ErrorCode, member: Option<MemberId>) -> Self {
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
pub(crate) struct JoinedMember {
    /// Its id.
    pub(crate) member: MemberId,
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// Its metadata for the selected protocol.
    pub(crate) metadata: Bytes,
}

/// The answer to a SyncGroup (GRP-25).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SyncReply {
    /// Success or the refusal.
    pub(crate) error: ErrorCode,
    /// The group's protocol type, none in refusals.
    pub(crate) protocol_type: Option<Arc<str>>,
    /// The selected protocol, none in refusals.
    pub(crate) protocol: Option<Arc<str>>,
    /// The member's assignment, empty in refusals.
    pub(crate) assignment: Bytes,
}

impl SyncReply {
    /// A refusal.
    #[must_use]
    pub(crate) fn refused(error: ErrorCode) -> Self {
        Self { error, protocol_type: None, protocol: None, assignment: Bytes::new() }
    }
}
