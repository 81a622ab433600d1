//! What a cluster tells while it observes itself, as text.

use fencepost_model::{BatchAppend, Event, GroupOffset, TransactionChange};

use crate::world::World;

/// What was told since the last look; appends to the coordinators' logs are left out.
pub(crate) fn told(world: &mut World) -> Vec<String> {
    std::mem::take(&mut world.events).iter().filter_map(show).collect()
}

fn show(event: &Event) -> Option<String> {
    let batch = |append: &BatchAppend| {
        let BatchAppend { partition, base_offset, last_offset, .. } = append;
        let (id, epoch) = (append.producer_id, append.producer_epoch);
        let bit = if append.is_transactional { " in transaction" } else { "" };
        format!("{partition} {base_offset}..{last_offset} by {id},{epoch}{bit}")
    };
    let group_offset = |it: &GroupOffset| format!("{} {}={}", it.group, it.partition, it.offset);
    Some(match event {
        Event::TransactionChanged(change) => {
            let TransactionChange { transactional_id, from, to, .. } = change;
            let (id, epoch) = (change.producer_id, change.producer_epoch);
            let added: Vec<_> = change.added.iter().map(|it| format!(" +{it}")).collect();
            format!("{transactional_id} {from:?} > {to:?} {id},{epoch}{}", added.concat())
        }
        Event::TransactionalIdExpired { transactional_id, .. } => {
            format!("{transactional_id} expired")
        }
        Event::ProducerFenced { transactional_id, partition, .. } => {
            let Event::ProducerFenced { producer_id, producer_epoch, current_epoch, .. } = event
            else {
                unreachable!("just matched")
            };
            let id = transactional_id.as_ref().map(ToString::to_string);
            let by = id.or_else(|| partition.as_ref().map(ToString::to_string)).unwrap_or_default();
            format!("{by} fenced {producer_id},{producer_epoch} < {current_epoch}")
        }
        Event::BatchAppended(append) | Event::BatchRepeated(append)
            if append.partition.topic.starts_with("__") =>
        {
            return None;
        }
        Event::HighWatermarkMoved { partition, .. }
        | Event::LastStableOffsetMoved { partition, .. }
            if partition.topic.starts_with("__") =>
        {
            return None;
        }
        Event::BatchAppended(append) => format!("appended {}", batch(append)),
        Event::BatchRepeated(append) => format!("repeated {}", batch(append)),
        Event::BatchRefused { partition, rule, error, .. } => {
            format!("refused {partition} {rule} {}", error.code())
        }
        Event::MarkerAppended { partition, offset, producer_id, producer_epoch, .. } => {
            let Event::MarkerAppended { marker_type, .. } = event else {
                unreachable!("just matched")
            };
            format!("marker {partition} {offset} {marker_type:?} of {producer_id},{producer_epoch}")
        }
        Event::HighWatermarkMoved { partition, high_watermark, .. } => {
            format!("HW {partition} {high_watermark}")
        }
        Event::LastStableOffsetMoved { partition, last_stable_offset, .. } => {
            format!("LSO {partition} {last_stable_offset}")
        }
        Event::OffsetCommitted(offset) => format!("committed {}", group_offset(offset)),
        Event::OffsetPending { offset, producer_id } => {
            format!("pending {} of {producer_id}", group_offset(offset))
        }
        Event::OffsetMaterialised { offset, producer_id } => {
            format!("materialised {} of {producer_id}", group_offset(offset))
        }
        Event::OffsetDropped { offset, producer_id } => {
            format!("dropped {} of {producer_id}", group_offset(offset))
        }
        Event::OffsetDeleted { group, partition } => format!("deleted {group} {partition}"),
        Event::GroupChanged { group, standing, .. } => {
            let (state, members) = (standing.state, standing.members);
            format!("{group} {} {state} {} with {members}", standing.group_type, standing.epoch)
        }
        Event::GroupGone { group, .. } => format!("{group} gone"),
        Event::LeaderElected { partition, leader, leader_epoch } => {
            format!("{partition} led by {leader} in {leader_epoch}")
        }
        Event::LeaderLost { partition } => format!("{partition} without leader"),
        Event::LogTruncated { partition, broker, from, to } => {
            format!("{partition} at {broker} cut from {from} to {to}")
        }
        Event::BrokerCrashed(broker) => format!("{broker} crashed"),
        Event::BrokerStopped(broker) => format!("{broker} stopped"),
        Event::BrokerRestarted(broker) => format!("{broker} restarted"),
    })
}
