//! Transactional ids as their coordinators know them.

use axum::Json;
use axum::extract::State;
use fencepost_ids::TopicPartition;
use fencepost_model::{PendingTransition, TransactionDescription};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reading::{Asked, Cluster, Named, TransactionPath};
use super::refusal::Refusal;
use super::waiting::{Within, not_yet};

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

/// What to wait for, and how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    /// Until it is in this state; it need not be known yet.
    #[param(inline)]
    state: Option<TransactionState>,
    /// For so many milliseconds of the machine's time at most.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25_000, default = 10_000, value_type = u64)]
    within_ms: Within,
}

/// The state of a transactional id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
enum TransactionState {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

impl TransactionState {
    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }
}

/// One transactional id: as it is now, or as soon as it is in a state.
#[utoipa::path(get, path = "/transactions/{transactional_id}", tag = "transactions",
    params(TransactionPath, Until), responses(
    (status = 200, description = "The transactional id", body = Transaction),
    (status = 404, description = "No running coordinator knows it", body = super::refusal::Body),
    (status = 408, description = "It was not in that state in that time", body = super::refusal::Body),
))]
pub(super) async fn one(
    State(cluster): Cluster,
    Named(TransactionPath { transactional_id: id }): Named<TransactionPath>,
    Asked(Until { state, within_ms }): Asked<Until>,
) -> Result<Json<Transaction>, Refusal> {
    let Some(state) = state.map(TransactionState::name) else {
        return Ok(Json(cluster.transaction(&id)?.into()));
    };
    let wait = cluster.transaction_until(&id, move |txn| txn.state == state);
    if let Some(txn) = within_ms.wait(wait).await? {
        return Ok(Json(txn.into()));
    }
    let is = match cluster.transaction(&id) {
        Ok(txn) => format!("the transactional id `{id}` is {}", txn.state),
        Err(unknown) => unknown.to_string(),
    };
    Err(not_yet(
        format!("not {state}: {is}"),
        "wait again, or see with GET /held and GET /transactions what it waits for",
    ))
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
