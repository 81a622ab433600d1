//! The fields of the messages of reading and writing of records.

use super::Kind::{Bytes, Int8, Int16, Int32, Int64, Text, Uuid};
use super::{Schema, array, field, structs, structure};

pub(crate) const PRODUCE: Schema = Schema {
    request: &[
        field("transactional_id", Text).since(3).nullable(),
        field("acks", Int16),
        field("timeout_ms", Int32),
        structs(
            "topic_data",
            &[
                field("name", Text).until(12),
                field("topic_id", Uuid).since(13),
                structs(
                    "partition_data",
                    &[field("index", Int32), field("records", Bytes).nullable()],
                ),
            ],
        ),
    ],
    response: &[
        structs(
            "responses",
            &[
                field("name", Text).until(12),
                field("topic_id", Uuid).since(13),
                structs(
                    "partition_responses",
                    &[
                        field("index", Int32),
                        field("error_code", Int16),
                        field("base_offset", Int64),
                        field("log_append_time_ms", Int64).since(2),
                        field("log_start_offset", Int64).since(5),
                        structs(
                            "record_errors",
                            &[
                                field("batch_index", Int32),
                                field("batch_index_error_message", Text).nullable(),
                            ],
                        )
                        .since(8),
                        field("error_message", Text).since(8).nullable(),
                        structure(
                            "current_leader",
                            &[field("leader_id", Int32), field("leader_epoch", Int32)],
                        )
                        .since(10)
                        .tag(0),
                    ],
                ),
            ],
        ),
        field("throttle_time_ms", Int32).since(1),
        structs(
            "node_endpoints",
            &[
                field("node_id", Int32),
                field("host", Text),
                field("port", Int32),
                field("rack", Text).nullable(),
            ],
        )
        .since(10)
        .tag(0),
    ],
};

pub(crate) const FETCH: Schema = Schema {
    request: &[
        field("cluster_id", Text).since(12).nullable().tag(0),
        field("replica_id", Int32).until(14),
        structure("replica_state", &[field("replica_id", Int32), field("replica_epoch", Int64)])
            .since(15)
            .tag(1),
        field("max_wait_ms", Int32),
        field("min_bytes", Int32),
        field("max_bytes", Int32).since(3),
        field("isolation_level", Int8).since(4),
        field("session_id", Int32).since(7),
        field("session_epoch", Int32).since(7),
        structs(
            "topics",
            &[
                field("topic", Text).until(12),
                field("topic_id", Uuid).since(13),
                structs(
                    "partitions",
                    &[
                        field("partition", Int32),
                        field("current_leader_epoch", Int32).since(9),
                        field("fetch_offset", Int64),
                        field("last_fetched_epoch", Int32).since(12),
                        field("log_start_offset", Int64).since(5),
                        field("partition_max_bytes", Int32),
                        field("replica_directory_id", Uuid).since(17).tag(0),
                        field("high_watermark", Int64).since(18).tag(1),
                    ],
                ),
            ],
        ),
        structs(
            "forgotten_topics_data",
            &[
                field("topic", Text).until(12),
                field("topic_id", Uuid).since(13),
                array("partitions", &Int32),
            ],
        )
        .since(7),
        field("rack_id", Text).since(11),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        field("error_code", Int16).since(7),
        field("session_id", Int32).since(7),
        structs(
            "responses",
            &[
                field("topic", Text).until(12),
                field("topic_id", Uuid).since(13),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("error_code", Int16),
                        field("high_watermark", Int64),
                        field("last_stable_offset", Int64).since(4),
                        field("log_start_offset", Int64).since(5),
                        structure(
                            "diverging_epoch",
                            &[field("epoch", Int32), field("end_offset", Int64)],
                        )
                        .since(12)
                        .tag(0),
                        structure(
                            "current_leader",
                            &[field("leader_id", Int32), field("leader_epoch", Int32)],
                        )
                        .since(12)
                        .tag(1),
                        structure(
                            "snapshot_id",
                            &[field("end_offset", Int64), field("epoch", Int32)],
                        )
                        .since(12)
                        .tag(2),
                        structs(
                            "aborted_transactions",
                            &[field("producer_id", Int64), field("first_offset", Int64)],
                        )
                        .since(4)
                        .nullable(),
                        field("preferred_read_replica", Int32).since(11),
                        field("records", Bytes).nullable(),
                    ],
                ),
            ],
        ),
        structs(
            "node_endpoints",
            &[
                field("node_id", Int32),
                field("host", Text),
                field("port", Int32),
                field("rack", Text).nullable(),
            ],
        )
        .since(16)
        .tag(0),
    ],
};

pub(crate) const LIST_OFFSETS: Schema = Schema {
    request: &[
        field("replica_id", Int32),
        field("isolation_level", Int8).since(2),
        structs(
            "topics",
            &[
                field("name", Text),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("current_leader_epoch", Int32).since(4),
                        field("timestamp", Int64),
                    ],
                ),
            ],
        ),
        field("timeout_ms", Int32).since(10),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(2),
        structs(
            "topics",
            &[
                field("name", Text),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("error_code", Int16),
                        field("timestamp", Int64).since(1),
                        field("offset", Int64).since(1),
                        field("leader_epoch", Int32).since(4),
                    ],
                ),
            ],
        ),
    ],
};

pub(crate) const DELETE_RECORDS: Schema = Schema {
    request: &[
        structs(
            "topics",
            &[
                field("name", Text),
                structs("partitions", &[field("partition_index", Int32), field("offset", Int64)]),
            ],
        ),
        field("timeout_ms", Int32),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "topics",
            &[
                field("name", Text),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("low_watermark", Int64),
                        field("error_code", Int16),
                    ],
                ),
            ],
        ),
    ],
};

pub(crate) const OFFSET_FOR_LEADER_EPOCH: Schema = Schema {
    request: &[
        field("replica_id", Int32).since(3),
        structs(
            "topics",
            &[
                field("topic", Text),
                structs(
                    "partitions",
                    &[
                        field("partition", Int32),
                        field("current_leader_epoch", Int32).since(2),
                        field("leader_epoch", Int32),
                    ],
                ),
            ],
        ),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(2),
        structs(
            "topics",
            &[
                field("topic", Text),
                structs(
                    "partitions",
                    &[
                        field("error_code", Int16),
                        field("partition", Int32),
                        field("leader_epoch", Int32).since(1),
                        field("end_offset", Int64),
                    ],
                ),
            ],
        ),
    ],
};

pub(crate) const DESCRIBE_PRODUCERS: Schema = Schema {
    request: &[structs("topics", &[field("name", Text), array("partition_indexes", &Int32)])],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "topics",
            &[
                field("name", Text),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("error_code", Int16),
                        field("error_message", Text).nullable(),
                        structs(
                            "active_producers",
                            &[
                                field("producer_id", Int64),
                                field("producer_epoch", Int32),
                                field("last_sequence", Int32),
                                field("last_timestamp", Int64),
                                field("coordinator_epoch", Int32),
                                field("current_txn_start_offset", Int64),
                            ],
                        ),
                    ],
                ),
            ],
        ),
    ],
};
