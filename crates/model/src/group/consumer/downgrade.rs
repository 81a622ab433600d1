//! A KIP-848 group that becomes a classic one (GRP-61, GRP-62).

use std::collections::BTreeSet;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, MemberId};

use super::{ConsumerGroup, ConsumerMember, Context, Outcome, Refusal, Settings};
use crate::group::assign::Partitions;
use crate::group::classic::{ClassicGroup, Protocol};
use crate::group::records::{Assignment, ClassicGroupMemberValue, Malformed};

/// The classic group that a KIP-848 group becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Downgrade {
    /// The group, in which nobody has to do anything yet.
    pub(crate) group: ClassicGroup,
    /// Whether its members must join anew.
    pub(crate) rebalances: bool,
}

impl ConsumerGroup {
    /// Whether the group becomes a classic one when these members leave: all others speak the
    /// classic protocol, there are some, and the configuration lets it.
    pub(super) fn is_classic_without(
        &self,
        settings: &Settings,
        leaving: &BTreeSet<MemberId>,
    ) -> bool {
        let mut others = self.members().filter(|member| !leaving.contains(&member.id));
        let count = self.members.len().saturating_sub(leaving.len());
        count > 0
            && others.all(|member| member.classic.is_some())
            && settings.migration.allows_downgrade()
            && count <= settings.classic_max_size
    }

    /// Whether the group becomes a classic one when this static member comes back in the classic
    /// protocol: it was the last of the consumer protocol.
    pub(super) fn is_classic_with(&self, settings: &Settings, returning: &ConsumerMember) -> bool {
        let mut others = self.members().filter(|member| member.id != returning.id);
        returning.classic.is_none()
            && others.all(|member| member.classic.is_some())
            && settings.migration.allows_downgrade()
            && self.members.len() <= settings.classic_max_size
    }

    /// The group without these members, as a classic one that rebalances.
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND if a member's assignment cannot be written.
    pub(super) fn downgrade<R>(
        &self,
        context: &Context<'_>,
        leaving: &BTreeSet<MemberId>,
        reply: R,
    ) -> Result<Outcome<R>, Refusal> {
        let staying = self.members().filter(|member| !leaving.contains(&member.id));
        let group = self.as_classic(context, staying, |id| id.clone())?;
        let downgrade = Some(Downgrade { group, rebalances: true });
        Ok(Outcome { records: self.tombstones(), timers: Vec::new(), downgrade, reply })
    }

    /// The classic group of these members, with the targets of this group; `former` tells under
    /// which id a member's target stands.
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND if a member's assignment cannot be written.
    pub(super) fn as_classic<'a>(
        &self,
        context: &Context<'_>,
        members: impl Iterator<Item = &'a ConsumerMember>,
        former: impl Fn(&MemberId) -> MemberId,
    ) -> Result<ClassicGroup, Refusal> {
        let generation = GenerationId(self.epoch.0);
        let members = members.filter_map(classic_member);
        ClassicGroup::converted(context.now, generation, members, |id, subscription| {
            let target = self.target.get(&former(id)).cloned().unwrap_or_default();
            assignment(context, &target, subscription)
        })
        .map_err(|malformed| cannot_downgrade(context, malformed))
    }
}

/// Partitions in the bytes of the embedded protocol, for a member with this subscription; topics
/// that are gone are left out.
pub(super) fn assignment(
    context: &Context<'_>,
    partitions: &Partitions,
    subscription: &[u8],
) -> Result<Bytes, Malformed> {
    let named = partitions.topics().filter_map(|(id, partitions)| {
        let name = context.topics.name(id)?;
        Some((name, partitions.clone()))
    });
    Assignment { partitions: named.collect(), has_user_data: false }.encode(subscription)
}

fn classic_member(member: &ConsumerMember) -> Option<(ClassicGroupMemberValue, Vec<Protocol>)> {
    let classic = member.classic.as_ref()?;
    let value = ClassicGroupMemberValue {
        member: member.id.clone(),
        instance: member.instance.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        session_timeout_ms: classic.session_timeout_ms,
        subscription: Bytes::new(),
        assignment: Bytes::new(),
    };
    Some((value, classic.protocols.clone()))
}

fn cannot_downgrade(context: &Context<'_>, malformed: Malformed) -> Refusal {
    let reason = match malformed {
        Malformed::Version(version) => format!("Unsupported assignment version: {version}"),
        Malformed::Truncated | Malformed::Length(_) | Malformed::NotUtf8 => {
            "Buffer underflow while parsing consumer protocol's header".to_owned()
        }
    };
    Refusal::new(
        ErrorCode::GroupIdNotFound,
        format!("Cannot downgrade the classic group {}: {reason}.", context.group),
    )
}
