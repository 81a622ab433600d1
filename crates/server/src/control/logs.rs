//! The log of a partition, page by page.

use axum::Json;
use axum::extract::State;
use fencepost_ids::{BrokerId, Offset, PartitionIndex};
use fencepost_log::{
    Compression, ControlRecord, MarkerType, Record as LogRecord, RecordSet, TimestampType,
};
use fencepost_model::{InternalRecord, LogPage, LogRange, LoggedBatch, TransactionStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::internal_records::Decoded;
use super::payload::Payload;
use super::reading::{Asked, Cluster, Named, PartitionPath};
use super::refusal::Refusal;

/// Records of a page if nothing is said.
const RECORDS: u32 = 100;

/// The most bytes of batches in a page.
const BYTES_MAX: u64 = 1 << 20;

/// Which page of a log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Begin with the batch that holds this offset, or the first one after it; 0 if not given.
    #[serde(default)]
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    from: i64,
    /// How many records to show at most; the first batch is shown whole all the same.
    #[serde(default = "records")]
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    limit: u32,
    /// The broker of the replica to look at, up or down; the leader if not given.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    replica: Option<i32>,
}

const fn records() -> u32 {
    RECORDS
}

/// A page of a replica's log.
#[derive(Serialize, ToSchema)]
pub(super) struct Log {
    /// The broker of the replica.
    replica: i32,
    /// Whether that broker runs; if not, this is what its disk holds.
    up: bool,
    /// The first offset that is kept.
    log_start_offset: i64,
    /// The first offset that this replica does not know to be on all in-sync replicas.
    high_watermark: i64,
    /// Where read_committed would end here.
    last_stable_offset: i64,
    /// Where the next record goes.
    log_end_offset: i64,
    /// The batches, by offset.
    batches: Vec<Batch>,
    /// What to give as `from` for the next page; null at the end of the log.
    next: Option<i64>,
}

/// A batch of records.
#[derive(Serialize, ToSchema)]
pub(super) struct Batch {
    /// The offset of its first record.
    base_offset: i64,
    /// The offset of its last record.
    last_offset: i64,
    /// The term of the leader that appended it.
    leader_epoch: i32,
    /// Its producer id; null if it has none.
    producer_id: Option<i64>,
    /// Its producer epoch; null if it has none.
    producer_epoch: Option<i16>,
    /// The sequence of its first record; null if it has none.
    base_sequence: Option<i32>,
    /// What became of the transaction that it belongs to.
    transaction: Transaction,
    /// Whether it holds control records, which no consumer delivers.
    control: bool,
    /// How its records are compressed: none, gzip, snappy, lz4 or zstd.
    compression: String,
    /// Whose clock its timestamps come from.
    timestamp_type: Clock,
    /// Its size in bytes.
    size_bytes: u64,
    /// Its records.
    records: Vec<Record>,
}

/// What became of a transaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TransactionStatus)]
enum Transaction {
    /// The batch belongs to none, or is itself a marker.
    None,
    /// No marker has ended it yet.
    Open,
    /// A COMMIT marker ended it.
    Committed,
    /// An ABORT marker ended it.
    Aborted,
}

/// Whose clock timestamps come from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TimestampType)]
enum Clock {
    /// The producer's.
    CreateTime,
    /// The leader's.
    LogAppendTime,
}

/// A record.
#[derive(Serialize, ToSchema)]
pub(super) struct Record {
    /// Its offset.
    offset: i64,
    /// Its timestamp, in milliseconds since 1970.
    timestamp_ms: i64,
    /// Its key, if it has one.
    key: Option<Payload>,
    /// Its value; null is a tombstone.
    value: Option<Payload>,
    /// Its headers, in order.
    headers: Vec<Header>,
    /// What it says, if it ends a transaction.
    marker: Option<Marker>,
    /// What it says, if it is one of `__transaction_state` or `__consumer_offsets`; null for all others, and
    /// for those that a coordinator passes over.
    decoded: Option<Decoded>,
}

/// A header of a record.
#[derive(Serialize, ToSchema)]
pub(super) struct Header {
    /// Its name; bytes that are not UTF-8 are replaced.
    name: String,
    /// Its value, if it has one.
    value: Option<Payload>,
}

/// The end of a transaction.
#[derive(Serialize, ToSchema)]
pub(super) struct Marker {
    /// How it ended.
    outcome: Outcome,
    /// The term of the coordinator that sent it.
    coordinator_epoch: i32,
}

/// How a transaction ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// Its records count.
    Commit,
    /// They do not.
    Abort,
}

