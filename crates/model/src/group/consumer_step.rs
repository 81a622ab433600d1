//! A shard at work for KIP-848 groups.

use fencepost_ids::{ErrorCode, GroupId, TopicId, TopicName};
use fencepost_wire::Release;

use super::assign::Assignor;
use super::classic::State;
use super::consumer::{
    ConsumerGroup, Context, Downgrade, Heartbeat, HeartbeatReply, JOIN_EPOCH, LEAVE_EPOCH, Outcome,
    Refusal, STATIC_LEAVE_EPOCH, Settings, TimerChange, TopicDirectory,
};
use super::records::GroupRecord;
use super::{Group, ShardStep, append_error};
use crate::config::ClusterConfig;
use crate::metadata::Metadata;
use crate::timers::GroupTimer;

/// How long after a timer's records were refused the timer fires again.
const TIMER_RETRY_MS: i64 = 500;

impl Settings {
    /// What the configuration means for KIP-848 groups (CONF-51). Of the configured assignors those
    /// that are not known are passed over; without any, `uniform` is there.
    pub(crate) fn of(config: &ClusterConfig) -> Self {
        let settings = &config.settings;
        let names = settings.group_consumer_assignors.split(',');
        let mut assignors: Vec<_> =
            names.filter_map(|name| Assignor::from_name(name.trim())).collect();
        if assignors.is_empty() {
            assignors.push(Assignor::Uniform);
        }
        Self {
            session_timeout_ms: settings.group_consumer_session_timeout_ms,
            heartbeat_interval_ms: settings.group_consumer_heartbeat_interval_ms,
            assignment_interval_ms: if config.release >= Release::V4_3 {
                settings.group_consumer_assignment_interval_ms
            } else {
                0
            },
            max_size: settings.group_consumer_max_size,
            assignors,
            regex_refresh_interval_ms: settings.group_consumer_regex_refresh_interval_ms,
            migration: settings.group_consumer_migration_policy,
            classic_max_size: usize::try_from(settings.group_max_size).unwrap_or(0),
            release: config.release,
            rules: config.rules,
        }
    }
}

impl TopicDirectory for Metadata {
    fn topic(&self, name: &str) -> Option<(TopicId, i32)> {
        self.topic(name).map(|topic| (topic.id, topic.partition_count()))
    }

    fn name(&self, id: TopicId) -> Option<TopicName> {
        self.topic_by_id(id).map(|topic| topic.name.clone())
    }

    fn names(&self) -> Vec<TopicName> {
        self.topics().map(|topic| topic.name.clone()).collect()
    }

    fn creations(&self) -> i64 {
        self.next_topic().0.into()
    }
}

