//! A group with its topics, driven by heartbeats; what it says comes back as one line of text.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{GroupId, MemberEpoch, PartitionIndex, Rules, Timestamp, TopicId, TopicName};
use fencepost_wire::Release;

use crate::config::MigrationPolicy;
use crate::group::assign::{Assignor, Partitions};
use crate::group::consumer::{
    ConsumerGroup, Context, Heartbeat, HeartbeatReply, LEAVE_EPOCH, Outcome, Refusal,
    STATIC_LEAVE_EPOCH, Settings, TimerChange, TopicDirectory,
};
use crate::group::records::{ConsumerGroupRecord, Fields};
use crate::timers::GroupTimer;

#[derive(Clone, Default)]
pub(super) struct Topics {
    topics: BTreeMap<TopicName, (TopicId, i32)>,
    creations: u8,
}

impl TopicDirectory for Topics {
    fn topic(&self, name: &str) -> Option<(TopicId, i32)> {
        self.topics.get(name).copied()
    }

    fn name(&self, id: TopicId) -> Option<TopicName> {
        let mut topics = self.topics.iter();
        topics.find(|(_, topic)| topic.0 == id).map(|(name, _)| name.clone())
    }

    fn names(&self) -> Vec<TopicName> {
        self.topics.keys().cloned().collect()
    }

    fn creations(&self) -> i64 {
        self.creations.into()
    }
}

pub(super) struct Driver {
    pub(super) group: ConsumerGroup,
    pub(super) settings: Settings,
    first_release: Release,
    pub(super) now: Timestamp,
    pub(super) timers: BTreeMap<GroupTimer, Timestamp>,
    topics: Topics,
    log: Vec<ConsumerGroupRecord>,
    written: usize,
}

pub(super) fn settings() -> Settings {
    Settings {
        session_timeout_ms: 45_000,
        heartbeat_interval_ms: 5_000,
        assignment_interval_ms: 0,
        max_size: i32::MAX,
        assignors: vec![Assignor::Uniform, Assignor::Range],
        regex_refresh_interval_ms: 600_000,
        release: Release::V4_1,
        migration: MigrationPolicy::Bidirectional,
        classic_max_size: usize::MAX,
        rules: Rules::default(),
    }
}

/// A heartbeat that says nothing but who it is from.
pub(super) fn quiet(member: &str, epoch: i32) -> Heartbeat {
    Heartbeat {
        member: member.into(),
        epoch: MemberEpoch(epoch),
        instance: None,
        rack: None,
        rebalance_timeout_ms: -1,
        topics: None,
        regex: None,
        assignor: None,
        owned: None,
        client_id: "c".into(),
        client_host: "/h".into(),
    }
}

pub(super) fn names(names: &[&str]) -> BTreeSet<TopicName> {
    names.iter().map(|name| TopicName::from(*name)).collect()
}

/// A heartbeat that joins.
pub(super) fn join(member: &str, topics: &[&str]) -> Heartbeat {
    Heartbeat {
        rebalance_timeout_ms: 60_000,
        topics: Some(names(topics)),
        owned: Some(Partitions::default()),
        ..quiet(member, 0)
    }
}

impl Driver {
    /// An empty group beside topic `t` with this many partitions.
    pub(super) fn new(partitions: i32) -> Self {
        let mut driver = Self {
            group: ConsumerGroup::created(Release::V4_1),
            settings: settings(),
            first_release: Release::V4_1,
            now: Timestamp(1_000_000),
            timers: BTreeMap::new(),
            topics: Topics::default(),
            log: Vec::new(),
            written: 0,
        };
        driver.create("t", partitions);
        driver
    }

    /// The same in a release.
    pub(super) fn of(release: Release, partitions: i32) -> Self {
        let mut driver = Self::new(partitions);
        driver.group = ConsumerGroup::created(release);
        driver.first_release = release;
        driver.settings.release = release;
        driver
    }

    pub(super) fn create(&mut self, name: &str, partitions: i32) {
        self.topics.creations += 1;
        let id = TopicId([self.topics.creations; 16]);
        self.topics.topics.insert(name.into(), (id, partitions));
    }

    pub(super) fn grow(&mut self, name: &str, partitions: i32) {
        if let Some(topic) = self.topics.topics.get_mut(name) {
            topic.1 = partitions;
        }
    }

    pub(super) fn delete(&mut self, name: &str) {
        self.topics.topics.remove(name);
    }

    /// Partitions of topic `t`.
    pub(super) fn of_t(&self, indexes: &[i32]) -> Partitions {
        let (id, _) = self.topics.topics["t"];
        indexes.iter().map(|index| (id, PartitionIndex(*index))).collect()
    }

