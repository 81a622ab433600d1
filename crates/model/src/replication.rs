//! A leader's side of replication: its followers, the in-sync set and the high watermark.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, LeaderEpoch, Offset, Rule, Timestamp};
use fencepost_log::{EpochEnd, Log, ReplicaState};

use crate::append::log_rules;
use crate::config::ClusterConfig;
use crate::disk::Stored;
use crate::host::Host;
use crate::metadata::{Partition, PartitionKey};
use crate::network::{MessageBody, ReplicaFetch};
use crate::step::Step;
use crate::timers::Timer;

/// A leader's memory of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Leader {
    /// The term.
    pub(crate) epoch: LeaderEpoch,
    /// The log end offset when the term began (API-35).
    pub(crate) epoch_start: Offset,
    /// Producers, open transactions and the high watermark.
    pub(crate) replica: ReplicaState,
    followers: BTreeMap<BrokerId, Follower>,
}

/// What a leader knows of a follower, by its fetches.
#[derive(Clone, Copy, Debug)]
struct Follower {
    end: Offset,
    /// When it last had all that there was.
    caught_up_at: Timestamp,
    /// When it last fetched, and the end of the leader's log then.
    fetched_at: Timestamp,
    leader_end: Offset,
    /// The high watermark that it was told.
    told: Offset,
    /// Its own log start offset.
    start: Offset,
    /// Whether a fetch of its waits for something new.
    waits: bool,
}

/// What a follower asks with: where its log ends, in which epoch, how much it knows committed, and
/// where its log begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FollowerFetch {
    pub(crate) end: Offset,
    pub(crate) last_fetched_epoch: LeaderEpoch,
    pub(crate) high_watermark: Offset,
    pub(crate) log_start: Offset,
}

impl Leader {
    /// A leader at the start of its term, with the high watermark that it knew as a follower
    /// (RECOV-10). Followers in sync count as caught up until now; how far they are, their fetches
    /// will tell.
    pub(crate) fn take_over(
        stored: &mut Stored,
        replica: Option<ReplicaState>,
        partition: &Partition,
        broker: BrokerId,
        config: &ClusterConfig,
        now: Timestamp,
    ) -> Self {
        let epoch_start = stored.log.end_offset();
        stored.log.begin_leader_epoch(partition.leader_epoch);
        let expiration = i64::from(config.settings.producer_id_expiration_ms);
        let replica = replica.unwrap_or_else(|| stored.load(now, expiration, &log_rules(config)));
        let others = partition.replicas.iter().filter(|replica| **replica != broker);
        let unknown = |id: &BrokerId| Follower {
            end: Offset::ZERO,
            caught_up_at: if partition.in_sync.contains(id) { now } else { Timestamp(i64::MIN) },
            fetched_at: now,
            leader_end: Offset::ZERO,
            told: Offset::NONE,
            start: Offset::NONE,
            waits: false,
        };
        Self {
            epoch: partition.leader_epoch,
            epoch_start,
            replica,
            followers: others.map(|id| (*id, unknown(id))).collect(),
        }
    }
}

impl Leader {
    /// A follower is gone, and with it the fetch that waited.
    pub(crate) fn drop_fetch(&mut self, follower: BrokerId) {
        if let Some(follower) = self.followers.get_mut(&follower) {
            follower.waits = false;
        }
    }
}

impl Follower {
    /// It fetches from `end`: it has everything if that is the end of the leader's log, and it had
    /// everything at its last fetch if that was the end then.
    fn fetches(&mut self, fetch: FollowerFetch, leader_end: Offset, now: Timestamp) {
        let end = fetch.end;
        if end >= leader_end {
            self.caught_up_at = now;
        } else if end >= self.leader_end {
            self.caught_up_at = self.caught_up_at.max(self.fetched_at);
        }
        self.end = end;
        self.fetched_at = now;
        self.leader_end = leader_end;
        self.told = fetch.high_watermark;
        self.start = fetch.log_start;
        self.waits = true;
    }

    /// When it has lagged for too long, unless it catches up (RECOV-19).
    fn is_out_from(&self, lag_max_ms: i64) -> Timestamp {
        Timestamp(self.caught_up_at.0.saturating_add(lag_max_ms).saturating_add(1))
    }
}

