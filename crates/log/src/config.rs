//! What a partition's log is told: the topic's settings, and which rules hold.

use fencepost_ids::Rules;

use crate::batch::{Compression, TimestampType};

/// A ratio of one.
pub const ONE: u64 = 1_000_000_000;

/// The settings of a topic that its logs read (CONF-02), with Kafka's defaults.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LogConfig {
    /// `max.message.bytes`: the largest batch, in bytes.
    pub max_message_bytes: u64,
    /// `segment.bytes`: how large a segment may be, and so a batch.
    pub segment_bytes: u64,
    /// `segment.ms`: how far the timestamps of a segment may lie apart.
    pub segment_ms: i64,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`: how far a record may lie behind the leader's clock.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far a record may lie ahead of it.
    pub timestamp_after_max_ms: i64,
    /// Whether `cleanup.policy` names `compact`: every record needs a key.
    pub compacted: bool,
    /// Whether `cleanup.policy` names `delete`: old segments go.
    pub deletes: bool,
    /// `retention.ms`; none for ever.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`; none without limit.
    pub retention_bytes: Option<u64>,
    /// `delete.retention.ms`: how long compaction keeps tombstones and markers that it has met.
    pub delete_retention_ms: i64,
    /// `min.compaction.lag.ms`: how old a segment must be to be compacted.
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`: how old the first dirty batch may become.
    pub max_compaction_lag_ms: i64,
    /// `min.cleanable.dirty.ratio` in parts of [`ONE`]: how dirty a log must be to be compacted.
    pub min_cleanable_ratio: u64,
    /// `compression.type`; none is `producer`, which keeps the producer's codec (BATCH-14).
    pub compression: Option<Compression>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            segment_bytes: 1_073_741_824,
            segment_ms: 604_800_000,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compacted: false,
            deletes: true,
            retention_ms: Some(604_800_000),
            retention_bytes: None,
            delete_retention_ms: 86_400_000,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            min_cleanable_ratio: ONE / 2,
            compression: None,
        }
    }
}

/// The rules that differ between releases (section 9 of the log rules), a broker's setting, and
/// the safety rules in force. The default is Kafka 4.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LogRules {
    /// VERIFY-02, from 4.0: an open transaction counts only if it is of the same epoch.
    pub open_transaction_of_epoch: bool,
    /// LSO-03, from 4.0: an undecided transaction that LSTART has passed begins with the batch that
    /// holds LSTART.
    pub unstable_from_whole_batch: bool,
    /// VERIFY-03, from 4.1: a stale producer epoch is refused before the coordinator is asked.
    pub stale_epoch_before_question: bool,
    /// VERIFY-13, 4.0.2, 4.1.1 and from 4.2: a stale producer epoch is refused before the guard is
    /// looked at.
    pub stale_epoch_before_guard: bool,
    /// VERIFY-15, from 4.1: the first sequence of a TV2 producer on a partition is 0.
    pub tv2_first_sequence_zero: bool,
    /// MARK-05 and MARK-06, from 4.2: a TV2 marker must raise the epoch, or repeat an old one.
    pub strict_marker_epoch: bool,
    /// MARK-06, from 4.3: at the last epoch, an equal one also ends an open transaction.
    pub equal_marker_at_last_epoch: bool,
    /// IDEM-16, from 4.5: the first sequence on a partition that was never written is 0.
    pub unwritten_first_sequence_zero: bool,
    /// VERIFY-11: `transaction.partition.verification.enable`.
    pub partition_verification: bool,
    /// The safety rules that are not switched off.
    pub in_force: Rules,
}

impl Default for LogRules {
    fn default() -> Self {
        Self {
            open_transaction_of_epoch: true,
            unstable_from_whole_batch: true,
            stale_epoch_before_question: true,
            stale_epoch_before_guard: true,
            tv2_first_sequence_zero: true,
            strict_marker_epoch: true,
            equal_marker_at_last_epoch: false,
            unwritten_first_sequence_zero: false,
            partition_verification: true,
            in_force: Rules::default(),
        }
    }
}
