//! Appending the batches of a produce request, and waiting for their replicas (IDEM-01 steps 5
//! to 7).

use fencepost_ids::{BrokerId, ErrorCode, Offset, Rule, Rules, Sequence};
use fencepost_log::{AppendedBatch, VerificationGuard};

use super::answer::{Row, answer};
use super::request::Item;
use super::{Pending, Replicating, Waiting};
use crate::append::Refusal;
use crate::parked::Parked;
use crate::step::Step;
use crate::txn::QuestionMode;

/// The client id that may write to internal topics (IDEM-24).
const ADMIN_CLIENT: &str = "__admin_client";

/// Whether the transaction's coordinator must be asked before a batch may be appended: the guard
/// for the append if so (VERIFY-02 to VERIFY-05).
pub(super) fn needs_verification(
    step: &mut Step<'_>,
    broker: BrokerId,
    mode: QuestionMode,
    item: &Item,
) -> Result<Option<VerificationGuard>, ErrorCode> {
    let Some((producer_id, producer_epoch)) = item.transactional_producer() else {
        return Ok(None);
    };
    let sequence = item.batch.producer().map_or(Sequence::NONE, |(.., sequence)| sequence);
    let mut parts = step.parts(broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
    parts.host.begin_verification(item.key, producer_id, producer_epoch, sequence, mode)
}

/// Appends what is left and answers, or waits for the replicas.
pub(super) fn append(step: &mut Step<'_>, pending: Pending) {
    let Pending { call, acks, timeout_ms, items, mut rows, .. } = pending;
    for item in items {
        rows.push(append_one(step, call.broker, acks, &call.client_id, item));
    }
    if acks != -1 || !rows.iter().any(|row| row.waits_for.is_some()) {
        return answer(step, &call, acks, rows);
    }
    let broker = call.broker;
    let deadline = step.now.plus_millis(i64::from(timeout_ms.max(0)));
    let replicating = Replicating { call, rows, deadline };
    wait_or_answer(step, broker, replicating);
}

fn append_one(
    step: &mut Step<'_>,
    broker: BrokerId,
    acks: i16,
    client_id: &str,
    item: Item,
) -> Row {
    let Item { place, key, batch, guard } = item;
    let rules = step.cluster.config.rules;
    if !matches!(acks, -1..=1) && rules.is_on(Rule::AcksGate) {
        return Row::refused(place, ErrorCode::InvalidRequiredAcks);
    }
    let metadata = &step.cluster.metadata;
    if metadata.topic_at(key.topic).is_some_and(|topic| topic.internal)
        && client_id != ADMIN_CLIENT
        && rules.is_on(Rule::InternalTopicGate)
    {
        return Row::refused(place, ErrorCode::InvalidTopicException);
    }
    let Some(mut parts) = step.parts(broker) else {
        return Row::refused(place, ErrorCode::NotLeaderOrFollower);
    };
    let host = &mut parts.host;
    if host.leader(key).is_none() {
        return Row::refused(place, ErrorCode::NotLeaderOrFollower);
    }
    let log_start = host.stored(key).map_or(Offset::NONE, |stored| stored.log.start_offset());
    if acks == -1 && !host.has_enough_replicas(key) {
        let refused = Row::refused(place, ErrorCode::NotEnoughReplicas);
        return Row { log_start_offset: log_start, ..refused };
    }
    match host.append_from_client(key, batch, guard) {
        Ok(appended) => Row {
            base_offset: appended.base_offset(),
            log_append_time: appended.log_append_time(),
            log_start_offset: log_start,
            waits_for: (acks == -1 && awaits_replicas(rules, &appended))
                .then_some((key, appended.required_high_watermark())),
            ..Row::refused(place, ErrorCode::None)
        },
        Err(Refusal::Log(error)) => Row::refused_by_log(place, &error, log_start),
        Err(Refusal::NotLeader) => Row::refused(place, ErrorCode::NotLeaderOrFollower),
    }
}

/// Whether the answer to an append with acks=all waits for the in-sync replicas (IDEM-06, IDEM-10).
fn awaits_replicas(rules: Rules, appended: &AppendedBatch) -> bool {
    match appended {
        AppendedBatch::Fresh { .. } => rules.is_on(Rule::ReplicationWait),
        AppendedBatch::Duplicate { .. } => rules.is_on(Rule::DuplicateWait),
    }
}

/// Answers if no partition waits any more, else parks the request.
pub(super) fn wait_or_answer(step: &mut Step<'_>, broker: BrokerId, mut replicating: Replicating) {
    for row in &mut replicating.rows {
        judge_replication(step, broker, row);
    }
    let watched: Vec<_> =
        replicating.rows.iter().filter_map(|row| row.waits_for.map(|(key, _)| key)).collect();
    if watched.is_empty() {
        return answer(step, &replicating.call, -1, replicating.rows);
    }
    let serial = replicating.call.ticket.serial;
    let deadline = replicating.deadline;
    let waiting = Parked::Produce(Waiting::Replicas(replicating));
    step.park(broker, serial, waiting, watched, Some(deadline));
}

/// Ends the wait of one partition if it is replicated, or if this broker does not lead it any more
/// (IDEM-06).
pub(super) fn judge_replication(step: &mut Step<'_>, broker: BrokerId, row: &mut Row) {
    let Some((key, until)) = row.waits_for else { return };
    let Some(parts) = step.parts(broker) else { return };
    match parts.host.high_watermark(key) {
        None => {
            row.error = ErrorCode::NotLeaderOrFollower;
            row.waits_for = None;
        }
        Some(high_watermark) if high_watermark >= until => {
            if !parts.host.has_enough_replicas(key) {
                row.error = ErrorCode::NotEnoughReplicasAfterAppend;
            }
            row.waits_for = None;
        }
        Some(_) => {}
    }
}
