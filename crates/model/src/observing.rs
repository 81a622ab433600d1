//! Telling events while the cluster observes itself. While it does not, each place that could tell
//! one costs a branch, and nothing is made.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{
    BrokerId, ErrorCode, GroupId, Offset, ProducerEpoch, ProducerId, Sequence, TopicPartition,
    TransactionalId,
};
use fencepost_log::{AppendError, AppendedBatch, FramedBatch, Marker, MarkerType};

use crate::cluster::Cluster;
use crate::event::{BatchAppend, Event, GroupOffset, GroupStanding, TransactionChange};
use crate::group::{CommittedOffset, Group, GroupRecord, Offsets};
use crate::host::Host;
use crate::metadata::{Metadata, PartitionKey};
use crate::step::Step;
use crate::txn::{Identity, TxnFields};

/// What was told last of things that move in many places.
#[derive(Clone, Default, Debug)]
pub(crate) struct Observer {
    /// The high watermark and the last stable offset.
    marks: BTreeMap<PartitionKey, (Offset, Offset)>,
    groups: BTreeMap<GroupId, (BrokerId, GroupStanding)>,
    /// What was told and not taken yet.
    events: Vec<Event>,
    /// Groups that may have changed in this step.
    touched: BTreeSet<(BrokerId, GroupId)>,
}

impl Cluster {
    /// Whether events are told from now on. A clone observes if its original does.
    pub fn observe(&mut self, on: bool) {
        self.observer = on.then(Box::default);
    }

    /// What was told since the last look, in the order in which it happened; nothing unless the
    /// cluster observes itself.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.observer
            .as_mut()
            .map(|observer| std::mem::take(&mut observer.events))
            .unwrap_or_default()
    }
}

impl Metadata {
    fn topic_partition(&self, key: PartitionKey) -> Option<TopicPartition> {
        let topic = self.topic_at(key.topic)?.name.clone();
        Some(TopicPartition { topic, partition: key.partition })
    }
}

/// The producer that a batch names.
pub(crate) type Producer = (ProducerId, ProducerEpoch, Sequence);

