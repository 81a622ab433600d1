//! A shard at work for members of the classic protocol in KIP-848 groups (GRP-52 to GRP-58, GRP-63).

use fencepost_ids::{ErrorCode, GenerationId, GroupId, InstanceId};

use super::classic::{JoinRequest, Joining, SyncRequest};
use super::consumer::{ConsumerGroup, Outcome, Refusal, Settings};
use super::{Answer, Group, JoinReply, ShardStep, append_error};
use crate::api;

impl ShardStep<'_> {
    /// A KIP-848 group.
    pub(crate) fn consumer(&self, group: &GroupId) -> Option<&ConsumerGroup> {
        match self.shard.groups.get(group)? {
            Group::Consumer(group) => Some(group),
            Group::Classic(_) => None,
        }
    }

    /// Handles a JoinGroup to a KIP-848 group with members. The group makes ids of its own kind.
    pub(super) fn join_consumer_group(&mut self, group: &GroupId, mut request: JoinRequest) {
        if let Joining::New(member) = &mut request.member {
            *member = self.host.random.uuid_base64().into();
        }
        let ticket = request.ticket;
        let settings = Settings::of(self.host.config);
        let Some(consumer) = self.consumer(group) else { return };
        let joined = consumer.join_classic(&self.context(&settings, group), &request);
        let done = joined.and_then(|outcome| {
            let written = self.carry_out(group, Vec::new(), outcome);
            written.map_err(|error| JoinReply::refused(append_error(error), None))
        });
        let response = |reply| api::join_group::response(reply, ticket.version);
        match done {
            Ok(reply) => {
                self.answer_when_replicated(ticket, Answer::JoinGroup(response(reply)));
            }
            Err(refused) => self.host.respond(ticket, response(refused)),
        }
    }

    /// Handles a SyncGroup to a KIP-848 group.
    ///
    /// # Errors
    /// Those of GRP-55.
    pub(crate) fn sync_consumer_group(
        &mut self,
        group: &GroupId,
        request: &SyncRequest,
    ) -> Result<(), ErrorCode> {
        let reply = self.of_classic_member(group, |consumer, step, settings| {
            consumer.sync_classic(&step.context(settings, group), request)
        })?;
        match reply.error {
            ErrorCode::None => {
                let answer = Answer::SyncGroup(api::sync_group::response(reply));
                self.answer_when_replicated(request.ticket, answer);
                Ok(())
            }
            refused => Err(refused),
        }
    }

    /// Handles a Heartbeat to a KIP-848 group.
    ///
    /// # Errors
    /// Those of GRP-56.
    pub(crate) fn heartbeat_consumer_group(
        &mut self,
        group: &GroupId,
        member: &str,
        instance: Option<&InstanceId>,
        generation: GenerationId,
    ) -> Result<ErrorCode, ErrorCode> {
        self.of_classic_member(group, |consumer, step, settings| {
            let context = step.context(settings, group);
            consumer.heartbeat_classic(&context, member, instance, generation)
        })
    }

    /// Handles a LeaveGroup to a KIP-848 group: the answer for each member.
    ///
    /// # Errors
    /// Those of GRP-58.
    pub(crate) fn leave_consumer_group(
        &mut self,
        group: &GroupId,
        members: &[(&str, Option<InstanceId>)],
    ) -> Result<Vec<ErrorCode>, ErrorCode> {
        self.of_classic_member(group, |consumer, step, settings| {
            consumer.leave_classic(&step.context(settings, group), members)
        })
    }

    fn of_classic_member<R>(
        &mut self,
        group: &GroupId,
        handle: impl FnOnce(&ConsumerGroup, &Self, &Settings) -> Result<Outcome<R>, Refusal>,
    ) -> Result<R, ErrorCode> {
        let settings = Settings::of(self.host.config);
        let consumer = self.consumer(group).ok_or(ErrorCode::UnknownMemberId)?;
        let outcome = handle(consumer, self, &settings).map_err(|refusal| refusal.error)?;
        self.carry_out(group, Vec::new(), outcome).map_err(append_error)
    }
}