impl ShardStep<'_> {
    /// Handles a validated heartbeat; what it changes is written when this returns. A heartbeat that
    /// joins creates the group, replaces an empty classic one, whose offsets stay (G848-07), or
    /// converts one with members (GRP-59).
    ///
    /// # Errors
    /// The refusals of G848-07 to G848-12 and GRP-59, or what a refused append reads as.
    pub(crate) fn consumer_heartbeat(
        &mut self,
        settings: &Settings,
        group: &GroupId,
        request: &Heartbeat,
    ) -> Result<HeartbeatReply, Refusal> {
        let joins = request.epoch == JOIN_EPOCH;
        let mut records = Vec::new();
        let mut timers = Vec::new();
        let created = match self.shard.groups.get(group) {
            Some(Group::Classic(classic)) if joins && classic.state() == State::Empty => {
                records.push(GroupRecord::ClassicGroup(group.clone(), None));
                Some(ConsumerGroup::created(settings.release))
            }
            Some(Group::Classic(_)) if joins => {
                let upgrade = self.upgrade(settings, group)?;
                records.push(GroupRecord::ClassicGroup(group.clone(), None));
                let own = upgrade.records.into_iter();
                records.extend(own.map(|record| GroupRecord::ConsumerGroup(group.clone(), record)));
                timers = upgrade.timers;
                Some(upgrade.reply)
            }
            Some(Group::Classic(_)) => return Err(Refusal::classic_group(group)),
            None if joins => Some(ConsumerGroup::created(settings.release)),
            None => return Err(Refusal::unknown_group(group)),
            Some(Group::Consumer(_)) => None,
        };
        let consumer = match (&created, self.shard.groups.get(group)) {
            (Some(created), _) => created,
            (None, Some(Group::Consumer(consumer))) => consumer,
            (None, Some(Group::Classic(_)) | None) => return Err(Refusal::unknown_group(group)),
        };
        let context = self.context(settings, group);
        let mut outcome = if request.epoch == LEAVE_EPOCH || request.epoch == STATIC_LEAVE_EPOCH {
            consumer.leave(&context, request)?
        } else {
            consumer.heartbeat(&context, request)?
        };
        timers.append(&mut outcome.timers);
        outcome.timers = timers;
        self.carry_out(group, records, outcome).map_err(|error| Refusal::of(append_error(error)))
    }

    pub(super) fn context<'a>(&'a self, settings: &'a Settings, group: &'a GroupId) -> Context<'a> {
        Context { group, now: self.host.now, settings, topics: &*self.host.metadata }
    }

    /// What a classic group with members becomes. Whoever waits for its rebalance is sent back, even
    /// if nothing comes of it (GRP-60).
    fn upgrade(
        &mut self,
        settings: &Settings,
        group: &GroupId,
    ) -> Result<Outcome<ConsumerGroup>, Refusal> {
        let Some((classic, _)) = self.classic(group) else {
            return Err(Refusal::unknown_group(group));
        };
        let mut checked = classic.clone();
        ConsumerGroup::check_upgrade(&self.context(settings, group), &checked)?;
        let mut out = Vec::new();
        checked.send_back(&mut out);
        let upgraded = ConsumerGroup::upgraded(&self.context(settings, group), &checked);
        self.shard.groups.insert(group.clone(), Group::Classic(checked));
        self.apply(group, out);
        upgraded
    }

    /// Writes what an outcome asks for, behind other records, and moves its timers. A group that
    /// becomes a classic one is another from then on (GRP-61).
    pub(super) fn carry_out<R>(
        &mut self,
        group: &GroupId,
        mut records: Vec<GroupRecord>,
        outcome: Outcome<R>,
    ) -> Result<R, ErrorCode> {
        let own = outcome.records.into_iter();
        records.extend(own.map(|record| GroupRecord::ConsumerGroup(group.clone(), record)));
        if let Some(Downgrade { group: classic, .. }) = &outcome.downgrade {
            records.push(GroupRecord::ClassicGroup(group.clone(), Some(classic.value(None))));
        }
        self.write(records, None)?;
        self.change_timers(group, outcome.timers);
        if let Some(Downgrade { group: mut classic, rebalances }) = outcome.downgrade {
            let mut out = Vec::new();
            classic.take_over(self.host.now, &self.settings(), rebalances, &mut out);
            self.shard.groups.insert(group.clone(), Group::Classic(classic));
            self.apply(group, out);
        }
        Ok(outcome.reply)
    }

    fn change_timers(&mut self, group: &GroupId, changes: Vec<TimerChange>) {
        for change in changes {
            match change {
                TimerChange::Arm(timer, at) => self.start_timer(group, timer, at),
                TimerChange::ArmUnlessRunning(timer, at) => {
                    if !self.shard.timers.contains(&(group.clone(), timer.clone())) {
                        self.start_timer(group, timer, at);
                    }
                }
                TimerChange::Disarm(timer) => self.stop_timer(group, timer),
            }
        }
    }

    /// A timer of a KIP-848 group fires. It fires again if its records are refused.
    pub(super) fn fire_consumer(&mut self, group: &GroupId, timer: &GroupTimer) {
        let Some(Group::Consumer(consumer)) = self.shard.groups.get(group) else { return };
        let settings = Settings::of(self.host.config);
        let context = self.context(&settings, group);
        let outcome = match timer {
            GroupTimer::Session(member) => consumer.expire_session(&context, member),
            GroupTimer::Rebalance(member) => consumer.expire_rebalance(&context, member),
            GroupTimer::MemberJoin(member) | GroupTimer::MemberSync(member) => {
                consumer.expire_classic(&context, member)
            }
            GroupTimer::RegexRefresh => Ok(Some(consumer.refresh_regexes(&context))),
            // Timers of classic groups.
            GroupTimer::InitialDelay
            | GroupTimer::Join
            | GroupTimer::Sync
            | GroupTimer::Pending(_) => Ok(None),
        };
        let done = match outcome {
            Ok(None) => return,
            Ok(Some(outcome)) => self.carry_out(group, Vec::new(), outcome),
            Err(refusal) => Err(refusal.error),
        };
        if done.is_err() {
            let again = self.host.now.plus_millis(TIMER_RETRY_MS);
            self.start_timer(group, timer.clone(), again);
        }
    }

    /// The load is done: the members' timers start anew (G848-04).
    pub(super) fn loaded_consumer(&mut self, group: &GroupId) {
        let Some(Group::Consumer(consumer)) = self.shard.groups.get(group) else { return };
        let settings = Settings::of(self.host.config);
        let timers = consumer.timers_at_load(&self.context(&settings, group));
        self.change_timers(group, timers);
    }
}
