//! The producers that a replica remembers.

use axum::Json;
use axum::extract::State;
use fencepost_ids::{BrokerId, PartitionIndex};
use fencepost_log::{BatchMetadata, ProducerDescription};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reading::{Asked, Cluster, Named, PartitionPath};
use super::refusal::Refusal;

/// Which replica.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The broker of the replica to look at, up or down; the leader if not given.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    replica: Option<i32>,
}

/// The producers of a partition as one replica remembers them.
#[derive(Serialize, ToSchema)]
pub(super) struct Producers {
    /// The broker of the replica.
    replica: i32,
    /// The producers, by producer id.
    producers: Vec<Producer>,
}

/// A producer.
#[derive(Serialize, ToSchema)]
pub(super) struct Producer {
    /// Its producer id.
    producer_id: i64,
    /// The last producer epoch seen, of data or of a marker.
    producer_epoch: i16,
    /// The last sequence; null if no batch is remembered.
    last_sequence: Option<i32>,
    /// The timestamp by which the entry expires, in milliseconds since 1970.
    last_timestamp_ms: i64,
    /// The coordinator epoch of the last marker; null if there was none.
    coordinator_epoch: Option<i32>,
    /// The first offset of its open transaction; null if none is open.
    transaction_start_offset: Option<i64>,
    /// The batches by which a retry is known, oldest first.
    batches: Vec<RememberedBatch>,
}

/// A batch that is remembered.
#[derive(Serialize, ToSchema)]
pub(super) struct RememberedBatch {
    /// The offset of its first record.
    base_offset: i64,
    /// The offset of its last record.
    last_offset: i64,
    /// The sequence of its last record; null in coordinators' batches.
    last_sequence: Option<i32>,
}

/// The producers of a partition.
#[utoipa::path(get, path = "/topics/{topic}/partitions/{partition}/producers", tag = "logs",
    params(PartitionPath, Which), responses(
    (status = 200, description = "The producers", body = Producers),
    (status = 404, description = "There is no such partition or replica", body = super::refusal::Body),
    (status = 409, description = "The partition has no leader", body = super::refusal::Body),
))]
pub(super) async fn list(
    State(cluster): Cluster,
    Named(PartitionPath { topic, partition }): Named<PartitionPath>,
    Asked(Which { replica }): Asked<Which>,
) -> Result<Json<Producers>, Refusal> {
    let (partition, replica) = (PartitionIndex(partition), replica.map(BrokerId));
    let known = cluster.look(|cluster| cluster.producers(&topic, partition, replica))??;
    let producers =
        known.producers.into_iter().map(|(producer, batches)| shown(producer, &batches));
    Ok(Json(Producers { replica: known.broker.0, producers: producers.collect() }))
}

fn shown(producer: ProducerDescription, batches: &[BatchMetadata]) -> Producer {
    let sequence = |sequence: i32| Some(sequence).filter(|sequence| *sequence >= 0);
    let batches = batches.iter().map(|batch| RememberedBatch {
        base_offset: batch.base_offset().0,
        last_offset: batch.last_offset.0,
        last_sequence: sequence(batch.last_sequence.0),
    });
    Producer {
        producer_id: producer.producer_id.0,
        producer_epoch: producer.producer_epoch.0,
        last_sequence: sequence(producer.last_sequence.0),
        last_timestamp_ms: producer.last_timestamp.0,
        coordinator_epoch: Some(producer.coordinator_epoch.0).filter(|epoch| *epoch >= 0),
        transaction_start_offset: producer.transaction_start.map(|offset| offset.0),
        batches: batches.collect(),
    }
}
