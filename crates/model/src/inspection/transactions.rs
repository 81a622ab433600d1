//! Transactional ids as their coordinators know them.

use std::collections::BTreeSet;

use fencepost_ids::{
    BrokerId, CoordinatorEpoch, PartitionIndex, ProducerEpoch, ProducerId, Timestamp,
    TopicPartition, TransactionalId,
};

use super::coordinators::{CoordinatorKey, CoordinatorState};
use crate::cluster::Cluster;
use crate::txn::{Pending, TxnMetadata};

/// What all running coordinators know of transactional ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionDirectory {
    /// The transactional ids, in order.
    pub transactions: Vec<TransactionDescription>,
    /// The partitions of `__transaction_state` that a coordinator is still reading; their ids are not
    /// among the transactions (FAILOVER-05).
    pub loading: BTreeSet<PartitionIndex>,
}

/// A transactional id in the memory of its coordinator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionDescription {
    /// The id.
    pub transactional_id: TransactionalId,
    /// Its coordinator.
    pub coordinator: BrokerId,
    /// The coordinator's term, which its markers carry (MARKOUT-03).
    pub coordinator_epoch: CoordinatorEpoch,
    /// The partition of `__transaction_state` that holds it (TLOG-01).
    pub partition: PartitionIndex,
    /// Its state, by Kafka's name for it.
    pub state: &'static str,
    /// The transition whose record is not committed yet (STATE-01).
    pub pending: Option<PendingTransition>,
    /// The producer id in use.
    pub producer_id: ProducerId,
    /// The producer id before the last transition, or [`ProducerId::NONE`].
    pub previous_producer_id: ProducerId,
    /// The producer id that takes over when the transaction completes, or [`ProducerId::NONE`].
    pub next_producer_id: ProducerId,
    /// The producer epoch in use.
    pub producer_epoch: ProducerEpoch,
    /// The epoch before the last bump, or [`ProducerEpoch::NONE`].
    pub last_producer_epoch: ProducerEpoch,
    /// How long a transaction may last, in milliseconds.
    pub timeout_ms: i32,
    /// When the first partition was added; none if no transaction has begun (STATE-06).
    pub start: Option<Timestamp>,
    /// When the last transition was made.
    pub last_update: Timestamp,
    /// The partitions still owed a marker, in order.
    pub partitions: Vec<TopicPartition>,
    /// The transaction version of the client that runs it: 0 for TV1, 2 for TV2 (STATE-05).
    pub transaction_version: i16,
}

/// Where a transition that is being written leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PendingTransition {
    /// To a state, by Kafka's name for it, with its producer epoch.
    To(&'static str, ProducerEpoch),
    /// To nothing: the id is expiring (TIMEOUT-06).
    Expiry,
}

impl Cluster {
    /// The transactional ids of all running coordinators.
    #[must_use]
    pub fn transactions(&self) -> TransactionDirectory {
        let mut transactions = Vec::new();
        let mut loading = BTreeSet::new();
        for (broker, running) in &self.brokers {
            loading.extend(running.txn.loading_partitions());
            transactions.extend(running.txn.known().map(|(partition, epoch, id, txn)| {
                describe(*broker, partition, epoch, id.clone(), txn)
            }));
        }
        transactions.sort_by(|a, b| a.transactional_id.cmp(&b.transactional_id));
        TransactionDirectory { transactions, loading }
    }

    /// A transactional id, if its running coordinator knows it.
    #[must_use]
    pub fn transaction(&self, id: &TransactionalId) -> Option<TransactionDescription> {
        let CoordinatorState { partition, broker, .. } =
            self.coordinator(&CoordinatorKey::Transaction(id.clone()))?;
        let broker = broker?;
        let (epoch, txn) = self.brokers.get(&broker)?.txn.find(partition, id)?;
        Some(describe(broker, partition, epoch, id.clone(), txn))
    }
}

fn describe(
    coordinator: BrokerId,
    partition: PartitionIndex,
    coordinator_epoch: CoordinatorEpoch,
    transactional_id: TransactionalId,
    txn: &TxnMetadata,
) -> TransactionDescription {
    let fields = txn.fields();
    let pending = txn.pending().map(|pending| match pending {
        Pending::To(fields) => PendingTransition::To(fields.state.name(), fields.epoch),
        Pending::Dead => PendingTransition::Expiry,
    });
    TransactionDescription {
        transactional_id,
        coordinator,
        coordinator_epoch,
        partition,
        state: fields.state.name(),
        pending,
        producer_id: fields.producer_id,
        previous_producer_id: fields.previous_producer_id,
        next_producer_id: fields.next_producer_id,
        producer_epoch: fields.epoch,
        last_producer_epoch: fields.last_epoch,
        timeout_ms: fields.timeout_ms,
        start: Some(fields.start).filter(|start| *start != Timestamp::NONE),
        last_update: fields.last_update,
        partitions: fields.partitions.iter().cloned().collect(),
        transaction_version: fields.path.level(),
    }
}
