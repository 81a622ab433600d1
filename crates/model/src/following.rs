//! A follower's side of replication: it fetches, truncates what its leader does not have, and
//! appends (RECOV-07, RECOV-18, RECOV-23).

use std::sync::Arc;

use fencepost_ids::{BrokerId, LeaderEpoch, Offset};

use crate::append::log_config;
use crate::host::Host;
use crate::metadata::PartitionKey;
use crate::network::{Message, MessageBody, ReplicaFetch};
use crate::replication::FollowerFetch;
use crate::step::Step;

impl Host<'_> {
    /// Asks the leader of a partition for what follows in its log, in the term that the metadata
    /// names.
    pub(crate) fn fetch_from_leader(&mut self, key: PartitionKey) {
        let Some(partition) = self.metadata.partition(key) else { return };
        let leader_epoch = partition.leader_epoch;
        let Some(leader) = partition.leader.filter(|leader| *leader != self.broker) else { return };
        let Some(stored) = self.stored(key) else { return };
        let end = stored.log.end_offset();
        let last_fetched_epoch = stored.log.latest_leader_epoch().unwrap_or(LeaderEpoch::NONE);
        let high_watermark =
            self.followers.get(&key).map_or(Offset::ZERO, |own| own.high_watermark());
        let log_start = stored.log.start_offset();
        let body = MessageBody::Replicated {
            partition: key,
            leader_epoch,
            end,
            last_fetched_epoch,
            high_watermark,
            log_start,
        };
        self.send(leader, body);
    }

    /// The leader's answer: the log grows or is cut, and the next fetch follows at once.
    fn follow(&mut self, key: PartitionKey, leader_epoch: LeaderEpoch, fetched: &ReplicaFetch) {
        let now = self.now;
        let expiration = i64::from(self.config.settings.producer_id_expiration_ms);
        let Some(topic) = self.metadata.topic_at(key.topic) else { return };
        let config = log_config(&topic.settings);
        let Some(stored) = self.disk.get_mut(self.broker, key) else { return };
        let Some(replica) = self.followers.get_mut(&key).map(Arc::make_mut) else { return };
        match fetched {
            ReplicaFetch::Batches { batches, high_watermark, log_start } => {
                let log = &mut stored.log;
                replica.follow(log, batches, leader_epoch, now, &config, self.rules);
                replica.raise_high_watermark(*high_watermark);
                replica.follow_start(&mut stored.log, *log_start);
            }
            ReplicaFetch::Diverging(end) => {
                let (ended, agreed) = (stored.log.end_offset(), stored.log.agreed_end(*end));
                stored.truncate(replica, agreed, now, expiration, self.rules);
                self.tell_truncation(key, ended, agreed);
            }
            ReplicaFetch::BelowStart(log_start) => {
                let ended = stored.log.end_offset();
                stored.restart_at(*log_start);
                *replica = stored.load(now, expiration, self.rules);
                self.tell_truncation(key, ended, *log_start);
            }
        }
        self.moved.push((self.broker, key));
        self.wake_cleaner(key);
        self.fetch_from_leader(key);
    }

    /// Whether this broker follows a partition in a term.
    fn follows(&self, key: PartitionKey, term: LeaderEpoch) -> bool {
        self.followers.contains_key(&key)
            && self.metadata.partition(key).is_some_and(|own| own.leader_epoch == term)
    }
}

impl Step<'_> {
    /// A message between brokers arrives.
    pub(crate) fn deliver(&mut self, message: Message) {
        match message.body {
            MessageBody::Replicate { partition, leader_epoch, fetched } => {
                let Some(mut parts) = self.parts(message.to) else { return };
                if parts.host.follows(partition, leader_epoch) {
                    parts.host.follow(partition, leader_epoch, &fetched);
                }
            }
            MessageBody::Replicated {
                partition,
                leader_epoch,
                end,
                last_fetched_epoch,
                high_watermark,
                log_start,
            } => {
                let fetch = FollowerFetch { end, last_fetched_epoch, high_watermark, log_start };
                self.follower_fetches(message.from, message.to, partition, leader_epoch, fetch);
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
            MessageBody::Replicate { partition, leader_epoch, .. } => {
                self.fetch_again(message.to, partition, leader_epoch);
            }
            MessageBody::Replicated { partition, leader_epoch, .. } => {
                self.fetch_again(message.from, partition, leader_epoch);
            }
            MessageBody::WriteMarkers(_)
            | MessageBody::MarkersWritten { .. }
            | MessageBody::AskAboutTransactions(_)
            | MessageBody::TransactionsAnswered { .. } => crate::txn::lost(self, message),
        }
    }

    /// A fetch or its answer was lost; the next one starts at once.
    fn fetch_again(&mut self, follower: BrokerId, key: PartitionKey, leader_epoch: LeaderEpoch) {
        let Some(mut parts) = self.parts(follower) else { return };
        if parts.host.follows(key, leader_epoch) {
            parts.host.fetch_from_leader(key);
        }
    }
}
