//! Produce (key 0), versions 3 to 13: IDEM-01 to IDEM-06, VERIFY-01 to VERIFY-10.

mod answer;
mod append;
mod request;

use fencepost_ids::{BrokerId, ErrorCode, PartitionIndex, Rule, Timestamp, TopicName};
use fencepost_wire::messages::ProduceRequest;

use self::answer::Row;
use self::request::{Gate, Item};
use crate::parked::Parked;
use crate::step::{Call, Step};
use crate::timers::Timer;
use crate::txn::{Answer, Asker, Question, QuestionMode};

/// A produce that waits.
#[derive(Clone, Debug)]
pub(crate) enum Waiting {
    /// For the word of a transaction coordinator.
    Verification(Pending),
    /// For the replicas of what it appended (IDEM-06).
    Replicas(Replicating),
}

/// A produce whose batches are not appended yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    call: Call,
    transactional_id: Option<fencepost_ids::TransactionalId>,
    acks: i16,
    timeout_ms: i32,
    /// Partitions that are still to be appended.
    items: Vec<Item>,
    /// Partitions that were answered already.
    rows: Vec<Row>,
    /// Until when CONCURRENT_TRANSACTIONS is asked about again (VERIFY-08).
    retry_until: Timestamp,
}

/// A produce whose batches wait for their replicas.
#[derive(Clone, Debug)]
pub(crate) struct Replicating {
    call: Call,
    rows: Vec<Row>,
    /// When the client's patience ends.
    deadline: Timestamp,
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ProduceRequest) {
    let acks = request.acks;
    let timeout_ms = request.timeout_ms;
    let transactional_id = request.transactional_id.as_ref().map(|id| id.0.as_str().into());
    let (items, rows) = match request::sort(step, call, request) {
        Gate::Open { items, rows } => (items, rows),
        Gate::Shut(rows) => return answer::answer(step, call, acks, rows),
    };
    let settings = &step.cluster.config.settings;
    let patience =
        settings.add_partitions_to_txn_retry_backoff_max_ms.min(settings.request_timeout_ms);
    let pending = Pending {
        call: call.clone(),
        transactional_id,
        acks,
        timeout_ms,
        items,
        rows,
        retry_until: step.now.plus_millis(i64::from(patience)),
    };
    verify(step, pending);
}

/// Step 4 of IDEM-01: asks the coordinator about the partitions whose transaction is not open
/// here, or goes on at once if there is none.
fn verify(step: &mut Step<'_>, mut pending: Pending) {
    let Some(transactional_id) = pending.transactional_id.clone() else {
        return append::append(step, pending);
    };
    let broker = pending.call.broker;
    let mode = QuestionMode::of_produce(pending.call.ticket.version);
    let mut asked = Vec::new();
    let mut producer = None;
    let items = std::mem::take(&mut pending.items);
    for mut item in items {
        match append::needs_verification(step, broker, mode, &item) {
            Ok(None) => {}
            Ok(Some(guard)) => {
                item.guard = Some(guard);
                producer = item.transactional_producer();
                asked.push((item.place.name.clone(), item.place.partition));
            }
            Err(error) => {
                pending.rows.push(Row::refused(item.place, error));
                continue;
            }
        }
        pending.items.push(item);
    }
    let Some((producer_id, producer_epoch)) = producer else {
        return append::append(step, pending);
    };
    asked.sort();
    let serial = pending.call.ticket.serial;
    let waiting = Parked::Produce(Waiting::Verification(pending));
    step.park(broker, serial, waiting, Vec::new(), None);
    let question = Question {
        asker: Asker::Produce(serial),
        mode,
        transactional_id,
        producer_id,
        producer_epoch,
        partitions: asked,
    };
    crate::txn::ask(step, broker, question);
}

