//! The scans for transactions and transactional ids past their time (TIMEOUT-01 to TIMEOUT-06).

use fencepost_ids::{PartitionIndex, Rule};
use fencepost_log::MarkerType;

use super::appends::Reply;
use super::coordinator::{Place, TxnCoordinator};
use super::producer_ids::ProducerIds;
use super::profile::TxnProfile;
use super::state::TxnPath;
use crate::host::Host;
use crate::timers::Timer;

/// The room that a tombstone's record takes at most besides the id itself, in bytes.
const TOMBSTONE_OVERHEAD: usize = 32;

impl TxnCoordinator {
    /// Sets the timers of the scans: each first fires after one interval.
    pub(super) fn set_scan_timers(host: &mut Host<'_>) {
        set_timeout_scan(host);
        set_expiration_scan(host);
    }

    /// Aborts every transaction that is past its timeout, as a newcomer would (TIMEOUT-02).
    pub(super) fn abort_timed_out(&mut self, ids: &mut ProducerIds, host: &mut Host<'_>) {
        set_timeout_scan(host);
        let (now, profile) = (host.now, TxnProfile::of(host));
        let path = TxnPath::of_level(host.metadata.features.transaction_version());
        for place in self.places(|txn| txn.is_timed_out(now, profile)) {
            let Ok(txn) = self.txn(&place) else { continue };
            let new_id = &mut || ids.take(host);
            let prepared = if profile.is_on(Rule::TimeoutBump) {
                txn.prepare_fence(path, now, profile, new_id)
            } else {
                let identity = txn.fields().identity();
                txn.prepare_end_tv1(identity, MarkerType::Abort, now, profile).map(drop)
            };
            if prepared.is_ok() {
                self.write(host, place, Reply::Fence(None));
            }
        }
    }

    /// Forgets every transactional id that was idle for too long (TIMEOUT-06).
    pub(super) fn expire_ids(&mut self, host: &mut Host<'_>) {
        set_expiration_scan(host);
        let (now, profile) = (host.now, TxnProfile::of(host));
        let idle_ms = i64::from(host.config.settings.transactional_id_expiration_ms);
        let partitions: Vec<PartitionIndex> = self.owned.keys().copied().collect();
        for partition in partitions {
            let Ok(owned) = self.partition(partition) else { continue };
            let room = host
                .metadata
                .topic_at(owned.key.topic)
                .and_then(|topic| usize::try_from(topic.settings.max_message_bytes).ok())
                .unwrap_or(usize::MAX);
            let expired: Vec<_> = owned
                .ids
                .iter_mut()
                .filter_map(|(id, txn)| {
                    txn.prepare_expiry(now, idle_ms, profile).then(|| id.clone())
                })
                .collect();
            let mut batch = Vec::new();
            let mut bytes = 0;
            for id in expired {
                let size = id.len() + TOMBSTONE_OVERHEAD;
                if !batch.is_empty() && bytes + size > room {
                    self.write_tombstones(host, partition, std::mem::take(&mut batch));
                    bytes = 0;
                }
                bytes += size;
                batch.push(id);
            }
            if !batch.is_empty() {
                self.write_tombstones(host, partition, batch);
            }
        }
    }

    fn places(&self, wanted: impl Fn(&super::state::TxnMetadata) -> bool) -> Vec<Place> {
        let all = self
            .owned
            .iter()
            .flat_map(|(partition, owned)| owned.ids.iter().map(|(id, txn)| (*partition, id, txn)));
        all.filter(|(_, _, txn)| wanted(txn))
            .map(|(partition, id, _)| Place { partition, id: id.clone() })
            .collect()
    }
}

fn set_timeout_scan(host: &mut Host<'_>) {
    let interval = host.config.settings.transaction_abort_timed_out_transaction_cleanup_interval_ms;
    let timer = Timer::TransactionTimeouts { broker: host.broker };
    host.timers.set(timer, host.now.plus_millis(i64::from(interval)));
}

fn set_expiration_scan(host: &mut Host<'_>) {
    let interval = host.config.settings.transaction_remove_expired_transaction_cleanup_interval_ms;
    let timer = Timer::TransactionalIdExpiration { broker: host.broker };
    host.timers.set(timer, host.now.plus_millis(i64::from(interval)));
}
