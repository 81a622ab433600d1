//! Committed and pending offsets of the groups in one partition of `__consumer_offsets`, rebuilt
//! from its log alone (TXOFF-06).
//!
//! Every method that changes them is the replay of one record, at load as in service; `at` is its
//! log position. Which commits are allowed is the groups' business, not that of this module.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{
    GroupId, LeaderEpoch, Offset, ProducerId, Rule, Rules, Timestamp, TopicId, TopicName,
    TopicPartition,
};
use fencepost_log::MarkerType;

use super::records::OffsetCommitValue;

mod expiry;
pub(crate) use expiry::ExpiryBase;
mod history;
use history::History;

/// A committed or pending offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CommittedOffset {
    /// The next offset to read.
    pub(crate) offset: Offset,
    /// The leader epoch of the last record read, if the client knew it.
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    /// What the client wants to find again.
    pub(crate) metadata: Arc<str>,
    /// When it was committed.
    pub(crate) commit_time: Timestamp,
    /// When it expires, if the client said so (TXOFF-60).
    pub(crate) expire_time: Option<Timestamp>,
    /// The topic that the client meant, if it named it by its id.
    pub(crate) topic_id: TopicId,
    /// The offset of the record that carried it; it decides between commits (TXOFF-37).
    pub(crate) log_position: Offset,
}

impl CommittedOffset {
    fn replayed(at: Offset, value: &OffsetCommitValue) -> Self {
        Self {
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: value.metadata.clone(),
            commit_time: value.commit_time,
            expire_time: value.expire_time,
            topic_id: value.topic_id,
            log_position: at,
        }
    }

    /// Whether it was committed for the topic of this id, as far as either side names one.
    pub(crate) fn is_for(&self, topic_id: TopicId) -> bool {
        self.topic_id.is_zero() || topic_id.is_zero() || self.topic_id == topic_id
    }
}

/// What a fetch that requires stable offsets finds (TXOFF-46).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StableOffset<'a> {
    /// A transaction may still change it.
    Unstable,
    /// Nothing was committed.
    Absent,
    /// The committed offset.
    Committed(&'a CommittedOffset),
}

type ByPartition<T> = BTreeMap<TopicPartition, T>;

/// The offsets of the groups in one partition of `__consumer_offsets`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Offsets {
    rules: Rules,
    committed: BTreeMap<GroupId, ByPartition<History>>,
    /// Keyed by producer id alone: neither epoch nor transactional id matters (TXOFF-07).
    pending: BTreeMap<ProducerId, BTreeMap<GroupId, ByPartition<CommittedOffset>>>,
    /// The producer ids that have something pending for a partition.
    open: BTreeMap<GroupId, ByPartition<BTreeSet<ProducerId>>>,
    /// What changed at which log position that may not be replicated yet.
    unreplicated: BTreeMap<Offset, Vec<(GroupId, TopicPartition)>>,
}

