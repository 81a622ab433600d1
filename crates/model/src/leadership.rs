//! Brokers that start, crash and return, and leaders that change.

use std::sync::Arc;

use fencepost_ids::{BrokerId, CoordinatorEpoch, PartitionIndex, Rule};

use crate::append::log_rules;
use crate::broker::Broker;
use crate::event::Event;
use crate::group;
use crate::metadata::{CONSUMER_OFFSETS, PartitionKey, TRANSACTION_STATE};
use crate::parked::Parked;
use crate::replication::Leader;
use crate::step::Step;
use crate::timers::Timer;
use crate::{api, txn};

impl Step<'_> {
    /// A broker begins with what it reads from its disk, and its standing timers.
    pub(crate) fn start_broker(&mut self, id: BrokerId) {
        let (now, metadata) = (self.now, &self.cluster.metadata);
        let settings = &self.cluster.config.settings;
        let expiration = i64::from(settings.producer_id_expiration_ms);
        let mut broker = Broker::default();
        for key in metadata.hosted_by(id) {
            if let Some(stored) = self.cluster.disk.get_mut(id, key) {
                let replica = stored.start(now, expiration, &self.cluster.rules);
                broker.followers.insert(key, Arc::new(replica));
            }
        }
        self.cluster.brokers.insert(id, Arc::new(broker));
        let sweep = i64::from(settings.producer_id_expiration_check_interval_ms);
        let checkpoint = settings.replica_high_watermark_checkpoint_interval_ms;
        let timers = &mut self.cluster.timers;
        timers.set(Timer::ProducerExpiration { broker: id }, now.plus_millis(sweep));
        timers.set(Timer::HighWatermarkCheckpoint { broker: id }, now.plus_millis(checkpoint));
        self.start_cleaning(id);
        txn::started(self, id);
        group::started(self, id);
    }

    /// A broker dies: its memory is gone. A recovery reads the active segments again, so that
    /// snapshots from inside them do not count either (RECOV-06).
    pub(crate) fn crash(&mut self, id: BrokerId) {
        if !self.cluster.is_running(id) {
            return;
        }
        self.tell(Event::BrokerCrashed(id));
        for key in self.cluster.metadata.hosted_by(id) {
            if let Some(stored) = self.cluster.disk.get_mut(id, key) {
                stored.log.forget_active_snapshots();
            }
        }
        let changed = self.cluster.metadata.broker_down(id, self.cluster.config.rules);
        self.take_down(id, &format!("broker {id} crashed"), &changed);
    }

    /// A broker stops as told: its partitions get other leaders while it still runs, then it
    /// writes down its producers and high watermarks and goes (RECOV-05, RECOV-10).
    pub(crate) fn stop(&mut self, id: BrokerId) {
        if !self.cluster.is_running(id) {
            return;
        }
        self.tell(Event::BrokerStopped(id));
        let changed = self.cluster.metadata.broker_down(id, self.cluster.config.rules);
        for key in &changed {
            self.resign(id, *key);
        }
        self.settle();
        if let Some(parts) = self.parts(id) {
            let host = parts.host;
            for (key, replica) in host.followers.iter() {
                if let Some(stored) = host.disk.get_mut(id, *key) {
                    stored.close(replica);
                }
            }
        }
        self.take_down(id, &format!("broker {id} stopped"), &changed);
    }

    fn take_down(&mut self, id: BrokerId, reason: &str, changed: &[PartitionKey]) {
        self.cluster.brokers.remove(&id);
        self.cluster.timers.forget(id);
        let connections: Vec<_> = self
            .cluster
            .connections
            .iter()
            .filter(|(_, connection)| connection.broker == id)
            .map(|(connection, _)| *connection)
            .collect();
        for connection in connections {
            self.close(connection, reason);
        }
        for broker in self.cluster.brokers.values_mut().map(Arc::make_mut) {
            for leader in broker.leaders.values_mut() {
                Arc::make_mut(leader).drop_fetch(id);
            }
        }
        // Elections come before the broken connections are noticed, so that a retry finds the new
        // leader.
        self.leaders_changed(changed);
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
        self.tell(Event::BrokerRestarted(id));
        self.start_broker(id);
        let changed = self.cluster.metadata.broker_up(id, self.cluster.config.rules);
        self.leaders_changed(&changed);
        for key in self.cluster.metadata.hosted_by(id) {
            if !changed.contains(&key) {
                self.follow_leader(id, key);
            }
        }
    }

    /// Elects a leader, if the broker may lead; [`crate::Cluster::check_election`] says why not.
    pub(crate) fn elect(&mut self, topic: &str, partition: PartitionIndex, leader: BrokerId) {
        let Some(key) = self.cluster.metadata.key(topic, partition) else { return };
        if self.cluster.check_election(topic, partition, leader).is_ok() {
            self.cluster.metadata.set_leader(key, leader);
            self.leaders_changed(&[key]);
        }
    }

    /// Partitions got another leader, a new term, or another in-sync set.
    pub(crate) fn leaders_changed(&mut self, changed: &[PartitionKey]) {
        for key in changed {
            let Some(partition) = self.cluster.metadata.partition(*key) else { continue };
            let (leader, epoch) = (partition.leader, partition.leader_epoch);
            let brokers = self.cluster.brokers.iter();
            let former: Vec<_> = brokers
                .filter(|(id, broker)| Some(**id) != leader && broker.leaders.contains_key(key))
                .map(|(id, _)| *id)
                .collect();
            for id in former {
                self.resign(id, *key);
            }
            let Some(leader) = leader else {
                self.tell_leader(*key);
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

    /// A broker takes over a partition in the term that the metadata names, and the other replicas
    /// follow it (RECOV-12, RECOV-18).
    pub(crate) fn become_leader(&mut self, id: BrokerId, key: PartitionKey) {
        self.tell_leader(key);
        let now = self.now;
        let Some(partition) = self.cluster.metadata.partition(key).cloned() else { return };
        let Some(broker) = self.cluster.brokers.get_mut(&id).map(Arc::make_mut) else { return };
        let Some(stored) = self.cluster.disk.get_mut(id, key) else { return };
        let replica = match broker.leaders.remove(&key) {
            Some(leader) => Some(Arc::unwrap_or_clone(leader).replica),
            None => broker.followers.remove(&key).map(Arc::unwrap_or_clone),
        };
        let leader = Leader::take_over(stored, replica, &partition, id, &self.cluster.config, now);
        broker.leaders.insert(key, Arc::new(leader));
        self.cluster.moved.push((id, key));
        for follower in partition.replicas.iter().filter(|replica| **replica != id) {
            self.follow_leader(*follower, key);
        }
        self.raise_high_watermark(id, key);
        let Some(topic) = self.cluster.metadata.topic_at(key.topic) else { return };
        let epoch = if self.cluster.config.rules.is_on(Rule::CoordinatorEpochOfTerm) {
            CoordinatorEpoch(partition.leader_epoch.0)
        } else {
            CoordinatorEpoch(0)
        };
        match &*topic.name {
            TRANSACTION_STATE => txn::elected(self, id, key.partition, epoch),
            CONSUMER_OFFSETS => group::elected(self, id, key.partition),
            _ => {}
        }
    }

    /// A running broker begins to fetch from the leader of a new term.
    fn follow_leader(&mut self, id: BrokerId, key: PartitionKey) {
        let (now, settings) = (self.now, &self.cluster.config.settings);
        let expiration = i64::from(settings.producer_id_expiration_ms);
        let Some(stored) = self.cluster.disk.get(id, key) else { return };
        let Some(broker) = self.cluster.brokers.get_mut(&id).map(Arc::make_mut) else { return };
        if !broker.leaders.contains_key(&key) {
            // A partition that was created just now.
            broker
                .followers
                .entry(key)
                .or_insert_with(|| Arc::new(stored.load(now, expiration, &self.cluster.rules)));
        }
        if let Some(mut parts) = self.parts(id) {
            parts.host.fetch_from_leader(key);
        }
    }

    /// A running broker no longer leads a partition.
    fn resign(&mut self, id: BrokerId, key: PartitionKey) {
        let Some(broker) = self.broker(id) else { return };
        let Some(leader) = broker.leaders.remove(&key) else { return };
        broker.followers.insert(key, Arc::new(Arc::unwrap_or_clone(leader).replica));
        self.cluster.timers.cancel(&Timer::ReplicaLag { broker: id, partition: key });
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
        self.tell_marks(id, key);
        let name = self.cluster.metadata.topic_at(key.topic).map(|topic| topic.name.clone());
        let Some(broker) = self.broker(id) else { return };
        let serials = broker.parked.watching(key);
        if let Some(leader) = broker.leaders.get(&key) {
            let high_watermark = leader.replica.high_watermark();
            match name.as_deref() {
                Some(TRANSACTION_STATE) => txn::replicated(self, id, key.partition, high_watermark),
                Some(CONSUMER_OFFSETS) => {
                    group::replicated(self, id, key.partition, high_watermark);
                }
                _ => {}
            }
        }
        for serial in serials {
            match self.unpark(id, serial) {
                Some(Parked::Fetch(waiting)) => api::fetch::look_again(self, id, waiting),
                Some(Parked::Produce(waiting)) => api::produce::look_again(self, id, waiting),
                Some(Parked::Markers(waiting)) => {
                    api::write_txn_markers::look_again(self, id, waiting);
                }
                Some(Parked::DeleteRecords(waiting)) => {
                    api::delete_records::look_again(self, id, waiting);
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
                Some(Parked::DeleteRecords(waiting)) => {
                    api::delete_records::expire(self, *broker, waiting);
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
            Timer::LogRetention { broker } => self.check_retention(*broker),
            Timer::LogCleaner { broker } => self.clean_logs(*broker),
            Timer::HighWatermarkCheckpoint { broker } => self.checkpoint(*broker),
            Timer::ReplicaLag { broker, partition } => {
                if let Some(mut parts) = self.parts(*broker) {
                    parts.host.drop_laggards(*partition);
                }
            }
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
            for replica in broker.followers.values_mut() {
                Arc::make_mut(replica).expire_producers(now, expiration, &rules);
            }
        }
    }

    /// Writes down the high watermarks of a broker's replicas (RECOV-10).
    fn checkpoint(&mut self, id: BrokerId) {
        let settings = &self.cluster.config.settings;
        let next = self.now.plus_millis(settings.replica_high_watermark_checkpoint_interval_ms);
        self.cluster.timers.set(Timer::HighWatermarkCheckpoint { broker: id }, next);
        for key in self.cluster.metadata.hosted_by(id) {
            let Some(parts) = self.parts(id) else { return };
            let Some(replica) = parts.host.replica(key) else { continue };
            let high_watermark = replica.high_watermark();
            let known = parts.host.stored(key).map(|stored| stored.high_watermark);
            if known != Some(high_watermark)
                && let Some(stored) = parts.host.disk.get_mut(id, key)
            {
                stored.high_watermark = high_watermark;
            }
        }
    }
}
