//! The target assignment (G848-16).

use std::collections::BTreeMap;

use fencepost_ids::{ErrorCode, MemberId, Timestamp, TopicId};

use super::{ConsumerGroup, Context, Draft, Refusal};
use crate::group::assign::{Assignable, Assignor, Partitions, Subscriber};
use crate::group::records::{ConsumerGroupRecord, TargetEpochValue};

impl ConsumerGroup {
    /// The assignor that most members name; of several the one that is configured first, which
    /// Kafka leaves to the order of a hash map.
    pub(super) fn assignor(&self, configured: &[Assignor]) -> Assignor {
        let votes = |assignor: Assignor| {
            let name = assignor.name();
            self.members().filter(|member| member.assignor.as_deref() == Some(name)).count()
        };
        let mut chosen = configured.first().copied().unwrap_or(Assignor::Uniform);
        for assignor in configured {
            if votes(*assignor) > votes(chosen) {
                chosen = *assignor;
            }
        }
        chosen
    }

    /// Whether some member has a target in a topic that it subscribes to, and the topic has no such
    /// partition.
    fn has_impossible_target(&self, context: &Context<'_>) -> bool {
        self.members().any(|member| {
            let names = self.subscribed_topics();
            let counts: BTreeMap<TopicId, i32> =
                names.into_iter().filter_map(|name| context.topics.topic(name)).collect();
            let own = self.topic_ids(member, context.topics);
            let target = self.target.get(&member.id);
            target.into_iter().flat_map(Partitions::iter).any(|(topic, partition)| {
                let count = counts.get(&topic).copied().unwrap_or(0);
                own.contains(&topic) && !(0..count).contains(&partition.0)
            })
        })
    }

    /// Whether the last target is so fresh that another one must wait (G848-36).
    fn has_fresh_target(&self, context: &Context<'_>) -> bool {
        let interval = i64::from(context.settings.assignment_interval_ms);
        self.target_time != Timestamp(0)
            && interval > 0
            && context.now < self.target_time.plus_millis(interval)
    }

    fn compute_target(&self, context: &Context<'_>) -> BTreeMap<MemberId, Partitions> {
        let subscribers: BTreeMap<_, _> = self
            .members()
            .map(|member| {
                let topics = self.topic_ids(member, context.topics);
                (member.id.clone(), Subscriber { instance: member.instance.clone(), topics })
            })
            .collect();
        let topics: BTreeMap<TopicId, i32> = self
            .subscribed_topics()
            .into_iter()
            .filter_map(|name| context.topics.topic(name))
            .collect();
        let input =
            Assignable { subscribers: &subscribers, topics: &topics, previous: &self.target };
        self.assignor(&context.settings.assignors).assign(&input)
    }
}

impl Draft<'_> {
    /// The target is that of the group epoch now.
    pub(super) fn write_target_epoch(&mut self, time: Timestamp) {
        let value = TargetEpochValue { epoch: self.epoch, time };
        self.write(ConsumerGroupRecord::TargetEpoch(Some(value)));
    }

    /// Computes a new target for all members if the group epoch rose, unless it is too soon.
    ///
    /// # Errors
    /// UNKNOWN_SERVER_ERROR from the uniform assignor, as Kafka stumbles over a partition that does
    /// not exist; only a classic group that was converted can have one (GRP-60).
    pub(super) fn update_target(&mut self, context: &Context<'_>) -> Result<(), Refusal> {
        if self.epoch <= self.target_epoch || self.has_fresh_target(context) {
            return Ok(());
        }
        let assignor = self.assignor(&context.settings.assignors);
        if assignor == Assignor::Uniform && self.has_impossible_target(context) {
            return Err(Refusal::of(ErrorCode::UnknownServerError));
        }
        for (member, partitions) in self.compute_target(context) {
            if self.target.get(&member) != Some(&partitions) {
                self.write(ConsumerGroupRecord::TargetAssignment(member, Some(partitions)));
            }
        }
        self.write_target_epoch(if context.settings.remembers_assignments() {
            context.now
        } else {
            Timestamp(0)
        });
        Ok(())
    }
}
