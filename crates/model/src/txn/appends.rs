//! Records on their way into `__transaction_state`, and what follows once they are committed.

use fencepost_ids::{ErrorCode, Offset, PartitionIndex, Rule, Timestamp, TransactionalId};
use fencepost_log::{BatchBuilder, NewRecord};

use super::coordinator::{Place, TxnCoordinator};
use super::log::{ValueFormat, encode_key, encode_value};
use super::profile::TxnProfile;
use super::state::{Identity, Pending, TxnMetadata, TxnState};
use crate::api;
use crate::host::Host;
use crate::ticket::Ticket;
use crate::timers::Timer;

/// An append that waits for its replicas.
#[derive(Clone, Debug)]
pub(super) struct Append {
    /// Names the timer that ends the wait (TLOG-03).
    serial: u64,
    then: Then,
}

/// What a committed record brings about.
#[derive(Clone, Debug)]
enum Then {
    /// The pending transition of an id becomes true, and somebody is told.
    Transition(TransactionalId, Reply),
    /// The transaction is complete.
    Complete(TransactionalId),
    /// Expired ids are forgotten (TIMEOUT-06).
    Expire(Vec<TransactionalId>),
}

/// Who waits for a transition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// InitProducerId: the new identity.
    Init(Ticket),
    /// AddOffsetsToTxn.
    Offsets(Ticket),
    /// One question of a batch about several transactions.
    Question {
        /// The batch.
        collection: u64,
        /// Which of its questions.
        index: u32,
    },
    /// EndTxn: on the TV2 path the identity after completion (END-07).
    End(Ticket),
    /// The abort by a newcomer, who is told to come again (INIT-13), or by a timeout.
    Fence(Option<Ticket>),
}

impl TxnCoordinator {
    /// Writes the pending transition of an id; `reply` hears of it when it is committed.
    pub(super) fn write(&mut self, host: &mut Host<'_>, place: Place, reply: Reply) {
        let Place { partition, id } = place;
        self.append_target(host, partition, Then::Transition(id.clone(), reply), &id);
    }

    /// Writes the completion of a transaction that owes no marker any more (MARKOUT-09).
    pub(super) fn write_completion(&mut self, host: &mut Host<'_>, place: Place) {
        let Place { partition, id } = place;
        self.append_target(host, partition, Then::Complete(id.clone()), &id);
    }

    fn append_target(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        then: Then,
        id: &TransactionalId,
    ) {
        let Ok(owned) = self.partition(partition) else { return };
        let Some(target) = owned.ids.get(id).and_then(|txn| txn.target()) else { return };
        let wait_ms = target.timeout_ms;
        let Ok(value) = encode_value(target, value_format(host)) else {
            // The transition stays pending until the next load (TLOG-09).
            self.answer_failure(host, then, ErrorCode::UnsupportedVersion);
            return;
        };
        let mut batch = BatchBuilder::new();
        put(&mut batch, host.now, id, Some(&value));
        self.append(host, partition, batch, i64::from(wait_ms), then);
    }

    /// Writes tombstones for ids that are pending Dead (TIMEOUT-06); at most what one batch holds.
    pub(super) fn write_tombstones(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        ids: Vec<TransactionalId>,
    ) {
        let mut batch = BatchBuilder::new();
        for id in &ids {
            put(&mut batch, host.now, id, None);
        }
        let wait_ms = i64::from(host.config.settings.request_timeout_ms);
        self.append(host, partition, batch, wait_ms, Then::Expire(ids));
    }

    fn append(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        batch: BatchBuilder,
        wait_ms: i64,
        then: Then,
    ) {
        let Ok(owned) = self.partition(partition) else { return };
        let key = owned.key;
        let last = i64::from(batch.record_count()) - 1;
        match host.append_from_coordinator(key, batch.build(), None) {
            Err(error) => self.failed(host, partition, then, answer_of(error)),
            Ok(_) if self.counts_unreplicated(host, partition, &then) => {
                self.take_effect(host, partition, then);
            }
            Ok(base) => {
                let serial = self.appends;
                self.appends += 1;
                let last = base.plus(last);
                if host.high_watermark(key).is_none_or(|high_watermark| high_watermark <= last) {
                    let timer = Timer::TransactionAppend { broker: host.broker, serial };
                    host.timers.set(timer, host.now.plus_millis(wait_ms));
                }
                if let Ok(owned) = self.partition(partition) {
                    owned.appends.insert(last, Append { serial, then });
                }
            }
        }
    }

