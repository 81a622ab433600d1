//! The group coordinator of one broker: which partitions of `__consumer_offsets` it has, and what
//! happens to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{
    BrokerId, ErrorCode, GroupId, Offset, PartitionIndex, Rule, TopicName, partition_of,
};
use fencepost_log::Marker;

use super::answers::Answers;
use super::{Group, Shard, ShardStep};
use crate::api::txn_offset_commit::Commit;
use crate::broker::Broker;
use crate::config::ClusterConfig;
use crate::metadata::CONSUMER_OFFSETS;
use crate::step::{Parts, Step};
use crate::timers::Timer;

/// TxnOffsetCommits whose transactions are being verified, by the serial numbers of their tickets
/// (TXOFF-14).
type TxnCommits = BTreeMap<u64, Commit>;

/// A broker's share of the groups: those whose partition of `__consumer_offsets` it leads.
#[derive(Clone, Default, Debug)]
pub(crate) struct GroupCoordinator {
    shards: BTreeMap<PartitionIndex, Arc<Shard>>,
    /// Partitions that it leads and has not read yet.
    loading: BTreeSet<PartitionIndex>,
    pub(super) answers: Answers,
    pub(crate) verifying: TxnCommits,
}

impl GroupCoordinator {
    /// The loaded shards, by partition.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values().map(|shard| &**shard)
    }

    /// The partitions that are still being read.
    pub(crate) fn loading_partitions(&self) -> impl Iterator<Item = PartitionIndex> {
        self.loading.iter().copied()
    }

    /// The state of a group by its name on the wire.
    pub(crate) fn state_of(
        &self,
        partition: PartitionIndex,
        group: &GroupId,
    ) -> Option<&'static str> {
        self.shards.get(&partition)?.group(group).map(Group::state_name)
    }

    /// The shard of a partition, if it is loaded.
    pub(crate) fn shard_at(&self, partition: PartitionIndex) -> Option<&Shard> {
        self.shards.get(&partition).map(|shard| &**shard)
    }

    /// Whether any partition is still being read (GRP-43).
    pub(crate) fn is_loading(&self) -> bool {
        !self.loading.is_empty()
    }
}

impl Step<'_> {
    /// The partition of `__consumer_offsets` that a group belongs to; none while there is no such
    /// topic (TXOFF-01, TXOFF-05).
    pub(crate) fn partition_of_group(&self, group: &str) -> Option<PartitionIndex> {
        let topic = self.cluster.metadata.topic(CONSUMER_OFFSETS)?;
        Some(partition_of(group, topic.partition_count()))
    }

    /// The shard of a group, if this broker is its coordinator (TXOFF-03).
    ///
    /// # Errors
    /// `NOT_COORDINATOR`, or `COORDINATOR_LOAD_IN_PROGRESS` until the partition is read.
    pub(crate) fn shard_of(
        &mut self,
        broker: BrokerId,
        group: &str,
    ) -> Result<ShardStep<'_>, ErrorCode> {
        let partition = self.partition_of_group(group).ok_or(ErrorCode::NotCoordinator)?;
        let loads = |running: &mut Broker| {
            let group = &running.group;
            group.loading.contains(&partition) && !group.shards.contains_key(&partition)
        };
        if self.broker(broker).is_some_and(loads) {
            return Err(ErrorCode::CoordinatorLoadInProgress);
        }
        let mut shard = self.shard(broker, partition).ok_or(ErrorCode::NotCoordinator)?;
        shard.host.touch_group(group);
        Ok(shard)
    }

    fn shard(&mut self, broker: BrokerId, partition: PartitionIndex) -> Option<ShardStep<'_>> {
        let Parts { group, host, .. } = self.parts(broker)?;
        let shard = Arc::make_mut(group.shards.get_mut(&partition)?);
        Some(ShardStep { shard, answers: &mut group.answers, host })
    }

    fn partitions_of_coordinator(&mut self, broker: BrokerId) -> Vec<PartitionIndex> {
        let Some(broker) = self.broker(broker) else { return Vec::new() };
        broker.group.shards.keys().chain(&broker.group.loading).copied().collect()
    }
}

/// A broker starts: the coordinator sets its standing timers.
pub(crate) fn started(step: &mut Step<'_>, broker: BrokerId) {
    let interval = step.cluster.config.settings.offsets_retention_check_interval_ms;
    let timer = Timer::OffsetExpiration { broker };
    step.cluster.timers.set(timer, step.now.plus_millis(interval));
}

/// A broker became the leader of a partition of `__consumer_offsets`, in a new term: unless it had
/// it before, it begins to read the log (TXOFF-75). An empty log takes no time.
pub(crate) fn elected(step: &mut Step<'_>, broker: BrokerId, partition: PartitionIndex) {
    let Some(Parts { group, host, .. }) = step.parts(broker) else { return };
    if group.shards.contains_key(&partition) || !group.loading.insert(partition) {
        return;
    }
    let ClusterConfig { release, rules, .. } = *host.config;
    let Some(key) = host.key(CONSUMER_OFFSETS, partition) else { return };
    if !rules.is_on(Rule::LoadBeforeService) {
        group.shards.insert(partition, Arc::new(Shard::new(key, release, rules)));
    }
    let stored = host.stored(key);
    if stored.is_some_and(|stored| stored.log.end_offset() > stored.log.start_offset()) {
        host.timers.set(Timer::GroupLoad { broker, partition }, host.now);
    } else {
        finish_load(step, broker, partition);
    }
}

