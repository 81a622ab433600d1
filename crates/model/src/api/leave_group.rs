//! LeaveGroup (key 13), versions 0 to 5: GRP-33 to GRP-35.

use fencepost_ids::{ErrorCode, GroupId, InstanceId};
use fencepost_wire::FromWire;
use fencepost_wire::messages::leave_group_request::MemberIdentity;
use fencepost_wire::messages::leave_group_response::MemberResponse;
use fencepost_wire::messages::{LeaveGroupRequest, LeaveGroupResponse};

use crate::group::{Answer, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: LeaveGroupRequest) {
    let version = call.ticket.version;
    let group = GroupId::from_wire(&request.group_id);
    let members = if version < 3 {
        vec![MemberIdentity::default().with_member_id(request.member_id)]
    } else {
        request.members
    };
    let (response, waits) = match leave(step, call, &group, &members) {
        Ok((errors, waits)) => (response(version, members, &errors), waits),
        Err(error) => (LeaveGroupResponse::default().with_error_code(error.code()), false),
    };
    let answer = Answer::LeaveGroup(response);
    step.answer_when_replicated(call.broker, call.ticket, answer, usize::from(waits));
}

/// The answer for each member, and whether it waits for writes to be replicated.
fn leave(
    step: &mut Step<'_>,
    call: &Call,
    group: &GroupId,
    members: &[MemberIdentity],
) -> Result<(Vec<ErrorCode>, bool), ErrorCode> {
    if group.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let mut shard = step.shard_of(call.broker, group)?;
    let settings = shard.settings();
    let named: Vec<_> = members
        .iter()
        .map(|member| {
            let instance = member.group_instance_id.as_ref().map(InstanceId::from_wire);
            (member.member_id.as_str(), instance)
        })
        .collect();
    if shard.consumer(group).is_some() {
        let errors = shard.leave_consumer_group(group, &named)?;
        return Ok((errors, shard.await_replication(call.ticket.serial, 0)));
    }
    let Some((classic, now)) = shard.classic(group) else {
        return Ok((vec![ErrorCode::UnknownMemberId; members.len()], false));
    };
    let named = named.iter().map(|(member, instance)| (*member, instance.as_ref()));
    let mut out = Vec::new();
    let errors = classic.leave(now, &settings, named, &mut out);
    shard.apply(group, out);
    Ok((errors, shard.await_replication(call.ticket.serial, 0)))
}

/// GRP-33: below version 3 the one member's error is that of the response.
fn response(
    version: i16,
    members: Vec<MemberIdentity>,
    errors: &[ErrorCode],
) -> LeaveGroupResponse {
    if version < 3 {
        let error = errors.first().copied().unwrap_or(ErrorCode::None);
        return LeaveGroupResponse::default().with_error_code(error.code());
    }
    let members = members.into_iter().zip(errors).map(|(member, error)| {
        MemberResponse::default()
            .with_member_id(member.member_id)
            .with_group_instance_id(member.group_instance_id)
            .with_error_code(error.code())
    });
    LeaveGroupResponse::default().with_members(members.collect())
}

pub(crate) fn fail(response: &mut LeaveGroupResponse, error: ErrorCode) {
    response.error_code = append_error(error).code();
    response.members.clear();
}
