//! A page of one replica's log, with the transaction status of each batch.

use fencepost_ids::{BrokerId, Offset, PartitionIndex, ProducerId, Rule, Rules};
use fencepost_log::{ControlRecord, Log, MarkerType, StoredBatch};

use super::replicas::{Replica, ReplicaUnknown};
use crate::cluster::Cluster;

/// Which part of a log to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRange {
    /// Where to begin: with the batch that holds this offset, or the first one after it.
    pub from: Offset,
    /// How many records to show at most; the first batch is shown whole all the same.
    pub records_max: u32,
    /// How many bytes of batches to show at most, as they stand in the log; the first batch is
    /// shown whole all the same.
    pub bytes_max: u64,
}

/// A page of a replica's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogPage {
    /// The broker of the replica.
    pub broker: BrokerId,
    /// Whether that broker runs.
    pub is_running: bool,
    /// The first offset that is kept.
    pub log_start: Offset,
    /// The high watermark that the replica knows; if its broker is down, the one on its disk.
    pub high_watermark: Offset,
    /// Where read_committed would end here (LSO-03).
    pub last_stable: Offset,
    /// Where the next record goes.
    pub log_end: Offset,
    /// The batches, by offset.
    pub batches: Vec<LoggedBatch>,
    /// Where the next page begins; none at the end of the log.
    pub next: Option<Offset>,
}

/// A batch and what became of its transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedBatch {
    /// The batch as it is kept; its records are decoded by [`StoredBatch::records`].
    pub batch: StoredBatch,
    /// What became of its transaction, as far as this replica's log tells.
    pub transaction: TransactionStatus,
}

/// What became of the transaction that a batch belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransactionStatus {
    /// It belongs to none, or is itself a marker.
    None,
    /// No marker has ended it yet.
    Open,
    /// A COMMIT marker ended it.
    Committed,
    /// An ABORT marker ended it.
    Aborted,
}

impl Cluster {
    /// A page of the log of a partition, at its leader or at any replica, be its broker up or down.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn log_page(
        &self,
        topic: &str,
        partition: PartitionIndex,
        broker: Option<BrokerId>,
        range: LogRange,
    ) -> Result<LogPage, ReplicaUnknown> {
        let replica = self.replica(topic, partition, broker)?;
        let log = &replica.stored.log;
        let outcomes = Outcomes::of(&replica, self.config.rules);
        let mut batches = Vec::new();
        let (mut records, mut bytes) = (0_u32, 0_u64);
        let mut next = None;
        for batch in log.batches_from(range.from) {
            let header = batch.header();
            records = records.saturating_add(header.record_count.max(0).unsigned_abs());
            bytes = bytes.saturating_add(batch.size_bytes());
            let is_too_much = records > range.records_max || bytes > range.bytes_max;
            if is_too_much && !batches.is_empty() {
                next = Some(batch.base_offset());
                break;
            }
            let is_data = header.attributes.is_transactional() && !header.attributes.is_control();
            let transaction = if is_data {
                outcomes.of_batch(header.producer_id, header.base_offset)
            } else {
                TransactionStatus::None
            };
            batches.push(LoggedBatch { batch: batch.clone(), transaction });
        }
        Ok(LogPage {
            broker: replica.broker,
            is_running: replica.is_running,
            log_start: log.start_offset(),
            high_watermark: replica.state.high_watermark(),
            last_stable: replica.state.last_stable_offset(log, &self.rules),
            log_end: log.end_offset(),
            batches,
            next,
        })
    }
}

/// How the transactions of a log ended.
struct Outcomes<'a> {
    open: Vec<(Offset, ProducerId)>,
    log: &'a Log,
    /// Whether every aborted transaction is in the index (LSO-07).
    is_indexed: bool,
}

impl<'a> Outcomes<'a> {
    fn of(replica: &'a Replica<'_>, rules: Rules) -> Self {
        Self {
            open: replica.state.open_transactions().collect(),
            log: &replica.stored.log,
            is_indexed: rules.is_on(Rule::AbortIndex),
        }
    }

    fn of_batch(&self, producer_id: ProducerId, base: Offset) -> TransactionStatus {
        let is_open = |(first, id): &(Offset, ProducerId)| *id == producer_id && *first <= base;
        if self.open.iter().any(is_open) {
            return TransactionStatus::Open;
        }
        let is_aborted = if self.is_indexed {
            self.is_aborted_by_index(producer_id, base)
        } else {
            self.is_aborted_by_marker(producer_id, base)
        };
        if is_aborted { TransactionStatus::Aborted } else { TransactionStatus::Committed }
    }

    /// The index outlives markers, which compaction removes before the records.
    fn is_aborted_by_index(&self, producer_id: ProducerId, base: Offset) -> bool {
        let index = self.log.aborted_transactions();
        let from = index.partition_point(|aborted| aborted.marker_offset < base);
        index[from..]
            .iter()
            .any(|aborted| aborted.producer_id == producer_id && aborted.first_offset <= base)
    }

    fn is_aborted_by_marker(&self, producer_id: ProducerId, base: Offset) -> bool {
        let marker = self.log.batches_from(base).find(|batch| {
            let header = batch.header();
            header.attributes.is_control() && header.producer_id == producer_id
        });
        let ends = |batch: &StoredBatch| {
            let records = batch.records().ok()?;
            let record = records.iter().next()?.ok()?;
            ControlRecord::read(&record).ok()
        };
        matches!(marker.and_then(ends), Some(ControlRecord::EndTransaction(MarkerType::Abort, _)))
    }
}
