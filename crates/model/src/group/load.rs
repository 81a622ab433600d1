//! Loading a partition of `__consumer_offsets`: the whole log, in order (TXOFF-75).

use fencepost_ids::Timestamp;
use fencepost_log::{ControlRecord, Log, StoredBatch};

use super::Shard;
use super::records::GroupRecord;
use crate::config::ClusterConfig;
use crate::metadata::PartitionKey;

impl Shard {
    /// The state that a log leaves. Records of unknown versions and malformed ones are passed over
    /// (TXOFF-70).
    pub(super) fn load(
        key: PartitionKey,
        log: &Log,
        config: &ClusterConfig,
        now: Timestamp,
    ) -> Self {
        let mut shard = Self::new(key, config.release, config.rules);
        for batch in log.batches_from(log.start_offset()) {
            shard.load_batch(batch, now);
        }
        shard
    }

    fn load_batch(&mut self, batch: &StoredBatch, now: Timestamp) {
        let header = batch.header();
        let producer_id = header.producer_id.is_some().then_some(header.producer_id);
        let Ok(records) = batch.records() else { return };
        for record in records.iter().map_while(Result::ok) {
            let at = record.offset(batch.base_offset());
            if header.attributes.is_control() {
                if let Ok(ControlRecord::EndTransaction(marker, _)) = ControlRecord::read(&record) {
                    self.replay_marker(at, header.producer_id, marker);
                }
            } else if let Some(key) = record.key
                && let Ok(Some(decoded)) = GroupRecord::decode(key, record.value)
            {
                self.replay(now, at, producer_id, decoded);
            }
        }
    }
}
