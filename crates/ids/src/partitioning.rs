//! Which partition of an internal topic a name belongs to.

use crate::PartitionIndex;

/// Java's `String.hashCode`: factor 31 over UTF-16 code units, wrapping (TLOG-01, TXOFF-01).
#[must_use]
pub fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The partition, out of `count`, of a transactional id in `__transaction_state` or of a group in
/// `__consumer_offsets`; the absolute value of the smallest int32 counts as 0 (TLOG-01, TXOFF-01).
///
/// # Panics
/// If `count` is not positive: no topic has so few partitions.
#[must_use]
pub fn partition_of(name: &str, count: i32) -> PartitionIndex {
    assert!(count > 0, "a topic has at least one partition");
    PartitionIndex(java_string_hash(name).checked_abs().unwrap_or(0) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tlog_01_transactional_ids_fall_into_kafkas_partitions() {
        for (id, partition) in [
            ("t", 16),
            ("txn-1", 10),
            ("orders", 31),
            ("my-transactional-id", 46),
            ("tx-é", 4),
            ("tx-😀", 0),
            ("polygenelubricants", 0),
        ] {
            assert_eq!(partition_of(id, 50), PartitionIndex(partition), "{id}");
        }
        assert_eq!(java_string_hash("orders"), -1_008_770_331);
        assert_eq!(java_string_hash("polygenelubricants"), i32::MIN);
    }

    #[test]
    fn txoff_01_and_txoff_02_groups_fall_into_kafkas_partitions() {
        for (group, partition) in [
            ("my-group", 12),
            ("test-group", 12),
            ("g1", 42),
            ("group-1", 49),
            ("console-consumer", 40),
            ("grp", 29),
            ("héllo", 34),
            ("orders-app", 5),
            ("", 0),
        ] {
            assert_eq!(partition_of(group, 50), PartitionIndex(partition), "{group}");
        }
    }
}
