//! DescribeGroups (key 15), versions 0 to 6: GRP-42.

use fencepost_ids::{ErrorCode, GroupId};
use fencepost_wire::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use fencepost_wire::messages::{self, DescribeGroupsRequest, DescribeGroupsResponse};
use fencepost_wire::{FromWire, Release, StrBytes, ToWire};

use crate::group::Group;
use crate::group::classic::{ClassicGroup, Member, State};
use crate::step::{Call, Step};

/// The version from which an unknown group is told as such (KIP-1043).
const GROUP_ID_NOT_FOUND_VERSION: i16 = 6;

/// Read, delete, describe, describe configs and alter configs: all that may be done with a group,
/// one bit for each operation.
pub(super) const ALL_OPERATIONS: i32 = OPERATIONS_OF_3_9 | 1 << 10 | 1 << 11;

/// Without those on configs, which 4.0 brought.
const OPERATIONS_OF_3_9: i32 = 1 << 3 | 1 << 6 | 1 << 8;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeGroupsRequest) {
    let is_old = step.cluster.config.release < Release::V4_0;
    let operations = if is_old { OPERATIONS_OF_3_9 } else { ALL_OPERATIONS };
    let groups = request.groups.into_iter().map(|id| {
        let mut described = describe(step, call, &id).with_group_id(id);
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = operations;
        }
        described
    });
    let response = DescribeGroupsResponse::default().with_groups(groups.collect());
    step.respond(call.ticket, response);
}

fn describe(step: &mut Step<'_>, call: &Call, id: &messages::GroupId) -> DescribedGroup {
    let group = GroupId::from_wire(id);
    let shard = match step.shard_of(call.broker, &group) {
        Ok(shard) => shard,
        Err(error) => return DescribedGroup::default().with_error_code(error.code()),
    };
    match shard.shard().group(&group) {
        Some(Group::Classic(classic)) => describe_classic(classic, shard.host.config.release),
        Some(Group::Consumer(_)) => {
            unknown(call.ticket.version, format!("Group {group} is not a classic group."))
        }
        None => unknown(call.ticket.version, format!("Group {group} not found.")),
    }
}

fn unknown(version: i16, message: String) -> DescribedGroup {
    let dead = DescribedGroup::default().with_group_state(StrBytes::from_static_str("Dead"));
    if version < GROUP_ID_NOT_FOUND_VERSION {
        return dead;
    }
    dead.with_error_code(ErrorCode::GroupIdNotFound.code())
        .with_error_message(Some(StrBytes::from_string(message)))
}

/// The selected protocol and the members' metadata under it are told in Stable alone; assignments
/// always, and in a rebalance they are those of the generation before; in 3.9 in Stable alone as well.
fn describe_classic(group: &ClassicGroup, release: Release) -> DescribedGroup {
    let protocol = group.protocol().filter(|_| group.state() == State::Stable);
    let members = group.members().map(|member| {
        let mut described = describe_member(member, protocol);
        if group.state() != State::Stable && release < Release::V4_0 {
            described.member_assignment.clear();
        }
        described
    });
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state().name()))
        .with_protocol_type(text(group.protocol_type().unwrap_or_default()))
        .with_protocol_data(text(protocol.unwrap_or_default()))
        .with_members(members.collect())
}

fn describe_member(member: &Member, protocol: Option<&str>) -> DescribedGroupMember {
    let described = DescribedGroupMember::default()
        .with_member_id(member.id.to_wire())
        .with_group_instance_id(member.instance.to_wire())
        .with_client_id(member.client_id.to_wire())
        .with_client_host(text(&member.client_host))
        .with_member_assignment(member.assignment.clone());
    match protocol {
        Some(protocol) => described.with_member_metadata(member.metadata(protocol)),
        None => described,
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
