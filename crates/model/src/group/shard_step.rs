//! A shard at work: it appends records, waits for their replicas, keeps timers and answers.

use fencepost_ids::{
    ErrorCode, GroupId, Offset, ProducerEpoch, ProducerId, Rule, Sequence, Timestamp,
};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit, VerificationGuard};

use super::answers::Answers;
use super::classic::{ClassicGroup, JoinRequest, Joining, Settings};
use super::offsets::ExpiryBase;
use super::records::{ClassicGroupValue, ConsumerGroupRecord, GroupRecord};
use super::waiting::{Then, Waiting, append_error};
use super::{AfterWrite, Effect, Group, JoinReply, Shard};
use crate::api;
use crate::host::Host;
use crate::ticket::Ticket;
use crate::timers::{GroupTimer, Timer};

/// One shard of a broker and what the broker can do for it.
pub(crate) struct ShardStep<'a> {
    pub(super) shard: &'a mut Shard,
    pub(super) answers: &'a mut Answers,
    pub(crate) host: Host<'a>,
}

/// In whose name a transactional batch is written (TXOFF-32).
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransactionalProducer {
    pub(crate) id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
    /// Shown if the transaction had to be verified (VERIFY-04).
    pub(crate) guard: Option<VerificationGuard>,
}

impl ShardStep<'_> {
    /// What the shard knows.
    pub(crate) const fn shard(&self) -> &Shard {
        self.shard
    }

    pub(crate) fn settings(&self) -> Settings {
        let settings = &self.host.config.settings;
        Settings {
            max_size: usize::try_from(settings.group_max_size).unwrap_or(0),
            initial_rebalance_delay_ms: settings.group_initial_rebalance_delay_ms.into(),
            rules: self.host.config.rules,
        }
    }

    /// Whether a safety rule is in force.
    pub(crate) fn is_on(&self, rule: Rule) -> bool {
        self.host.config.rules.is_on(rule)
    }

    /// A classic group and the moment; none if there is no such group.
    pub(crate) fn classic(&mut self, group: &GroupId) -> Option<(&mut ClassicGroup, Timestamp)> {
        match self.shard.groups.get_mut(group)? {
            Group::Classic(group) => Some((group, self.host.now)),
            Group::Consumer(_) => None,
        }
    }

    /// Appends records and applies them; nothing is applied if the append is refused. Without
    /// records nothing happens.
    ///
    /// # Errors
    /// That of the log.
    pub(crate) fn write(
        &mut self,
        records: Vec<GroupRecord>,
        producer: Option<TransactionalProducer>,
    ) -> Result<(), ErrorCode> {
        if records.is_empty() {
            return Ok(());
        }
        let base = self.append(&records, producer)?;
        for (position, record) in (0..).zip(records) {
            if let GroupRecord::ClassicGroup(group, None)
            | GroupRecord::ConsumerGroup(group, ConsumerGroupRecord::GroupEpoch(None)) = &record
            {
                self.stop_timers(&group.clone());
            }
            let producer_id = producer.map(|producer| producer.id);
            self.host.tell_offset(producer_id, &record);
            self.shard.replay(self.host.now, base.plus(position), producer_id, record);
        }
        Ok(())
    }

    /// Appends records as one batch; its base sequence is 0 with and without a producer, as Kafka's
    /// group coordinator writes it (TXOFF-32).
    fn append(
        &mut self,
        records: &[GroupRecord],
        producer: Option<TransactionalProducer>,
    ) -> Result<Offset, ErrorCode> {
        let mut batch = match producer {
            Some(producer) => BatchBuilder::new()
                .producer(producer.id, producer.epoch, Sequence(0))
                .transaction(TransactionBit::Transactional),
            None => {
                BatchBuilder::new().producer(ProducerId::NONE, ProducerEpoch::NONE, Sequence(0))
            }
        };
        for record in records {
            let (key, value) = record.encode(self.host.config.release);
            let record = NewRecord { key: Some(&key), value: value.as_deref(), headers: &[] };
            batch.push(self.host.now, record);
        }
        let guard = producer.and_then(|producer| producer.guard);
        self.host.append_from_coordinator(self.shard.key, batch.build(), guard)
    }

    /// Lets a part of an answer wait until all that was written is replicated; whether it has to
    /// (TXOFF-34, TXOFF-50).
    pub(crate) fn await_replication(&mut self, serial: u64, part: usize) -> bool {
        let end = self.end();
        let is_replicated = self.high_watermark() >= end || !self.is_on(Rule::AnswerWhenReplicated);
        if !is_replicated {
            self.wait(end, Then::Answer { serial, part });
        }
        !is_replicated
    }

    /// The high watermark of the shard's partition.
    pub(crate) fn high_watermark(&self) -> Offset {
        self.host.high_watermark(self.shard.key).unwrap_or(Offset::ZERO)
    }

    fn end(&self) -> Offset {
        self.host.stored(self.shard.key).map_or(Offset::ZERO, |stored| stored.log.end_offset())
    }

    fn wait(&mut self, end: Offset, then: Then) {
        let serial = self.shard.waits;
        self.shard.waits += 1;
        self.shard.waiting.insert(serial, Waiting { end, then });
        let patience_ms = i64::from(self.host.config.settings.offsets_commit_timeout_ms);
        self.host.timers.set(self.append_timer(serial), self.host.now.plus_millis(patience_ms));
    }

    fn append_timer(&self, serial: u64) -> Timer {
        Timer::GroupAppend { broker: self.host.broker, partition: self.shard.key.partition, serial }
    }

    /// The high watermark moved: what waited for it happens, in order.
    pub(super) fn replicated(&mut self) {
        let high_watermark = self.high_watermark();
        self.shard.offsets.replicated(high_watermark);
        while let Some(first) = self.shard.waiting.first_entry()
            && first.get().end <= high_watermark
        {
            let (serial, waiting) = first.remove_entry();
            self.host.timers.cancel(&self.append_timer(serial));
            self.settle(waiting.then, Ok(()));
        }
    }

    /// A wait took too long; what was written stays (TXOFF-35).
    pub(super) fn timed_out(&mut self, serial: u64) {
        if let Some(waiting) = self.shard.waiting.remove(&serial) {
            self.settle(waiting.then, Err(ErrorCode::RequestTimedOut));
        }
    }

    fn settle(&mut self, then: Then, result: Result<(), ErrorCode>) {
        match then {
            Then::Answer { serial, part } => {
                if let Some((ticket, response)) = self.answers.settle(serial, part, result) {
                    self.host.respond(ticket, response);
                }
            }
            Then::Group { group, after } => self.written(&group, after, result),
        }
    }

    fn written(&mut self, group: &GroupId, after: AfterWrite, result: Result<(), ErrorCode>) {
        self.host.touch_group(group);
        let settings = self.settings();
        let Some((classic, now)) = self.classic(group) else { return };
        let mut out = Vec::new();
        classic.written(now, &settings, after, result.map_err(append_error), &mut out);
        self.apply(group, out);
    }

    /// Does what a classic group asks for.
    pub(crate) fn apply(&mut self, group: &GroupId, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Join(ticket, reply) => {
                    self.host.respond(ticket, api::join_group::response(reply, ticket.version));
                }
                Effect::Sync(ticket, reply) => {
                    self.host.respond(ticket, api::sync_group::response(reply));
                }
                Effect::Abandon(_) => {}
                Effect::Arm(timer, at) => self.start_timer(group, timer, at),
                Effect::Disarm(timer) => self.stop_timer(group, timer),
                Effect::Write(value, after) => self.write_group(group, value, after),
            }
        }
    }

    /// Writes a group's record, whose effect comes when it is replicated (TXOFF-73).
    fn write_group(&mut self, group: &GroupId, value: ClassicGroupValue, after: AfterWrite) {
        let record = GroupRecord::ClassicGroup(group.clone(), Some(value));
        let is_told_at_once =
            matches!(after, AfterWrite::Assignment { .. }) && !self.is_on(Rule::DurableAssignment);
        match self.append(&[record], None) {
            Ok(_) if is_told_at_once => self.written(group, after, Ok(())),
            Ok(_) => self.wait(self.end(), Then::Group { group: group.clone(), after }),
            Err(error) => self.written(group, after, Err(error)),
        }
    }

    /// Writes the record of a group that a JoinGroup created, behind the tombstones of an empty
    /// KIP-848 group that it replaced (GRP-63). If that is refused, all is as it was before.
    fn write_created(&mut self, group: &GroupId, ticket: Ticket, replaced: Option<Group>) {
        let tombstones = replaced.as_ref().map(|replaced| replaced.tombstones(group));
        let mut records = tombstones.unwrap_or_default();
        let value = ClassicGroup::empty_value(self.host.now);
        records.push(GroupRecord::ClassicGroup(group.clone(), Some(value)));
        let after = AfterWrite::Created { ticket };
        if let Err(error) = self.append(&records, None) {
            self.written(group, after, Err(error));
            self.stop_timers(group);
            self.shard.groups.remove(group);
            self.shard.groups.extend(replaced.map(|replaced| (group.clone(), replaced)));
        } else {
            self.wait(self.end(), Then::Group { group: group.clone(), after });
        }
    }

    pub(crate) fn start_timer(&mut self, group: &GroupId, kind: GroupTimer, at: Timestamp) {
        self.host.timers.set(self.group_timer(group, &kind), at);
        self.shard.timers.insert((group.clone(), kind));
    }

    pub(crate) fn stop_timer(&mut self, group: &GroupId, kind: GroupTimer) {
        self.host.timers.cancel(&self.group_timer(group, &kind));
        self.shard.timers.remove(&(group.clone(), kind));
    }

    fn group_timer(&self, group: &GroupId, kind: &GroupTimer) -> Timer {
        Timer::Group { broker: self.host.broker, group: group.clone(), kind: kind.clone() }
    }

    /// Stops all timers of a group that goes.
    pub(crate) fn stop_timers(&mut self, group: &GroupId) {
        // The least kind of timer, so that the group's timers follow.
        let first = (group.clone(), GroupTimer::InitialDelay);
        let from_here = self.shard.timers.range(first..);
        let own: Vec<_> = from_here.take_while(|(owner, _)| owner == group).cloned().collect();
        for (group, kind) in own {
            self.stop_timer(&group, kind);
        }
    }

    /// A timer of a group fires.
    pub(super) fn fire(&mut self, group: &GroupId, kind: &GroupTimer) {
        self.shard.timers.remove(&(group.clone(), kind.clone()));
        let settings = self.settings();
        let Some((classic, now)) = self.classic(group) else {
            return self.fire_consumer(group, kind);
        };
        let mut out = Vec::new();
        classic.fire(now, &settings, kind, &mut out);
        self.apply(group, out);
    }

    /// Handles a JoinGroup: the group is created for a member that has no id yet (GRP-08).
    pub(crate) fn join(&mut self, group: &GroupId, request: JoinRequest) {
        let ticket = request.ticket;
        let now = self.host.now;
        if self.consumer(group).is_some_and(|consumer| !consumer.is_empty()) {
            return self.join_consumer_group(group, request);
        }
        let is_new = self.classic(group).is_none();
        if is_new && let Joining::Known(member) = request.member {
            // An empty KIP-848 group is forgotten even so, though the log still holds it (GRP-63).
            self.stop_timers(group);
            self.shard.groups.remove(group);
            let refused = JoinReply::refused(ErrorCode::UnknownMemberId, Some(member));
            return self.apply(group, vec![Effect::Join(ticket, refused)]);
        }
        let mut replaced = None;
        if is_new {
            self.stop_timers(group);
            replaced = self.shard.groups.insert(group.clone(), Group::simple(now));
        }
        let settings = self.settings();
        let Some((classic, _)) = self.classic(group) else { return };
        let mut out = Vec::new();
        classic.join(now, &settings, request, &mut out);
        self.apply(group, out);
        if is_new {
            self.write_created(group, ticket, replaced);
        }
    }

    /// The load is done: sessions start anew (TXOFF-75).
    pub(super) fn loaded(&mut self) {
        let settings = self.settings();
        self.shard.offsets.replicated(self.high_watermark());
        let groups: Vec<_> = self.shard.groups.keys().cloned().collect();
        for group in groups {
            self.host.touch_group(&group);
            let Some((classic, now)) = self.classic(&group) else {
                self.loaded_consumer(&group);
                continue;
            };
            let mut out = Vec::new();
            classic.loaded(now, &settings, &mut out);
            self.apply(&group, out);
        }
    }

    /// The partition moves away: whoever waits must look for the coordinator again (TXOFF-76).
    pub(super) fn unload(&mut self) {
        for (serial, waiting) in std::mem::take(&mut self.shard.waiting) {
            self.host.timers.cancel(&self.append_timer(serial));
            match waiting.then {
                Then::Answer { .. } => {
                    self.settle(waiting.then, Err(ErrorCode::NotLeaderOrFollower));
                }
                Then::Group { .. } => {}
            }
        }
        for (group, state) in std::mem::take(&mut self.shard.groups) {
            self.stop_timers(&group);
            match state {
                Group::Classic(classic) => {
                    let mut out = Vec::new();
                    classic.unload(&mut out);
                    self.apply(&group, out);
                }
                Group::Consumer(_) => {}
            }
        }
    }

    /// One expiry round over the groups (TXOFF-67 to TXOFF-69).
    pub(super) fn expire_offsets(&mut self) {
        let retention_ms = i64::from(self.host.config.settings.offsets_retention_minutes) * 60_000;
        let (mut records, mut gone) = (Vec::new(), Vec::new());
        for (id, group) in &self.shard.groups {
            let base = if self.is_on(Rule::OffsetAge) {
                group.offset_expiry()
            } else {
                ExpiryBase::CommitTime
            };
            let round = self.shard.offsets.expire(id, base, retention_ms, self.host.now, |topic| {
                group.is_subscribed_to(topic)
            });
            let tombstones = round.expired.into_iter();
            records.extend(tombstones.map(|partition| GroupRecord::delete_offset(id, partition)));
            if round.leaves_nothing && group.is_empty() {
                gone.push(id.clone());
                records.extend(group.tombstones(id));
            }
        }
        gone.iter().for_each(|group| self.host.touch_group(group));
        // What is refused now expires in the next round.
        let _ = self.write(records, None);
    }

    /// A topic was deleted (TXOFF-66).
    pub(super) fn topic_deleted(&mut self, topic: &fencepost_ids::TopicName) {
        if !self.is_on(Rule::DeletedTopicOffsets) {
            return;
        }
        let gone = self.shard.offsets.tombstones_of_topic(topic).into_iter();
        let records =
            gone.map(|(group, partition)| GroupRecord::delete_offset(&group, partition)).collect();
        // Kafka tries once, too.
        let _ = self.write(records, None);
    }
}
