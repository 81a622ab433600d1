//! The fields of the messages of the cluster, its features and its configuration.

use super::Kind::{Bool, Int8, Int16, Int32, Int64, Text};
use super::{Field, Schema, array, field, structs};

pub(crate) const API_VERSIONS: Schema = Schema {
    request: &[
        field("client_software_name", Text).since(3),
        field("client_software_version", Text).since(3),
        field("cluster_id", Text).since(5).nullable(),
        field("node_id", Int32).since(5),
    ],
    response: &[
        field("error_code", Int16),
        structs(
            "api_keys",
            &[field("api_key", Int16), field("min_version", Int16), field("max_version", Int16)],
        ),
        field("throttle_time_ms", Int32).since(1),
        structs(
            "supported_features",
            &[field("name", Text), field("min_version", Int16), field("max_version", Int16)],
        )
        .since(3)
        .tag(0),
        field("finalized_features_epoch", Int64).since(3).tag(1),
        structs(
            "finalized_features",
            &[
                field("name", Text),
                field("max_version_level", Int16),
                field("min_version_level", Int16),
            ],
        )
        .since(3)
        .tag(2),
        field("zk_migration_ready", Bool).since(3).tag(3),
    ],
};

pub(crate) const DESCRIBE_CONFIGS: Schema = Schema {
    request: &[
        structs(
            "resources",
            &[
                field("resource_type", Int8),
                field("resource_name", Text),
                array("configuration_keys", &Text).nullable(),
            ],
        ),
        field("include_synonyms", Bool).since(1),
        field("include_documentation", Bool).since(3),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        structs(
            "results",
            &[
                field("error_code", Int16),
                field("error_message", Text).nullable(),
                field("resource_type", Int8),
                field("resource_name", Text),
                structs(
                    "configs",
                    &[
                        field("name", Text),
                        field("value", Text).nullable(),
                        field("read_only", Bool),
                        field("config_source", Int8).since(1),
                        field("is_sensitive", Bool),
                        structs(
                            "synonyms",
                            &[
                                field("name", Text),
                                field("value", Text).nullable(),
                                field("source", Int8),
                            ],
                        )
                        .since(1),
                        field("config_type", Int8).since(3),
                        field("documentation", Text).since(3).nullable(),
                    ],
                ),
            ],
        ),
    ],
};

pub(crate) const ALTER_CONFIGS: Schema = Schema {
    request: &[
        structs(
            "resources",
            &[
                field("resource_type", Int8),
                field("resource_name", Text),
                structs("configs", &[field("name", Text), field("value", Text).nullable()]),
            ],
        ),
        field("validate_only", Bool),
    ],
    response: ALTERED_CONFIGS,
};

pub(crate) const INCREMENTAL_ALTER_CONFIGS: Schema = Schema {
    request: &[
        structs(
            "resources",
            &[
                field("resource_type", Int8),
                field("resource_name", Text),
                structs(
                    "configs",
                    &[
                        field("name", Text),
                        field("config_operation", Int8),
                        field("value", Text).nullable(),
                    ],
                ),
            ],
        ),
        field("validate_only", Bool),
    ],
    response: ALTERED_CONFIGS,
};

const ALTERED_CONFIGS: &[Field] = &[
    field("throttle_time_ms", Int32),
    structs(
        "responses",
        &[
            field("error_code", Int16),
            field("error_message", Text).nullable(),
            field("resource_type", Int8),
            field("resource_name", Text),
        ],
    ),
];

pub(crate) const UPDATE_FEATURES: Schema = Schema {
    request: &[
        field("timeout_ms", Int32),
        structs(
            "feature_updates",
            &[
                field("feature", Text),
                field("max_version_level", Int16),
                field("allow_downgrade", Bool).until(0),
                field("upgrade_type", Int8).since(1),
            ],
        ),
        field("validate_only", Bool).since(1),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        field("error_message", Text).nullable(),
        structs(
            "results",
            &[
                field("feature", Text),
                field("error_code", Int16),
                field("error_message", Text).nullable(),
            ],
        )
        .until(1),
    ],
};

pub(crate) const DESCRIBE_CLUSTER: Schema = Schema {
    request: &[
        field("include_cluster_authorized_operations", Bool),
        field("endpoint_type", Int8).since(1),
        field("include_fenced_brokers", Bool).since(2),
    ],
    response: &[
        field("throttle_time_ms", Int32),
        field("error_code", Int16),
        field("error_message", Text).nullable(),
        field("endpoint_type", Int8).since(1),
        field("cluster_id", Text),
        field("controller_id", Int32),
        structs(
            "brokers",
            &[
                field("broker_id", Int32),
                field("host", Text),
                field("port", Int32),
                field("rack", Text).nullable(),
                field("is_fenced", Bool).since(2),
            ],
        ),
        field("cluster_authorized_operations", Int32),
    ],
};
