//! ConsumerGroupDescribe (key 69), versions 0 and 1: G848-31.

use std::collections::BTreeMap;

use fencepost_ids::{ErrorCode, GroupId, TopicId};
use fencepost_wire::messages::consumer_group_describe_response::{
    Assignment, DescribedGroup, Member, TopicPartitions,
};
use fencepost_wire::messages::{self, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use super::describe_groups::ALL_OPERATIONS;
use crate::group::Group;
use crate::group::assign::Partitions;
use crate::group::consumer::{ConsumerGroup, MemberDescription, Refusal, Settings};
use crate::metadata::Metadata;
use crate::step::{Call, Step};

/// The version from which the member's protocol is told (KIP-1099).
const MEMBER_TYPE_VERSION: i16 = 1;
/// The member types of the two protocols.
const CLASSIC_MEMBER: i8 = 0;
const CONSUMER_MEMBER: i8 = 1;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ConsumerGroupDescribeRequest) {
    // Kafka answers what names no group before it asks the coordinators.
    let (unnamed, named): (Vec<_>, Vec<_>) =
        request.group_ids.into_iter().partition(|id| id.is_empty());
    let groups = unnamed.into_iter().chain(named).map(|id| {
        let described = match describe(step, call, &id) {
            Ok(described) if request.include_authorized_operations => {
                described.with_authorized_operations(ALL_OPERATIONS)
            }
            Ok(described) => described,
            Err(refusal) => DescribedGroup::default()
                .with_error_code(refusal.error.code())
                .with_error_message(refusal.message()),
        };
        described.with_group_id(id)
    });
    let response = ConsumerGroupDescribeResponse::default().with_groups(groups.collect());
    step.respond(call.ticket, response);
}

fn describe(
    step: &mut Step<'_>,
    call: &Call,
    id: &messages::GroupId,
) -> Result<DescribedGroup, Refusal> {
    if !step.cluster.metadata.features.has_consumer_groups() {
        return Err(Refusal::of(ErrorCode::UnsupportedVersion));
    }
    let group = GroupId::from_wire(id);
    if group.is_empty() {
        return Err(Refusal::of(ErrorCode::InvalidGroupId));
    }
    let settings = Settings::of(&step.cluster.config);
    let shard = step.shard_of(call.broker, &group).map_err(Refusal::of)?;
    match shard.shard().group(&group) {
        Some(Group::Consumer(consumer)) => {
            Ok(described(consumer, &settings, shard.host.metadata, call.ticket.version))
        }
        Some(Group::Classic(_)) => Err(Refusal::classic_group(&group)),
        None => Err(Refusal::unknown_group(&group)),
    }
}

fn described(
    group: &ConsumerGroup,
    settings: &Settings,
    metadata: &Metadata,
    version: i16,
) -> DescribedGroup {
    let shown = group.describe(settings);
    let members = shown.members.iter().map(|member| describe_member(member, metadata, version));
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(shown.state.name()))
        .with_group_epoch(shown.epoch.0)
        .with_assignment_epoch(shown.assignment_epoch.0)
        .with_assignor_name(StrBytes::from_static_str(shown.assignor.name()))
        .with_members(members.collect())
}

fn describe_member(shown: &MemberDescription<'_>, metadata: &Metadata, version: i16) -> Member {
    let MemberDescription { member, shows_pending, target } = shown;
    let pending = shows_pending.then_some(&member.pending_revocation);
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let described = Member::default()
        .with_member_id(member.id.to_wire())
        .with_instance_id(member.instance.to_wire())
        .with_rack_id(member.rack.as_deref().map(text))
        .with_member_epoch(member.epoch.0)
        .with_client_id(member.client_id.to_wire())
        .with_client_host(text(&member.client_host))
        .with_subscribed_topic_names(member.topics.iter().map(ToWire::to_wire).collect())
        .with_subscribed_topic_regex(Some(text(&member.regex)))
        .with_assignment(assignment(&member.assigned, pending, metadata))
        .with_target_assignment(
            target.map(|target| assignment(target, None, metadata)).unwrap_or_default(),
        );
    if version >= MEMBER_TYPE_VERSION {
        let member_type = if member.classic.is_some() { CLASSIC_MEMBER } else { CONSUMER_MEMBER };
        described.with_member_type(member_type)
    } else {
        described
    }
}

/// Partitions, and behind them others. Topics that are gone are not shown.
fn assignment(
    partitions: &Partitions,
    others: Option<&Partitions>,
    metadata: &Metadata,
) -> Assignment {
    let mut topics: BTreeMap<TopicId, Vec<i32>> = BTreeMap::new();
    for (id, partition) in partitions.iter().chain(others.into_iter().flat_map(Partitions::iter)) {
        topics.entry(id).or_default().push(partition.0);
    }
    let topics = topics.into_iter().filter_map(|(id, partitions)| {
        let topic = metadata.topic_by_id(id)?;
        let shown = TopicPartitions::default()
            .with_topic_id(id.to_wire())
            .with_topic_name(topic.name.to_wire())
            .with_partitions(partitions);
        Some(shown)
    });
    Assignment::default().with_topic_partitions(topics.collect())
}