impl Host<'_> {
    /// The log of a partition grew: the high watermark may rise, and followers are served.
    pub(crate) fn appended(&mut self, key: PartitionKey) {
        let now = self.now;
        if let Some(leader) = self.leaders.get_mut(&key)
            && leader.followers.values().any(|follower| follower.waits)
        {
            for follower in Arc::make_mut(leader).followers.values_mut() {
                // A fetch that waited at the end until now would have been repeated since.
                if follower.waits && follower.end == follower.leader_end {
                    follower.caught_up_at = now;
                    follower.fetched_at = now;
                }
            }
        }
        self.moved.push((self.broker, key));
        self.wake_cleaner(key);
        self.raise_high_watermark(key);
        self.serve_followers(key);
        self.watch_lag(key);
    }

    /// The high watermark is the lowest end among the in-sync replicas, never lowered, and stays
    /// where it is while too few are in sync (LSO-01).
    pub(crate) fn raise_high_watermark(&mut self, key: PartitionKey) {
        let broker = self.broker;
        if !self.has_enough_replicas(key) {
            return;
        }
        let Some(partition) = self.metadata.partition(key) else { return };
        let Some(leader) = self.leaders.get_mut(&key) else { return };
        let end = leader.replica.end_offset();
        let end_of = |id: &BrokerId| match id {
            id if *id == broker => end,
            id => leader.followers.get(id).map_or(Offset::ZERO, |follower| follower.end),
        };
        let lowest = if self.config.rules.is_on(Rule::HighWatermarkInSync) {
            partition.in_sync.iter().map(end_of).min().unwrap_or(end)
        } else {
            end
        };
        if lowest > leader.replica.high_watermark()
            && Arc::make_mut(leader).replica.raise_high_watermark(lowest)
        {
            self.moved.push((broker, key));
            self.serve_followers(key);
        }
    }

    /// The lowest log start offset among the live replicas of a partition that this broker leads,
    /// as far as their fetches have told it (API-44).
    pub(crate) fn low_watermark(&self, key: PartitionKey) -> Option<Offset> {
        let leader = self.leaders.get(&key)?;
        let own = self.stored(key)?.log.start_offset();
        let live = leader.followers.iter();
        let live = live.filter(|(id, _)| self.metadata.live_broker(**id).is_some());
        Some(live.map(|(_, follower)| follower.start).min().map_or(own, |low| low.min(own)))
    }

    /// Answers the fetches that wait, if there is something to tell.
    pub(crate) fn serve_followers(&mut self, key: PartitionKey) {
        let Some(leader) = self.leaders.get(&key) else { return };
        let high_watermark = leader.replica.high_watermark();
        let end = leader.replica.end_offset();
        let Some(stored) = self.disk.get(self.broker, key) else { return };
        let start = stored.log.start_offset();
        let has_news = |follower: &Follower| {
            follower.end < end || follower.told < high_watermark || follower.start < start
        };
        let ready: Vec<_> = leader
            .followers
            .iter()
            .filter(|(_, follower)| follower.waits && has_news(follower))
            .map(|(id, follower)| (*id, follower.end))
            .collect();
        for (id, from) in ready {
            let Some(stored) = self.disk.get(self.broker, key) else { return };
            let batches = stored.log.batches_from(from).cloned().collect();
            let fetched = ReplicaFetch::Batches { batches, high_watermark, log_start: start };
            self.answer_follower(id, key, fetched);
        }
    }

    fn answer_follower(&mut self, id: BrokerId, key: PartitionKey, fetched: ReplicaFetch) {
        let Some(leader) = self.leaders.get_mut(&key).map(Arc::make_mut) else { return };
        let leader_epoch = leader.epoch;
        let high_watermark = leader.replica.high_watermark();
        let Some(follower) = leader.followers.get_mut(&id) else { return };
        follower.waits = false;
        if matches!(fetched, ReplicaFetch::Batches { .. }) {
            follower.told = high_watermark;
        }
        self.send(id, MessageBody::Replicate { partition: key, leader_epoch, fetched });
    }

    /// A follower fetches from its end: its log must be a part of this one (RECOV-18), and it may
    /// now be in sync (RECOV-20).
    fn fetched_by(&mut self, id: BrokerId, key: PartitionKey, fetch: FollowerFetch) {
        let FollowerFetch { end, last_fetched_epoch, .. } = fetch;
        let (now, rules) = (self.now, self.config.rules);
        let Some(stored) = self.disk.get(self.broker, key) else { return };
        if let Some(parting) = parting(&stored.log, end, last_fetched_epoch, rules) {
            return self.answer_follower(id, key, ReplicaFetch::Diverging(parting));
        }
        let start = stored.log.start_offset();
        if end < start {
            return self.answer_follower(id, key, ReplicaFetch::BelowStart(start));
        }
        let Some(leader) = self.leaders.get_mut(&key).map(Arc::make_mut) else { return };
        let leader_end = leader.replica.end_offset();
        let Some(follower) = leader.followers.get_mut(&id) else { return };
        if follower.start != fetch.log_start {
            self.moved.push((self.broker, key));
        }
        follower.fetches(fetch, leader_end, now);
        let is_close = end >= leader.replica.high_watermark() && end >= leader.epoch_start;
        if is_close || !rules.is_on(Rule::InSyncCatchUp) {
            self.metadata.join_in_sync(key, id);
        }
        self.raise_high_watermark(key);
        self.serve_followers(key);
        self.watch_lag(key);
    }

    /// Sets the moment at which a follower that is behind has lagged for too long (RECOV-19).
    fn watch_lag(&mut self, key: PartitionKey) {
        let timer = Timer::ReplicaLag { broker: self.broker, partition: key };
        let lag_max_ms = self.config.settings.replica_lag_time_max_ms;
        match self.behind(key).map(|(_, follower)| follower.is_out_from(lag_max_ms)).min() {
            Some(at) => self.timers.set(timer, at.max(self.now)),
            None => {
                self.timers.cancel(&timer);
            }
        }
    }

    /// The followers in the in-sync set that do not have everything.
    fn behind(&self, key: PartitionKey) -> impl Iterator<Item = (BrokerId, &Follower)> {
        let in_sync = self.metadata.partition(key).map_or(&[][..], |own| &own.in_sync);
        self.leaders.get(&key).into_iter().flat_map(move |leader| {
            let end = leader.replica.end_offset();
            let followers = leader.followers.iter();
            followers
                .filter(move |(id, follower)| in_sync.contains(id) && follower.end < end)
                .map(|(id, follower)| (*id, follower))
        })
    }

    /// Whoever has lagged for too long is out of sync (RECOV-19).
    pub(crate) fn drop_laggards(&mut self, key: PartitionKey) {
        let lag_max_ms = self.config.settings.replica_lag_time_max_ms;
        let late: Vec<_> = self
            .behind(key)
            .filter(|(_, follower)| follower.is_out_from(lag_max_ms) <= self.now)
            .map(|(id, _)| id)
            .collect();
        for id in late {
            self.metadata.leave_in_sync(key, id);
        }
        self.moved.push((self.broker, key));
        self.raise_high_watermark(key);
        self.watch_lag(key);
    }
}

