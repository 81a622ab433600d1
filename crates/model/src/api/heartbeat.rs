//! Heartbeat (key 12), versions 0 to 4: GRP-29.

use fencepost_ids::{ErrorCode, GenerationId, GroupId, InstanceId};
use fencepost_wire::FromWire;
use fencepost_wire::messages::{HeartbeatRequest, HeartbeatResponse};

use crate::group::{Answer, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: HeartbeatRequest) {
    let (error, waits) = match heartbeat(step, call, &request) {
        Ok((error, waits)) => (error, waits),
        // Members are not disturbed by a move (TXOFF-04).
        Err(ErrorCode::CoordinatorLoadInProgress) => (ErrorCode::None, false),
        Err(error) => (error, false),
    };
    let answer = Answer::Heartbeat(HeartbeatResponse::default().with_error_code(error.code()));
    step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
}

/// The group's answer, and whether it waits for earlier writes to be replicated, as everything does
/// that is accepted.
fn heartbeat(
    step: &mut Step<'_>,
    call: &Call,
    request: &HeartbeatRequest,
) -> Result<(ErrorCode, bool), ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let group = GroupId::from_wire(&request.group_id);
    let mut shard = step.shard_of(call.broker, &group)?;
    let instance = request.group_instance_id.as_ref().map(InstanceId::from_wire);
    let instance = instance.as_ref();
    let generation = GenerationId(request.generation_id);
    if shard.consumer(&group).is_some() {
        let member = &request.member_id;
        let error = shard.heartbeat_consumer_group(&group, member, instance, generation)?;
        return Ok((error, shard.await_replication(call.ticket.serial, 0)));
    }
    let (classic, now) = shard.classic(&group).ok_or(ErrorCode::UnknownMemberId)?;
    let mut out = Vec::new();
    let error = classic.heartbeat(now, &request.member_id, instance, generation, &mut out);
    shard.apply(&group, out);
    match error {
        ErrorCode::None | ErrorCode::RebalanceInProgress => {
            Ok((error, shard.await_replication(call.ticket.serial, 0)))
        }
        refused => Err(refused),
    }
}

pub(crate) fn fail(response: &mut HeartbeatResponse, error: ErrorCode) {
    response.error_code = append_error(error).code();
}
