//! What belongs to one partition of `__consumer_offsets`, in the memory of the broker that leads it
//! (TXOFF-06).

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{GroupId, Offset, ProducerId, Rules, Timestamp, TopicPartition};
use fencepost_log::MarkerType;
use fencepost_wire::Release;

use super::Group;
use super::classic::ClassicGroup;
use super::consumer::ConsumerGroup;
use super::offsets::Offsets;
use super::records::{ConsumerGroupRecord, GroupRecord};
use super::waiting::Waiting;
use crate::metadata::PartitionKey;
use crate::timers::GroupTimer;

/// The groups and offsets of one partition. It is rebuilt from the log alone, but for what it
/// waits for.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(super) key: PartitionKey,
    release: Release,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) offsets: Offsets,
    /// The groups' timers that run, so that a group that goes can stop its own.
    pub(super) timers: BTreeSet<(GroupId, GroupTimer)>,
    /// What happens when the high watermark passes an offset, in the order of the offsets.
    pub(super) waiting: BTreeMap<u64, Waiting>,
    /// How many waits there were.
    pub(super) waits: u64,
    /// Markers whose pending offsets are not settled yet, with their offsets; there are none while
    /// a marker is answered when they are (TXOFF-40).
    pub(super) unsettled: Vec<(Offset, ProducerId, MarkerType)>,
}

impl Shard {
    pub(super) const fn new(key: PartitionKey, release: Release, rules: Rules) -> Self {
        Self {
            key,
            release,
            groups: BTreeMap::new(),
            offsets: Offsets::new(rules),
            timers: BTreeSet::new(),
            waiting: BTreeMap::new(),
            waits: 0,
            unsettled: Vec::new(),
        }
    }

    /// The partition of `__consumer_offsets`.
    pub(crate) const fn key(&self) -> PartitionKey {
        self.key
    }

    /// The groups, by id.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.groups.iter()
    }

    pub(crate) fn group(&self, group: &GroupId) -> Option<&Group> {
        self.groups.get(group)
    }

    /// The offsets of all groups.
    pub(crate) const fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// Applies a record, from the log or just appended to it (TXOFF-75).
    pub(super) fn replay(
        &mut self,
        now: Timestamp,
        at: Offset,
        producer_id: Option<ProducerId>,
        record: GroupRecord,
    ) {
        match record {
            GroupRecord::OffsetCommit(key, value) => {
                let partition = TopicPartition { topic: key.topic, partition: key.partition };
                let Some(value) = value else {
                    return self.offsets.delete(at, &key.group, &partition);
                };
                if !self.groups.contains_key(&key.group) {
                    self.groups.insert(key.group.clone(), Group::simple(now));
                }
                match producer_id {
                    Some(producer_id) => {
                        self.offsets.commit_pending(
                            at,
                            producer_id,
                            &key.group,
                            &partition,
                            &value,
                        );
                    }
                    None => self.offsets.commit(at, &key.group, &partition, &value),
                }
            }
            GroupRecord::ClassicGroup(group, Some(value)) => {
                self.groups.insert(group, Group::Classic(ClassicGroup::replayed(value)));
            }
            GroupRecord::ClassicGroup(group, None) => {
                if let Some(Group::Classic(_)) = self.groups.get(&group) {
                    self.groups.remove(&group);
                }
            }
            GroupRecord::ConsumerGroup(group, record) => self.replay_consumer(group, record),
        }
    }

    /// Only a record with a value makes a group; a classic one in its place is one that exists
    /// through its offsets, which stood in the log first.
    fn replay_consumer(&mut self, group: GroupId, record: ConsumerGroupRecord) {
        match (self.groups.get_mut(&group), record.is_tombstone()) {
            (Some(Group::Consumer(_)), _) if record == ConsumerGroupRecord::GroupEpoch(None) => {
                self.groups.remove(&group);
            }
            (Some(Group::Consumer(consumer)), _) => consumer.replay(record),
            (Some(Group::Classic(_)) | None, true) => {}
            (Some(Group::Classic(_)) | None, false) => {
                let mut consumer = ConsumerGroup::created(self.release);
                consumer.replay(record);
                self.groups.insert(group, Group::Consumer(consumer));
            }
        }
    }

    /// Applies a marker, from the log or just appended to it (TXOFF-36 to TXOFF-39).
    pub(super) fn replay_marker(
        &mut self,
        at: Offset,
        producer_id: ProducerId,
        marker: MarkerType,
    ) {
        self.offsets.end_transaction(at, producer_id, marker);
    }
}
