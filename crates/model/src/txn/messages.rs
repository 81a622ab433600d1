//! What reaches the coordinator of a broker, and the leaders' side of its messages, from outside.

use fencepost_ids::{BrokerId, CoordinatorEpoch, Offset, PartitionIndex, Rule, TopicName};

use super::coordinator::TxnCoordinator;
use super::questions::Inquirer;
use super::state::TxnPath;
use super::verification;
use crate::api;
use crate::metadata::TRANSACTION_STATE;
use crate::network::{Message, MessageBody};
use crate::step::Step;
use crate::timers::Timer;

/// A broker starts: the coordinator sets its standing timers.
pub(crate) fn started(step: &mut Step<'_>, broker: BrokerId) {
    if let Some(mut parts) = step.parts(broker) {
        TxnCoordinator::set_scan_timers(&mut parts.host);
    }
}

/// A broker became the leader of a partition of `__transaction_state`, in a new term: it loads it.
pub(crate) fn elected(
    step: &mut Step<'_>,
    broker: BrokerId,
    partition: PartitionIndex,
    epoch: CoordinatorEpoch,
) {
    if let Some(mut parts) = step.parts(broker) {
        parts.txn.begin_load(&mut parts.host, partition, epoch);
    }
}

/// A running broker no longer leads a partition of `__transaction_state`.
pub(crate) fn resigned(step: &mut Step<'_>, broker: BrokerId, partition: PartitionIndex) {
    if let Some(mut parts) = step.parts(broker)
        && parts.host.config.rules.is_on(Rule::ResignationDropsCache)
    {
        parts.txn.disown(&mut parts.host, partition);
    }
}

/// The log or the high watermark of a partition of `__transaction_state` moved.
pub(crate) fn replicated(
    step: &mut Step<'_>,
    broker: BrokerId,
    partition: PartitionIndex,
    high_watermark: Offset,
) {
    if let Some(mut parts) = step.parts(broker) {
        parts.txn.committed(&mut parts.host, partition, high_watermark);
    }
}

/// A broker crashed: what others sent to it is lost, whether it arrived or not.
pub(crate) fn crashed(step: &mut Step<'_>, broker: BrokerId) {
    let others: Vec<_> = step.cluster.brokers.keys().copied().collect();
    for other in others {
        if let Some(mut parts) = step.parts(other) {
            parts.txn.markers_lost(&mut parts.host, broker);
        }
        verification::broken(step, other, broker);
    }
}

/// A topic was deleted. Its partitions need no markers any more, which the next try finds out
/// (MARKOUT-04); the coordinators' own log takes their cache with it.
pub(crate) fn topic_deleted(step: &mut Step<'_>, topic: &TopicName) {
    if topic.as_str() != TRANSACTION_STATE {
        return;
    }
    let brokers: Vec<_> = step.cluster.brokers.keys().copied().collect();
    for broker in brokers {
        if let Some(mut parts) = step.parts(broker) {
            parts.txn.disown_all(&mut parts.host);
        }
    }
}

/// A timer of the transaction coordinator fires.
pub(crate) fn fire(step: &mut Step<'_>, timer: &Timer) {
    let Some(mut parts) = step.parts(timer.broker()) else { return };
    match timer {
        Timer::TransactionTimeouts { .. } => {
            parts.txn.abort_timed_out(parts.producer_ids, &mut parts.host);
        }
        Timer::TransactionalIdExpiration { .. } => parts.txn.expire_ids(&mut parts.host),
        Timer::TransactionAppend { serial, .. } => {
            parts.txn.append_timed_out(&mut parts.host, *serial);
        }
        Timer::TransactionLoad { partition, .. } => {
            parts.txn.finish_load(&mut parts.host, *partition);
        }
        Timer::MarkerRetry { .. } => parts.txn.retry_markers(&mut parts.host),
        Timer::ProducerIdBlock { .. } => parts.producer_ids.block_arrived(&mut parts.host),
        Timer::Parked { .. }
        | Timer::VerificationRetry { .. }
        | Timer::ProducerExpiration { .. }
        | Timer::LogRetention { .. }
        | Timer::LogCleaner { .. }
        | Timer::HighWatermarkCheckpoint { .. }
        | Timer::ReplicaLag { .. }
        | Timer::OffsetExpiration { .. }
        | Timer::GroupAppend { .. }
        | Timer::GroupLoad { .. }
        | Timer::GroupMarkers { .. }
        | Timer::Group { .. } => unreachable!("not a timer of the transaction coordinator"),
    }
}

/// A message on the channel of markers or of verification arrived at a broker.
pub(crate) fn delivered(step: &mut Step<'_>, message: Message) {
    let Message { id, from, to, body } = message;
    match body {
        MessageBody::WriteMarkers(entries) => {
            api::write_txn_markers::from_coordinator(step, to, from, id, entries);
        }
        MessageBody::MarkersWritten { request, results } => {
            if let Some(mut parts) = step.parts(to) {
                parts.txn.markers_written(&mut parts.host, from, request, &results);
            }
        }
        MessageBody::AskAboutTransactions(questions) => {
            if let Some(mut parts) = step.parts(to) {
                let asker = Inquirer::Leader(from, id);
                parts.txn.answer_questions(&mut parts.host, asker, TxnPath::Tv2, &questions);
            }
        }
        MessageBody::TransactionsAnswered { question, answers } => {
            verification::answered(step, to, from, question, answers);
        }
        MessageBody::Replicate { .. } | MessageBody::Replicated { .. } => {
            unreachable!("replication has its own channel")
        }
    }
}

/// A message on the channel of markers or of verification was lost: whoever sent the request, be
/// it this message or the one that it answers, sees a broken connection.
pub(crate) fn lost(step: &mut Step<'_>, message: Message) {
    let Message { id: _, from, to, body } = message;
    match body {
        MessageBody::WriteMarkers(_) => markers_lost(step, from, to),
        MessageBody::MarkersWritten { .. } => markers_lost(step, to, from),
        MessageBody::AskAboutTransactions(_) => verification::broken(step, from, to),
        MessageBody::TransactionsAnswered { .. } => verification::broken(step, to, from),
        MessageBody::Replicate { .. } | MessageBody::Replicated { .. } => {
            unreachable!("replication has its own channel")
        }
    }
}

fn markers_lost(step: &mut Step<'_>, coordinator: BrokerId, leader: BrokerId) {
    if let Some(mut parts) = step.parts(coordinator) {
        parts.txn.markers_lost(&mut parts.host, leader);
    }
}
