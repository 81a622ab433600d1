//! Consumer groups as their coordinators know them.

use axum::Json;
use axum::extract::State;
use fencepost_model::{
    CommittedOffsetDescription, GroupDescription, MemberDescription, PendingOffsetDescription,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reading::{Asked, Cluster, GroupPath, Named};
use super::refusal::Refusal;
use super::transactions::Partition;
use super::waiting::{Within, not_yet};

/// What all running coordinators know of groups.
#[derive(Serialize, ToSchema)]
pub(super) struct Groups {
    /// The groups, by id.
    groups: Vec<Group>,
    /// The partitions of `__consumer_offsets` that a coordinator is still reading; their groups are
    /// not among the groups.
    loading: Vec<i32>,
}

/// A group in the memory of its coordinator.
#[derive(Serialize, ToSchema)]
pub(super) struct Group {
    /// Its id.
    group: String,
    /// Which protocol it speaks.
    kind: Kind,
    /// Its state, by Kafka's name for it, as in Stable.
    state: String,
    /// The generation of a classic group, the group epoch of a consumer group.
    epoch: i32,
    /// The epoch that the target was computed for; null in a classic group.
    assignment_epoch: Option<i32>,
    /// The protocol type; empty for a group that exists through its offsets alone.
    protocol_type: String,
    /// The selected protocol of a classic group, the assignor of a consumer group.
    protocol: Option<String>,
    /// The leader of a classic group.
    leader: Option<String>,
    /// The members, by id.
    members: Vec<Member>,
    /// The committed offsets, by partition.
    committed: Vec<Committed>,
    /// The offsets that wait for the end of a transaction.
    pending: Vec<Pending>,
    /// The broker of its coordinator.
    coordinator: i32,
    /// The partition of `__consumer_offsets` that holds it.
    partition: i32,
}

/// The protocol of a group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GroupKind)]
enum Kind {
    /// JoinGroup and SyncGroup.
    Classic,
    /// KIP-848.
    Consumer,
}

/// A member of a group.
#[derive(Serialize, ToSchema)]
pub(super) struct Member {
    /// Its id.
    member: String,
    /// Its seat, if it is static.
    instance: Option<String>,
    /// What its client called itself.
    client_id: String,
    /// Where its client connected from, with a leading slash.
    client_host: String,
    /// Its epoch in a consumer group, the generation in a classic group.
    epoch: i32,
    /// What it holds; null in a classic group whose assignments are not those of consumers.
    assigned: Option<Vec<Partition>>,
    /// What it holds and must give up, in a consumer group.
    pending_revocation: Vec<Partition>,
    /// What it should hold, in a consumer group whose target is computed.
    target: Option<Vec<Partition>>,
    /// Whether its JoinGroup or SyncGroup waits for the others.
    parked: bool,
}

/// A committed offset.
#[derive(Serialize, ToSchema)]
pub(super) struct Committed {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// The next offset to read.
    offset: i64,
    /// The leader epoch of the last record read, if the client knew it.
    leader_epoch: Option<i32>,
    /// What the client wants to find again.
    metadata: String,
    /// When it was committed, in milliseconds since 1970.
    commit_ms: i64,
    /// Whether the high watermark of its log has passed it.
    replicated: bool,
}

/// An offset that a transaction commits if it commits.
#[derive(Serialize, ToSchema)]
pub(super) struct Pending {
    /// Whose transaction.
    producer_id: i64,
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// The next offset to read.
    offset: i64,
    /// What the client wants to find again.
    metadata: String,
}

/// The groups that the running coordinators know.
#[utoipa::path(get, path = "/groups", tag = "groups", responses(
    (status = 200, description = "The groups", body = Groups),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Groups>, Refusal> {
    let directory = cluster.look(fencepost_model::Cluster::groups)?;
    Ok(Json(Groups {
        groups: directory.groups.into_iter().map(Group::from).collect(),
        loading: directory.loading.into_iter().map(|partition| partition.0).collect(),
    }))
}

/// What to wait for, and how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    /// Until it is in this state; it need not be known yet.
    #[param(inline)]
    state: Option<GroupState>,
    /// Until it has so many members; it need not be known yet.
    #[param(minimum = 0, maximum = 65_535)]
    members: Option<u16>,
    /// For so many milliseconds of the machine's time at most.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25_000, default = 10_000, value_type = u64)]
    within_ms: Within,
}

