//! The fields of the messages of classic groups and their coordinators.

use super::Kind::{Bool, Bytes, Int8, Int16, Int32, Text};
use super::{Schema, array, field, structs};

pub(crate) const FIND_COORDINATOR: Schema = Schema {
    request: &[
        field("key", Text).until(3),
        field("key_type", Int8).since(1),
        array("coordinator_keys", &Text).since(4),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        field("error_code", Int16).until(3),
        field("error_message", Text).since(1).until(3).nullable(),
        field("node_id", Int32).until(3),
        field("host", Text).until(3),
        field("port", Int32).until(3),
        structs(
            "coordinators",
            &[
                field("key", Text),
                field("node_id", Int32),
                field("host", Text),
                field("port", Int32),
                field("error_code", Int16),
                field("error_message", Text).nullable(),
            ],
        )
        .since(4),
    ],
};

pub(crate) const JOIN_GROUP: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("session_timeout_ms", Int32),
        field("rebalance_timeout_ms", Int32).since(1),
        field("member_id", Text),
        field("group_instance_id", Text).since(5).nullable(),
        field("protocol_type", Text),
        structs("protocols", &[field("name", Text), field("metadata", Bytes)]),
        field("reason", Text).since(8).nullable(),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(2),
        field("error_code", Int16),
        field("generation_id", Int32),
        field("protocol_type", Text).since(7).nullable(),
        field("protocol_name", Text).nullable_since(7),
        field("leader", Text),
        field("skip_assignment", Bool).since(9),
        field("member_id", Text),
        structs(
            "members",
            &[
                field("member_id", Text),
                field("group_instance_id", Text).since(5).nullable(),
                field("metadata", Bytes),
            ],
        ),
    ],
};

pub(crate) const HEARTBEAT: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("generation_id", Int32),
        field("member_id", Text),
        field("group_instance_id", Text).since(3).nullable(),
    ],
    response: &[field("throttle_time_ms", Int32).since(1), field("error_code", Int16)],
};

pub(crate) const LEAVE_GROUP: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("member_id", Text).until(2),
        structs(
            "members",
            &[
                field("member_id", Text),
                field("group_instance_id", Text).nullable(),
                field("reason", Text).since(5).nullable(),
            ],
        )
        .since(3),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        field("error_code", Int16),
        structs(
            "members",
            &[
                field("member_id", Text),
                field("group_instance_id", Text).nullable(),
                field("error_code", Int16),
            ],
        )
        .since(3),
    ],
};

pub(crate) const SYNC_GROUP: Schema = Schema {
    request: &[
        field("group_id", Text),
        field("generation_id", Int32),
        field("member_id", Text),
        field("group_instance_id", Text).since(3).nullable(),
        field("protocol_type", Text).since(5).nullable(),
        field("protocol_name", Text).since(5).nullable(),
        structs("assignments", &[field("member_id", Text), field("assignment", Bytes)]),
    ],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        field("error_code", Int16),
        field("protocol_type", Text).since(5).nullable(),
        field("protocol_name", Text).since(5).nullable(),
        field("assignment", Bytes),
    ],
};

pub(crate) const DESCRIBE_GROUPS: Schema = Schema {
    request: &[array("groups", &Text), field("include_authorized_operations", Bool).since(3)],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        structs(
            "groups",
            &[
                field("error_code", Int16),
                field("error_message", Text).since(6).nullable(),
                field("group_id", Text),
                field("group_state", Text),
                field("protocol_type", Text),
                field("protocol_data", Text),
                structs(
                    "members",
                    &[
                        field("member_id", Text),
                        field("group_instance_id", Text).since(4).nullable(),
                        field("client_id", Text),
                        field("client_host", Text),
                        field("member_metadata", Bytes),
                        field("member_assignment", Bytes),
                    ],
                ),
                field("authorized_operations", Int32).since(3),
            ],
        ),
    ],
};

pub(crate) const LIST_GROUPS: Schema = Schema {
    request: &[array("states_filter", &Text).since(4), array("types_filter", &Text).since(5)],
    response: &[
        field("throttle_time_ms", Int32).since(1),
        field("error_code", Int16),
        structs(
            "groups",
            &[
                field("group_id", Text),
                field("protocol_type", Text),
                field("group_state", Text).since(4),
                field("group_type", Text).since(5),
            ],
        ),
    ],
};

pub(crate) const DELETE_GROUPS: Schema = Schema {
    request: &[array("groups_names", &Text)],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "results",
            &[
                field("group_id", Text),
                field("error_code", Int16),
                field("error_message", Text).since(3).nullable(),
            ],
        ),
    ],
};
