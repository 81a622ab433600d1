//! Heartbeats and sessions that end (GRP-29 to GRP-31).

use fencepost_ids::{ErrorCode, GenerationId, InstanceId, MemberId, Rule, Timestamp};

use super::{ClassicGroup, Settings, State};
use crate::group::effects::{Effect, JoinReply};

impl ClassicGroup {
    /// Handles a Heartbeat; the answer is immediate (GRP-29).
    pub(crate) fn heartbeat(
        &mut self,
        now: Timestamp,
        member: &str,
        instance: Option<&InstanceId>,
        generation: GenerationId,
        out: &mut Vec<Effect>,
    ) -> ErrorCode {
        let checked =
            self.validate_member(member, instance).and_then(|()| self.is_generation(generation));
        if let Err(error) = checked {
            return error;
        }
        match self.state {
            State::Empty => ErrorCode::UnknownMemberId,
            State::PreparingRebalance(_) => {
                self.restart_session(now, member, out);
                ErrorCode::RebalanceInProgress
            }
            State::CompletingRebalance | State::Stable => {
                self.restart_session(now, member, out);
                ErrorCode::None
            }
        }
    }

    /// A member's session ended, or a new member waited for five minutes (GRP-31).
    pub(super) fn expire_session(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        member: &MemberId,
        out: &mut Vec<Effect>,
    ) {
        let is_excused = self.members.get(member).is_none_or(|member| member.is_excused());
        if is_excused || !settings.rules.is_on(Rule::SessionExpiry) {
            return;
        }
        self.answer_join(member, JoinReply::refused(ErrorCode::UnknownMemberId, None), out);
        self.remove(member, out);
        match self.state {
            State::Stable | State::CompletingRebalance => {
                self.prepare_rebalance(now, settings, out);
            }
            State::PreparingRebalance(_) => self.complete_after_removal(now, out),
            State::Empty => {}
        }
    }

    /// A member id was given out and never used (GRP-11, GRP-31).
    pub(super) fn expire_pending_member(
        &mut self,
        now: Timestamp,
        member: &MemberId,
        out: &mut Vec<Effect>,
    ) {
        if self.pending_members.contains(member) {
            self.remove_pending(member, out);
            self.complete_after_removal(now, out);
        }
    }
}
