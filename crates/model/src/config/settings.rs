//! Kafka's settings by Kafka's names, with Kafka's defaults (CONF-50 to CONF-57, log CONF-01,
//! CONF-02).

use fencepost_log::TimestampType;
use fencepost_wire::Release;
use thiserror::Error;

use super::value::{
    CleanupPolicy, Compression, Fixed, FormatVersion, MigrationPolicy, Ratio, ReplicaSelector,
    SaslMechanisms, SettingKind, Throttled, Value,
};

/// A setting that was refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SettingError {
    /// No setting has this name.
    #[error("unknown setting `{0}`: use Kafka's name, as in `num.partitions`")]
    Unknown(String),
    /// The value is not of the setting's type, or outside its range.
    #[error("`{value}` is no value for `{name}`: expected {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be accepted.
        expected: String,
    },
}

/// One row of a table of settings, as DescribeConfigs needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SettingRow {
    pub(crate) name: &'static str,
    pub(crate) kind: SettingKind,
    pub(crate) value: String,
    pub(crate) default: String,
}

macro_rules! settings {
    ($(#[$doc:meta])* $table:ident {
        $($field:ident : $type:ty = $default:expr, $name:literal, $least:expr;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $table {
            $(#[doc = concat!("`", $name, "`.")] pub(crate) $field: $type,)*
        }

        impl Default for $table {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $table {
            /// Gives a setting a value by Kafka's name for it.
            ///
            /// # Errors
            /// The name is unknown, or the value does not fit it.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
                match name {
                    $($name => {
                        self.$field = Value::parse(value, $least).map_err(|expected| {
                            SettingError::Value { name: $name, value: value.to_owned(), expected }
                        })?;
                    })*
                    _ => return Err(SettingError::Unknown(name.to_owned())),
                }
                Ok(())
            }

            /// All settings with their values and defaults, in the order of the table.
            pub(crate) fn rows(&self) -> Vec<SettingRow> {
                vec![$(SettingRow {
                    name: $name,
                    kind: <$type as Value>::KIND,
                    value: self.$field.text(),
                    default: <$type as Value>::text(&$default),
                },)*]
            }
        }
    };
}

const ANY: i64 = i64::MIN;

settings! {
    /// Settings of brokers.
    BrokerSettings {
        add_partitions_to_txn_retry_backoff_ms: i32 = 20, "add.partitions.to.txn.retry.backoff.ms", 1;
        add_partitions_to_txn_retry_backoff_max_ms: i32 = 100, "add.partitions.to.txn.retry.backoff.max.ms", 0;
        auto_create_topics_enable: bool = true, "auto.create.topics.enable", ANY;
        compression_type: Compression = Compression::Producer, "compression.type", ANY;
        connections_max_idle_ms: i64 = 600_000, "connections.max.idle.ms", ANY;
        connections_max_reauth_ms: Fixed<0> = Fixed, "connections.max.reauth.ms", ANY;
        default_replication_factor: i32 = 1, "default.replication.factor", 1;
        delete_topic_enable: bool = true, "delete.topic.enable", ANY;
        fetch_max_bytes: i32 = 57_671_680, "fetch.max.bytes", 1024;
        fetch_purgatory_purge_interval_requests: Fixed<1_000> = Fixed, "fetch.purgatory.purge.interval.requests", ANY;
        group_consumer_assignment_interval_ms: i32 = 1_000, "group.consumer.assignment.interval.ms", 0;
        group_consumer_assignors: String = "uniform,range".to_owned(), "group.consumer.assignors", ANY;
        group_consumer_heartbeat_interval_ms: i32 = 5_000, "group.consumer.heartbeat.interval.ms", 1;
        group_consumer_max_size: i32 = i32::MAX, "group.consumer.max.size", 1;
        group_consumer_migration_policy: MigrationPolicy = MigrationPolicy::Bidirectional, "group.consumer.migration.policy", ANY;
        group_consumer_regex_refresh_interval_ms: i32 = 600_000, "group.consumer.regex.refresh.interval.ms", 10_000;
        group_consumer_session_timeout_ms: i32 = 45_000, "group.consumer.session.timeout.ms", 1;
        group_coordinator_append_linger_ms: i32 = 5, "group.coordinator.append.linger.ms", 0;
        group_coordinator_threads: Fixed<4> = Fixed, "group.coordinator.threads", ANY;
        group_initial_rebalance_delay_ms: i32 = 3_000, "group.initial.rebalance.delay.ms", 0;
        group_max_session_timeout_ms: i32 = 1_800_000, "group.max.session.timeout.ms", 1;
        group_max_size: i32 = i32::MAX, "group.max.size", 1;
        group_min_session_timeout_ms: i32 = 6_000, "group.min.session.timeout.ms", 1;
        log_cleaner_backoff_ms: i64 = 15_000, "log.cleaner.backoff.ms", 0;
        log_cleaner_delete_retention_ms: i64 = 86_400_000, "log.cleaner.delete.retention.ms", 0;
        log_cleaner_max_compaction_lag_ms: i64 = i64::MAX, "log.cleaner.max.compaction.lag.ms", 1;
        log_cleaner_min_cleanable_ratio: Ratio = Ratio::HALF, "log.cleaner.min.cleanable.ratio", ANY;
        log_cleaner_min_compaction_lag_ms: i64 = 0, "log.cleaner.min.compaction.lag.ms", 0;
        log_cleanup_policy: CleanupPolicy = CleanupPolicy::Delete, "log.cleanup.policy", ANY;
        log_message_timestamp_after_max_ms: i64 = 3_600_000, "log.message.timestamp.after.max.ms", 0;
        log_message_timestamp_before_max_ms: i64 = i64::MAX, "log.message.timestamp.before.max.ms", 0;
        log_message_timestamp_type: TimestampType = TimestampType::CreateTime, "log.message.timestamp.type", ANY;
        log_retention_bytes: i64 = -1, "log.retention.bytes", -1;
        log_retention_check_interval_ms: i64 = 300_000, "log.retention.check.interval.ms", 1;
        log_retention_hours: Fixed<168> = Fixed, "log.retention.hours", ANY;
        log_retention_ms: i64 = 604_800_000, "log.retention.ms", -1;
        log_roll_ms: i64 = 604_800_000, "log.roll.ms", 1;
        log_segment_bytes: i32 = 1_073_741_824, "log.segment.bytes", 1_048_576;
        max_connections: Fixed<{ i32::MAX as i64 }> = Fixed, "max.connections", ANY;
        max_connections_per_ip: Fixed<{ i32::MAX as i64 }> = Fixed, "max.connections.per.ip", ANY;
        max_incremental_fetch_session_cache_slots: i32 = 1_000, "max.incremental.fetch.session.cache.slots", 0;
        max_request_partition_size_limit: i32 = 2_000, "max.request.partition.size.limit", 1;
        message_max_bytes: i32 = 1_048_588, "message.max.bytes", 0;
        min_insync_replicas: i32 = 1, "min.insync.replicas", 1;
        num_partitions: i32 = 1, "num.partitions", 1;
        offset_metadata_max_bytes: i32 = 4_096, "offset.metadata.max.bytes", 0;
        offsets_commit_timeout_ms: i32 = 5_000, "offsets.commit.timeout.ms", 1;
        offsets_load_buffer_size: Fixed<5_242_880> = Fixed, "offsets.load.buffer.size", ANY;
        offsets_retention_check_interval_ms: i64 = 600_000, "offsets.retention.check.interval.ms", 1;
        offsets_retention_minutes: i32 = 10_080, "offsets.retention.minutes", 1;
        offsets_topic_compression_codec: Fixed<0> = Fixed, "offsets.topic.compression.codec", ANY;
        offsets_topic_num_partitions: i32 = 50, "offsets.topic.num.partitions", 1;
        offsets_topic_replication_factor: i32 = 3, "offsets.topic.replication.factor", 1;
        offsets_topic_segment_bytes: i32 = 104_857_600, "offsets.topic.segment.bytes", 1;
        producer_id_expiration_check_interval_ms: i32 = 600_000, "producer.id.expiration.check.interval.ms", 1;
        producer_id_expiration_ms: i32 = 86_400_000, "producer.id.expiration.ms", 1;
        queued_max_requests: Fixed<500> = Fixed, "queued.max.requests", ANY;
        replica_high_watermark_checkpoint_interval_ms: i64 = 5_000, "replica.high.watermark.checkpoint.interval.ms", 1;
        replica_lag_time_max_ms: i64 = 30_000, "replica.lag.time.max.ms", 1;
        replica_selector_class: ReplicaSelector = ReplicaSelector::None, "replica.selector.class", ANY;
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", 1;
        sasl_enabled_mechanisms: SaslMechanisms = SaslMechanisms::Gssapi, "sasl.enabled.mechanisms", ANY;
        socket_request_max_bytes: i32 = 104_857_600, "socket.request.max.bytes", 1;
        transaction_abort_timed_out_transaction_cleanup_interval_ms: i32 = 10_000, "transaction.abort.timed.out.transaction.cleanup.interval.ms", 1;
        transaction_max_timeout_ms: i32 = 900_000, "transaction.max.timeout.ms", 1;
        transaction_partition_verification_enable: bool = true, "transaction.partition.verification.enable", ANY;
        transaction_remove_expired_transaction_cleanup_interval_ms: i32 = 3_600_000, "transaction.remove.expired.transaction.cleanup.interval.ms", 1;
        transaction_state_log_load_buffer_size: Fixed<5_242_880> = Fixed, "transaction.state.log.load.buffer.size", ANY;
        transaction_state_log_min_isr: i32 = 2, "transaction.state.log.min.isr", 1;
        transaction_state_log_num_partitions: i32 = 50, "transaction.state.log.num.partitions", 1;
        transaction_state_log_replication_factor: i32 = 3, "transaction.state.log.replication.factor", 1;
        transaction_state_log_segment_bytes: i32 = 104_857_600, "transaction.state.log.segment.bytes", 1;
        transactional_id_expiration_ms: i32 = 604_800_000, "transactional.id.expiration.ms", 1;
        unclean_leader_election_enable: bool = false, "unclean.leader.election.enable", ANY;
    }
}

settings! {
    /// Settings of one topic, as they are in effect.
    TopicSettings {
        cleanup_policy: CleanupPolicy = CleanupPolicy::Delete, "cleanup.policy", ANY;
        compression_gzip_level: i32 = -1, "compression.gzip.level", -1;
        compression_lz4_level: i32 = 9, "compression.lz4.level", 1;
        compression_type: Compression = Compression::Producer, "compression.type", ANY;
        compression_zstd_level: i32 = 3, "compression.zstd.level", -131_072;
        delete_retention_ms: i64 = 86_400_000, "delete.retention.ms", 0;
        errors_deadletterqueue_group_enable: bool = false, "errors.deadletterqueue.group.enable", ANY;
        file_delete_delay_ms: i64 = 60_000, "file.delete.delay.ms", 0;
        flush_messages: i64 = i64::MAX, "flush.messages", 1;
        flush_ms: i64 = i64::MAX, "flush.ms", 0;
        follower_replication_throttled_replicas: Throttled = Throttled::NONE, "follower.replication.throttled.replicas", ANY;
        index_interval_bytes: i32 = 4_096, "index.interval.bytes", 0;
        leader_replication_throttled_replicas: Throttled = Throttled::NONE, "leader.replication.throttled.replicas", ANY;
        local_retention_bytes: i64 = -2, "local.retention.bytes", -2;
        local_retention_ms: i64 = -2, "local.retention.ms", -2;
        max_compaction_lag_ms: i64 = i64::MAX, "max.compaction.lag.ms", 1;
        max_decompressed_message_bytes: Fixed<2_147_483_639> = Fixed, "max.decompressed.message.bytes", ANY;
        max_message_bytes: i32 = 1_048_588, "max.message.bytes", 0;
        message_downconversion_enable: bool = true, "message.downconversion.enable", ANY;
        message_format_version: FormatVersion = FormatVersion::V3_0, "message.format.version", ANY;
        message_timestamp_after_max_ms: i64 = 3_600_000, "message.timestamp.after.max.ms", 0;
        message_timestamp_before_max_ms: i64 = i64::MAX, "message.timestamp.before.max.ms", 0;
        message_timestamp_difference_max_ms: i64 = i64::MAX, "message.timestamp.difference.max.ms", 0;
        message_timestamp_type: TimestampType = TimestampType::CreateTime, "message.timestamp.type", ANY;
        min_cleanable_dirty_ratio: Ratio = Ratio::HALF, "min.cleanable.dirty.ratio", ANY;
        min_compaction_lag_ms: i64 = 0, "min.compaction.lag.ms", 0;
        min_insync_replicas: i32 = 1, "min.insync.replicas", 1;
        preallocate: bool = false, "preallocate", ANY;
        remote_copy_lag_bytes: i64 = -1, "remote.copy.lag.bytes", -1;
        remote_copy_lag_ms: i64 = 0, "remote.copy.lag.ms", -1;
        remote_log_copy_disable: bool = false, "remote.log.copy.disable", ANY;
        remote_log_delete_on_disable: bool = false, "remote.log.delete.on.disable", ANY;
        remote_storage_enable: bool = false, "remote.storage.enable", ANY;
        retention_bytes: i64 = -1, "retention.bytes", -1;
        retention_ms: i64 = 604_800_000, "retention.ms", -1;
        segment_bytes: i32 = 1_073_741_824, "segment.bytes", 1_048_576;
        segment_index_bytes: i32 = 10_485_760, "segment.index.bytes", 4;
        segment_jitter_ms: i64 = 0, "segment.jitter.ms", 0;
        segment_ms: i64 = 604_800_000, "segment.ms", 1;
        unclean_leader_election_enable: bool = false, "unclean.leader.election.enable", ANY;
    }
}

impl BrokerSettings {
    /// Every setting by Kafka's name, with its value as [`BrokerSettings::set`] takes it.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.rows().into_iter().map(|row| (row.name, row.value))
    }

    /// Takes the defaults of a release for what was not set: 3.9 lets records be of any time to
    /// come (CONF-55).
    pub(crate) fn adopt(&mut self, release: Release) {
        if release < Release::V4_0
            && self.log_message_timestamp_after_max_ms
                == Self::default().log_message_timestamp_after_max_ms
        {
            self.log_message_timestamp_after_max_ms = i64::MAX;
        }
    }

    /// `socket.request.max.bytes`: the largest frame that is taken (FRAME-02).
    #[must_use]
    pub const fn socket_request_max_bytes(&self) -> u32 {
        self.socket_request_max_bytes.unsigned_abs()
    }

    /// `connections.max.idle.ms`: how long a connection may rest; none for ever (FRAME-15).
    #[must_use]
    pub const fn connections_max_idle_ms(&self) -> Option<u64> {
        if self.connections_max_idle_ms < 0 {
            None
        } else {
            Some(self.connections_max_idle_ms.unsigned_abs())
        }
    }
}

impl TopicSettings {
    /// What a topic without overrides gets from its broker (CONF-02, CONF-55).
    #[must_use]
    pub fn of(broker: &BrokerSettings) -> Self {
        Self {
            cleanup_policy: broker.log_cleanup_policy,
            compression_type: broker.compression_type,
            delete_retention_ms: broker.log_cleaner_delete_retention_ms,
            max_compaction_lag_ms: broker.log_cleaner_max_compaction_lag_ms,
            max_message_bytes: broker.message_max_bytes,
            message_timestamp_after_max_ms: broker.log_message_timestamp_after_max_ms,
            message_timestamp_before_max_ms: broker.log_message_timestamp_before_max_ms,
            message_timestamp_type: broker.log_message_timestamp_type,
            min_cleanable_dirty_ratio: broker.log_cleaner_min_cleanable_ratio,
            min_compaction_lag_ms: broker.log_cleaner_min_compaction_lag_ms,
            min_insync_replicas: broker.min_insync_replicas,
            retention_bytes: broker.log_retention_bytes,
            retention_ms: broker.log_retention_ms,
            segment_bytes: broker.log_segment_bytes,
            segment_ms: broker.log_roll_ms,
            unclean_leader_election_enable: broker.unclean_leader_election_enable,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conf_54_a_setting_is_set_by_kafkas_name() {
        let mut settings = BrokerSettings::default();
        assert_eq!(settings.set("transaction.max.timeout.ms", "1000"), Ok(()));
        assert_eq!(settings.transaction_max_timeout_ms, 1000);
        let refused = settings.set("transaction.max.timeout.ms", "soon").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`soon` is no value for `transaction.max.timeout.ms`: expected a whole number from 1 \
             to 2147483647"
        );
        assert!(matches!(settings.set("nope", "1"), Err(SettingError::Unknown(_))));
    }

    #[test]
    fn conf_55_a_topic_follows_its_broker() {
        let mut broker = BrokerSettings::default();
        broker.set("message.max.bytes", "77").unwrap();
        broker.set("log.cleanup.policy", "compact").unwrap();
        let topic = TopicSettings::of(&broker);
        assert_eq!(topic.max_message_bytes, 77);
        assert!(topic.cleanup_policy.compacts());
    }

    #[test]
    fn every_default_is_accepted_by_its_own_setting() {
        let mut settings = BrokerSettings::default();
        for row in BrokerSettings::default().rows() {
            assert_eq!(settings.set(row.name, &row.default), Ok(()), "{}", row.name);
        }
        let mut settings = TopicSettings::default();
        for row in TopicSettings::default().rows() {
            assert_eq!(settings.set(row.name, &row.default), Ok(()), "{}", row.name);
        }
    }
}
