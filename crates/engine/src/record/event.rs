//! Events, as a trace and a stream of events hold them.

use fencepost_ids::ProducerId;
use fencepost_log::MarkerType;
use fencepost_model::{BatchAppend, Event, GroupOffset, TransactionChange};
use fencepost_trace as trace;

/// An event of the model in plain data.
#[must_use]
pub fn recorded_event(event: &Event) -> trace::Event {
    match event {
        Event::TransactionChanged(change) => transaction(change),
        Event::TransactionalIdExpired { transactional_id, coordinator } => {
            trace::Event::TransactionalIdExpired {
                transactional_id: transactional_id.to_string(),
                coordinator: coordinator.0,
            }
        }
        Event::ProducerFenced {
            broker,
            transactional_id,
            partition,
            producer_id,
            producer_epoch,
            current_epoch,
        } => trace::Event::ProducerFenced {
            broker: broker.0,
            transactional_id: transactional_id.as_ref().map(ToString::to_string),
            partition: partition.as_ref().map(ToString::to_string),
            producer_id: producer_id.0,
            producer_epoch: producer_epoch.0,
            current_epoch: current_epoch.0,
        },
        Event::BatchAppended(append) => trace::Event::BatchAppended(batch(append)),
        Event::BatchRepeated(append) => trace::Event::BatchRepeated(batch(append)),
        Event::BatchRefused {
            partition,
            leader,
            producer_id,
            producer_epoch,
            base_sequence,
            rule,
            error,
        } => trace::Event::BatchRefused {
            partition: partition.to_string(),
            leader: leader.0,
            producer_id: producer_id.0,
            producer_epoch: producer_epoch.0,
            base_sequence: base_sequence.0,
            rule: (*rule).to_owned(),
            error: error.name().to_owned(),
        },
        Event::MarkerAppended {
            partition,
            leader,
            offset,
            producer_id,
            producer_epoch,
            marker_type,
            coordinator_epoch,
        } => trace::Event::MarkerAppended {
            partition: partition.to_string(),
            leader: leader.0,
            offset: offset.0,
            producer_id: producer_id.0,
            producer_epoch: producer_epoch.0,
            commits: *marker_type == MarkerType::Commit,
            coordinator_epoch: coordinator_epoch.0,
        },
        Event::HighWatermarkMoved { partition, leader, high_watermark } => {
            trace::Event::HighWatermarkMoved {
                partition: partition.to_string(),
                leader: leader.0,
                high_watermark: high_watermark.0,
            }
        }
        Event::LastStableOffsetMoved { partition, leader, last_stable_offset } => {
            trace::Event::LastStableOffsetMoved {
                partition: partition.to_string(),
                leader: leader.0,
                last_stable_offset: last_stable_offset.0,
            }
        }
        Event::OffsetCommitted(it) => trace::Event::OffsetCommitted(offset(it, None)),
        Event::OffsetPending { offset: it, producer_id } => {
            trace::Event::OffsetPending(offset(it, Some(*producer_id)))
        }
        Event::OffsetMaterialised { offset: it, producer_id } => {
            trace::Event::OffsetMaterialised(offset(it, Some(*producer_id)))
        }
        Event::OffsetDropped { offset: it, producer_id } => {
            trace::Event::OffsetDropped(offset(it, Some(*producer_id)))
        }
        Event::OffsetDeleted { group, partition } => trace::Event::OffsetDeleted {
            group: group.to_string(),
            partition: partition.to_string(),
        },
        Event::GroupChanged { group, coordinator, standing } => trace::Event::GroupChanged {
            group: group.to_string(),
            coordinator: coordinator.0,
            group_type: standing.group_type.to_owned(),
            state: standing.state.to_owned(),
            epoch: standing.epoch,
            members: standing.members,
        },
        Event::GroupGone { group, coordinator } => {
            trace::Event::GroupGone { group: group.to_string(), coordinator: coordinator.0 }
        }
        Event::LeaderElected { partition, leader, leader_epoch } => trace::Event::LeaderElected {
            partition: partition.to_string(),
            leader: leader.0,
            leader_epoch: leader_epoch.0,
        },
        Event::LeaderLost { partition } => {
            trace::Event::LeaderLost { partition: partition.to_string() }
        }
        Event::LogTruncated { partition, broker, from, to } => trace::Event::LogTruncated {
            partition: partition.to_string(),
            broker: broker.0,
            from: from.0,
            to: to.0,
        },
        Event::BrokerCrashed(broker) => trace::Event::BrokerCrashed { broker: broker.0 },
        Event::BrokerStopped(broker) => trace::Event::BrokerStopped { broker: broker.0 },
        Event::BrokerRestarted(broker) => trace::Event::BrokerRestarted { broker: broker.0 },
    }
}

fn transaction(change: &TransactionChange) -> trace::Event {
    trace::Event::TransactionChanged {
        transactional_id: change.transactional_id.to_string(),
        coordinator: change.coordinator.0,
        producer_id: change.producer_id.0,
        producer_epoch: change.producer_epoch.0,
        from: change.from.name().to_owned(),
        to: change.to.name().to_owned(),
        added: change.added.iter().map(ToString::to_string).collect(),
    }
}

fn batch(append: &BatchAppend) -> trace::BatchAppend {
    trace::BatchAppend {
        partition: append.partition.to_string(),
        leader: append.leader.0,
        base_offset: append.base_offset.0,
        last_offset: append.last_offset.0,
        producer_id: append.producer_id.0,
        producer_epoch: append.producer_epoch.0,
        base_sequence: append.base_sequence.0,
        is_transactional: append.is_transactional,
    }
}

fn offset(it: &GroupOffset, producer_id: Option<ProducerId>) -> trace::GroupOffset {
    trace::GroupOffset {
        group: it.group.to_string(),
        partition: it.partition.to_string(),
        offset: it.offset.0,
        producer_id: producer_id.map(|id| id.0),
    }
}