impl Host<'_> {
    /// Whether anybody wants to hear events.
    pub(crate) const fn observes(&self) -> bool {
        self.observer.is_some()
    }

    fn tell(&mut self, event: Event) {
        if let Some(observer) = self.observer {
            observer.events.push(event);
        }
    }

    /// The producer of a batch, if events are told.
    pub(crate) fn observed_producer(&self, batch: &FramedBatch) -> Option<Producer> {
        const NONE: Producer = (ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
        self.observes().then(|| batch.producer().unwrap_or(NONE))
    }

    /// A batch is in the log, or the log refused it.
    pub(crate) fn tell_append(
        &mut self,
        key: PartitionKey,
        (producer_id, producer_epoch, base_sequence): Producer,
        appended: &Result<AppendedBatch, AppendError>,
    ) {
        let Some(partition) = self.metadata.topic_partition(key) else { return };
        let leader = self.broker;
        let at = |base_offset: Offset, last_offset: Offset| {
            let stored = self.stored(key)?.log.batches_from(base_offset).next()?;
            let is_transactional = stored.header().attributes.is_transactional();
            let partition = partition.clone();
            Some(BatchAppend {
                partition,
                leader,
                base_offset,
                last_offset,
                producer_id,
                producer_epoch,
                base_sequence,
                is_transactional,
            })
        };
        let event = match appended {
            Ok(AppendedBatch::Fresh { base_offset, last_offset, .. }) => {
                at(*base_offset, *last_offset).map(Event::BatchAppended)
            }
            Ok(AppendedBatch::Duplicate { base_offset, last_offset, .. }) => {
                at(*base_offset, *last_offset).map(Event::BatchRepeated)
            }
            Err(AppendError::StaleProducerEpoch { epoch, current }) => {
                Some(Event::ProducerFenced {
                    broker: leader,
                    transactional_id: None,
                    partition: Some(partition),
                    producer_id,
                    producer_epoch: *epoch,
                    current_epoch: *current,
                })
            }
            Err(error) => Some(Event::BatchRefused {
                partition,
                leader,
                producer_id,
                producer_epoch,
                base_sequence,
                rule: error.rule(),
                error: error.error_code(),
            }),
        };
        event.into_iter().for_each(|event| self.tell(event));
    }

    /// A producer's batch was refused before its transaction was verified (VERIFY-03).
    pub(crate) fn tell_question_refused(
        &mut self,
        key: PartitionKey,
        producer_id: ProducerId,
        error: &AppendError,
    ) {
        let AppendError::StaleProducerEpoch { epoch, current } = *error else { return };
        if self.observes() {
            let event = Event::ProducerFenced {
                broker: self.broker,
                transactional_id: None,
                partition: self.metadata.topic_partition(key),
                producer_id,
                producer_epoch: epoch,
                current_epoch: current,
            };
            self.tell(event);
        }
    }

    /// A marker is in the log.
    pub(crate) fn tell_marker(&mut self, key: PartitionKey, marker: &Marker, offset: Offset) {
        if self.observes()
            && let Some(partition) = self.metadata.topic_partition(key)
        {
            let Marker { producer_id, producer_epoch, marker_type, coordinator_epoch, .. } =
                *marker;
            let leader = self.broker;
            self.tell(Event::MarkerAppended {
                partition,
                leader,
                offset,
                producer_id,
                producer_epoch,
                marker_type,
                coordinator_epoch,
            });
        }
    }

    /// This broker cut its log to what its leader has.
    pub(crate) fn tell_truncation(&mut self, key: PartitionKey, from: Offset, to: Offset) {
        if self.observes()
            && from != to
            && let Some(partition) = self.metadata.topic_partition(key)
        {
            self.tell(Event::LogTruncated { partition, broker: self.broker, from, to });
        }
    }

    /// A transition of a transactional id became true; `before` is what was true until now.
    pub(crate) fn tell_transition(
        &mut self,
        id: &TransactionalId,
        before: &TxnFields,
        after: &TxnFields,
    ) {
        let event = Event::TransactionChanged(TransactionChange {
            transactional_id: id.clone(),
            coordinator: self.broker,
            producer_id: after.producer_id,
            producer_epoch: after.epoch,
            from: before.state,
            to: after.state,
            added: after.partitions.difference(&before.partitions).cloned().collect(),
        });
        self.tell(event);
    }

    /// A transactional id is forgotten.
    pub(crate) fn tell_expiry(&mut self, id: &TransactionalId) {
        if self.observes() {
            let (transactional_id, coordinator) = (id.clone(), self.broker);
            self.tell(Event::TransactionalIdExpired { transactional_id, coordinator });
        }
    }

    /// The coordinator refused a producer; returns the code, and tells if it is for the epoch.
    pub(crate) fn tell_refusal(
        &mut self,
        id: &TransactionalId,
        shown: Identity,
        current_epoch: ProducerEpoch,
        error: ErrorCode,
    ) -> ErrorCode {
        let is_fence = matches!(error, ErrorCode::ProducerFenced | ErrorCode::InvalidProducerEpoch);
        if self.observes() && is_fence {
            let event = Event::ProducerFenced {
                broker: self.broker,
                transactional_id: Some(id.clone()),
                partition: None,
                producer_id: shown.producer_id,
                producer_epoch: shown.epoch,
                current_epoch,
            };
            self.tell(event);
        }
        error
    }

    /// A group's offset is about to change by a record.
    pub(crate) fn tell_offset(&mut self, producer_id: Option<ProducerId>, record: &GroupRecord) {
        let GroupRecord::OffsetCommit(key, value) = record else { return };
        if !self.observes() {
            return;
        }
        let (topic, partition) = (key.topic.clone(), key.partition);
        let partition = TopicPartition { topic, partition };
        let group = key.group.clone();
        let event = match (value, producer_id) {
            (None, _) => Event::OffsetDeleted { group, partition },
            (Some(value), producer_id) => {
                let offset = GroupOffset { group, partition, offset: value.offset };
                match producer_id {
                    Some(producer_id) => Event::OffsetPending { offset, producer_id },
                    None => Event::OffsetCommitted(offset),
                }
            }
        };
        self.tell(event);
    }

    /// A marker settled these offsets of a producer id.
    pub(crate) fn tell_settled(
        &mut self,
        producer_id: ProducerId,
        marker: MarkerType,
        settled: Vec<(GroupId, TopicPartition, CommittedOffset)>,
        offsets: &Offsets,
    ) {
        for (group, partition, pending) in settled {
            let latest = offsets.latest(&group, &partition);
            let is_in_force = latest.is_some_and(|it| it.log_position == pending.log_position);
            let offset = GroupOffset { group, partition, offset: pending.offset };
            self.tell(if marker == MarkerType::Commit && is_in_force {
                Event::OffsetMaterialised { offset, producer_id }
            } else {
                Event::OffsetDropped { offset, producer_id }
            });
        }
    }

    /// A group may change in this step.
    pub(crate) fn touch_group(&mut self, group: &str) {
        if let Some(observer) = self.observer {
            observer.touched.insert((self.broker, GroupId::from(group)));
        }
    }
}

