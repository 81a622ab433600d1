//! A classic group with members that becomes a KIP-848 group (GRP-59, GRP-60).

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, MemberEpoch, PartitionIndex, Timestamp, TopicId};

use super::{
    ConsumerGroup, ConsumerMember, Context, Outcome, ReconciliationState, Refusal, Settings,
};
use crate::group::assign::Partitions;
use crate::group::classic::{ClassicGroup, Member};
use crate::group::records::{
    Assignment, ClassicMemberMetadata, ConsumerGroupRecord, Malformed, Subscription,
    TargetEpochValue,
};

impl ConsumerGroup {
    /// Whether a classic group with members may be turned into a KIP-848 group at all.
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND.
    pub(crate) fn check_upgrade(
        context: &Context<'_>,
        classic: &ClassicGroup,
    ) -> Result<(), Refusal> {
        let Settings { migration, max_size, .. } = context.settings;
        if !migration.allows_upgrade() {
            return Err(cannot_upgrade(context, "because online upgrade is disabled."));
        }
        if !classic.speaks_consumer_protocol() {
            let reason = "because the group does not use the consumer embedded protocol.";
            return Err(cannot_upgrade(context, reason));
        }
        if classic.members().len() > usize::try_from(*max_size).unwrap_or(0) {
            let reason = "because the group size exceeds the consumer group maximum size.";
            return Err(cannot_upgrade(context, reason));
        }
        Ok(())
    }

    /// The group that a classic one becomes: each member keeps its id, its assignment and its
    /// protocols, and its generation is its epoch.
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND if an assignor's data would be lost or a member's bytes are malformed;
    /// UNKNOWN_SERVER_ERROR, as Kafka stumbles, before the first generation, for a member that does
    /// not offer the selected protocol, and if two members have the same partition.
    pub(crate) fn upgraded(
        context: &Context<'_>,
        classic: &ClassicGroup,
    ) -> Result<Outcome<Self>, Refusal> {
        let protocol =
            classic.protocol().ok_or_else(|| Refusal::of(ErrorCode::UnknownServerError))?;
        let epoch = MemberEpoch(classic.generation().0);
        let members = classic.members().map(|member| carried(context, member, protocol, epoch));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let mut held: BTreeSet<(TopicId, PartitionIndex)> = BTreeSet::new();
        if !members
            .iter()
            .flat_map(|member| member.assigned.iter())
            .all(|held_by| held.insert(held_by))
        {
            return Err(Refusal::of(ErrorCode::UnknownServerError));
        }
        let mut group = Self::created(context.settings.release);
        let mut records = Vec::new();
        let mut write = |group: &mut Self, record: ConsumerGroupRecord| {
            group.replay(record.clone());
            records.push(record);
        };
        for member in &members {
            let record = ConsumerGroupRecord::Member(member.id.clone(), Some(member.value()));
            write(&mut group, record);
        }
        for record in group.epoch_records(context, epoch) {
            write(&mut group, record);
        }
        for ConsumerMember { id, assigned, .. } in &members {
            let target = Some(assigned.clone());
            write(&mut group, ConsumerGroupRecord::TargetAssignment(id.clone(), target));
        }
        let target = TargetEpochValue { epoch, time: Timestamp(0) };
        write(&mut group, ConsumerGroupRecord::TargetEpoch(Some(target)));
        for member in &members {
            let current = Some(member.current());
            write(&mut group, ConsumerGroupRecord::CurrentAssignment(member.id.clone(), current));
        }
        let sessions = classic.members();
        let timers =
            sessions.map(|member| context.session_timer_of(&member.id, member.session_timeout_ms));
        Ok(Outcome { records, timers: timers.collect(), downgrade: None, reply: group })
    }
}

/// A member of a classic group as one of the group that it becomes.
fn carried(
    context: &Context<'_>,
    member: &Member,
    protocol: &str,
    epoch: MemberEpoch,
) -> Result<ConsumerMember, Refusal> {
    let malformed = |_: Malformed| {
        cannot_upgrade(context, "because the embedded consumer protocol is malformed.")
    };
    let assignment = Assignment::decode(&member.assignment).map_err(malformed)?;
    if assignment.has_user_data {
        return Err(cannot_upgrade(
            context,
            "because an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.",
        ));
    }
    if !member.offers(protocol) {
        return Err(Refusal::of(ErrorCode::UnknownServerError));
    }
    let subscription = Subscription::decode(&member.metadata(protocol)).map_err(malformed)?;
    let assigned: Partitions = assignment
        .partitions
        .into_iter()
        .filter_map(|(topic, partitions)| Some((context.topics.topic(&topic)?.0, partitions)))
        .flat_map(|(id, partitions)| partitions.into_iter().map(move |partition| (id, partition)))
        .collect();
    Ok(ConsumerMember {
        instance: member.instance.clone(),
        rack: subscription.rack,
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        topics: subscription.topics,
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        classic: Some(ClassicMemberMetadata {
            session_timeout_ms: member.session_timeout_ms,
            protocols: member.protocols.clone(),
        }),
        epoch,
        previous_epoch: epoch,
        state: ReconciliationState::Stable,
        since: context.settings.since(assigned.iter(), epoch),
        assigned,
        ..ConsumerMember::new(member.id.clone())
    })
}

fn cannot_upgrade(context: &Context<'_>, reason: &str) -> Refusal {
    Refusal::new(
        ErrorCode::GroupIdNotFound,
        format!("Cannot upgrade classic group {} to consumer group {reason}", context.group),
    )
}
