//! DeleteGroups (key 42), versions 0 to 3: TXOFF-65.

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, GroupId, Rule};
use fencepost_wire::messages::DeleteGroupsRequest;
use fencepost_wire::{DeletableGroupResult, DeleteGroupsResponse, FromWire};

use crate::group::records::GroupRecord;
use crate::group::{Answer, append_error};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DeleteGroupsRequest) {
    let mut seen = BTreeSet::new();
    let mut response = DeleteGroupsResponse::default();
    let mut waits = 0;
    for id in request.groups_names {
        let group = GroupId::from_wire(&id);
        if !seen.insert(group.clone()) {
            continue;
        }
        let part = response.results.len();
        let error = match delete(step, call, part, &group) {
            Ok(has_to_wait) => {
                waits += usize::from(has_to_wait);
                ErrorCode::None
            }
            Err(error) => append_error(error),
        };
        let (error_code, error_message) = (error.code(), None);
        response.results.push(DeletableGroupResult { group_id: id, error_code, error_message });
    }
    let answer = Answer::DeleteGroups(response);
    step.answer_when_replicated(call.broker, call.ticket, answer, waits);
}

/// Deletes one group with its offsets; whether the answer waits for that to be replicated.
fn delete(
    step: &mut Step<'_>,
    call: &Call,
    part: usize,
    group: &GroupId,
) -> Result<bool, ErrorCode> {
    let mut shard = step.shard_of(call.broker, group)?;
    let known = shard.shard().group(group).ok_or(ErrorCode::GroupIdNotFound)?;
    if shard.is_on(Rule::EmptyGroupDeletion) {
        known.validate_deletion()?;
    }
    let offsets = shard.shard().offsets().tombstones_of_group(group).into_iter();
    let mut records: Vec<_> =
        offsets.map(|partition| GroupRecord::delete_offset(group, partition)).collect();
    records.extend(known.tombstones(group));
    shard.write(records, None)?;
    Ok(shard.await_replication(call.ticket.serial, part))
}

pub(crate) fn fail(response: &mut DeleteGroupsResponse, part: usize, error: ErrorCode) {
    if let Some(result) = response.results.get_mut(part) {
        result.error_code = append_error(error).code();
    }
}
