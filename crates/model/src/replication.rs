//! How a leader's log reaches its followers, and how the high watermark follows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{BrokerId, LeaderEpoch, Offset, Timestamp};
use fencepost_log::ReplicaState;

use crate::append::log_rules;
use crate::config::ClusterConfig;
use crate::disk::Stored;
use crate::host::Host;
use crate::metadata::{Partition, PartitionKey};
use crate::network::{Message, MessageBody};
use crate::step::Step;

/// A leader's memory of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Leader {
    /// The term.
    pub(crate) epoch: LeaderEpoch,
    /// The log end offset when the term began (API-35).
    pub(crate) epoch_start: Offset,
    /// Producers, open transactions and the high watermark.
    pub(crate) replica: ReplicaState,
    /// How far each follower is known to be.
    followers: BTreeMap<BrokerId, Offset>,
    /// Followers with a turn of replication on its way.
    asked: BTreeSet<BrokerId>,
}

impl Leader {
    /// A leader at the start of its term, with the high watermark that it last knew (RECOV-10). A
    /// broker that kept the partition in memory goes on from there; one that did not rebuilds its
    /// memory from the log.
    pub(crate) fn take_over(
        stored: &mut Stored,
        in_memory: Option<ReplicaState>,
        broker: BrokerId,
        partition: &Partition,
        config: &ClusterConfig,
        now: Timestamp,
    ) -> Self {
        let epoch_start = stored.log.end_offset();
        stored.log.begin_leader_epoch(partition.leader_epoch);
        let rules = log_rules(config);
        let known = stored.replicas.get(&broker).map_or(Offset::ZERO, |own| own.high_watermark);
        let replica = match in_memory.filter(|replica| replica.end_offset() <= epoch_start) {
            Some(mut replica) => {
                replica.catch_up(&stored.log, epoch_start, &rules);
                replica.raise_high_watermark(known);
                replica
            }
            None => {
                let expiration = i64::from(config.settings.producer_id_expiration_ms);
                ReplicaState::load(&stored.log, epoch_start, known, &[], now, expiration, &rules)
            }
        };
        Self {
            epoch: partition.leader_epoch,
            epoch_start,
            replica,
            followers: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }
}

impl Host<'_> {
    /// The log of a partition grew: its own prefix does, the high watermark may, and followers
    /// are served.
    pub(crate) fn appended(&mut self, key: PartitionKey) {
        let broker = self.broker;
        let Some(stored) = self.disk.get_mut(key) else { return };
        let end = stored.log.end_offset();
        stored.extend_replica(broker, end);
        self.moved.push((broker, key));
        self.raise_high_watermark(key);
        let followers: Vec<_> = self
            .metadata
            .partition(key)
            .map(|partition| {
                partition.replicas.iter().copied().filter(|id| *id != broker).collect()
            })
            .unwrap_or_default();
        for follower in followers {
            self.replicate_to(follower, key);
        }
    }

    /// The high watermark is the lowest end among the in-sync replicas, never lowered, and stays
    /// where it is while too few are in sync (LSO-01).
    pub(crate) fn raise_high_watermark(&mut self, key: PartitionKey) {
        let broker = self.broker;
        let Some(topic) = self.metadata.topic_at(key.topic) else { return };
        let Some(partition) = topic.partition(key.partition) else { return };
        if !partition.has_enough_in_sync(&topic.settings) {
            return;
        }
        let Some(leader) = self.leaders.get_mut(&key) else { return };
        let Some(stored) = self.disk.get_mut(key) else { return };
        let leader = Arc::make_mut(leader);
        let end = stored.log.end_offset();
        let end_of = |id: &BrokerId| match id {
            id if *id == broker => end,
            id => leader.followers.get(id).copied().unwrap_or(Offset::ZERO),
        };
        let lowest = partition.in_sync.iter().map(end_of).min().unwrap_or(end);
        if leader.replica.raise_high_watermark(lowest) {
            if let Some(own) = stored.replicas.get_mut(&broker) {
                own.high_watermark = lowest;
            }
            self.moved.push((broker, key));
        }
    }

    /// Serves a follower, unless a turn is on its way already.
    pub(crate) fn replicate_to(&mut self, follower: BrokerId, key: PartitionKey) {
        let Some(leader) = self.leaders.get_mut(&key) else { return };
        if leader.asked.contains(&follower) {
            return;
        }
        let leader_epoch = leader.epoch;
        if self.metadata.live_broker(follower).is_some() {
            Arc::make_mut(leader).asked.insert(follower);
            self.send(follower, MessageBody::Replicate { partition: key, leader_epoch });
        }
    }
}