/// The coordinator answered, with a code for each partition that was asked about.
pub(crate) fn verified(step: &mut Step<'_>, broker: BrokerId, serial: u64, answer: Answer) {
    let mut pending = match step.unpark(broker, serial) {
        Some(Parked::Produce(Waiting::Verification(pending))) => pending,
        // The broker lost the request with its memory, or the answer came twice.
        Some(
            Parked::Produce(Waiting::Replicas(_))
            | Parked::Fetch(_)
            | Parked::Markers(_)
            | Parked::DeleteRecords(_),
        )
        | None => return,
    };
    let mode = QuestionMode::of_produce(pending.call.ticket.version);
    let retry_at = step.now.plus_millis(i64::from(
        step.cluster.config.settings.add_partitions_to_txn_retry_backoff_ms,
    ));
    let busy = answer.iter().any(|(.., error)| *error == ErrorCode::ConcurrentTransactions);
    if mode == QuestionMode::Add && busy && step.now < pending.retry_until {
        let waiting = Parked::Produce(Waiting::Verification(pending));
        step.park(broker, serial, waiting, Vec::new(), None);
        step.cluster.timers.set(Timer::VerificationRetry { broker, serial }, retry_at);
        return;
    }
    let error_of = |name: &TopicName, partition: PartitionIndex| {
        answer
            .iter()
            .find(|(topic, index, _)| topic == name && *index == partition)
            .map_or(ErrorCode::None, |(.., error)| *error)
    };
    for item in std::mem::take(&mut pending.items) {
        let error = match item.guard {
            Some(_) => error_of(&item.place.name, item.place.partition),
            None => ErrorCode::None,
        };
        if error.is_none() {
            pending.items.push(item);
        } else if step.cluster.config.rules.is_on(Rule::VerificationErrorMap) {
            pending.rows.push(unverified(mode, item, error));
        } else {
            pending.rows.push(Row::refused(item.place, error));
        }
    }
    append::append(step, pending);
}

/// VERIFY-09: what the client reads when the coordinator did not agree.
fn unverified(mode: QuestionMode, item: Item, error: ErrorCode) -> Row {
    use ErrorCode as E;
    let unavailable = matches!(
        error,
        E::NetworkException
            | E::CoordinatorLoadInProgress
            | E::CoordinatorNotAvailable
            | E::NotCoordinator
    ) || (error == E::ConcurrentTransactions && mode != QuestionMode::Add);
    let code = if unavailable { E::NotEnoughReplicas } else { error };
    let message = (unavailable || error == E::InvalidTxnState).then(|| {
        format!("Unable to verify the partition has been added to the transaction: {error}")
    });
    Row { message, ..Row::refused(item.place, code) }
}

/// The time to ask again after CONCURRENT_TRANSACTIONS has come (VERIFY-08).
pub(crate) fn ask_again(step: &mut Step<'_>, broker: BrokerId, serial: u64) {
    if let Some(Parked::Produce(Waiting::Verification(pending))) = step.unpark(broker, serial) {
        verify(step, pending);
    }
}

/// A partition of a waiting request moved.
pub(crate) fn look_again(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    match waiting {
        Waiting::Replicas(replicating) => append::wait_or_answer(step, broker, replicating),
        // Only the coordinator's word ends this wait.
        Waiting::Verification(pending) => {
            let serial = pending.call.ticket.serial;
            let waiting = Parked::Produce(Waiting::Verification(pending));
            step.park(broker, serial, waiting, Vec::new(), None);
        }
    }
}

/// The request's timeout is over: what was appended stays, and the client does not know (IDEM-06).
pub(crate) fn expire(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    match waiting {
        Waiting::Replicas(mut replicating) => {
            for row in &mut replicating.rows {
                append::judge_replication(step, broker, row);
                if row.waits_for.take().is_some() {
                    row.error = ErrorCode::RequestTimedOut;
                }
            }
            answer::answer(step, &replicating.call, -1, replicating.rows);
        }
        Waiting::Verification(_) => look_again(step, broker, waiting),
    }
}