    pub(super) fn step<R>(&mut self, step: impl FnOnce(&ConsumerGroup, &Context<'_>) -> R) -> R {
        let group = GroupId::from("g");
        let context = Context {
            group: &group,
            now: self.now,
            settings: &self.settings,
            topics: &self.topics,
        };
        step(&self.group, &context)
    }

    /// Writes and replays an outcome, and checks that loading the log gives the same group.
    pub(super) fn apply<R>(&mut self, outcome: Outcome<R>) -> R {
        self.written = outcome.records.len();
        for record in outcome.records {
            self.group.replay(record.clone());
            self.log.push(record);
        }
        for timer in outcome.timers {
            match timer {
                TimerChange::Arm(timer, at) => {
                    self.timers.insert(timer, at);
                }
                TimerChange::ArmUnlessRunning(timer, at) => {
                    self.timers.entry(timer).or_insert(at);
                }
                TimerChange::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
            }
        }
        assert_eq!(self.loaded(), self.group, "a reload gives another group");
        outcome.reply
    }

    /// How many records the last step wrote.
    pub(super) const fn written(&self) -> usize {
        self.written
    }

    /// The group as the bytes of the log give it.
    pub(super) fn loaded(&self) -> ConsumerGroup {
        let id = GroupId::from("g");
        let mut group = ConsumerGroup::created(self.first_release);
        for record in &self.log {
            let key = record.encode_key(&id);
            let version = i16::from_be_bytes([key[0], key[1]]);
            let value = record.encode_value();
            let read =
                ConsumerGroupRecord::decode(version, Fields::new(&key[2..]), value.as_deref());
            group.replay(read.unwrap().1);
        }
        group
    }

    pub(super) fn answer(&mut self, request: &Heartbeat) -> Result<HeartbeatReply, Refusal> {
        let leaves = request.epoch == LEAVE_EPOCH || request.epoch == STATIC_LEAVE_EPOCH;
        let outcome = self.step(|group, context| {
            if leaves { group.leave(context, request) } else { group.heartbeat(context, request) }
        })?;
        Ok(self.apply(outcome))
    }

    fn shown(&self, partitions: &Partitions) -> String {
        let name = |id: TopicId| {
            let found = self.topics.topics.iter().find(|(_, topic)| topic.0 == id);
            found.map_or("?".to_owned(), |(name, _)| name.to_string())
        };
        let all: Vec<_> =
            partitions.iter().map(|(topic, index)| format!("{}-{index}", name(topic))).collect();
        format!("[{}]", all.join(" "))
    }

    /// The answer as text: the epoch with the assignment if there is one, or the error.
    pub(super) fn send(&mut self, request: &Heartbeat) -> String {
        match self.answer(request) {
            Ok(reply) => {
                let assignment = reply
                    .assignment
                    .map_or("unchanged".to_owned(), |assignment| self.shown(&assignment));
                format!("epoch {} {assignment}", reply.epoch)
            }
            Err(refusal) => refusal.error.name().to_owned(),
        }
    }

    #[track_caller]
    pub(super) fn check(&mut self, request: &Heartbeat, expected: &str) {
        assert_eq!(self.send(request), expected);
    }

    /// A quiet heartbeat.
    #[track_caller]
    pub(super) fn beat(&mut self, member: &str, epoch: i32, expected: &str) {
        self.check(&quiet(member, epoch), expected);
    }

    /// A heartbeat that lists owned partitions of `t`.
    #[track_caller]
    pub(super) fn owns(&mut self, member: &str, epoch: i32, owned: &[i32], expected: &str) {
        let owned = Some(self.of_t(owned));
        self.check(&Heartbeat { owned, ..quiet(member, epoch) }, expected);
    }

    /// The state of the group, and each member with its epoch and state.
    pub(super) fn states(&self) -> String {
        let members: Vec<_> = self
            .group
            .members()
            .map(|member| format!("{} {} {:?}", member.id, member.epoch, member.state))
            .collect();
        format!("{} {}: {}", self.group.state().name(), self.group.epoch, members.join(", "))
    }

    /// Lets a timer fire, if it runs.
    pub(super) fn fire(&mut self, timer: &GroupTimer) -> bool {
        let Some(at) = self.timers.remove(timer) else { return false };
        self.now = self.now.max(at);
        let outcome = self.step(|group, context| match timer {
            GroupTimer::Session(member) => group.expire_session(context, member),
            GroupTimer::Rebalance(member) => group.expire_rebalance(context, member),
            GroupTimer::RegexRefresh => Ok(Some(group.refresh_regexes(context))),
            other => panic!("no timer of a group without classic members: {other:?}"),
        });
        let outcome = outcome.unwrap();
        outcome.map(|outcome| self.apply(outcome)).is_some()
    }
}
