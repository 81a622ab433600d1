//! Consumer groups as their coordinators know them.

use std::collections::BTreeSet;
use std::sync::Arc;

use fencepost_ids::{
    BrokerId, ClientId, GroupId, InstanceId, LeaderEpoch, MemberId, Offset, PartitionIndex,
    ProducerId, Timestamp, TopicPartition,
};

use super::coordinators::{CoordinatorKey, CoordinatorState};
use crate::cluster::Cluster;
use crate::group::assign::Partitions;
use crate::group::classic::{self, ClassicGroup, assigned_partitions};
use crate::group::consumer::{self, ConsumerGroup, Settings};
use crate::group::offsets::CommittedOffset;
use crate::group::{Group, Shard};

/// What all running coordinators know of groups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupDirectory {
    /// The groups, by id.
    pub groups: Vec<GroupDescription>,
    /// The partitions of `__consumer_offsets` that a coordinator is still reading; their groups are
    /// not among the groups (TXOFF-75).
    pub loading: BTreeSet<PartitionIndex>,
}

/// A group in the memory of its coordinator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupDescription {
    /// Its id.
    pub group: GroupId,
    /// Its coordinator.
    pub coordinator: BrokerId,
    /// The partition of `__consumer_offsets` that holds it (TXOFF-01).
    pub partition: PartitionIndex,
    /// `classic` or `consumer` (GRP-43).
    pub kind: &'static str,
    /// Its state, by Kafka's name for it.
    pub state: &'static str,
    /// The generation of a classic group, the group epoch of a KIP-848 group.
    pub epoch: i32,
    /// The epoch that the target was computed for, in a KIP-848 group.
    pub assignment_epoch: Option<i32>,
    /// The protocol type; "" for a group that exists through its offsets alone (GRP-03).
    pub protocol_type: String,
    /// The selected protocol of a classic group, the assignor of a KIP-848 group.
    pub protocol: Option<String>,
    /// The leader of a classic group.
    pub leader: Option<MemberId>,
    /// The members, by id.
    pub members: Vec<MemberDescription>,
    /// The committed offsets, by partition.
    pub committed: Vec<CommittedOffsetDescription>,
    /// The offsets that wait for the end of a transaction, by producer id.
    pub pending: Vec<PendingOffsetDescription>,
}

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberDescription {
    /// Its id.
    pub member: MemberId,
    /// Its seat, if it is static (KIP-345).
    pub instance: Option<InstanceId>,
    /// What its client called itself.
    pub client_id: ClientId,
    /// Where its client connected from, with a leading slash.
    pub client_host: Arc<str>,
    /// Its epoch in a KIP-848 group; in a classic group the generation.
    pub epoch: i32,
    /// What it holds; in a classic group what its leader gave it, none if that is not in the
    /// format of consumers.
    pub assigned: Option<Vec<TopicPartition>>,
    /// What it holds and must give up, in a KIP-848 group.
    pub pending_revocation: Vec<TopicPartition>,
    /// What it should hold, in a KIP-848 group whose target is computed.
    pub target: Option<Vec<TopicPartition>>,
    /// Whether its JoinGroup or SyncGroup waits for the others, in a classic group.
    pub is_parked: bool,
}

/// A committed offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedOffsetDescription {
    /// Of which partition.
    pub partition: TopicPartition,
    /// The next offset to read.
    pub offset: Offset,
    /// The leader epoch of the last record read, if the client knew it.
    pub leader_epoch: Option<LeaderEpoch>,
    /// What the client wants to find again.
    pub metadata: Arc<str>,
    /// When it was committed.
    pub commit_time: Timestamp,
    /// Whether the high watermark of its log has passed it, so that every reader sees it.
    pub is_replicated: bool,
}

/// An offset that a transaction commits if it commits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingOffsetDescription {
    /// Whose transaction.
    pub producer_id: ProducerId,
    /// Of which partition.
    pub partition: TopicPartition,
    /// The next offset to read.
    pub offset: Offset,
    /// What the client wants to find again.
    pub metadata: Arc<str>,
}

impl Cluster {
    /// The groups of all running coordinators.
    #[must_use]
    pub fn groups(&self) -> GroupDirectory {
        let mut groups = Vec::new();
        let mut loading = BTreeSet::new();
        for (broker, running) in &self.brokers {
            loading.extend(running.group.loading_partitions());
            for shard in running.group.shards() {
                let of_shard = shard.groups();
                groups.extend(of_shard.map(|(id, group)| self.shown(*broker, shard, id, group)));
            }
        }
        groups.sort_by(|a, b| a.group.cmp(&b.group));
        GroupDirectory { groups, loading }
    }

