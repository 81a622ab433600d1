//! The fields of the messages of transactions.

use super::Kind::{Bool, Int8, Int16, Int32, Int64, Text, Uuid};
use super::{Schema, array, field, structs};

pub(crate) const INIT_PRODUCER_ID: Schema = Schema {
    request: &[
        field("transactional_id", Text).nullable(),
        field("transaction_timeout_ms", Int32),
        field("producer_id", Int64).since(3),
        field("producer_epoch", Int16).since(3),
        field("enable2_pc", Bool).since(6),
        field("keep_prepared_txn", Bool).since(6),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        field("producer_id", Int64),
        field("producer_epoch", Int16),
        field("ongoing_txn_producer_id", Int64).since(6),
        field("ongoing_txn_producer_epoch", Int16).since(6),
    ],
};

pub(crate) const ADD_PARTITIONS_TO_TXN: Schema = Schema {
    request: &[
        structs(
            "transactions",
            &[
                field("transactional_id", Text),
                field("producer_id", Int64),
                field("producer_epoch", Int16),
                field("verify_only", Bool),
                structs("topics", &[field("name", Text), array("partitions", &Int32)]),
            ],
        )
        .since(4),
        field("v3_and_below_transactional_id", Text).until(3),
        field("v3_and_below_producer_id", Int64).until(3),
        field("v3_and_below_producer_epoch", Int16).until(3),
        structs("v3_and_below_topics", &[field("name", Text), array("partitions", &Int32)])
            .until(3),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16).since(4),
        structs(
            "results_by_transaction",
            &[
                field("transactional_id", Text),
                structs(
                    "topic_results",
                    &[
                        field("name", Text),
                        structs(
                            "results_by_partition",
                            &[
                                field("partition_index", Int32),
                                field("partition_error_code", Int16),
                            ],
                        ),
                    ],
                ),
            ],
        )
        .since(4),
        structs(
            "results_by_topic_v3_and_below",
            &[
                field("name", Text),
                structs(
                    "results_by_partition",
                    &[field("partition_index", Int32), field("partition_error_code", Int16)],
                ),
            ],
        )
        .until(3),
    ],
};

pub(crate) const ADD_OFFSETS_TO_TXN: Schema = Schema {
    request: &[
        field("transactional_id", Text),
        field("producer_id", Int64),
        field("producer_epoch", Int16),
        field("group_id", Text),
    ],
    response: &[field("throttle_time_ms", Int32), field("error_code", Int16)],
};

pub(crate) const END_TXN: Schema = Schema {
    request: &[
        field("transactional_id", Text),
        field("producer_id", Int64),
        field("producer_epoch", Int16),
        field("committed", Bool),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        field("producer_id", Int64).since(5),
        field("producer_epoch", Int16).since(5),
    ],
};

pub(crate) const WRITE_TXN_MARKERS: Schema = Schema {
    request: &[structs(
        "markers",
        &[
            field("producer_id", Int64),
            field("producer_epoch", Int16),
            field("transaction_result", Bool),
            structs("topics", &[field("name", Text), array("partition_indexes", &Int32)]),
            field("coordinator_epoch", Int32),
            field("transaction_version", Int8).since(2),
        ],
    )],
    response: &[structs(
        "markers",
        &[
            field("producer_id", Int64),
            structs(
                "topics",
                &[
                    field("name", Text),
                    structs(
                        "partitions",
                        &[field("partition_index", Int32), field("error_code", Int16)],
                    ),
                ],
            ),
        ],
    )],
};

pub(crate) const TXN_OFFSET_COMMIT: Schema = Schema {
    request: &[
        field("transactional_id", Text),
        field("group_id", Text),
        field("producer_id", Int64),
        field("producer_epoch", Int16),
        field("generation_id", Int32).since(3),
        field("member_id", Text).since(3),
        field("group_instance_id", Text).since(3).nullable(),
        structs(
            "topics",
            &[
                field("name", Text).until(5),
                field("topic_id", Uuid).since(6),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("committed_offset", Int64),
                        field("committed_leader_epoch", Int32).since(2),
                        field("committed_metadata", Text).nullable(),
                    ],
                ),
            ],
        ),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "topics",
            &[
                field("name", Text).until(5),
                field("topic_id", Uuid).since(6),
                structs(
                    "partitions",
                    &[field("partition_index", Int32), field("error_code", Int16)],
                ),
            ],
        ),
    ],
};

pub(crate) const DESCRIBE_TRANSACTIONS: Schema = Schema {
    request: &[array("transactional_ids", &Text)],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "transaction_states",
            &[
                field("error_code", Int16),
                field("transactional_id", Text),
                field("transaction_state", Text),
                field("transaction_timeout_ms", Int32),
                field("transaction_start_time_ms", Int64),
                field("producer_id", Int64),
                field("producer_epoch", Int16),
                structs("topics", &[field("topic", Text), array("partitions", &Int32)]),
            ],
        ),
    ],
};

pub(crate) const LIST_TRANSACTIONS: Schema = Schema {
    request: &[
        array("state_filters", &Text),
        array("producer_id_filters", &Int64),
        field("duration_filter", Int64).since(1),
        field("transactional_id_pattern", Text).since(2).nullable(),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        array("unknown_state_filters", &Text),
        structs(
            "transaction_states",
            &[
                field("transactional_id", Text),
                field("producer_id", Int64),
                field("transaction_state", Text),
            ],
        ),
    ],
};
