//! What a broker clears out of its logs by the clock: old segments, and superseded records
//! (RETAIN-06, CLEAN-01).

use std::cmp::Reverse;
use std::sync::Arc;

use fencepost_ids::{BrokerId, Offset};
use fencepost_log::{Log, LogConfig, ReplicaState};

use crate::append::log_config;
use crate::config::CleanupPolicy;
use crate::host::Host;
use crate::metadata::PartitionKey;
use crate::step::Step;
use crate::timers::Timer;

/// How long after a start the first check for old segments comes: `log.initial.task.delay.ms`.
const FIRST_CHECK_MS: i64 = 30_000;

impl Step<'_> {
    /// Sets the timers of a broker that starts.
    pub(crate) fn start_cleaning(&mut self, id: BrokerId) {
        let first = self.now.plus_millis(FIRST_CHECK_MS);
        self.cluster.timers.set(Timer::LogRetention { broker: id }, first);
        self.wake_cleaner(id);
    }

    /// The settings of a topic changed: there may be something to clean now.
    pub(crate) fn wake_cleaners(&mut self) {
        let ids: Vec<_> = self.cluster.brokers.keys().copied().collect();
        for id in ids {
            self.wake_cleaner(id);
        }
    }

    fn wake_cleaner(&mut self, id: BrokerId) {
        let Some(mut parts) = self.parts(id) else { return };
        for (key, _) in parts.host.hosted_logs(CleanupPolicy::compacts) {
            parts.host.wake_cleaner(key);
        }
    }

    /// Deletes old segments of the logs that are not compacted; the cleaner does it for the others.
    pub(crate) fn check_retention(&mut self, id: BrokerId) {
        let interval = self.cluster.config.settings.log_retention_check_interval_ms;
        let next = self.now.plus_millis(interval);
        self.cluster.timers.set(Timer::LogRetention { broker: id }, next);
        let Some(mut parts) = self.parts(id) else { return };
        for (key, config) in parts.host.hosted_logs(|policy| !policy.compacts()) {
            parts.host.delete_old_segments(key, &config);
        }
    }

    /// Cleans the dirtiest log until none is due, then deletes old segments of the compacted ones.
    pub(crate) fn clean_logs(&mut self, id: BrokerId) {
        let Some(mut parts) = self.parts(id) else { return };
        let logs = parts.host.hosted_logs(CleanupPolicy::compacts);
        while parts.host.clean_dirtiest(&logs) {}
        for (key, config) in logs {
            parts.host.delete_old_segments(key, &config);
            parts.host.wake_cleaner(key);
        }
    }
}

impl Host<'_> {
    /// Has the cleaner pass again, if a compacted log may need it; it rests while none does.
    pub(crate) fn wake_cleaner(&mut self, key: PartitionKey) {
        let Some(topic) = self.metadata.topic_at(key.topic) else { return };
        let policy = topic.settings.cleanup_policy;
        if !policy.compacts() {
            return;
        }
        let Some(stored) = self.stored(key) else { return };
        let timer = Timer::LogCleaner { broker: self.broker };
        let has_work = policy.deletes() || stored.log.has_closed_segments();
        if has_work && !self.timers.is_running(&timer) {
            let backoff = self.config.settings.log_cleaner_backoff_ms;
            self.timers.set(timer, self.now.plus_millis(backoff.max(1)));
        }
    }

    /// The logs of this broker with records whose topic has such a policy.
    fn hosted_logs(
        &self,
        policy: impl Fn(CleanupPolicy) -> bool,
    ) -> Vec<(PartitionKey, LogConfig)> {
        let topics = self.metadata.topics().filter(|topic| policy(topic.settings.cleanup_policy));
        let logs = topics.flat_map(|topic| {
            let keys = topic.keys().filter(|key| {
                self.stored(*key).is_some_and(|stored| stored.log.end_offset() > Offset::ZERO)
            });
            keys.map(|key| (key, log_config(&topic.settings)))
        });
        logs.collect()
    }

    /// Cleans the log that is due and dirtier than any other; says whether there was one.
    fn clean_dirtiest(&mut self, logs: &[(PartitionKey, LogConfig)]) -> bool {
        let (now, rules) = (self.now, self.rules);
        let due = |(key, config): &(PartitionKey, LogConfig)| {
            let (replica, stored) = (self.replica(*key)?, self.stored(*key)?);
            let cleanable = replica.cleanable(&stored.log, now, config, rules)?;
            Some((cleanable, *key, *config))
        };
        let dirtiest = logs
            .iter()
            .filter_map(due)
            .max_by_key(|(cleanable, key, _)| (cleanable.dirtiness(), Reverse(*key)));
        let Some((cleanable, key, config)) = dirtiest else { return false };
        if let Some((replica, log)) = self.replica_and_log(key) {
            replica.clean(log, cleanable, now, &config, rules);
        }
        true
    }

    fn delete_old_segments(&mut self, key: PartitionKey, config: &LogConfig) {
        let (now, rules) = (self.now, self.rules);
        let (Some(replica), Some(stored)) = (self.replica(key), self.stored(key)) else { return };
        if !replica.has_old_segments(&stored.log, now, config, rules) {
            return;
        }
        if let Some((replica, log)) = self.replica_and_log(key) {
            replica.delete_old_segments(log, now, config, rules);
        }
        self.moved.push((self.broker, key));
        self.serve_followers(key);
    }

    fn replica_and_log(&mut self, key: PartitionKey) -> Option<(&mut ReplicaState, &mut Log)> {
        let replica = match self.leaders.get_mut(&key) {
            Some(leader) => &mut Arc::make_mut(leader).replica,
            None => Arc::make_mut(self.followers.get_mut(&key)?),
        };
        Some((replica, &mut self.disk.get_mut(self.broker, key)?.log))
    }
}
