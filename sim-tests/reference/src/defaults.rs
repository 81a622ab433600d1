//! What a request says where a scenario says nothing.

use fencepost_wire::{Field, Kind};
use serde_json::{Value, json};

/// The value of a field that is left out: that of Kafka's schema, or what clients usually send.
pub(crate) fn default_of(field: &Field, version: i16) -> Value {
    match field.name {
        "acks"
        | "committed_leader_epoch"
        | "current_leader_epoch"
        | "generation_id_or_member_epoch"
        | "last_fetched_epoch"
        | "log_start_offset"
        | "member_epoch"
        | "node_id"
        | "num_partitions"
        | "producer_epoch"
        | "producer_id"
        | "replica_epoch"
        | "replica_id"
        | "replication_factor"
        | "session_epoch"
        | "duration_filter"
        | "generation_id"
        | "retention_time_ms" => json!(-1),
        "max_bytes" => json!(i32::MAX),
        "partition_max_bytes" => json!(1 << 20),
        "high_watermark" => json!(i64::MAX),
        "timeout_ms" | "timeoutms" | "session_timeout_ms" => json!(10_000),
        "rebalance_timeout_ms" => json!(10_000),
        "transaction_timeout_ms" => json!(60_000),
        "allow_auto_topic_creation" => json!(false),
        "endpoint_type" => json!(1),
        "response_partition_limit" => json!(2000),
        _ if field.is_nullable_in(version) => Value::Null,
        _ => empty(field.kind),
    }
}

fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Bool => json!(false),
        Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => json!(0),
        Kind::Uuid => json!(NO_UUID),
        Kind::Text | Kind::Bytes => json!(""),
        Kind::Array(_) | Kind::Structs(_) => json!([]),
        Kind::Struct(_) => json!({}),
    }
}

/// The id of no topic.
pub(crate) const NO_UUID: &str = "00000000-0000-0000-0000-000000000000";
