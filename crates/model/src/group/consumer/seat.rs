//! Who a heartbeat is from, and whether it may speak for that member (G848-08 to G848-12).

use std::sync::Arc;

use fencepost_ids::{ErrorCode, InstanceId, MemberId, Rule};

use super::heartbeat::Heartbeat;
use super::{
    ConsumerGroup, ConsumerMember, Context, JOIN_EPOCH, Refusal, STATIC_LEAVE_EPOCH, Settings,
};

/// The member that a heartbeat speaks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Seat {
    /// A member that the group knows.
    Taken(Arc<ConsumerMember>),
    /// A member that joins.
    New(MemberId),
    /// A static member that left with epoch -2; the newcomer takes over all that it had.
    Inherited(Arc<ConsumerMember>),
}

impl ConsumerGroup {
    pub(super) fn seat(&self, context: &Context<'_>, request: &Heartbeat) -> Result<Seat, Refusal> {
        let settings = context.settings;
        self.check_room(&request.member, request.instance.as_ref(), settings)?;
        match (&request.instance, request.epoch == JOIN_EPOCH) {
            (None, joins) => self.dynamic_seat(context, request, joins),
            (Some(instance), true) => self.static_seat(request, instance, settings),
            (Some(instance), false) => {
                let member = self.static_member(instance, &request.member)?;
                check_epoch(member, request, settings)?;
                Ok(Seat::Taken(member.clone()))
            }
        }
    }

    pub(super) fn check_room(
        &self,
        member: &MemberId,
        instance: Option<&InstanceId>,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        let max_size = usize::try_from(settings.max_size).unwrap_or(0);
        let has_seat = settings.minds_assignor()
            && instance.is_some_and(|instance| self.seats.contains_key(instance));
        if self.members.len() < max_size || self.members.contains_key(member) || has_seat {
            return Ok(());
        }
        let message =
            format!("The consumer group has reached its maximum capacity of {max_size} members.");
        Err(Refusal::new(ErrorCode::GroupMaxSizeReached, message))
    }

    fn dynamic_seat(
        &self,
        context: &Context<'_>,
        request: &Heartbeat,
        joins: bool,
    ) -> Result<Seat, Refusal> {
        match self.members.get(&request.member) {
            Some(member) => {
                check_epoch(member, request, context.settings)?;
                Ok(Seat::Taken(member.clone()))
            }
            None if joins => Ok(Seat::New(request.member.clone())),
            None => Err(unknown_member(context, &request.member)),
        }
    }

    /// The seat of a static member that joins. A member of the classic protocol cannot release it
    /// and loses it (GRP-62).
    fn static_seat(
        &self,
        request: &Heartbeat,
        instance: &InstanceId,
        settings: &Settings,
    ) -> Result<Seat, Refusal> {
        let refuses = settings.rules.is_on(Rule::UnreleasedSeatRefusal);
        let seated = self.seats.get(instance).and_then(|id| self.members.get(id));
        match (seated, self.members.get(&request.member)) {
            (Some(seated), _)
                if seated.epoch == STATIC_LEAVE_EPOCH || seated.classic.is_some() || !refuses =>
            {
                Ok(Seat::Inherited(seated.clone()))
            }
            (Some(seated), _) => Err(Refusal::new(
                ErrorCode::UnreleasedInstanceId,
                format!(
                    "Static member {} with instance id {instance} cannot join the group because the instance id is owned by {} member.",
                    request.member, seated.id
                ),
            )),
            (None, Some(member)) => Ok(Seat::Taken(member.clone())),
            (None, None) => Ok(Seat::New(request.member.clone())),
        }
    }

    /// The member on a seat, if it is this one.
    pub(super) fn static_member(
        &self,
        instance: &InstanceId,
        id: &str,
    ) -> Result<&Arc<ConsumerMember>, Refusal> {
        let seated = self.seats.get(instance).and_then(|id| self.members.get(id));
        match seated {
            None => Err(Refusal::new(
                ErrorCode::UnknownMemberId,
                format!("Instance id {instance} is unknown."),
            )),
            Some(member) if &*member.id != id => Err(Refusal::new(
                ErrorCode::FencedInstanceId,
                format!(
                    "Static member {id} with instance id {instance} was fenced by member {}.",
                    member.id
                ),
            )),
            Some(member) => Ok(member),
        }
    }
}

pub(super) fn unknown_member(context: &Context<'_>, id: &str) -> Refusal {
    let message = format!("Member {id} is not a member of group {}.", context.group);
    Refusal::new(ErrorCode::UnknownMemberId, message)
}

/// Whether a member may speak with this epoch (G848-10).
fn check_epoch(
    member: &ConsumerMember,
    request: &Heartbeat,
    settings: &Settings,
) -> Result<(), Refusal> {
    let received = request.epoch;
    let rejoins = received == JOIN_EPOCH && settings.takes_back_members();
    let is_checked = settings.rules.is_on(Rule::HeartbeatEpochFencing);
    if received == member.epoch || rejoins || !is_checked {
        return Ok(());
    }
    let lost_the_answer = received == member.previous_epoch
        && request.owned.as_ref().is_some_and(|owned| owned.is_subset(&member.assigned));
    let relation = if received > member.epoch {
        "greater"
    } else if lost_the_answer {
        return Ok(());
    } else {
        "smaller"
    };
    Err(Refusal::new(
        ErrorCode::FencedMemberEpoch,
        format!(
            "The consumer group member has a {relation} member epoch ({received}) than the one known by the group coordinator ({}). The member must abandon all its partitions and rejoin.",
            member.epoch
        ),
    ))
}
