//! LeaveGroup: members that go, or are sent away by their instance id (GRP-34, GRP-35).

use fencepost_ids::{ErrorCode, InstanceId, Timestamp};

use super::{ClassicGroup, Settings, State};
use crate::group::effects::{Effect, JoinReply};

impl ClassicGroup {
    /// Removes each of the members, named by member id and instance id; the answers stand in the
    /// order of the request.
    pub(crate) fn leave<'a>(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        members: impl IntoIterator<Item = (&'a str, Option<&'a InstanceId>)>,
        out: &mut Vec<Effect>,
    ) -> Vec<ErrorCode> {
        let answers: Vec<_> = members
            .into_iter()
            .map(|(member, instance)| match self.leave_one(member, instance, out) {
                Ok(()) => ErrorCode::None,
                Err(error) => error,
            })
            .collect();
        if answers.contains(&ErrorCode::None) {
            match self.state {
                State::Stable | State::CompletingRebalance => {
                    self.prepare_rebalance(now, settings, out);
                }
                State::PreparingRebalance(_) => self.maybe_complete_join_phase(now, out),
                State::Empty => {}
            }
        }
        answers
    }

    fn leave_one(
        &mut self,
        member: &str,
        instance: Option<&InstanceId>,
        out: &mut Vec<Effect>,
    ) -> Result<(), ErrorCode> {
        if self.pending_members.contains(member) {
            self.remove_pending(member, out);
            return Ok(());
        }
        let leaving = if member.is_empty() {
            let holder = instance.and_then(|instance| self.static_members.get(instance));
            holder.cloned().ok_or(ErrorCode::UnknownMemberId)?
        } else {
            self.validate_member(member, instance)?;
            member.into()
        };
        self.answer_join(&leaving, JoinReply::refused(ErrorCode::UnknownMemberId, None), out);
        self.remove(&leaving, out);
        Ok(())
    }
}
