//! A shard at work for KIP-848 groups.

use fencepost_ids::{ErrorCode, GroupId, TopicId, TopicName};

use super::assign::Assignor;
use super::classic::{Joining, State};
use super::consumer::{
    ConsumerGroup, Context, Heartbeat, HeartbeatReply, JOIN_EPOCH, LEAVE_EPOCH, Outcome, Refusal,
    STATIC_LEAVE_EPOCH, Settings, TimerChange, TopicDirectory,
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
            max_size: settings.group_consumer_max_size,
            assignors,
            regex_refresh_interval_ms: settings.group_consumer_regex_refresh_interval_ms,
            release: config.release,
            rules: config.rules,
        }
    }
}

impl TopicDirectory for Metadata {
    fn topic(&self, name: &str) -> Option<(TopicId, i32)> {
        self.topic(name).map(|topic| (topic.id, topic.partition_count()))
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
    /// joins creates the group, or replaces an empty classic one, whose offsets stay (G848-07). A
    /// classic group with members is not converted (GRP-49).
    ///
    /// # Errors
    /// The refusals of G848-07 to G848-12, or what a refused append reads as.
    pub(crate) fn consumer_heartbeat(
        &mut self,
        settings: &Settings,
        group: &GroupId,
        request: &Heartbeat,
    ) -> Result<HeartbeatReply, Refusal> {
        let joins = request.epoch == JOIN_EPOCH;
        let created = ConsumerGroup::default();
        let mut records = Vec::new();
        let consumer = match self.shard.groups.get(group) {
            Some(Group::Consumer(consumer)) => consumer,
            Some(Group::Classic(classic)) if joins && classic.state() == State::Empty => {
                records.push(GroupRecord::ClassicGroup(group.clone(), None));
                &created
            }
            None if joins => &created,
            Some(Group::Classic(_)) | None => return Err(Refusal::unknown_group(group)),
        };
        let context = Context { now: self.host.now, settings, topics: &*self.host.metadata };
        let outcome = if request.epoch == LEAVE_EPOCH || request.epoch == STATIC_LEAVE_EPOCH {
            consumer.leave(&context, request)?
        } else {
            consumer.heartbeat(&context, request)?
        };
        self.carry_out(group, records, outcome).map_err(|error| Refusal::of(append_error(error)))
    }

    /// Writes what an outcome asks for, behind other records, and moves its timers.
    fn carry_out<R>(
        &mut self,
        group: &GroupId,
        mut records: Vec<GroupRecord>,
        outcome: Outcome<R>,
    ) -> Result<R, ErrorCode> {
        let own = outcome.records.into_iter();
        records.extend(own.map(|record| GroupRecord::ConsumerGroup(group.clone(), record)));
        self.write(records, None)?;
        self.change_timers(group, outcome.timers);
        Ok(outcome.reply)
    }

    fn change_timers(&mut self, group: &GroupId, changes: Vec<TimerChange>) {
        for change in changes {
            match change {
                TimerChange::Arm(timer, at) => self.start_timer(group, timer, at),
                TimerChange::Disarm(timer) => self.stop_timer(group, timer),
            }
        }
    }

    /// A timer of a KIP-848 group fires. It fires again if its records are refused.
    pub(super) fn fire_consumer(&mut self, group: &GroupId, timer: &GroupTimer) {
        let Some(Group::Consumer(consumer)) = self.shard.groups.get(group) else { return };
        let settings = Settings::of(self.host.config);
        let context =
            Context { now: self.host.now, settings: &settings, topics: &*self.host.metadata };
        let outcome = match timer {
            GroupTimer::Session(member) => consumer.expire_session(&context, member),
            GroupTimer::Rebalance(member) => consumer.expire_rebalance(&context, member),
            GroupTimer::RegexRefresh => Some(consumer.refresh_regexes(&context)),
            // Timers of classic groups.
            GroupTimer::InitialDelay
            | GroupTimer::Join
            | GroupTimer::Sync
            | GroupTimer::Pending(_) => None,
        };
        let Some(outcome) = outcome else { return };
        if self.carry_out(group, Vec::new(), outcome).is_err() {
            let again = self.host.now.plus_millis(TIMER_RETRY_MS);
            self.start_timer(group, timer.clone(), again);
        }
    }

    /// The load is done: the members' timers start anew (G848-04).
    pub(super) fn loaded_consumer(&mut self, group: &GroupId) {
        let Some(Group::Consumer(consumer)) = self.shard.groups.get(group) else { return };
        let settings = Settings::of(self.host.config);
        let context =
            Context { now: self.host.now, settings: &settings, topics: &*self.host.metadata };
        let timers = consumer.timers_at_load(&context);
        self.change_timers(group, timers);
    }

    /// Makes way for a JoinGroup of a member without an id: an empty KIP-848 group of that name goes
    /// (GRP-08).
    ///
    /// # Errors
    /// `INCONSISTENT_GROUP_PROTOCOL` if the group has members (GRP-49), `UNKNOWN_MEMBER_ID` for a
    /// member with an id, or what a refused append reads as.
    pub(super) fn make_way_for_classic(
        &mut self,
        group: &GroupId,
        joining: &Joining,
    ) -> Result<(), ErrorCode> {
        let Some(Group::Consumer(consumer)) = self.shard.groups.get(group) else { return Ok(()) };
        if !consumer.is_empty() {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        if let Joining::Known(_) = joining {
            return Err(ErrorCode::UnknownMemberId);
        }
        let own = consumer.tombstones().into_iter();
        let records = own.map(|record| GroupRecord::ConsumerGroup(group.clone(), record)).collect();
        self.write(records, None).map_err(append_error)
    }
}
