//! Whether a ConsumerGroupHeartbeat makes sense at all (G848-06).

use std::fmt;

use fencepost_ids::ErrorCode;

use super::heartbeat::Heartbeat;
use super::{JOIN_EPOCH, LEAVE_EPOCH, Refusal, STATIC_LEAVE_EPOCH, Settings};
use crate::group::assign::Assignor;

/// The version from which clients make their own member ids (KIP-1082).
const CLIENT_MADE_MEMBER_IDS: i16 = 1;

/// Checks the fields of a request of this version to this group.
///
/// # Errors
/// INVALID_REQUEST, or UNSUPPORTED_ASSIGNOR for an assignor that is not configured (G848-05).
pub(crate) fn validate(
    version: i16,
    group: &str,
    request: &Heartbeat,
    settings: &Settings,
) -> Result<(), Refusal> {
    let names_a_member = request.epoch > JOIN_EPOCH || request.epoch == LEAVE_EPOCH;
    if version >= CLIENT_MADE_MEMBER_IDS || names_a_member {
        check_not_blank("MemberId", Some(&request.member))?;
    }
    check_not_blank("GroupId", Some(group))?;
    check_not_blank("InstanceId", request.instance.as_deref())?;
    check_not_blank("RackId", request.rack.as_deref())?;
    if request.epoch == JOIN_EPOCH {
        check_join(request)?;
    } else if request.epoch == STATIC_LEAVE_EPOCH && request.instance.is_none() {
        return Err(invalid("InstanceId can't be null."));
    } else if request.epoch < STATIC_LEAVE_EPOCH {
        return Err(invalid("MemberEpoch is invalid."));
    }
    check_assignor(request, settings)
}

fn check_join(request: &Heartbeat) -> Result<(), Refusal> {
    if request.rebalance_timeout_ms == -1 {
        return Err(invalid("RebalanceTimeoutMs must be provided in first request."));
    }
    if request.owned.as_ref().is_none_or(|owned| !owned.is_empty()) {
        return Err(invalid("TopicPartitions must be empty when (re-)joining."));
    }
    if request.topics.is_none() && request.regex.is_none() {
        return Err(invalid(
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        ));
    }
    Ok(())
}

fn check_assignor(request: &Heartbeat, settings: &Settings) -> Result<(), Refusal> {
    let Some(name) = &request.assignor else { return Ok(()) };
    if settings.assignors.iter().any(|assignor| assignor.name() == &**name) {
        return Ok(());
    }
    let supported: Vec<_> = settings.assignors.iter().copied().map(Assignor::name).collect();
    let message = format!(
        "ServerAssignor {name} is not supported. Supported assignors: {}.",
        supported.join(", ")
    );
    Err(Refusal::new(ErrorCode::UnsupportedAssignor, message))
}

fn check_not_blank(field: &str, text: Option<&str>) -> Result<(), Refusal> {
    match text {
        Some(text) if text.trim().is_empty() => {
            Err(invalid(format_args!("{field} can't be empty.")))
        }
        Some(_) | None => Ok(()),
    }
}

fn invalid(message: impl fmt::Display) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message.to_string())
}