impl Step<'_> {
    pub(crate) fn tell(&mut self, event: Event) {
        if let Some(observer) = &mut self.cluster.observer {
            observer.events.push(event);
        }
    }

    /// A partition has a leader in a new term, or none.
    pub(crate) fn tell_leader(&mut self, key: PartitionKey) {
        if self.cluster.observer.is_none() {
            return;
        }
        let Some(partition) = self.cluster.metadata.topic_partition(key) else { return };
        let Some(term) = self.cluster.metadata.partition(key) else { return };
        let event = match term.leader {
            Some(leader) => {
                Event::LeaderElected { partition, leader, leader_epoch: term.leader_epoch }
            }
            None => Event::LeaderLost { partition },
        };
        self.tell(event);
    }

    /// Tells where the marks of a partition are now, if they are not where they were.
    pub(crate) fn tell_marks(&mut self, leader: BrokerId, key: PartitionKey) {
        let cluster = &mut *self.cluster;
        let Some(observer) = &mut cluster.observer else { return };
        let Some(own) = cluster.brokers.get(&leader).and_then(|it| it.leaders.get(&key)) else {
            return;
        };
        let Some(stored) = cluster.disk.get(leader, key) else { return };
        let Some(partition) = cluster.metadata.topic_partition(key) else { return };
        let high_watermark = own.replica.high_watermark();
        let last_stable_offset = own.replica.last_stable_offset(&stored.log, &cluster.rules);
        let told = observer.marks.entry(key).or_insert((Offset::ZERO, Offset::ZERO));
        if told.0 != high_watermark {
            let partition = partition.clone();
            let moved = Event::HighWatermarkMoved { partition, leader, high_watermark };
            observer.events.push(moved);
        }
        if told.1 != last_stable_offset {
            let moved = Event::LastStableOffsetMoved { partition, leader, last_stable_offset };
            observer.events.push(moved);
        }
        *told = (high_watermark, last_stable_offset);
    }

    /// Tells how the groups stand that were touched in this step.
    pub(crate) fn tell_groups(&mut self) {
        let Some(observer) = &mut self.cluster.observer else { return };
        for (broker, group) in std::mem::take(&mut observer.touched) {
            self.tell_group(broker, group);
        }
    }

    fn tell_group(&mut self, coordinator: BrokerId, group: GroupId) {
        let Some(partition) = self.partition_of_group(&group) else { return };
        let cluster = &mut *self.cluster;
        let Some(observer) = &mut cluster.observer else { return };
        let Some(broker) = cluster.brokers.get(&coordinator) else { return };
        let Some(shard) = broker.group.shard_at(partition) else { return };
        let known = observer.groups.get(&group);
        match shard.group(&group).map(Group::standing) {
            Some(standing) if known != Some(&(coordinator, standing)) => {
                observer.groups.insert(group.clone(), (coordinator, standing));
                observer.events.push(Event::GroupChanged { group, coordinator, standing });
            }
            None if observer.groups.remove(&group).is_some() => {
                observer.events.push(Event::GroupGone { group, coordinator });
            }
            Some(_) | None => {}
        }
    }
}
