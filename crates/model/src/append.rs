//! Appending to partitions that a broker leads: batches of clients, of coordinators, and markers.

use std::sync::Arc;

use fencepost_ids::{ErrorCode, Offset, ProducerEpoch, ProducerId, Sequence};
use fencepost_log::{
    AppendError, AppendedBatch, FramedBatch, LeaderContext, Log, LogConfig, LogRules, Marker,
    ReplicaState, Verification, VerificationGuard, VerificationMode, VerificationQuestion,
};
use fencepost_wire::Release;

use crate::config::{ClusterConfig, Compression, TopicSettings};
use crate::host::Host;
use crate::metadata::PartitionKey;
use crate::txn::QuestionMode;

/// What the release, the settings and the rule switches mean for logs (section 9 of the log
/// rules).
pub(crate) fn log_rules(config: &ClusterConfig) -> LogRules {
    let release = config.release;
    LogRules {
        open_transaction_of_epoch: release >= Release::V4_0,
        unstable_from_whole_batch: release >= Release::V4_0,
        stale_epoch_before_question: release >= Release::V4_1,
        stale_epoch_before_guard: release >= Release::V4_0,
        tv2_first_sequence_zero: release >= Release::V4_1,
        strict_marker_epoch: release >= Release::V4_2,
        equal_marker_at_last_epoch: release >= Release::V4_3,
        unwritten_first_sequence_zero: false,
        partition_verification: config.settings.transaction_partition_verification_enable,
        in_force: config.rules,
    }
}

/// What a topic's settings mean for its logs.
pub(crate) fn log_config(settings: &TopicSettings) -> LogConfig {
    use fencepost_log::Compression as Codec;
    let bytes = |limit: i32| u64::try_from(limit).unwrap_or(0);
    // 3.9 has an older setting for both of the next ones, which counts where they are not set.
    let or_difference = |limit: i64| match limit {
        i64::MAX => settings.message_timestamp_difference_max_ms,
        limit => limit,
    };
    LogConfig {
        max_message_bytes: bytes(settings.max_message_bytes),
        segment_bytes: bytes(settings.segment_bytes),
        segment_ms: settings.segment_ms,
        timestamp_type: settings.message_timestamp_type,
        timestamp_before_max_ms: or_difference(settings.message_timestamp_before_max_ms),
        timestamp_after_max_ms: or_difference(settings.message_timestamp_after_max_ms),
        compacted: settings.cleanup_policy.compacts(),
        deletes: settings.cleanup_policy.deletes(),
        retention_ms: Some(settings.retention_ms).filter(|limit| *limit >= 0),
        retention_bytes: u64::try_from(settings.retention_bytes).ok(),
        delete_retention_ms: settings.delete_retention_ms,
        min_compaction_lag_ms: settings.min_compaction_lag_ms,
        max_compaction_lag_ms: settings.max_compaction_lag_ms,
        min_cleanable_ratio: settings.min_cleanable_dirty_ratio.parts(),
        compression: match settings.compression_type {
            Compression::Producer => None,
            Compression::Uncompressed => Some(Codec::None),
            Compression::Gzip => Some(Codec::Gzip),
            Compression::Snappy => Some(Codec::Snappy),
            Compression::Lz4 => Some(Codec::Lz4),
            Compression::Zstd => Some(Codec::Zstd),
        },
    }
}