/// Where a follower's log parts from the leader's, if it does (RECOV-18, KIP-595).
fn parting(
    log: &Log,
    end: Offset,
    last_fetched_epoch: LeaderEpoch,
    rules: fencepost_ids::Rules,
) -> Option<EpochEnd> {
    if !rules.is_on(Rule::EpochTruncation) {
        let ahead = end > log.end_offset();
        let (leader_epoch, end_offset) = (last_fetched_epoch, log.end_offset());
        return ahead.then_some(EpochEnd { leader_epoch, end_offset });
    }
    let own = log.end_offset_for(last_fetched_epoch)?;
    (own.leader_epoch < last_fetched_epoch || own.end_offset < end).then_some(own)
}

/// Whether a replica has records that its leader does not have.
pub(crate) fn has_more(replica: &Log, leader: &Log, rules: fencepost_ids::Rules) -> bool {
    let end = replica.end_offset();
    let epoch = replica.leader_epoch_at(end.plus(-1)).unwrap_or(LeaderEpoch::NONE);
    parting(leader, end, epoch, rules).is_some()
}

impl Step<'_> {
    /// The leader learns how far a follower is.
    pub(super) fn follower_fetches(
        &mut self,
        follower: BrokerId,
        leader: BrokerId,
        key: PartitionKey,
        leader_epoch: LeaderEpoch,
        fetch: FollowerFetch,
    ) {
        let Some(mut parts) = self.parts(leader) else { return };
        let host = &mut parts.host;
        if host.leader(key).is_some_and(|own| own.epoch == leader_epoch) {
            host.fetched_by(follower, key, fetch);
        }
    }

    /// Looks whether a leader's high watermark can move.
    pub(crate) fn raise_high_watermark(&mut self, leader: BrokerId, key: PartitionKey) {
        if let Some(mut parts) = self.parts(leader) {
            parts.host.raise_high_watermark(key);
        }
    }
}