    /// Whether a record counts as soon as it is written, replicas or not: never, while the rules
    /// are in force.
    fn counts_unreplicated(&self, host: &Host<'_>, partition: PartitionIndex, then: &Then) -> bool {
        let Then::Transition(id, _) = then else { return false };
        let txn = self.owned.get(&partition).and_then(|owned| owned.ids.get(id));
        let Some(target) = txn.and_then(|txn| txn.target()) else { return false };
        match target.state {
            TxnState::Ongoing => !host.config.rules.is_on(Rule::DurableAddition),
            TxnState::PrepareCommit | TxnState::PrepareAbort => {
                !host.config.rules.is_on(Rule::DurableDecision)
            }
            TxnState::Empty | TxnState::CompleteCommit | TxnState::CompleteAbort => false,
        }
    }

    /// The high watermark of a partition moved: what is below it is committed.
    pub(super) fn committed(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        high_watermark: Offset,
    ) {
        while let Ok(owned) = self.partition(partition)
            && let Some(first) = owned.appends.first_entry()
            && *first.key() < high_watermark
        {
            let append = first.remove();
            let timer = Timer::TransactionAppend { broker: host.broker, serial: append.serial };
            host.timers.cancel(&timer);
            self.take_effect(host, partition, append.then);
        }
    }

    /// The wait for a record ended by time (TLOG-10); the record stays in the log (TLOG-11).
    pub(super) fn append_timed_out(&mut self, host: &mut Host<'_>, serial: u64) {
        let waiting = self.owned.iter().find_map(|(partition, owned)| {
            let (offset, _) = owned.appends.iter().find(|(_, append)| append.serial == serial)?;
            Some((*partition, *offset))
        });
        if let Some((partition, offset)) = waiting
            && let Ok(owned) = self.partition(partition)
            && let Some(append) = owned.appends.remove(&offset)
        {
            self.failed(host, partition, append.then, answer_of(ErrorCode::RequestTimedOut));
        }
    }

    /// The partition has another owner, or the same in another term: whoever waits is told so,
    /// and the records stand (TLOG-12).
    pub(super) fn disown(&mut self, host: &mut Host<'_>, partition: PartitionIndex) {
        if self.loading.remove(&partition).is_some() {
            host.timers.cancel(&Timer::TransactionLoad { broker: host.broker, partition });
        }
        let Some(owned) = self.owned.remove(&partition) else { return };
        self.markers.forget(partition);
        for append in owned.appends.values() {
            let timer = Timer::TransactionAppend { broker: host.broker, serial: append.serial };
            host.timers.cancel(&timer);
            self.answer_failure(host, append.then.clone(), ErrorCode::NotCoordinator);
        }
    }

    /// The whole of `__transaction_state` is gone.
    pub(super) fn disown_all(&mut self, host: &mut Host<'_>) {
        let partitions: Vec<_> = self.owned.keys().chain(self.loading.keys()).copied().collect();
        partitions.into_iter().for_each(|partition| self.disown(host, partition));
    }

    fn take_effect(&mut self, host: &mut Host<'_>, partition: PartitionIndex, then: Then) {
        match then {
            Then::Transition(id, reply) => {
                let place = Place { partition, id };
                let profile = TxnProfile::of(host);
                let Ok(txn) = self.txn(&place) else { return };
                complete(host, &place.id, txn);
                let is_prepared = txn.fields().state.is_prepared();
                if is_prepared {
                    txn.prepare_completion(host.now, profile);
                }
                let promised =
                    txn.target().filter(|_| profile.is_on(Rule::IdentityAfterCompletion));
                let identity = promised.unwrap_or_else(|| txn.fields()).identity();
                self.answer_success(host, reply, identity);
                if is_prepared {
                    self.owe_markers(host, place);
                }
            }
            Then::Complete(id) => {
                let place = Place { partition, id };
                if let Ok(txn) = self.txn(&place) {
                    complete(host, &place.id, txn);
                }
            }
            Then::Expire(ids) => {
                if let Ok(owned) = self.partition(partition) {
                    for id in ids {
                        if owned
                            .ids
                            .get(&id)
                            .is_some_and(|txn| txn.pending() == Some(&Pending::Dead))
                        {
                            host.tell_expiry(&id);
                            owned.ids.remove(&id);
                        }
                    }
                }
            }
        }
    }

