//! Brokers that start, crash and return, and leaders that change.

use std::sync::Arc;

use fencepost_ids::{BrokerId, CoordinatorEpoch, Offset, PartitionIndex};

use crate::append::log_rules;
use crate::broker::Broker;
use crate::group;
use crate::metadata::{CONSUMER_OFFSETS, PartitionKey, TRANSACTION_STATE};
use crate::parked::Parked;
use crate::replication::Leader;
use crate::step::Step;
use crate::timers::Timer;
use crate::{api, txn};

impl Step<'_> {
    /// A broker begins with empty memory and its standing timers.
    pub(crate) fn start_broker(&mut self, id: BrokerId) {
        self.cluster.brokers.insert(id, Arc::new(Broker::default()));
        let settings = &self.cluster.config.settings;
        let sweep = i64::from(settings.producer_id_expiration_check_interval_ms);
        let timers = &mut self.cluster.timers;
        timers.set(Timer::ProducerExpiration { broker: id }, self.now.plus_millis(sweep));
        txn::started(self, id);
        group::started(self, id);
    }

    pub(crate) fn crash(&mut self, id: BrokerId) {
        if self.cluster.brokers.remove(&id).is_none() {
            return;
        }
        self.cluster.timers.forget(id);
        let connections: Vec<_> = self
            .cluster
            .connections
            .iter()
            .filter(|(_, connection)| connection.broker == id)
            .map(|(connection, _)| *connection)
            .collect();
        for connection in connections {
            self.close(connection, format!("broker {id} crashed"));
        }
        // Elections come before the broken connections are noticed, so that a retry finds the new
        // leader.
        let changed = self.cluster.metadata.broker_down(id);
        self.leaders_changed(&changed);
        for message in self.cluster.network.cut(id) {
            self.lost(message);
        }
        txn::crashed(self, id);
    }

    pub(crate) fn restart(&mut self, id: BrokerId) {
        let known = self.cluster.config.brokers.iter().any(|broker| broker.id == id);
        if !known || self.cluster.is_running(id) {
            return;
        }
        self.start_broker(id);
        let changed = self.cluster.metadata.broker_up(id);
        self.leaders_changed(&changed);
        // What it follows catches up by replication.
        for key in self.cluster.metadata.hosted_by(id) {
            if let Some(leader) = self.cluster.metadata.leader(key)
                && leader != id
            {
                self.replicate(leader, id, key);
            }
        }
    }

    pub(crate) fn elect(&mut self, topic: &str, partition: PartitionIndex, leader: BrokerId) {
        let Some(key) = self.cluster.metadata.key(topic, partition) else { return };
        let former = self.cluster.metadata.leader(key);
        if self.cluster.metadata.set_leader(key, leader) {
            if let Some(former) = former.filter(|former| *former != leader) {
                self.resign(former, key);
            }
            self.become_leader(leader, key);
        }
    }

    /// Partitions got another leader, a new term, or another in-sync set.
    fn leaders_changed(&mut self, changed: &[PartitionKey]) {
        for key in changed {
            let Some(partition) = self.cluster.metadata.partition(*key) else { continue };
            let (Some(leader), epoch) = (partition.leader, partition.leader_epoch) else {
                continue;
            };
            let current = self.broker(leader).and_then(|broker| broker.leaders.get(key).cloned());
            if current.is_some_and(|current| current.epoch == epoch) {
                self.raise_high_watermark(leader, *key);
            } else {
                self.become_leader(leader, *key);
            }
        }
    }

    /// A broker takes over a partition in the term that the metadata names: the history is cut to
    /// what it holds, and its memory of the partition is rebuilt from there (RECOV-11, RECOV-12).
    pub(crate) fn become_leader(&mut self, id: BrokerId, key: PartitionKey) {
        let now = self.now;
        let Some(partition) = self.cluster.metadata.partition(key).cloned() else { return };
        let Some(stored) = self.cluster.disk.get_mut(key) else { return };
        if stored.cut_to(id) {
            // What is cut may be in somebody's memory of an earlier term.
            let end = stored.log.end_offset();
            for broker in self.cluster.brokers.values_mut().map(Arc::make_mut) {
                broker.former.retain(|other, replica| *other != key || replica.end_offset() <= end);
            }
        }
        let Some(broker) = self.cluster.brokers.get_mut(&id).map(Arc::make_mut) else { return };
        let Some(stored) = self.cluster.disk.get_mut(key) else { return };
        let in_memory = match broker.leaders.remove(&key) {
            Some(leader) => Some(Arc::unwrap_or_clone(leader).replica),
            None => broker.former.remove(&key),
        };
        let leader =
            Leader::take_over(stored, in_memory, id, &partition, &self.cluster.config, now);
        broker.leaders.insert(key, Arc::new(leader));
        self.cluster.moved.push((id, key));
        for follower in partition.replicas.iter().filter(|replica| **replica != id) {
            self.replicate(id, *follower, key);
        }
        self.raise_high_watermark(id, key);
        let Some(topic) = self.cluster.metadata.topic_at(key.topic) else { return };
        let epoch = CoordinatorEpoch(partition.leader_epoch.0);
        match &*topic.name {
            TRANSACTION_STATE => txn::elected(self, id, key.partition, epoch),
            CONSUMER_OFFSETS => group::elected(self, id, key.partition),
            _ => {}
        }
    }

    /// A running broker no longer leads a partition.
    fn resign(&mut self, id: BrokerId, key: PartitionKey) {
        let Some(broker) = self.broker(id) else { return };
        if let Some(leader) = broker.leaders.remove(&key) {
            broker.former.insert(key, Arc::unwrap_or_clone(leader).replica);
        }
        self.cluster.moved.push((id, key));
        let Some(topic) = self.cluster.metadata.topic_at(key.topic) else { return };
        match &*topic.name {
            TRANSACTION_STATE => txn::resigned(self, id, key.partition),
            CONSUMER_OFFSETS => group::resigned(self, id, key.partition),
            _ => {}
        }
    }

    /// Lets everything look that waits for what moved in this step, until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        while !self.cluster.moved.is_empty() {
            for (broker, key) in std::mem::take(&mut self.cluster.moved) {
                self.look_again(broker, key);
            }
        }
    }

    fn look_again(&mut self, id: BrokerId, key: PartitionKey) {
        let name = self.cluster.metadata.topic_at(key.topic).map(|topic| topic.name.clone());
        let Some(broker) = self.broker(id) else { return };
        let serials = broker.parked.watching(key);
        let high_watermark =
            broker.leaders.get(&key).map_or(Offset::ZERO, |leader| leader.replica.high_watermark());
        match name.as_deref() {
            Some(TRANSACTION_STATE) => txn::replicated(self, id, key.partition, high_watermark),
            Some(CONSUMER_OFFSETS) => group::replicated(self, id, key.partition, high_watermark),
            _ => {}
        }
        for serial in serials {
            match self.unpark(id, serial) {
                Some(Parked::Fetch(waiting)) => api::fetch::look_again(self, id, waiting),
                Some(Parked::Produce(waiting)) => api::produce::look_again(self, id, waiting),
                Some(Parked::Markers(waiting)) => {
                    api::write_txn_markers::look_again(self, id, waiting);
                }
                None => {}
            }
        }
    }

    /// A timer fires; one that does not run does nothing.
    pub(crate) fn fire(&mut self, timer: &Timer) {
        if !self.cluster.timers.cancel(timer) {
            return;
        }
        match timer {
            Timer::Parked { broker, serial } => match self.unpark(*broker, *serial) {
                Some(Parked::Fetch(waiting)) => api::fetch::expire(self, *broker, waiting),
                Some(Parked::Produce(waiting)) => api::produce::expire(self, *broker, waiting),
                Some(Parked::Markers(waiting)) => {
                    api::write_txn_markers::expire(self, *broker, waiting);
                }
                None => {}
            },
            Timer::VerificationRetry { broker, serial } => {
                api::produce::ask_again(self, *broker, *serial);
            }
            Timer::TransactionTimeouts { .. }
            | Timer::TransactionalIdExpiration { .. }
            | Timer::TransactionAppend { .. }
            | Timer::TransactionLoad { .. }
            | Timer::MarkerRetry { .. }
            | Timer::ProducerIdBlock { .. } => txn::fire(self, timer),
            Timer::ProducerExpiration { broker } => self.expire_producers(*broker),
            Timer::OffsetExpiration { .. }
            | Timer::GroupAppend { .. }
            | Timer::GroupLoad { .. }
            | Timer::GroupMarkers { .. }
            | Timer::Group { .. } => {
                group::fire(self, timer);
            }
        }
    }

    /// Forgets producers that have been idle for too long and sets the next sweep (RECOV-01).
    fn expire_producers(&mut self, id: BrokerId) {
        let now = self.now;
        let rules = log_rules(&self.cluster.config);
        let settings = &self.cluster.config.settings;
        let expiration = i64::from(settings.producer_id_expiration_ms);
        let next = now.plus_millis(i64::from(settings.producer_id_expiration_check_interval_ms));
        self.cluster.timers.set(Timer::ProducerExpiration { broker: id }, next);
        if let Some(broker) = self.broker(id) {
            for leader in broker.leaders.values_mut() {
                Arc::make_mut(leader).replica.expire_producers(now, expiration, &rules);
            }
        }
    }
}