/// The state of a group of either protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
enum GroupState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Assigning,
    Reconciling,
    Stable,
    Dead,
}

impl GroupState {
    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }
}

/// One group: as it is now, or as soon as it is in a state and has so many members.
#[utoipa::path(get, path = "/groups/{group}", tag = "groups", params(GroupPath, Until), responses(
    (status = 200, description = "The group", body = Group),
    (status = 404, description = "No running coordinator knows it", body = super::refusal::Body),
    (status = 408, description = "It was not so in that time", body = super::refusal::Body),
))]
pub(super) async fn one(
    State(cluster): Cluster,
    Named(GroupPath { group: id }): Named<GroupPath>,
    Asked(Until { state, members, within_ms }): Asked<Until>,
) -> Result<Json<Group>, Refusal> {
    let state = state.map(GroupState::name);
    if state.is_none() && members.is_none() {
        return Ok(Json(cluster.group(&id)?.into()));
    }
    let wait = cluster.group_until(&id, move |group| {
        state.is_none_or(|state| state == group.state)
            && members.is_none_or(|members| usize::from(members) == group.members.len())
    });
    if let Some(group) = within_ms.wait(wait).await? {
        return Ok(Json(group.into()));
    }
    let is = match cluster.group(&id) {
        Ok(group) => {
            format!("the group `{id}` is {} with {} members", group.state, group.members.len())
        }
        Err(unknown) => unknown.to_string(),
    };
    let state = state.map(|state| format!(" {state}")).unwrap_or_default();
    let members = members.map(|members| format!(" with {members} members")).unwrap_or_default();
    Err(not_yet(
        format!("not{state}{members}: {is}"),
        "wait again, or see with GET /held and GET /timers what it waits for",
    ))
}

impl From<GroupDescription> for Group {
    fn from(group: GroupDescription) -> Self {
        Self {
            group: group.group.to_string(),
            kind: if group.kind == "consumer" { Kind::Consumer } else { Kind::Classic },
            state: group.state.to_owned(),
            epoch: group.epoch,
            assignment_epoch: group.assignment_epoch,
            protocol_type: group.protocol_type,
            protocol: group.protocol,
            leader: group.leader.map(|leader| leader.to_string()),
            members: group.members.into_iter().map(Member::from).collect(),
            committed: group.committed.into_iter().map(Committed::from).collect(),
            pending: group.pending.into_iter().map(Pending::from).collect(),
            coordinator: group.coordinator.0,
            partition: group.partition.0,
        }
    }
}

impl From<MemberDescription> for Member {
    fn from(member: MemberDescription) -> Self {
        let shown = |partitions: Vec<_>| partitions.iter().map(Partition::from).collect();
        Self {
            member: member.member.to_string(),
            instance: member.instance.map(|instance| instance.to_string()),
            client_id: member.client_id.to_string(),
            client_host: member.client_host.to_string(),
            epoch: member.epoch,
            assigned: member.assigned.map(shown),
            pending_revocation: shown(member.pending_revocation),
            target: member.target.map(shown),
            parked: member.is_parked,
        }
    }
}

impl From<CommittedOffsetDescription> for Committed {
    fn from(committed: CommittedOffsetDescription) -> Self {
        Self {
            topic: committed.partition.topic.to_string(),
            partition: committed.partition.partition.0,
            offset: committed.offset.0,
            leader_epoch: committed.leader_epoch.map(|epoch| epoch.0),
            metadata: committed.metadata.to_string(),
            commit_ms: committed.commit_time.0,
            replicated: committed.is_replicated,
        }
    }
}

impl From<PendingOffsetDescription> for Pending {
    fn from(pending: PendingOffsetDescription) -> Self {
        Self {
            producer_id: pending.producer_id.0,
            topic: pending.partition.topic.to_string(),
            partition: pending.partition.partition.0,
            offset: pending.offset.0,
            metadata: pending.metadata.to_string(),
        }
    }
}