impl Offsets {
    /// No offsets.
    #[must_use]
    pub(crate) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            committed: BTreeMap::new(),
            pending: BTreeMap::new(),
            open: BTreeMap::new(),
            unreplicated: BTreeMap::new(),
        }
    }

    /// Replays a plain commit, which is visible at once and leaves pending ones alone (TXOFF-59).
    pub(crate) fn commit(
        &mut self,
        at: Offset,
        group: &GroupId,
        partition: &TopicPartition,
        value: &OffsetCommitValue,
    ) {
        self.change(at, group, partition, Some(CommittedOffset::replayed(at, value)));
    }

    /// Replays a transactional commit, which replaces the same producer id's earlier one (TXOFF-08).
    pub(crate) fn commit_pending(
        &mut self,
        at: Offset,
        producer_id: ProducerId,
        group: &GroupId,
        partition: &TopicPartition,
        value: &OffsetCommitValue,
    ) {
        if !self.rules.is_on(Rule::PendingOffsets) {
            return self.commit(at, group, partition, value);
        }
        let pending = CommittedOffset::replayed(at, value);
        let of_group =
            self.pending.entry(producer_id).or_default().entry(group.clone()).or_default();
        of_group.insert(partition.clone(), pending);
        let open = self.open.entry(group.clone()).or_default();
        open.entry(partition.clone()).or_default().insert(producer_id);
    }

    /// Replays a tombstone, which removes what is committed and what is pending (TXOFF-63).
    pub(crate) fn delete(&mut self, at: Offset, group: &GroupId, partition: &TopicPartition) {
        if self.is_committed(group, partition) {
            self.change(at, group, partition, None);
        }
        if !self.rules.is_on(Rule::PendingOffsetDeletion) {
            return;
        }
        let Some(open) = self.open.get_mut(group) else { return };
        let producer_ids = open.remove(partition).unwrap_or_default();
        if open.is_empty() {
            self.open.remove(group);
        }
        for producer_id in producer_ids {
            let Some(groups) = self.pending.get_mut(&producer_id) else { continue };
            let Some(of_group) = groups.get_mut(group) else { continue };
            of_group.remove(partition);
            if of_group.is_empty() {
                groups.remove(group);
            }
            if groups.is_empty() {
                self.pending.remove(&producer_id);
            }
        }
    }

    /// Replays a marker: all that the producer id left pending is settled (TXOFF-36, TXOFF-38). A
    /// pending offset gives way to one that was committed by a later record (TXOFF-37).
    pub(crate) fn end_transaction(
        &mut self,
        at: Offset,
        producer_id: ProducerId,
        marker: MarkerType,
    ) {
        for (group, of_group) in self.pending.remove(&producer_id).unwrap_or_default() {
            for (partition, pending) in of_group {
                self.close(producer_id, &group, &partition);
                let is_later = !self.rules.is_on(Rule::LaterCommitWins)
                    || self
                        .latest(&group, &partition)
                        .is_none_or(|committed| pending.log_position > committed.log_position);
                match marker {
                    MarkerType::Commit if is_later => {
                        self.change(at, &group, &partition, Some(pending));
                    }
                    MarkerType::Commit | MarkerType::Abort => {}
                }
            }
        }
    }

    /// What a marker of a producer id would settle.
    pub(crate) fn settled_by(
        &self,
        producer_id: ProducerId,
    ) -> Vec<(GroupId, TopicPartition, CommittedOffset)> {
        let groups = self.pending.get(&producer_id).into_iter().flatten();
        let offsets = groups.flat_map(|(group, offsets)| offsets.iter().map(move |it| (group, it)));
        offsets
            .map(|(group, (key, pending))| (group.clone(), key.clone(), pending.clone()))
            .collect()
    }

    fn close(&mut self, producer_id: ProducerId, group: &GroupId, partition: &TopicPartition) {
        let Some(open) = self.open.get_mut(group) else { return };
        if let Some(producer_ids) = open.get_mut(partition) {
            producer_ids.remove(&producer_id);
            if producer_ids.is_empty() {
                open.remove(partition);
            }
        }
        if open.is_empty() {
            self.open.remove(group);
        }
    }

    fn change(
        &mut self,
        at: Offset,
        group: &GroupId,
        partition: &TopicPartition,
        committed: Option<CommittedOffset>,
    ) {
        let of_group = self.committed.entry(group.clone()).or_default();
        of_group.entry(partition.clone()).or_default().change(at, committed);
        self.unreplicated.entry(at).or_default().push((group.clone(), partition.clone()));
    }

    /// The high watermark moved: what lies below it no longer needs its past (TXOFF-49).
    pub(crate) fn replicated(&mut self, high_watermark: Offset) {
        let still_unreplicated = self.unreplicated.split_off(&high_watermark);
        let replicated = std::mem::replace(&mut self.unreplicated, still_unreplicated);
        for (group, partition) in replicated.into_values().flatten() {
            let Some(of_group) = self.committed.get_mut(&group) else { continue };
            if let Some(history) = of_group.get_mut(&partition) {
                history.replicated(high_watermark);
                if history.is_gone() {
                    of_group.remove(&partition);
                }
            }
            if of_group.is_empty() {
                self.committed.remove(&group);
            }
        }
    }

    /// The last committed offset, replicated or not.
    #[must_use]
    pub(crate) fn latest(
        &self,
        group: &GroupId,
        partition: &TopicPartition,
    ) -> Option<&CommittedOffset> {
        self.committed.get(group)?.get(partition)?.latest()
    }

    /// What a fetch finds that does not require stable offsets: the committed offset as of the
    /// high watermark, whatever is pending (TXOFF-49).
    #[must_use]
    pub(crate) fn fetch(
        &self,
        group: &GroupId,
        partition: &TopicPartition,
        high_watermark: Offset,
    ) -> Option<&CommittedOffset> {
        self.committed.get(group)?.get(partition)?.as_of(self.bound(high_watermark))
    }

    /// Up to where a fetch sees that does not require stable offsets.
    fn bound(&self, high_watermark: Offset) -> Offset {
        if self.rules.is_on(Rule::ReplicatedOffsetsBound) {
            high_watermark
        } else {
            Offset(i64::MAX)
        }
    }

    /// What a fetch finds that requires stable offsets, its answer to be held until all of it is
    /// replicated (TXOFF-46, TXOFF-50).
    #[must_use]
    pub(crate) fn fetch_stable(
        &self,
        group: &GroupId,
        partition: &TopicPartition,
    ) -> StableOffset<'_> {
        if self.rules.is_on(Rule::UnstableOffsetRefusal) && self.is_pending(group, partition) {
            return StableOffset::Unstable;
        }
        self.latest(group, partition).map_or(StableOffset::Absent, StableOffset::Committed)
    }

    /// The partitions with a committed offset, as of the high watermark or, without one, as of the
    /// end of the log; a partition that has only a pending one is absent (TXOFF-48).
    pub(crate) fn partitions(
        &self,
        group: &GroupId,
        high_watermark: Option<Offset>,
    ) -> impl Iterator<Item = &TopicPartition> {
        let histories = self.committed.get(group).into_iter().flatten();
        histories.filter_map(move |(partition, history)| {
            match high_watermark {
                Some(high_watermark) => history.as_of(self.bound(high_watermark)),
                None => history.latest(),
            }
            .map(|_| partition)
        })
    }

    /// The committed offsets of a group, each with whether all of it is replicated.
    pub(crate) fn committed_by(
        &self,
        group: &GroupId,
        high_watermark: Offset,
    ) -> impl Iterator<Item = (&TopicPartition, &CommittedOffset, bool)> {
        let histories = self.committed.get(group).into_iter().flatten();
        histories.filter_map(move |(partition, history)| {
            let latest = history.latest()?;
            Some((partition, latest, history.as_of(high_watermark) == Some(latest)))
        })
    }

    /// The pending offsets of a group, by producer id.
    pub(crate) fn pending_of(
        &self,
        group: &GroupId,
    ) -> impl Iterator<Item = (ProducerId, &TopicPartition, &CommittedOffset)> {
        self.pending.iter().flat_map(move |(producer_id, groups)| {
            let offsets = groups.get(group).into_iter().flatten();
            offsets.map(|(partition, offset)| (*producer_id, partition, offset))
        })
    }

    /// Whether any producer id has a pending offset for exactly this partition (TXOFF-47).
    #[must_use]
    pub(crate) fn is_pending(&self, group: &GroupId, partition: &TopicPartition) -> bool {
        self.open.get(group).is_some_and(|open| open.contains_key(partition))
    }

    /// Whether any producer id has a pending offset of the group (TXOFF-69).
    #[must_use]
    pub(crate) fn has_open_transactions(&self, group: &GroupId) -> bool {
        self.open.contains_key(group)
    }

    fn is_committed(&self, group: &GroupId, partition: &TopicPartition) -> bool {
        self.latest(group, partition).is_some()
    }

    /// Whether a tombstone is written when this offset is deleted: it is committed or pending
    /// (TXOFF-62).
    #[must_use]
    pub(crate) fn needs_tombstone(&self, group: &GroupId, partition: &TopicPartition) -> bool {
        self.is_committed(group, partition) || self.is_pending(group, partition)
    }

    /// The partitions of a group that a deletion of the group writes tombstones for, each once
    /// (TXOFF-65).
    #[must_use]
    pub(crate) fn tombstones_of_group(&self, group: &GroupId) -> Vec<TopicPartition> {
        let mut partitions: BTreeSet<_> = self.partitions(group, None).cloned().collect();
        partitions.extend(self.open.get(group).into_iter().flatten().map(|(key, _)| key.clone()));
        partitions.into_iter().collect()
    }

    /// What the deletion of a topic writes tombstones for, in all groups (TXOFF-66).
    #[must_use]
    pub(crate) fn tombstones_of_topic(&self, topic: &TopicName) -> Vec<(GroupId, TopicPartition)> {
        let groups: BTreeSet<_> = self.committed.keys().chain(self.open.keys()).collect();
        groups
            .into_iter()
            .flat_map(|group| {
                let partitions = self.tombstones_of_group(group).into_iter();
                partitions.filter(|partition| partition.topic == *topic).map(|p| (group.clone(), p))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
