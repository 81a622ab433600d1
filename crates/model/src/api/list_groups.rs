//! ListGroups (key 16), versions 0 to 5: GRP-43.

use fencepost_ids::ErrorCode;
use fencepost_wire::messages::list_groups_response::ListedGroup;
use fencepost_wire::messages::{ListGroupsRequest, ListGroupsResponse};
use fencepost_wire::{StrBytes, ToWire};

use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ListGroupsRequest) {
    let passes = |filter: &[StrBytes], value: &str| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    if step.broker(call.broker).is_some_and(|broker| broker.group.is_loading()) {
        let loading = ErrorCode::CoordinatorLoadInProgress.code();
        let response = ListGroupsResponse::default().with_error_code(loading);
        return step.respond(call.ticket, response);
    }
    let mut groups = Vec::new();
    let shards = step.broker(call.broker).map(|broker| broker.group.shards());
    for (id, group) in shards.into_iter().flatten().flat_map(|shard| shard.groups()) {
        if passes(&request.states_filter, group.state_name())
            && passes(&request.types_filter, group.type_name())
        {
            let listed = ListedGroup::default()
                .with_group_id(id.to_wire())
                .with_protocol_type(StrBytes::from_string(group.protocol_type().to_owned()))
                .with_group_state(StrBytes::from_static_str(group.state_name()))
                .with_group_type(StrBytes::from_static_str(group.type_name()));
            groups.push(listed);
        }
    }
    step.respond(call.ticket, ListGroupsResponse::default().with_groups(groups));
}
