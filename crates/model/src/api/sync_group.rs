//! SyncGroup (key 14), versions 0 to 5: GRP-24 to GRP-28.

use std::sync::Arc;

use fencepost_ids::{ErrorCode, GenerationId, GroupId, InstanceId, MemberId};
use fencepost_wire::messages::{SyncGroupRequest, SyncGroupResponse};
use fencepost_wire::{FromWire, StrBytes};

use crate::group::classic::SyncRequest;
use crate::group::{SyncReply, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: SyncGroupRequest) {
    if let Err(error) = sync(step, call, request) {
        step.respond(call.ticket, response(SyncReply::refused(error)));
    }
}

fn sync(step: &mut Step<'_>, call: &Call, request: SyncGroupRequest) -> Result<(), ErrorCode> {
    let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if call.ticket.version >= 5 && !names_protocol {
        return Err(ErrorCode::InconsistentGroupProtocol);
    }
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let group = GroupId::from_wire(&request.group_id);
    let mut shard = step.shard_of(call.broker, &group)?;
    if shard.consumer(&group).is_some() {
        return shard.sync_consumer_group(&group, &translate(call, request));
    }
    let settings = shard.settings();
    let (classic, _) = shard.classic(&group).ok_or(ErrorCode::UnknownMemberId)?;
    let mut out = Vec::new();
    classic.sync(&settings, translate(call, request), &mut out);
    shard.apply(&group, out);
    Ok(())
}

fn translate(call: &Call, request: SyncGroupRequest) -> SyncRequest {
    let text = |text: Option<StrBytes>| text.map(|text| Arc::from(text.as_str()));
    let assignments = request.assignments.into_iter();
    SyncRequest {
        ticket: call.ticket,
        member: MemberId::from_wire(&request.member_id),
        instance: request.group_instance_id.as_ref().map(InstanceId::from_wire),
        generation: GenerationId(request.generation_id),
        protocol_type: text(request.protocol_type),
        protocol: text(request.protocol_name),
        assignments: assignments
            .map(|given| (MemberId::from_wire(&given.member_id), given.assignment))
            .collect(),
    }
}

pub(crate) fn fail(response: &mut SyncGroupResponse, error: ErrorCode) {
    *response = self::response(SyncReply::refused(append_error(error)));
}

pub(crate) fn response(reply: SyncReply) -> SyncGroupResponse {
    let text = |text: Option<Arc<str>>| text.map(|text| StrBytes::from_string(text.to_string()));
    SyncGroupResponse::default()
        .with_error_code(reply.error.code())
        .with_protocol_type(text(reply.protocol_type))
        .with_protocol_name(text(reply.protocol))
        .with_assignment(reply.assignment)
}
