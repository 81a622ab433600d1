//! JoinGroup (key 11), versions 0 to 9: GRP-06 to GRP-22.

use std::sync::Arc;

use fencepost_ids::{ErrorCode, GroupId, InstanceId, MemberId};
use fencepost_wire::messages::join_group_response::JoinGroupResponseMember;
use fencepost_wire::messages::{JoinGroupRequest, JoinGroupResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::config::BrokerSettings;
use crate::group::classic::{JoinRequest, Joining, Protocol};
use crate::group::{JoinReply, append_error};
use crate::step::{Call, Step};

/// What a member id adds to the name that it begins with: a hyphen and a UUID (GRP-05).
const MEMBER_ID_SUFFIX_BYTES: usize = 37;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: JoinGroupRequest) {
    let group = GroupId::from_wire(&request.group_id);
    let member = request.member_id.clone();
    let checked = check(&step.cluster.config.settings, call, &request);
    match checked.and_then(|()| step.shard_of(call.broker, &group)) {
        Ok(mut shard) => {
            let joining = if request.member_id.is_empty() {
                let uuid = shard.host.random.uuid_text();
                Joining::New(format!("{}-{uuid}", name(call, &request)).into())
            } else {
                Joining::Known(request.member_id.as_str().into())
            };
            let client_host = shard.host.client_host(call.ticket).into();
            shard.join(&group, translate(call, request, joining, client_host));
        }
        Err(error) => {
            let member = (!member.is_empty()).then(|| MemberId::from_wire(&member));
            let refused = JoinReply::refused(error, member);
            step.respond(call.ticket, response(refused, call.ticket.version));
        }
    }
}

/// GRP-07.
fn check(
    settings: &BrokerSettings,
    call: &Call,
    request: &JoinGroupRequest,
) -> Result<(), ErrorCode> {
    let allowed = settings.group_min_session_timeout_ms..=settings.group_max_session_timeout_ms;
    if request.group_id.is_empty() {
        Err(ErrorCode::InvalidGroupId)
    } else if !allowed.contains(&request.session_timeout_ms) {
        Err(ErrorCode::InvalidSessionTimeout)
    } else if name(call, request).len() + MEMBER_ID_SUFFIX_BYTES > i16::MAX as usize {
        // The member id would not fit into any response or record.
        Err(ErrorCode::UnknownServerError)
    } else {
        Ok(())
    }
}

/// What a new member's id begins with (GRP-05).
fn name<'a>(call: &'a Call, request: &'a JoinGroupRequest) -> &'a str {
    request.group_instance_id.as_ref().map_or(&*call.client_id, |instance| instance.as_str())
}

fn translate(
    call: &Call,
    request: JoinGroupRequest,
    member: Joining,
    client_host: Arc<str>,
) -> JoinRequest {
    let version = call.ticket.version;
    let rebalance_timeout_ms =
        if version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms };
    let protocols = request
        .protocols
        .into_iter()
        .map(|offered| Protocol { name: offered.name.as_str().into(), metadata: offered.metadata });
    JoinRequest {
        ticket: call.ticket,
        member,
        instance: request.group_instance_id.as_ref().map(InstanceId::from_wire),
        client_id: call.client_id.clone(),
        client_host,
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms,
        protocol_type: request.protocol_type.as_str().into(),
        protocols: protocols.collect(),
        requires_known_member: version >= 4,
        can_skip_assignment: version >= 9,
    }
}

pub(crate) fn fail(response: &mut JoinGroupResponse, error: ErrorCode) {
    let refused = JoinReply::refused(append_error(error), None);
    // The name of no protocol reads alike in all versions.
    *response = self::response(refused, 0);
}

/// GRP-22: an absent protocol name is "" below version 7.
pub(crate) fn response(reply: JoinReply, version: i16) -> JoinGroupResponse {
    let text = |text: Option<Arc<str>>| text.map(|text| StrBytes::from_string(text.to_string()));
    let id = |id: Option<MemberId>| id.map(|id| id.to_wire()).unwrap_or_default();
    let members = reply.members.into_iter().map(|member| {
        JoinGroupResponseMember::default()
            .with_member_id(member.member.to_wire())
            .with_group_instance_id(member.instance.to_wire().filter(|_| version >= 5))
            .with_metadata(member.metadata)
    });
    let protocol = text(reply.protocol);
    let protocol =
        if version < 7 { protocol.or_else(|| Some(StrBytes::default())) } else { protocol };
    JoinGroupResponse::default()
        .with_error_code(reply.error.code())
        .with_generation_id(reply.generation.0)
        .with_protocol_type(text(reply.protocol_type).filter(|_| version >= 7))
        .with_protocol_name(protocol)
        .with_leader(id(reply.leader))
        .with_skip_assignment(reply.skip_assignment)
        .with_member_id(id(reply.member))
        .with_members(members.collect())
}