impl Host<'_> {
    /// Appends a client's batch to a partition that this broker leads; whether enough replicas
    /// are in sync is the caller's to check.
    ///
    /// # Errors
    /// What the log refuses, or no leadership.
    pub(crate) fn append_from_client(
        &mut self,
        key: PartitionKey,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
    ) -> Result<AppendedBatch, Refusal> {
        let producer = self.observed_producer(&batch);
        let appended = self.with_log(key, |replica, log, leader| {
            replica.append_client(log, batch, guard, leader)
        })?;
        if let Some(producer) = producer {
            self.tell_append(key, producer, &appended);
        }
        let appended = appended?;
        self.appended(key);
        Ok(appended)
    }

    /// Appends a coordinator's batch with acks=all. It counts once the high watermark passes its
    /// last offset; the coordinator is told of every move.
    ///
    /// # Errors
    /// 6 if this broker does not lead the partition, 19 if too few replicas are in sync (nothing
    /// is written), or what the log refuses.
    pub(crate) fn append_from_coordinator(
        &mut self,
        key: PartitionKey,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
    ) -> Result<Offset, ErrorCode> {
        self.check_replicas(key)?;
        let producer = self.observed_producer(&batch);
        let appended = self
            .with_log(key, |replica, log, leader| {
                replica.append_coordinator(log, batch, guard, leader)
            })
            .map_err(|refusal| refusal.error_code())?;
        if let Some(producer) = producer {
            self.tell_append(key, producer, &appended);
        }
        let appended = appended.map_err(|error| error.error_code())?;
        self.appended(key);
        Ok(appended.base_offset())
    }

    /// Appends a marker with acks=all and returns its offset (MARKIN-03).
    ///
    /// # Errors
    /// 6 and 19 as for a coordinator's batch, 47 and 52 from the log (MARK-04).
    pub(crate) fn append_marker(
        &mut self,
        key: PartitionKey,
        marker: &Marker,
    ) -> Result<Offset, ErrorCode> {
        self.check_replicas(key)?;
        let appended = self
            .with_log(key, |replica, log, leader| replica.append_marker(log, marker, leader))
            .map_err(|refusal| refusal.error_code())?
            .map_err(|error| error.error_code())?;
        self.tell_marker(key, marker, appended.offset);
        self.appended(key);
        Ok(appended.offset)
    }

    /// Whether the transaction's coordinator must be asked before a batch may be appended: the
    /// guard for the append if so (VERIFY-02 to VERIFY-05, VERIFY-11).
    ///
    /// # Errors
    /// 6 if this broker does not lead the partition, 47 for a stale epoch (VERIFY-03).
    pub(crate) fn begin_verification(
        &mut self,
        key: PartitionKey,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
        base_sequence: Sequence,
        mode: QuestionMode,
    ) -> Result<Option<VerificationGuard>, ErrorCode> {
        let leader = self.leaders.get_mut(&key).ok_or(ErrorCode::NotLeaderOrFollower)?;
        if mode != QuestionMode::Add && !self.rules.partition_verification {
            return Ok(None);
        }
        let mode = match mode {
            QuestionMode::VerifyForOldClient | QuestionMode::Verify => VerificationMode::Verify,
            QuestionMode::Add => VerificationMode::Add,
        };
        let question = VerificationQuestion { producer_id, producer_epoch, base_sequence, mode };
        let replica = &mut Arc::make_mut(leader).replica;
        match replica.begin_verification(&question, self.now, self.guards, self.rules) {
            Ok(Verification::NotNeeded) => Ok(None),
            Ok(Verification::Needed(guard)) => Ok(Some(guard)),
            Err(error) => {
                self.tell_question_refused(key, producer_id, &error);
                Err(error.error_code())
            }
        }
    }

    /// Raises the log start offset of a partition that this broker leads, to the high watermark if
    /// no offset is given, and returns it (LSO-20).
    ///
    /// # Errors
    /// 6 if another broker leads, 1 for an offset outside the log.
    pub(crate) fn delete_records(
        &mut self,
        key: PartitionKey,
        before: Option<Offset>,
    ) -> Result<Offset, ErrorCode> {
        let leader = self.leaders.get_mut(&key).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let stored =
            self.disk.get_mut(self.broker, key).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let start = Arc::make_mut(leader)
            .replica
            .delete_records(&mut stored.log, before, self.rules)
            .map_err(|_| ErrorCode::OffsetOutOfRange)?;
        self.moved.push((self.broker, key));
        self.serve_followers(key);
        Ok(start)
    }

    /// Whether this broker leads the partition and has enough replicas in sync for a record that
    /// must be replicated.
    ///
    /// # Errors
    /// 6 and 19.
    pub(crate) fn check_replicas(&self, key: PartitionKey) -> Result<(), ErrorCode> {
        if self.leader(key).is_none() {
            Err(ErrorCode::NotLeaderOrFollower)
        } else if !self.has_enough_replicas(key) {
            Err(ErrorCode::NotEnoughReplicas)
        } else {
            Ok(())
        }
    }

    fn with_log<T>(
        &mut self,
        key: PartitionKey,
        append: impl FnOnce(&mut ReplicaState, &mut Log, &LeaderContext<'_>) -> Result<T, AppendError>,
    ) -> Result<Result<T, AppendError>, Refusal> {
        let leader = self.leaders.get_mut(&key).ok_or(Refusal::NotLeader)?;
        let stored = self.disk.get_mut(self.broker, key).ok_or(Refusal::NotLeader)?;
        let topic = self.metadata.topic_at(key.topic).ok_or(Refusal::NotLeader)?;
        let leader = Arc::make_mut(leader);
        let context = LeaderContext {
            now: self.now,
            leader_epoch: leader.epoch,
            config: &log_config(&topic.settings),
            rules: self.rules,
        };
        Ok(append(&mut leader.replica, &mut stored.log, &context))
    }
}

/// Why nothing was appended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Another broker leads the partition.
    #[error("this broker does not lead the partition")]
    NotLeader,
    /// The log refused.
    #[error(transparent)]
    Log(#[from] AppendError),
}

impl Refusal {
    pub(crate) const fn error_code(&self) -> ErrorCode {
        match self {
            Self::NotLeader => ErrorCode::NotLeaderOrFollower,
            Self::Log(error) => error.error_code(),
        }
    }
}