/// A page of the log of a partition: batches with their records and what became of their
/// transactions.
#[utoipa::path(get, path = "/topics/{topic}/partitions/{partition}/log", tag = "logs",
    params(PartitionPath, Page), responses(
    (status = 200, description = "The page", body = Log),
    (status = 404, description = "There is no such partition or replica", body = super::refusal::Body),
    (status = 409, description = "The partition has no leader", body = super::refusal::Body),
))]
pub(super) async fn page(
    State(cluster): Cluster,
    Named(PartitionPath { topic, partition }): Named<PartitionPath>,
    Asked(page): Asked<Page>,
) -> Result<Json<Log>, Refusal> {
    let Page { from, limit, replica } = page;
    if from < 0 || !(1..=10_000).contains(&limit) {
        return Err(Refusal::bad_range("from is 0 or more, and limit 1 to 10000"));
    }
    let range = LogRange { from: Offset(from), records_max: limit, bytes_max: BYTES_MAX };
    let (partition, replica) = (PartitionIndex(partition), replica.map(BrokerId));
    let page = cluster.look(|cluster| cluster.log_page(&topic, partition, replica, range))??;
    // Decoded here, and not while the cluster is looked at.
    Ok(Json(Log::shown(&topic, page)))
}

impl Log {
    fn shown(topic: &str, page: LogPage) -> Self {
        let batches = page.batches.into_iter().map(|batch| Batch::shown(topic, batch));
        Self {
            replica: page.broker.0,
            up: page.is_running,
            log_start_offset: page.log_start.0,
            high_watermark: page.high_watermark.0,
            last_stable_offset: page.last_stable.0,
            log_end_offset: page.log_end.0,
            batches: batches.collect(),
            next: page.next.map(|offset| offset.0),
        }
    }
}

impl Batch {
    fn shown(topic: &str, LoggedBatch { batch, transaction }: LoggedBatch) -> Self {
        let header = batch.header();
        let records = batch.records().ok();
        let is_control = header.attributes.is_control();
        let codec = Compression::from_codec(header.attributes.codec()).unwrap_or_default();
        Self {
            base_offset: header.base_offset.0,
            last_offset: header.last_offset().0,
            leader_epoch: header.leader_epoch.0,
            producer_id: Some(header.producer_id.0).filter(|id| *id >= 0),
            producer_epoch: Some(header.producer_epoch.0).filter(|epoch| *epoch >= 0),
            base_sequence: Some(header.base_sequence.0).filter(|sequence| *sequence >= 0),
            transaction: transaction.into(),
            control: is_control,
            compression: format!("{codec:?}").to_lowercase(),
            timestamp_type: match header.attributes.timestamp_type() {
                TimestampType::CreateTime => Clock::CreateTime,
                TimestampType::LogAppendTime => Clock::LogAppendTime,
            },
            size_bytes: batch.size_bytes(),
            records: records.iter().flat_map(|all| shown(topic, all, is_control)).collect(),
        }
    }
}

impl From<TransactionStatus> for Transaction {
    fn from(status: TransactionStatus) -> Self {
        match status {
            TransactionStatus::None => Self::None,
            TransactionStatus::Open => Self::Open,
            TransactionStatus::Committed => Self::Committed,
            TransactionStatus::Aborted => Self::Aborted,
        }
    }
}

/// A log holds only batches whose records can be read.
fn shown(topic: &str, records: &RecordSet, is_control: bool) -> impl Iterator<Item = Record> {
    let base = records.header().base_offset;
    records.iter().flatten().map(move |record| Record {
        offset: record.offset(base).0,
        timestamp_ms: record.timestamp.0,
        key: record.key.map(Payload::from),
        value: record.value.map(Payload::from),
        headers: record
            .headers
            .map(|header| Header {
                name: String::from_utf8_lossy(header.key).into_owned(),
                value: header.value.map(Payload::from),
            })
            .collect(),
        marker: is_control.then(|| marker(&record)).flatten(),
        decoded: (!is_control).then(|| decoded(topic, &record)).flatten(),
    })
}

fn decoded(topic: &str, record: &LogRecord<'_>) -> Option<Decoded> {
    InternalRecord::read(topic, record.key?, record.value).map(Decoded::from)
}

fn marker(record: &LogRecord<'_>) -> Option<Marker> {
    let Ok(ControlRecord::EndTransaction(kind, epoch)) = ControlRecord::read(record) else {
        return None;
    };
    let outcome = match kind {
        MarkerType::Commit => Outcome::Commit,
        MarkerType::Abort => Outcome::Abort,
    };
    Some(Marker { outcome, coordinator_epoch: epoch.0 })
}
