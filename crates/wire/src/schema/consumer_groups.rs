//! The fields of the messages of KIP-848 consumer groups.

use super::Kind::{Bool, Int8, Int16, Int32, Text, Uuid};
use super::{Schema, array, field, structs, structure};

pub(crate) const CONSUMER_GROUP_HEARTBEAT: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("member_id", Text),
        field("member_epoch", Int32),
        field("instance_id", Text).nullable(),
        field("rack_id", Text).nullable(),
        field("rebalance_timeout_ms", Int32),
        array("subscribed_topic_names", &Text).nullable(),
        field("subscribed_topic_regex", Text).since(1).nullable(),
        field("server_assignor", Text).nullable(),
        structs("topic_partitions", &[field("topic_id", Uuid), array("partitions", &Int32)])
            .nullable(),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        field("error_message", Text).nullable(),
        field("member_id", Text).nullable(),
        field("member_epoch", Int32),
        field("heartbeat_interval_ms", Int32),
        structure(
            "assignment",
            &[structs("topic_partitions", &[field("topic_id", Uuid), array("partitions", &Int32)])],
        )
        .nullable(),
    ],
};

pub(crate) const CONSUMER_GROUP_DESCRIBE: Schema = Schema {
    request: &[array("group_ids", &Text), field("include_authorized_operations", Bool)],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "groups",
            &[
                field("error_code", Int16),
                field("error_message", Text).nullable(),
                field("group_id", Text),
                field("group_state", Text),
                field("group_epoch", Int32),
                field("assignment_epoch", Int32),
                field("assignor_name", Text),
                structs(
                    "members",
                    &[
                        field("member_id", Text),
                        field("instance_id", Text).nullable(),
                        field("rack_id", Text).nullable(),
                        field("member_epoch", Int32),
                        field("client_id", Text),
                        field("client_host", Text),
                        array("subscribed_topic_names", &Text),
                        field("subscribed_topic_regex", Text).nullable(),
                        structure(
                            "assignment",
                            &[structs(
                                "topic_partitions",
                                &[
                                    field("topic_id", Uuid),
                                    field("topic_name", Text),
                                    array("partitions", &Int32),
                                ],
                            )],
                        ),
                        structure(
                            "target_assignment",
                            &[structs(
                                "topic_partitions",
                                &[
                                    field("topic_id", Uuid),
                                    field("topic_name", Text),
                                    array("partitions", &Int32),
                                ],
                            )],
                        ),
                        field("member_type", Int8).since(1),
                    ],
                ),
                field("authorized_operations", Int32),
            ],
        ),
    ],
};
