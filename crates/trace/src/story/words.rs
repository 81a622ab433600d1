//! Events in a line each, and the lane that each belongs to.

use std::fmt;

use super::Lane;
use crate::event::{BatchAppend, Event, GroupOffset};

/// An event in words; its lane is not repeated.
pub(super) struct Words<'a>(pub(super) &'a Event);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::TransactionChanged { producer_id, producer_epoch, from, to, added, .. } => {
                write!(f, "{from} → {to}, producer {producer_id}.{producer_epoch}")?;
                added.iter().try_for_each(|partition| write!(f, " +{partition}"))
            }
            Event::TransactionalIdExpired { .. } => f.write_str("forgotten"),
            Event::ProducerFenced { producer_id, producer_epoch, current_epoch, .. } => write!(
                f,
                "fenced: producer {producer_id}.{producer_epoch}, the epoch is {current_epoch}"
            ),
            Event::BatchAppended(append) => batch(f, "appended", append),
            Event::BatchRepeated(append) => batch(f, "has already", append),
            Event::BatchRefused {
                producer_id, producer_epoch, base_sequence, rule, error, ..
            } => {
                write!(
                    f,
                    "refused: {error} ({rule}), producer {producer_id}.{producer_epoch} \
                     sequence {base_sequence}"
                )
            }
            Event::MarkerAppended { offset, producer_id, producer_epoch, commits, .. } => {
                let outcome = if *commits { "COMMIT" } else { "ABORT" };
                write!(f, "{outcome} marker at {offset}, producer {producer_id}.{producer_epoch}")
            }
            Event::HighWatermarkMoved { high_watermark, .. } => {
                write!(f, "high watermark {high_watermark}")
            }
            Event::LastStableOffsetMoved { last_stable_offset, .. } => {
                write!(f, "LSO {last_stable_offset}")
            }
            Event::OffsetCommitted(offset) => group_offset(f, "committed", offset),
            Event::OffsetPending(offset) => group_offset(f, "pending", offset),
            Event::OffsetMaterialised(offset) => group_offset(f, "materialised", offset),
            Event::OffsetDropped(offset) => group_offset(f, "dropped", offset),
            Event::OffsetDeleted { partition, .. } => write!(f, "offset of {partition} deleted"),
            Event::GroupChanged { group_type, state, epoch, members, .. } => {
                let number = if group_type == "classic" { "generation" } else { "epoch" };
                write!(f, "{state}, {number} {epoch}, members: {members}")
            }
            Event::GroupGone { .. } => f.write_str("gone"),
            Event::LeaderElected { leader, leader_epoch, .. } => {
                write!(f, "leader is broker {leader}, epoch {leader_epoch}")
            }
            Event::LeaderLost { .. } => f.write_str("no leader"),
            Event::LogTruncated { broker, from, to, .. } => {
                write!(f, "broker {broker} cuts its log from {from} to {to}")
            }
            Event::BrokerCrashed { .. } => f.write_str("crashed"),
            Event::BrokerStopped { .. } => f.write_str("stopped"),
            Event::BrokerRestarted { .. } => f.write_str("restarted"),
        }
    }
}

/// The records that a marker ends, behind its words.
pub(super) struct Ended<'a>(pub(super) Option<&'a Vec<(i64, i64)>>);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ended) = self.0.filter(|ended| !ended.is_empty()) else { return Ok(()) };
        f.write_str(", ends")?;
        ended.iter().try_for_each(|(first, last)| {
            if first == last { write!(f, " {first}") } else { write!(f, " {first}..{last}") }
        })
    }
}

fn batch(f: &mut fmt::Formatter<'_>, verb: &str, append: &BatchAppend) -> fmt::Result {
    let BatchAppend { base_offset, last_offset, producer_id, producer_epoch, .. } = append;
    write!(f, "{verb} {base_offset}")?;
    if base_offset != last_offset {
        write!(f, "..{last_offset}")?;
    }
    if *producer_id >= 0 {
        write!(f, ", producer {producer_id}.{producer_epoch} sequence {}", append.base_sequence)?;
    }
    f.write_str(if append.is_transactional { ", in a transaction" } else { "" })
}

fn group_offset(f: &mut fmt::Formatter<'_>, verb: &str, offset: &GroupOffset) -> fmt::Result {
    write!(f, "{verb} {} = {}", offset.partition, offset.offset)?;
    offset.producer_id.map_or(Ok(()), |id| write!(f, ", producer {id}"))
}

/// Where an event happened.
pub(super) fn lane_of(event: &Event) -> Lane {
    match event {
        Event::TransactionChanged { transactional_id, .. }
        | Event::TransactionalIdExpired { transactional_id, .. }
        | Event::ProducerFenced { transactional_id: Some(transactional_id), .. } => {
            Lane::Transaction(transactional_id.clone())
        }
        Event::ProducerFenced { partition: Some(partition), .. }
        | Event::BatchRefused { partition, .. }
        | Event::MarkerAppended { partition, .. }
        | Event::HighWatermarkMoved { partition, .. }
        | Event::LastStableOffsetMoved { partition, .. }
        | Event::LeaderElected { partition, .. }
        | Event::LeaderLost { partition }
        | Event::LogTruncated { partition, .. } => Lane::Partition(partition.clone()),
        Event::BatchAppended(append) | Event::BatchRepeated(append) => {
            Lane::Partition(append.partition.clone())
        }
        Event::OffsetCommitted(offset)
        | Event::OffsetPending(offset)
        | Event::OffsetMaterialised(offset)
        | Event::OffsetDropped(offset) => Lane::Group(offset.group.clone()),
        Event::OffsetDeleted { group, .. }
        | Event::GroupChanged { group, .. }
        | Event::GroupGone { group, .. } => Lane::Group(group.clone()),
        Event::ProducerFenced { broker, .. }
        | Event::BrokerCrashed { broker }
        | Event::BrokerStopped { broker }
        | Event::BrokerRestarted { broker } => Lane::Broker(*broker),
    }
}

/// Whether an event is about a log that only coordinators write, so that its effects are told at the
/// transactional id or the group, and a picture leaves it out.
pub(super) fn is_internal(event: &Event) -> bool {
    let is_election = matches!(event, Event::LeaderElected { .. } | Event::LeaderLost { .. });
    match lane_of(event) {
        Lane::Partition(partition) => !is_election && partition.starts_with("__"),
        Lane::Client(_) | Lane::Transaction(_) | Lane::Group(_) | Lane::Broker(_) => false,
    }
}

/// Whether coordinators move with an event: a picture has no column for the log that they write.
pub(super) fn moves_coordinators(event: &Event) -> bool {
    match event {
        Event::LeaderElected { partition, .. } | Event::LeaderLost { partition } => {
            partition.starts_with("__")
        }
        _ => false,
    }
}

/// The first leaders of the fifty partitions of a new internal topic are no news.
pub(super) fn is_first_of_internal(event: &Event) -> bool {
    match event {
        Event::LeaderElected { partition, leader_epoch: 0, .. } => partition.starts_with("__"),
        _ => false,
    }
}