    /// A group, if its running coordinator knows it.
    #[must_use]
    pub fn group(&self, id: &GroupId) -> Option<GroupDescription> {
        let CoordinatorState { partition, broker, .. } =
            self.coordinator(&CoordinatorKey::Group(id.clone()))?;
        let broker = broker?;
        let shard = self.brokers.get(&broker)?.group.shard_at(partition)?;
        Some(self.shown(broker, shard, id, shard.group(id)?))
    }

    fn shown(
        &self,
        coordinator: BrokerId,
        shard: &Shard,
        id: &GroupId,
        group: &Group,
    ) -> GroupDescription {
        let key = shard.key();
        let leader = self.brokers.get(&coordinator).and_then(|broker| broker.leaders.get(&key));
        let high_watermark = leader.map_or(Offset::ZERO, |own| own.replica.high_watermark());
        let committed = shard.offsets().committed_by(id, high_watermark);
        let pending = shard.offsets().pending_of(id);
        let described = GroupDescription {
            group: id.clone(),
            coordinator,
            partition: key.partition,
            kind: group.type_name(),
            state: group.state_name(),
            epoch: 0,
            assignment_epoch: None,
            protocol_type: group.protocol_type().to_owned(),
            protocol: None,
            leader: None,
            members: Vec::new(),
            committed: committed
                .map(|(partition, offset, is_replicated)| {
                    describe_committed(partition, offset, is_replicated)
                })
                .collect(),
            pending: pending
                .map(|(producer_id, partition, offset)| PendingOffsetDescription {
                    producer_id,
                    partition: partition.clone(),
                    offset: offset.offset,
                    metadata: offset.metadata.clone(),
                })
                .collect(),
        };
        match group {
            Group::Classic(classic) => with_classic(described, classic),
            Group::Consumer(consumer) => self.with_consumer(described, consumer),
        }
    }

    fn with_consumer(
        &self,
        described: GroupDescription,
        group: &ConsumerGroup,
    ) -> GroupDescription {
        let shown = group.describe(&Settings::of(&self.config));
        let members = shown.members.iter().map(|shown| {
            let consumer::MemberDescription { member, target, .. } = shown;
            MemberDescription {
                member: member.id.clone(),
                instance: member.instance.clone(),
                client_id: member.client_id.clone(),
                client_host: Arc::clone(&member.client_host),
                epoch: member.epoch.0,
                assigned: Some(self.named(&member.assigned)),
                pending_revocation: self.named(&member.pending_revocation),
                target: target.map(|target| self.named(target)),
                is_parked: false,
            }
        });
        GroupDescription {
            epoch: shown.epoch.0,
            assignment_epoch: Some(shown.assignment_epoch.0),
            protocol: Some(shown.assignor.name().to_owned()),
            members: members.collect(),
            ..described
        }
    }

    /// Partitions by name, in order; those of topics that are gone are left out.
    fn named(&self, partitions: &Partitions) -> Vec<TopicPartition> {
        let mut named: Vec<_> = partitions
            .iter()
            .filter_map(|(id, partition)| {
                let topic = self.metadata.topic_by_id(id)?.name.clone();
                Some(TopicPartition { topic, partition })
            })
            .collect();
        named.sort();
        named
    }
}

fn with_classic(described: GroupDescription, group: &ClassicGroup) -> GroupDescription {
    let generation = group.generation().0;
    let members = group.members().map(|member| describe_member(member, group, generation));
    GroupDescription {
        epoch: generation,
        protocol: group.protocol().map(str::to_owned),
        leader: group.leader().cloned(),
        members: members.collect(),
        ..described
    }
}

fn describe_member(
    member: &classic::Member,
    group: &ClassicGroup,
    generation: i32,
) -> MemberDescription {
    let assigned = if member.assignment.is_empty() {
        Some(Vec::new())
    } else {
        let read = || assigned_partitions(&member.assignment).ok();
        group.speaks_consumer_protocol().then(read).flatten()
    };
    MemberDescription {
        member: member.id.clone(),
        instance: member.instance.clone(),
        client_id: member.client_id.clone(),
        client_host: Arc::clone(&member.client_host),
        epoch: generation,
        assigned,
        pending_revocation: Vec::new(),
        target: None,
        is_parked: member.is_parked(),
    }
}

fn describe_committed(
    partition: &TopicPartition,
    committed: &CommittedOffset,
    is_replicated: bool,
) -> CommittedOffsetDescription {
    CommittedOffsetDescription {
        partition: partition.clone(),
        offset: committed.offset,
        leader_epoch: committed.leader_epoch,
        metadata: Arc::clone(&committed.metadata),
        commit_time: committed.commit_time,
        is_replicated,
    }
}
