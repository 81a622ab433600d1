//! The fields of the messages of topics.

use super::Kind::{Bool, Int8, Int16, Int32, Text, Uuid};
use super::{Schema, array, field, structs, structure};

pub(crate) const METADATA: Schema = Schema {
    request: &[
        structs(
            "topics",
            &[field("topic_id", Uuid).since(10), field("name", Text).nullable_since(10)],
        )
        .nullable_since(1),
        field("allow_auto_topic_creation", Bool).since(4),
        field("include_cluster_authorized_operations", Bool).since(8).until(10),
        field("include_topic_authorized_operations", Bool).since(8),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(3),
        structs(
            "brokers",
            &[
                field("node_id", Int32),
                field("host", Text),
                field("port", Int32),
                field("rack", Text).since(1).nullable(),
            ],
        ),
        field("cluster_id", Text).since(2).nullable(),
        field("controller_id", Int32).since(1),
        structs(
            "topics",
            &[
                field("error_code", Int16),
                field("name", Text).nullable_since(12),
                field("topic_id", Uuid).since(10),
                field("is_internal", Bool).since(1),
                structs(
                    "partitions",
                    &[
                        field("error_code", Int16),
                        field("partition_index", Int32),
                        field("leader_id", Int32),
                        field("leader_epoch", Int32).since(7),
                        array("replica_nodes", &Int32),
                        array("isr_nodes", &Int32),
                        array("offline_replicas", &Int32).since(5),
                    ],
                ),
                field("topic_authorized_operations", Int32).since(8),
            ],
        ),
        field("cluster_authorized_operations", Int32).since(8).until(10),
        field("error_code", Int16).since(13),
    ],
};

pub(crate) const CREATE_TOPICS: Schema = Schema {
    request: &[
        structs(
            "topics",
            &[
                field("name", Text),
                field("num_partitions", Int32),
                field("replication_factor", Int16),
                structs(
                    "assignments",
                    &[field("partition_index", Int32), array("broker_ids", &Int32)],
                ),
                structs("configs", &[field("name", Text), field("value", Text).nullable()]),
            ],
        ),
        field("timeout_ms", Int32),
        field("validate_only", Bool).since(1),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(2),
        structs(
            "topics",
            &[
                field("name", Text),
                field("topic_id", Uuid).since(7),
                field("error_code", Int16),
                field("error_message", Text).since(1).nullable(),
                field("topic_config_error_code", Int16).since(5).tag(0),
                field("num_partitions", Int32).since(5),
                field("replication_factor", Int16).since(5),
                structs(
                    "configs",
                    &[
                        field("name", Text),
                        field("value", Text).nullable(),
                        field("read_only", Bool),
                        field("config_source", Int8),
                        field("is_sensitive", Bool),
                    ],
                )
                .since(5)
                .nullable(),
            ],
        ),
    ],
};

pub(crate) const DELETE_TOPICS: Schema = Schema {
    request: &[
        structs("topics", &[field("name", Text).nullable(), field("topic_id", Uuid)]).since(6),
        array("topic_names", &Text).until(5),
        field("timeout_ms", Int32),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        structs(
            "responses",
            &[
                field("name", Text).nullable_since(6),
                field("topic_id", Uuid).since(6),
                field("error_code", Int16),
                field("error_message", Text).since(5).nullable(),
            ],
        ),
    ],
};

pub(crate) const ELECT_LEADERS: Schema = Schema {
    request: &[
        field("election_type", Int8).since(1),
        structs("topic_partitions", &[field("topic", Text), array("partitions", &Int32)])
            .nullable(),
        field("timeout_ms", Int32),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16).since(1),
        structs(
            "replica_election_results",
            &[
                field("topic", Text),
                structs(
                    "partition_result",
                    &[
                        field("partition_id", Int32),
                        field("error_code", Int16),
                        field("error_message", Text).nullable(),
                    ],
                ),
            ],
        ),
    ],
};

pub(crate) const CREATE_PARTITIONS: Schema = Schema {
    request: &[
        structs(
            "topics",
            &[
                field("name", Text),
                field("count", Int32),
                structs("assignments", &[array("broker_ids", &Int32)]).nullable(),
            ],
        ),
        field("timeout_ms", Int32),
        field("validate_only", Bool),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "results",
            &[
                field("name", Text),
                field("error_code", Int16),
                field("error_message", Text).nullable(),
            ],
        ),
    ],
};

pub(crate) const DESCRIBE_TOPIC_PARTITIONS: Schema = Schema {
    request: &[
        structs("topics", &[field("name", Text)]),
        field("response_partition_limit", Int32),
        structure("cursor", &[field("topic_name", Text), field("partition_index", Int32)])
            .nullable(),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "topics",
            &[
                field("error_code", Int16),
                field("name", Text).nullable(),
                field("topic_id", Uuid),
                field("is_internal", Bool),
                structs(
                    "partitions",
                    &[
                        field("error_code", Int16),
                        field("partition_index", Int32),
                        field("leader_id", Int32),
                        field("leader_epoch", Int32),
                        array("replica_nodes", &Int32),
                        array("isr_nodes", &Int32),
                        array("eligible_leader_replicas", &Int32).nullable(),
                        array("last_known_elr", &Int32).nullable(),
                        array("offline_replicas", &Int32),
                    ],
                ),
                field("topic_authorized_operations", Int32),
            ],
        ),
        structure("next_cursor", &[field("topic_name", Text), field("partition_index", Int32)])
            .nullable(),
    ],
};
