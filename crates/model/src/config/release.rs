//! Which settings the releases of Kafka have, and defaults that changed (CONF-50 to CONF-57).

use fencepost_wire::Release;

/// Whether a release shows and takes a setting, of a broker or of a topic.
pub(crate) fn has_setting(release: Release, name: &str) -> bool {
    match name {
        "message.downconversion.enable"
        | "message.format.version"
        | "message.timestamp.difference.max.ms" => release < Release::V4_0,
        "add.partitions.to.txn.retry.backoff.max.ms"
        | "add.partitions.to.txn.retry.backoff.ms"
        | "group.consumer.migration.policy" => release >= Release::V4_0,
        "group.consumer.assignment.interval.ms" => release >= Release::V4_3,
        // It came with 4.4 and with 4.2.2, after 4.3.
        "max.decompressed.message.bytes" => matches!(release, Release::V4_2 | Release::V4_4),
        "errors.deadletterqueue.group.enable" | "remote.copy.lag.bytes" | "remote.copy.lag.ms" => {
            release >= Release::V4_4
        }
        _ => true,
    }
}

/// The default of a broker's setting in a release, where it is not that of the table.
pub(super) fn own_default(release: Release, name: &str) -> Option<&'static str> {
    match name {
        "group.consumer.assignors" if release < Release::V4_0 => Some(
            "org.apache.kafka.coordinator.group.assignor.UniformAssignor,\
             org.apache.kafka.coordinator.group.assignor.RangeAssignor",
        ),
        "group.coordinator.append.linger.ms" if release < Release::V4_0 => Some("10"),
        "group.coordinator.append.linger.ms" if release >= Release::V4_2 => Some("-1"),
        "group.coordinator.threads" if release < Release::V4_1 => Some("1"),
        "log.message.timestamp.after.max.ms" if release < Release::V4_0 => {
            Some("9223372036854775807")
        }
        _ => None,
    }
}
