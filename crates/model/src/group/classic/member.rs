//! A member of a classic group.

use std::sync::Arc;

use bytes::Bytes;
use fencepost_ids::{ClientId, InstanceId, MemberId};

use crate::group::records::ClassicGroupMemberValue;
use crate::ticket::Ticket;

/// A protocol that a member offers, with its metadata for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Protocol {
    /// The protocol's name.
    pub(crate) name: Arc<str>,
    /// What the leader is told if this protocol is selected.
    pub(crate) metadata: Bytes,
}

/// A member of a classic group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    /// Its id.
    pub(crate) id: MemberId,
    /// Its seat, if it is static (KIP-345).
    pub(crate) instance: Option<InstanceId>,
    /// What its client called itself when it first joined.
    pub(crate) client_id: ClientId,
    /// Where its client first connected from, with a leading slash (GRP-05).
    pub(crate) client_host: Arc<str>,
    /// How long it may take to rejoin.
    pub(crate) rebalance_timeout_ms: i32,
    /// How long it may be silent.
    pub(crate) session_timeout_ms: i32,
    /// What it offers, most wanted first.
    pub(crate) protocols: Vec<Protocol>,
    /// What the leader gave it in this generation.
    pub(crate) assignment: Bytes,
    /// Its parked JoinGroup.
    pub(super) awaiting_join: Option<Ticket>,
    /// Its parked SyncGroup.
    pub(super) awaiting_sync: Option<Ticket>,
    /// It has not been through a join phase yet (GRP-17).
    pub(super) is_new: bool,
    /// Its place in the order of joining.
    pub(super) ordinal: u64,
}

impl Member {
    /// A member as a record tells of it, with what it offers.
    pub(super) fn recorded(value: ClassicGroupMemberValue, protocols: Vec<Protocol>) -> Self {
        Self {
            id: value.member,
            instance: value.instance,
            client_id: value.client_id,
            client_host: value.client_host,
            rebalance_timeout_ms: value.rebalance_timeout_ms,
            session_timeout_ms: value.session_timeout_ms,
            protocols,
            assignment: value.assignment,
            awaiting_join: None,
            awaiting_sync: None,
            is_new: false,
            ordinal: 0,
        }
    }

    /// Its metadata for a protocol; empty if it does not offer it.
    #[must_use]
    pub(crate) fn metadata(&self, protocol: &str) -> Bytes {
        let offered = self.protocols.iter().find(|offered| &*offered.name == protocol);
        offered.map_or_else(Bytes::new, |offered| offered.metadata.clone())
    }

    /// Whether its JoinGroup or SyncGroup is parked.
    pub(crate) const fn is_parked(&self) -> bool {
        self.awaiting_join.is_some() || self.awaiting_sync.is_some()
    }

    #[must_use]
    pub(crate) fn offers(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|offered| &*offered.name == protocol)
    }

    /// Whether an expired session is overlooked, because the group and not the member is late
    /// (GRP-31).
    pub(super) const fn is_excused(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}