/// The log is read: in one step the groups and offsets are there.
fn finish_load(step: &mut Step<'_>, broker: BrokerId, partition: PartitionIndex) {
    let now = step.now;
    let Some(Parts { group, host, .. }) = step.parts(broker) else { return };
    if !group.loading.remove(&partition) {
        return;
    }
    let Some(key) = host.key(CONSUMER_OFFSETS, partition) else { return };
    let Some(stored) = host.stored(key) else { return };
    group.shards.insert(partition, Arc::new(Shard::load(key, &stored.log, host.config, now)));
    if let Some(mut shard) = step.shard(broker, partition) {
        shard.loaded();
    }
}

/// Whether a marker may be appended to a partition: its offsets must be there to be settled
/// (TXOFF-40).
pub(crate) fn accepts_markers(
    step: &mut Step<'_>,
    broker: BrokerId,
    partition: PartitionIndex,
) -> bool {
    step.broker(broker).is_some_and(|running| running.group.shards.contains_key(&partition))
}

/// A running broker no longer leads a partition of `__consumer_offsets` (TXOFF-76).
pub(crate) fn resigned(step: &mut Step<'_>, broker: BrokerId, partition: PartitionIndex) {
    if let Some(mut shard) = step.shard(broker, partition) {
        shard.unload();
    }
    step.cluster.timers.cancel(&Timer::GroupLoad { broker, partition });
    if let Some(broker) = step.broker(broker) {
        broker.group.loading.remove(&partition);
        broker.group.shards.remove(&partition);
    }
}

/// The log or the high watermark of a partition of `__consumer_offsets` moved.
pub(crate) fn replicated(
    step: &mut Step<'_>,
    broker: BrokerId,
    partition: PartitionIndex,
    _high_watermark: Offset,
) {
    if let Some(mut shard) = step.shard(broker, partition) {
        shard.replicated();
    }
}

/// A marker was appended to a partition of `__consumer_offsets`: the pending offsets of its
/// producer id are applied or dropped at once, as its answer waits for the replicas anyway
/// (MARKIN-07, TXOFF-36 to TXOFF-40).
pub(crate) fn marker_appended(
    step: &mut Step<'_>,
    broker: BrokerId,
    partition: PartitionIndex,
    marker: &Marker,
    offset: Offset,
) {
    if let Some(mut shard) = step.shard(broker, partition) {
        shard.settle_transaction(offset, marker.producer_id, marker.marker_type);
    }
}

/// A timer of the group coordinator fires.
pub(crate) fn fire(step: &mut Step<'_>, timer: &Timer) {
    match timer {
        Timer::OffsetExpiration { broker } => {
            started(step, *broker);
            for partition in step.partitions_of_coordinator(*broker) {
                if let Some(mut shard) = step.shard(*broker, partition) {
                    shard.expire_offsets();
                }
            }
        }
        Timer::GroupAppend { broker, partition, serial } => {
            if let Some(mut shard) = step.shard(*broker, *partition) {
                shard.timed_out(*serial);
            }
        }
        Timer::GroupLoad { broker, partition } => finish_load(step, *broker, *partition),
        Timer::GroupMarkers { broker, partition } => {
            if let Some(mut shard) = step.shard(*broker, *partition) {
                shard.settle_late();
            }
        }
        Timer::Group { broker, group, kind } => {
            if let Ok(mut shard) = step.shard_of(*broker, group) {
                shard.fire(group, kind);
            }
        }
        // Timers of other parts of the broker.
        Timer::Parked { .. }
        | Timer::VerificationRetry { .. }
        | Timer::TransactionTimeouts { .. }
        | Timer::TransactionalIdExpiration { .. }
        | Timer::TransactionAppend { .. }
        | Timer::TransactionLoad { .. }
        | Timer::MarkerRetry { .. }
        | Timer::ProducerIdBlock { .. }
        | Timer::ProducerExpiration { .. }
        | Timer::LogRetention { .. }
        | Timer::LogCleaner { .. }
        | Timer::HighWatermarkCheckpoint { .. }
        | Timer::ReplicaLag { .. } => {}
    }
}

/// A topic was deleted: its offsets go (TXOFF-66), or, if it is that of the groups, all of them.
pub(crate) fn topic_deleted(step: &mut Step<'_>, topic: &TopicName) {
    let brokers: Vec<_> = step.cluster.brokers.keys().copied().collect();
    for broker in brokers {
        for partition in step.partitions_of_coordinator(broker) {
            if &**topic == CONSUMER_OFFSETS {
                resigned(step, broker, partition);
            } else if let Some(mut shard) = step.shard(broker, partition) {
                shard.topic_deleted(topic);
            }
        }
    }
}

/// A topic was created, deleted or grew (G848-15).
pub(crate) const fn topics_changed(_step: &mut Step<'_>) {}
