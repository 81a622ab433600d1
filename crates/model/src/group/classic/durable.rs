//! What of a group survives its coordinator: the record, the load and the unload (TXOFF-72,
//! TXOFF-73, TXOFF-75, TXOFF-76, GRP-46 to GRP-48).

use std::collections::BTreeMap;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, MemberId, Timestamp};

use super::{ClassicGroup, Member, Protocol, Settings, State};
use crate::group::effects::{Effect, JoinReply, SyncReply};
use crate::group::records::{ClassicGroupMemberValue, ClassicGroupValue};
use crate::ticket::Ticket;

impl ClassicGroup {
    /// The record of the group as it is, with these assignments in place of the members' own.
    #[must_use]
    pub(crate) fn value(
        &self,
        assignments: Option<&BTreeMap<MemberId, Bytes>>,
    ) -> ClassicGroupValue {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let mut members: Vec<_> = self.members.values().collect();
        members.sort_by_key(|member| member.ordinal);
        let assigned = |member: &Member| match assignments {
            Some(assignments) => assignments.get(&member.id).cloned().unwrap_or_default(),
            None => member.assignment.clone(),
        };
        ClassicGroupValue {
            protocol_type: self.protocol_type.clone().unwrap_or_else(|| "".into()),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_since: self.state_since,
            members: members
                .into_iter()
                .map(|member| ClassicGroupMemberValue {
                    member: member.id.clone(),
                    instance: member.instance.clone(),
                    client_id: member.client_id.clone(),
                    client_host: member.client_host.clone(),
                    rebalance_timeout_ms: member.rebalance_timeout_ms,
                    session_timeout_ms: member.session_timeout_ms,
                    subscription: member.metadata(protocol),
                    assignment: assigned(member),
                })
                .collect(),
        }
    }

    /// The record that a JoinGroup writes when it creates the group (TXOFF-73 case 1).
    #[must_use]
    pub(crate) fn empty_value(now: Timestamp) -> ClassicGroupValue {
        Self::new(now).value(None)
    }

    /// The group that a record stands for. Each member offers the selected protocol alone
    /// (GRP-51).
    #[must_use]
    pub(crate) fn replayed(value: ClassicGroupValue) -> Self {
        let protocol_type = value.protocol_type;
        let mut group = Self::new(Timestamp::NONE);
        group.state = if value.members.is_empty() { State::Empty } else { State::Stable };
        group.state_since = value.state_since;
        group.generation = value.generation;
        group.protocol = value.protocol;
        group.leader = value.leader;
        let offered = group.protocol.clone().unwrap_or_else(|| "".into());
        for mut member in value.members {
            if member.rebalance_timeout_ms == -1 {
                member.rebalance_timeout_ms = member.session_timeout_ms;
            }
            let protocol =
                Protocol { name: offered.clone(), metadata: member.subscription.clone() };
            group.add(Member::recorded(member, vec![protocol]), &protocol_type);
        }
        group.protocol_type = (!protocol_type.is_empty()).then_some(protocol_type);
        group.refresh_subscribed_topics();
        group
    }

    /// The load ended: sessions start anew, and a group over capacity rebalances (TXOFF-75, GRP-45).
    pub(crate) fn loaded(&mut self, now: Timestamp, settings: &Settings, out: &mut Vec<Effect>) {
        for member in self.members.keys() {
            self.restart_session(now, member, out);
        }
        if self.members.len() > settings.max_size {
            self.prepare_rebalance(now, settings, out);
        }
    }

    /// Leadership of the group's partition is lost: whoever waits must look for the coordinator
    /// again (TXOFF-76).
    pub(crate) fn unload(mut self, out: &mut Vec<Effect>) {
        for id in self.member_ids() {
            let moved = JoinReply::refused(ErrorCode::NotCoordinator, Some(id.clone()));
            self.answer_join(&id, moved, out);
            self.answer_sync(&id, SyncReply::refused(ErrorCode::NotCoordinator), out);
        }
    }

    /// The record that created the group could not be written: its JoinGroup is answered, if that
    /// has not happened (TXOFF-73 case 1).
    pub(super) fn creation_written(
        &mut self,
        ticket: Ticket,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        let parked = self.members.values_mut().find(|member| member.awaiting_join == Some(ticket));
        if let (Err(error), Some(member)) = (result, parked) {
            member.awaiting_join = None;
            out.push(Effect::Join(ticket, JoinReply::refused(error, None)));
        }
    }
}
