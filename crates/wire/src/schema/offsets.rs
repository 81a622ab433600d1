//! The fields of the messages of committed offsets.

use super::Kind::{Bool, Int16, Int32, Int64, Text, Uuid};
use super::{Schema, array, field, structs};

pub(crate) const OFFSET_COMMIT: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("generation_id_or_member_epoch", Int32).since(1),
        field("member_id", Text).since(1),
        field("group_instance_id", Text).since(7).nullable(),
        field("retention_time_ms", Int64).since(2).until(4),
        structs(
            "topics",
            &[
                field("name", Text).until(9),
                field("topic_id", Uuid).since(10),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32),
                        field("committed_offset", Int64),
                        field("committed_leader_epoch", Int32).since(6),
                        field("committed_metadata", Text).nullable(),
                    ],
                ),
            ],
        ),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(3),
        structs(
            "topics",
            &[
                field("name", Text).until(9),
                field("topic_id", Uuid).since(10),
                structs(
                    "partitions",
                    &[field("partition_index", Int32), field("error_code", Int16)],
                ),
            ],
        ),
    ],
};

pub(crate) const OFFSET_FETCH: Schema = Schema {
    request: &[
        field("group_id", Text).until(7),
        structs(
            "topics",
            &[field("name", Text).until(7), array("partition_indexes", &Int32).until(7)],
        )
        .until(7)
        .nullable_since(2),
        structs(
            "groups",
            &[
                field("group_id", Text),
                field("member_id", Text).since(9).nullable(),
                field("member_epoch", Int32).since(9),
                structs(
                    "topics",
                    &[
                        field("name", Text).until(9),
                        field("topic_id", Uuid).since(10),
                        array("partition_indexes", &Int32),
                    ],
                )
                .nullable(),
            ],
        )
        .since(8),
        field("require_stable", Bool).since(7),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(3),
        structs(
            "topics",
            &[
                field("name", Text).until(7),
                structs(
                    "partitions",
                    &[
                        field("partition_index", Int32).until(7),
                        field("committed_offset", Int64).until(7),
                        field("committed_leader_epoch", Int32).since(5).until(7),
                        field("metadata", Text).until(7).nullable(),
                        field("error_code", Int16).until(7),
                    ],
                )
                .until(7),
            ],
        )
        .until(7),
        field("error_code", Int16).since(2).until(7),
        structs(
            "groups",
            &[
                field("group_id", Text),
                structs(
                    "topics",
                    &[
                        field("name", Text).until(9),
                        field("topic_id", Uuid).since(10),
                        structs(
                            "partitions",
                            &[
                                field("partition_index", Int32),
                                field("committed_offset", Int64),
                                field("committed_leader_epoch", Int32),
                                field("metadata", Text).nullable(),
                                field("error_code", Int16),
                            ],
                        ),
                    ],
                ),
                field("error_code", Int16),
            ],
        )
        .since(8),
    ],
};

pub(crate) const OFFSET_DELETE: Schema = Schema {
    request: &[
        field("group_id", Text),
        structs(
            "topics",
            &[field("name", Text), structs("partitions", &[field("partition_index", Int32)])],
        ),
    ],
    response: &[
        field("error_code", Int16),
        field("throttle_time_ms", Int32),
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
};
