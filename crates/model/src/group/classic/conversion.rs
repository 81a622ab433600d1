//! A classic group that becomes a KIP-848 group, or was one (GRP-59 to GRP-62).

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, MemberId, Timestamp};

use super::{CONSUMER_PROTOCOL_TYPE, ClassicGroup, Member, Protocol, Settings, State};
use crate::group::effects::{Effect, JoinReply, SyncReply};
use crate::group::records::ClassicGroupMemberValue;

impl ClassicGroup {
    /// Tells all who wait that they must join again, as the group is about to be converted.
    pub(crate) fn send_back(&mut self, out: &mut Vec<Effect>) {
        let error = ErrorCode::RebalanceInProgress;
        for id in self.member_ids() {
            self.answer_join(&id, JoinReply::refused(error, Some(id.clone())), out);
            self.answer_sync(&id, SyncReply::refused(error), out);
        }
    }

    /// The Stable group of members that were in a KIP-848 group, with what they offer; `assign` gives
    /// each its assignment, by its id and its metadata for the selected protocol.
    ///
    /// # Errors
    /// Those of `assign`.
    pub(crate) fn converted<E>(
        now: Timestamp,
        generation: GenerationId,
        members: impl IntoIterator<Item = (ClassicGroupMemberValue, Vec<Protocol>)>,
        assign: impl Fn(&MemberId, &[u8]) -> Result<Bytes, E>,
    ) -> Result<Self, E> {
        let mut group = Self::new(now);
        group.state = State::Stable;
        group.generation = generation;
        for (member, protocols) in members {
            group.add(Member::recorded(member, protocols), CONSUMER_PROTOCOL_TYPE);
        }
        group.protocol = group.select_protocol();
        group.refresh_subscribed_topics();
        let protocol = group.protocol.clone().unwrap_or_else(|| "".into());
        for (id, member) in &mut group.members {
            member.assignment = assign(id, &member.metadata(&protocol))?;
        }
        Ok(group)
    }

    /// Starts the group at work after its conversion: sessions begin, and its members join anew if
    /// what they have must change.
    pub(crate) fn take_over(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        rebalances: bool,
        out: &mut Vec<Effect>,
    ) {
        for member in self.members.keys() {
            self.restart_session(now, member, out);
        }
        if rebalances {
            self.prepare_rebalance(now, settings, out);
        }
    }
}
