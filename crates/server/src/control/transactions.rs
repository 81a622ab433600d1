//! Transactional ids as their coordinators know them.

use axum::Json;
use axum::extract::State;
use fencepost_ids::TopicPartition;
use fencepost_model::{PendingTransition, TransactionDescription};
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::{Cluster, Named, TransactionPath};
use super::refusal::Refusal;

/// What all running coordinators know of transactional ids.
#[derive(Serialize, ToSchema)]
pub(super) struct Transactions {
    /// The transactional ids, in order.
    transactions: Vec<Transaction>,
    /// The partitions of `__transaction_state` that a coordinator is still reading; their ids are
    /// not among the transactions.
    loading: Vec<i32>,
}

/// A transactional id in the memory of its coordinator.
#[derive(Serialize, ToSchema)]
pub(super) struct Transaction {
    /// The id.
    transactional_id: String,
    /// Its state: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit or CompleteAbort.
    state: String,
    /// Where a transition leads whose record is not committed yet: a state, or Dead if the id is
    /// expiring; null if none is being written.
    pending: Option<String>,
    /// The producer id in use.
    producer_id: i64,
    /// The producer epoch in use; null before the first InitProducerId is written.
    producer_epoch: Option<i16>,
    /// The producer id before the last transition, if it was another.
    previous_producer_id: Option<i64>,
    /// The producer id that takes over when the transaction completes, if it is another.
    next_producer_id: Option<i64>,
    /// How long a transaction may last, in milliseconds.
    timeout_ms: i32,
    /// When the first partition was added, in milliseconds since 1970; null if none was.
    start_ms: Option<i64>,
    /// When the last transition was made, in milliseconds since 1970.
    last_update_ms: i64,
    /// The partitions of the transaction that are still owed a marker.
    partitions: Vec<Partition>,
    /// The transaction version of the client that runs it: 0 or 2.
    transaction_version: i16,
    /// The broker of its coordinator.
    coordinator: i32,
    /// The coordinator's term, which its markers carry.
    coordinator_epoch: i32,
    /// The partition of `__transaction_state` that holds it.
    partition: i32,
}

/// A partition of a topic.
#[derive(Serialize, ToSchema)]
#[schema(as = TopicPartition)]
pub(super) struct Partition {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
}

impl From<&TopicPartition> for Partition {
    fn from(TopicPartition { topic, partition }: &TopicPartition) -> Self {
        Self { topic: topic.to_string(), partition: partition.0 }
    }
}

/// The transactional ids that the running coordinators know.
#[utoipa::path(get, path = "/transactions", tag = "transactions", responses(
    (status = 200, description = "The transactional ids", body = Transactions),
))]
pub(super) async fn list(State(cluster): Cluster) -> Result<Json<Transactions>, Refusal> {
    let directory = cluster.look(fencepost_model::Cluster::transactions)?;
    Ok(Json(Transactions {
        transactions: directory.transactions.into_iter().map(Transaction::from).collect(),
        loading: directory.loading.into_iter().map(|partition| partition.0).collect(),
    }))
}

/// One transactional id.
#[utoipa::path(get, path = "/transactions/{transactional_id}", tag = "transactions",
    params(TransactionPath), responses(
    (status = 200, description = "The transactional id", body = Transaction),
    (status = 404, description = "No running coordinator knows it", body = super::refusal::Body),
))]
pub(super) async fn one(
    State(cluster): Cluster,
    Named(TransactionPath { transactional_id }): Named<TransactionPath>,
) -> Result<Json<Transaction>, Refusal> {
    Ok(Json(cluster.transaction(&transactional_id)?.into()))
}

impl From<TransactionDescription> for Transaction {
    fn from(txn: TransactionDescription) -> Self {
        let other = |id: i64| Some(id).filter(|id| *id >= 0 && *id != txn.producer_id.0);
        Self {
            transactional_id: txn.transactional_id.to_string(),
            state: txn.state.to_owned(),
            pending: txn.pending.map(|pending| match pending {
                PendingTransition::To(state, _) => state.to_owned(),
                PendingTransition::Expiry => "Dead".to_owned(),
            }),
            producer_id: txn.producer_id.0,
            producer_epoch: Some(txn.producer_epoch.0).filter(|epoch| *epoch >= 0),
            previous_producer_id: other(txn.previous_producer_id.0),
            next_producer_id: other(txn.next_producer_id.0),
            timeout_ms: txn.timeout_ms,
            start_ms: txn.start.map(|start| start.0),
            last_update_ms: txn.last_update.0,
            partitions: txn.partitions.iter().map(Partition::from).collect(),
            transaction_version: txn.transaction_version,
            coordinator: txn.coordinator.0,
            coordinator_epoch: txn.coordinator_epoch.0,
            partition: txn.partition.0,
        }
    }
}