    /// An append did not happen, or nobody knows whether it did (TLOG-10, MARKOUT-11).
    fn failed(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        then: Then,
        error: ErrorCode,
    ) {
        let rules = host.config.rules;
        match &then {
            Then::Complete(id)
                if error == ErrorCode::CoordinatorNotAvailable
                    && rules.is_on(Rule::CompletionRepeated) =>
            {
                let place = Place { partition, id: id.clone() };
                self.markers.complete_later(host, place);
            }
            _ if !rules.is_on(Rule::PendingReset) => {}
            Then::Transition(id, _) | Then::Complete(id) => self.abandon(partition, id),
            Then::Expire(ids) => ids.iter().for_each(|id| self.abandon(partition, id)),
        }
        self.answer_failure(host, then, error);
    }

    fn abandon(&mut self, partition: PartitionIndex, id: &TransactionalId) {
        if let Ok(txn) = self.txn(&Place { partition, id: id.clone() }) {
            txn.abandon();
        }
    }

    fn answer_success(&mut self, host: &mut Host<'_>, reply: Reply, identity: Identity) {
        match reply {
            Reply::Init(ticket) => api::init_producer_id::answer(host, ticket, Ok(identity)),
            Reply::Offsets(ticket) => api::add_offsets_to_txn::answer(host, ticket, Ok(())),
            Reply::Question { collection, index } => {
                self.collections.resolve(host, collection, index, ErrorCode::None);
            }
            Reply::End(ticket) => api::end_txn::answer(host, ticket, Ok(identity)),
            Reply::Fence(ticket) => {
                let error = Err(ErrorCode::ConcurrentTransactions);
                ticket.into_iter().for_each(|it| api::init_producer_id::answer(host, it, error));
            }
        }
    }

    fn answer_failure(&mut self, host: &mut Host<'_>, then: Then, error: ErrorCode) {
        let reply = match then {
            Then::Transition(_, reply) => reply,
            Then::Complete(_) | Then::Expire(_) => return,
        };
        match reply {
            Reply::Init(ticket) | Reply::Fence(Some(ticket)) => {
                api::init_producer_id::answer(host, ticket, Err(error));
            }
            Reply::Offsets(ticket) => api::add_offsets_to_txn::answer(host, ticket, Err(error)),
            Reply::Question { collection, index } => {
                self.collections.resolve(host, collection, index, error);
            }
            Reply::End(ticket) => api::end_txn::answer(host, ticket, Err(error)),
            Reply::Fence(None) => {}
        }
    }
}

/// The pending transition of an id becomes true.
fn complete(host: &mut Host<'_>, id: &TransactionalId, txn: &mut TxnMetadata) {
    let before = host.observes().then(|| txn.fields().clone());
    txn.complete();
    if let Some(before) = before {
        host.tell_transition(id, &before, txn.fields());
    }
}

/// The answer for an error of the log (TLOG-10).
const fn answer_of(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::NotEnoughReplicasAfterAppend
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => ErrorCode::UnknownServerError,
        other => other,
    }
}

/// The format of values, by the cluster's level and release at this moment (TLOG-05, TLOG-08).
fn value_format(host: &Host<'_>) -> ValueFormat {
    if host.metadata.features.transaction_version() == 0 {
        ValueFormat::V0
    } else if TxnProfile::of(host).logs_neighbour_ids {
        ValueFormat::V1WithNeighbourIds
    } else {
        ValueFormat::V1
    }
}

fn put(batch: &mut BatchBuilder, now: Timestamp, id: &TransactionalId, value: Option<&[u8]>) {
    batch.push(now, NewRecord { key: Some(&encode_key(id)), value, headers: &[] });
}
