//! Partitions of `__transaction_state` that a broker takes over and gives up (FAILOVER-01 to
//! FAILOVER-09).

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{CoordinatorEpoch, Offset, PartitionIndex, Rule, TransactionalId};

use super::coordinator::{OwnedPartition, Place, TxnCoordinator};
use super::log::{RecordError, decode_key, decode_value};
use super::profile::TxnProfile;
use super::state::TxnMetadata;
use crate::host::Host;
use crate::metadata::{PartitionKey, TRANSACTION_STATE};
use crate::timers::Timer;

impl TxnCoordinator {
    /// The broker leads a partition in a new term: it drops what it had (FAILOVER-01) and begins
    /// to read the log. Until the load ends, requests for its ids read 14 (FAILOVER-05); an empty
    /// log takes no time.
    pub(super) fn begin_load(
        &mut self,
        host: &mut Host<'_>,
        partition: PartitionIndex,
        epoch: CoordinatorEpoch,
    ) {
        self.disown(host, partition);
        let Some(key) = host.key(TRANSACTION_STATE, partition) else { return };
        self.loading.insert(partition, epoch);
        // Nobody looks into the cache before the load has filled it.
        self.owned.insert(partition, Arc::new(OwnedPartition::new(key, epoch, BTreeMap::new())));
        let stored = host.key(TRANSACTION_STATE, partition).and_then(|key| host.stored(key));
        if stored.is_some_and(|stored| stored.log.end_offset() > stored.log.start_offset()) {
            let timer = Timer::TransactionLoad { broker: host.broker, partition };
            host.timers.set(timer, host.now);
        } else {
            self.finish_load(host, partition);
        }
    }

    /// The log is read: in one step the cache is published, and what was decided is carried on
    /// (FAILOVER-04).
    pub(super) fn finish_load(&mut self, host: &mut Host<'_>, partition: PartitionIndex) {
        let Some(epoch) = self.loading.remove(&partition) else { return };
        let Some(key) = host.key(TRANSACTION_STATE, partition) else { return };
        let profile = TxnProfile::of(host);
        let mut ids = load(host, key, profile);
        let mut decided = Vec::new();
        for (id, txn) in &mut ids {
            if txn.fields().state.is_prepared() && host.config.rules.is_on(Rule::PreparedResumed) {
                txn.prepare_completion(host.now, profile);
                decided.push(Place { partition, id: id.clone() });
            }
        }
        self.owned.insert(partition, Arc::new(OwnedPartition::new(key, epoch, ids)));
        for place in decided {
            self.owe_markers(host, place);
        }
    }
}

/// Reads a partition to its end, high watermark or not: the last record of each id wins
/// (FAILOVER-02). What cannot be read ends the load with what was read so far (FAILOVER-03).
fn load(
    host: &Host<'_>,
    key: PartitionKey,
    profile: TxnProfile,
) -> BTreeMap<TransactionalId, TxnMetadata> {
    let mut ids = BTreeMap::new();
    let Some(stored) = host.stored(key) else { return ids };
    let end = if host.config.rules.is_on(Rule::LoadToLogEnd) {
        stored.log.end_offset()
    } else {
        host.high_watermark(key).unwrap_or(Offset::ZERO)
    };
    let batches = stored.log.batches_from(Offset::ZERO);
    for batch in batches.take_while(|batch| batch.last_offset() < end) {
        let Ok(records) = batch.records() else { return ids };
        for record in &records {
            let Ok(record) = record else { return ids };
            let id = match record.key.map(decode_key) {
                Some(Ok(id)) => id,
                Some(Err(RecordError::UnknownKeyVersion(_))) => continue,
                Some(Err(_)) | None => return ids,
            };
            match record.value.map(decode_value) {
                None => {
                    ids.remove(&id);
                }
                Some(Ok(fields)) => {
                    ids.insert(id, TxnMetadata::loaded(fields));
                }
                Some(Err(RecordError::UnknownValueVersion(_))) if profile.skips_unknown_values => {}
                Some(Err(_)) => return ids,
            }
        }
    }
    ids
}