impl Step<'_> {
    /// A message between brokers arrives.
    pub(crate) fn deliver(&mut self, message: Message) {
        match message.body {
            MessageBody::Replicate { partition, leader_epoch } => {
                self.copy_from_leader(message.from, message.to, partition, leader_epoch);
            }
            MessageBody::Replicated { partition, leader_epoch, end } => {
                self.follower_is_at(message.from, message.to, partition, leader_epoch, end);
            }
            MessageBody::WriteMarkers(_)
            | MessageBody::MarkersWritten { .. }
            | MessageBody::AskAboutTransactions(_)
            | MessageBody::TransactionsAnswered { .. } => crate::txn::delivered(self, message),
        }
    }

    /// A message between brokers is lost: its sender, or the asker whose answer it was, sees a
    /// broken connection.
    pub(crate) fn lost(&mut self, message: Message) {
        match message.body {
            // The follower asks again.
            MessageBody::Replicate { partition, leader_epoch } => {
                self.turn_lost(message.from, message.to, partition, leader_epoch);
            }
            MessageBody::Replicated { partition, leader_epoch, .. } => {
                self.turn_lost(message.to, message.from, partition, leader_epoch);
            }
            MessageBody::WriteMarkers(_)
            | MessageBody::MarkersWritten { .. }
            | MessageBody::AskAboutTransactions(_)
            | MessageBody::TransactionsAnswered { .. } => crate::txn::lost(self, message),
        }
    }

    /// A follower takes what the leader has, and says how far it is.
    fn copy_from_leader(
        &mut self,
        leader: BrokerId,
        follower: BrokerId,
        key: PartitionKey,
        leader_epoch: LeaderEpoch,
    ) {
        let current = self.broker(leader).and_then(|broker| broker.leaders.get(&key).cloned());
        let Some(current) = current.filter(|current| current.epoch == leader_epoch) else { return };
        let Some(stored) = self.cluster.disk.get_mut(key) else { return };
        let end = stored.log.end_offset();
        let Some(own) = stored.replicas.get_mut(&follower) else { return };
        own.end = end;
        own.high_watermark = current.replica.high_watermark().min(end);
        let Some(mut parts) = self.parts(follower) else { return };
        parts.host.send(leader, MessageBody::Replicated { partition: key, leader_epoch, end });
    }

    /// The leader learns how far a follower is.
    fn follower_is_at(
        &mut self,
        follower: BrokerId,
        leader: BrokerId,
        key: PartitionKey,
        leader_epoch: LeaderEpoch,
        end: Offset,
    ) {
        let Some(mut parts) = self.parts(leader) else { return };
        let host = &mut parts.host;
        let Some(current) = host.leaders.get_mut(&key).filter(|own| own.epoch == leader_epoch)
        else {
            return;
        };
        let current = Arc::make_mut(current);
        current.asked.remove(&follower);
        current.followers.insert(follower, end);
        let high_watermark = current.replica.high_watermark();
        if end >= high_watermark {
            host.metadata.join_in_sync(key, follower);
        }
        host.raise_high_watermark(key);
        let behind = host.stored(key).is_some_and(|stored| end < stored.log.end_offset());
        if behind {
            host.replicate_to(follower, key);
        }
    }

    /// A turn of replication was lost on the way; the next one starts at once.
    fn turn_lost(
        &mut self,
        leader: BrokerId,
        follower: BrokerId,
        key: PartitionKey,
        leader_epoch: LeaderEpoch,
    ) {
        let Some(mut parts) = self.parts(leader) else { return };
        let host = &mut parts.host;
        let Some(current) = host.leaders.get_mut(&key).filter(|own| own.epoch == leader_epoch)
        else {
            return;
        };
        Arc::make_mut(current).asked.remove(&follower);
        host.replicate_to(follower, key);
    }

    /// Has a leader serve a follower that may be behind.
    pub(crate) fn replicate(&mut self, leader: BrokerId, follower: BrokerId, key: PartitionKey) {
        if let Some(mut parts) = self.parts(leader) {
            parts.host.replicate_to(follower, key);
        }
    }

    /// Looks whether a leader's high watermark can move.
    pub(crate) fn raise_high_watermark(&mut self, leader: BrokerId, key: PartitionKey) {
        if let Some(mut parts) = self.parts(leader) {
            parts.host.raise_high_watermark(key);
        }
    }
}
