//! Metadata, topic administration and configurations at the wire.

use fencepost_ids::TopicId;
use fencepost_wire::messages::create_partitions_request::CreatePartitionsTopic;
use fencepost_wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use fencepost_wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::metadata_response::MetadataResponseTopic;
use fencepost_wire::messages::{
    ApiVersionsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteRecordsRequest,
    DeleteTopicsRequest, DescribeConfigsRequest, DescribeTopicPartitionsRequest,
    FindCoordinatorRequest, IncrementalAlterConfigsRequest, ListOffsetsRequest, MetadataRequest,
    TopicName,
};
use fencepost_wire::{FromWire, Release, Response, StrBytes};

use crate::produce;
use crate::world::{Client, World, plain};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn name(topic: &str) -> TopicName {
    TopicName(text(topic))
}

/// What Metadata says of one topic, which is created if it does not exist.
fn look_up(world: &mut World, client: Client, version: i16, topic: &str) -> MetadataResponseTopic {
    let asked = MetadataRequestTopic::default().with_name(Some(name(topic)));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![asked]))
        .with_allow_auto_topic_creation(true);
    let Response::Metadata(mut response) = world.call(client, version, request) else {
        panic!("not a metadata response")
    };
    response.topics.remove(0)
}

/// Asks for one topic: error, and each partition's leader.
fn ask(world: &mut World, client: Client, version: i16, topic: &str) -> (i16, Vec<i32>) {
    let topic = look_up(world, client, version, topic);
    (topic.error_code, topic.partitions.iter().map(|partition| partition.leader_id.0).collect())
}

/// The id of a topic, which is created if it does not exist.
pub fn topic_id(world: &mut World, client: Client, topic: &str) -> TopicId {
    let mut found = look_up(world, client, 12, topic);
    if found.error_code != 0 {
        found = look_up(world, client, 12, topic);
    }
    TopicId::from_wire(&found.topic_id)
}

#[test]
fn api_19_a_topic_that_is_asked_for_is_created_and_found_the_next_time() {
    let mut world = World::new(3, &[]);
    let client = world.connect(0);
    assert_eq!(ask(&mut world, client, 9, "orders"), (3, vec![]));
    assert_eq!(ask(&mut world, client, 9, "orders").0, 0);
    assert_eq!(ask(&mut world, client, 9, "a b"), (17, vec![]), "API-20");
}

#[test]
fn api_17_an_empty_list_means_all_at_version_0_and_none_later() {
    let mut world = World::new(1, &[("a", 1, 1), ("b", 1, 1)]);
    let client = world.connect(0);
    let mut count = |version, topics| {
        let request = MetadataRequest::default().with_topics(topics);
        match world.call(client, version, request) {
            Response::Metadata(response) => response.topics.len(),
            _ => panic!("not a metadata response"),
        }
    };
    assert_eq!(count(0, Some(vec![])), 2);
    assert_eq!(count(1, Some(vec![])), 0);
    assert_eq!(count(1, None), 2);
}

#[test]
fn api_22_a_partition_without_a_live_replica_has_no_leader() {
    let mut world = World::new(2, &[("a", 1, 1)]);
    let client = world.connect(1);
    world.crash(0);
    let request = MetadataRequest::default().with_topics(None);
    let Response::Metadata(response) = world.call(client, 9, request) else {
        panic!("not a metadata response")
    };
    let partition = &response.topics[0].partitions[0];
    assert_eq!(
        (response.topics[0].error_code, partition.error_code, partition.leader_id.0),
        (0, 5, -1)
    );
    assert_eq!(response.brokers.len(), 1, "API-18: live brokers only");
}

#[test]
fn api_12_and_api_13_features_by_version() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let mut features = |version| {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(text("apache-kafka-java"))
            .with_client_software_version(text("4.1.0"));
        match world.call(client, version, request) {
            Response::ApiVersions(response) => {
                let supported: Vec<_> =
                    response.supported_features.iter().map(|f| f.name.to_string()).collect();
                let finalized = response
                    .finalized_features
                    .iter()
                    .find(|f| &*f.name == "transaction.version")
                    .map(|f| f.max_version_level);
                (supported.contains(&"transaction.version".to_owned()), finalized)
            }
            _ => panic!("not an ApiVersions response"),
        }
    };
    assert_eq!(features(2), (false, None));
    assert_eq!(features(3), (false, Some(2)));
    assert_eq!(features(4), (true, Some(2)));
}

#[test]
fn api_11_a_strange_software_name_is_refused() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let request = ApiVersionsRequest::default()
        .with_client_software_name(text("-x"))
        .with_client_software_version(text("1"));
    let Response::ApiVersions(response) = world.call(client, 3, request) else {
        panic!("not an ApiVersions response")
    };
    assert_eq!((response.error_code, response.api_keys.len()), (42, 0));
}

#[test]
fn api_28_the_first_question_creates_the_internal_topic() {
    let mut world = World::new(3, &[]);
    let client = world.connect(0);
    let mut find = || {
        let request = FindCoordinatorRequest::default()
            .with_key_type(1)
            .with_coordinator_keys(vec![text("orders")]);
        match world.call(client, 4, request) {
            Response::FindCoordinator(response) => {
                let found = &response.coordinators[0];
                (found.error_code, found.node_id.0, found.port)
            }
            _ => panic!("not a FindCoordinator response"),
        }
    };
    assert_eq!(find(), (15, -1, -1));
    let (error, node, port) = find();
    assert_eq!((error, port), (0, 9092 + node));
}

fn creatable(topic: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(name(topic))
        .with_num_partitions(partitions)
        .with_replication_factor(replicas)
}

fn create(world: &mut World, client: Client, topics: Vec<CreatableTopic>) -> Vec<i16> {
    let request = CreateTopicsRequest::default().with_topics(topics);
    match world.call(client, 7, request) {
        Response::CreateTopics(response) => {
            response.topics.iter().map(|topic| topic.error_code).collect()
        }
        _ => panic!("not a CreateTopics response"),
    }
}

#[test]
fn api_42_the_first_failing_check_of_create_topics_decides() {
    let mut world = World::new(1, &[("a.b", 1, 1)]);
    let client = world.connect(0);
    let bad = CreatableTopicConfig::default().with_name(text("nope")).with_value(Some(text("1")));
    let mut one = |topic| create(&mut world, client, vec![topic])[0];
    assert_eq!(one(creatable("t", 0, 0).with_configs(vec![bad])), 40);
    assert_eq!(one(creatable("t", 0, 0)), 38);
    assert_eq!(one(creatable("t", 0, 1)), 37);
    assert_eq!(one(creatable("t", 1, 2)), 38, "more replicas than brokers");
    assert_eq!(one(creatable("a.b", 1, 1)), 36);
    assert_eq!(one(creatable("a_b", 1, 1)), 17, "`.` against `_`");
    assert_eq!(one(creatable("t", -1, -1)), 0);
    let twice = vec![creatable("u", 1, 1), creatable("u", 1, 1)];
    assert_eq!(create(&mut world, client, twice), [42]);
}

#[test]
fn api_43_a_deleted_topic_is_gone() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let request = DeleteTopicsRequest::default().with_topic_names(vec![name("a"), name("nope")]);
    let Response::DeleteTopics(response) = world.call(client, 5, request) else {
        panic!("not a DeleteTopics response")
    };
    let errors: Vec<_> = response.responses.iter().map(|topic| topic.error_code).collect();
    assert_eq!(errors, [0, 3]);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(produce::rows(world.call(client, 9, produce::request(None, -1, &data))), [(3, -1)]);
}

#[test]
fn api_44_partitions_are_added_and_records_deleted() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let mut grow = |count| {
        let topic = CreatePartitionsTopic::default()
            .with_name(name("a"))
            .with_count(count)
            .with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![topic]);
        match world.call(client, 2, request) {
            Response::CreatePartitions(response) => response.results[0].error_code,
            _ => panic!("not a CreatePartitions response"),
        }
    };
    assert_eq!(grow(1), 37);
    assert_eq!(grow(3), 0);
    let data = [("a", 2, plain((7, 0), 0, 10))];
    assert_eq!(produce::rows(world.call(client, 9, produce::request(None, -1, &data))), [(0, 0)]);
    let mut delete = |offset| {
        let partition =
            DeleteRecordsPartition::default().with_partition_index(2).with_offset(offset);
        let topic =
            DeleteRecordsTopic::default().with_name(name("a")).with_partitions(vec![partition]);
        match world.call(client, 2, DeleteRecordsRequest::default().with_topics(vec![topic])) {
            Response::DeleteRecords(response) => {
                let row = &response.topics[0].partitions[0];
                (row.error_code, row.low_watermark)
            }
            _ => panic!("not a DeleteRecords response"),
        }
    };
    assert_eq!(delete(4), (0, 4));
    assert_eq!(delete(2), (0, 4), "below the log start nothing changes");
    assert_eq!(delete(11), (1, -1));
    assert_eq!(delete(-1), (0, 10));
    let partition = ListOffsetsPartition::default()
        .with_partition_index(2)
        .with_timestamp(-2)
        .with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(name("a")).with_partitions(vec![partition]);
    let request =
        ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic]);
    let Response::ListOffsets(response) = world.call(client, 7, request) else {
        panic!("not a ListOffsets response")
    };
    assert_eq!(response.topics[0].partitions[0].offset, 10, "API-33");
}

#[test]
fn api_45_a_setting_is_altered_and_described() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let change = AlterableConfig::default()
        .with_name(text("max.message.bytes"))
        .with_config_operation(0)
        .with_value(Some(text("100")));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("a"))
        .with_configs(vec![change]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    let Response::IncrementalAlterConfigs(response) = world.call(client, 1, request) else {
        panic!("not an IncrementalAlterConfigs response")
    };
    assert_eq!(response.responses[0].error_code, 0);
    let resource = DescribeConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("a"))
        .with_configuration_keys(Some(vec![text("max.message.bytes")]));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let Response::DescribeConfigs(response) = world.call(client, 4, request) else {
        panic!("not a DescribeConfigs response")
    };
    let row = &response.results[0].configs[0];
    assert_eq!((row.value.as_deref(), row.config_source), (Some("100"), 1));
    let data = [("a", 0, plain((7, 0), 0, 20))];
    let rows = produce::rows(world.call(client, 9, produce::request(None, -1, &data)));
    assert_eq!(rows, [(10, -1)], "BATCH-13: it acts at once");
}

#[test]
fn api_21_ids_below_version_12_fail_the_request() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let nameless = MetadataRequestTopic::default().with_name(None);
    let mut refused = |version| {
        let request = MetadataRequest::default().with_topics(Some(vec![nameless.clone()]));
        match world.call(client, version, request) {
            Response::Metadata(it) => {
                (it.topics[0].error_code, it.brokers.len(), it.controller_id.0, it.cluster_id)
            }
            _ => panic!("not a metadata response"),
        }
    };
    assert_eq!(refused(11), (42, 0, -1, None));
    assert_eq!(refused(12), (-1, 0, -1, None), "neither a name nor an id");
}

#[test]
fn api_21_each_topic_is_answered_once_and_ids_win_over_names() {
    let mut world = World::new(1, &[("a", 1, 1), ("b", 1, 1)]);
    let client = world.connect(0);
    let mut names = |version, topics| {
        let request = MetadataRequest::default().with_topics(Some(topics));
        match world.call(client, version, request) {
            Response::Metadata(it) => it
                .topics
                .into_iter()
                .map(|topic| (topic.name.expect("known").0.to_string(), topic.topic_id))
                .collect::<Vec<_>>(),
            _ => panic!("not a metadata response"),
        }
    };
    let named = |topic| MetadataRequestTopic::default().with_name(Some(name(topic)));
    let twice = names(12, vec![named("a"), named("a")]);
    assert_eq!(twice.len(), 1);
    let by_id = MetadataRequestTopic::default().with_name(None).with_topic_id(twice[0].1);
    assert_eq!(names(12, vec![by_id, named("b")]), twice);
}

#[test]
fn api_30_a_partition_named_twice_has_one_answer() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let mut list = |isolation, timestamps: &[i64]| {
        let asked = timestamps.iter().map(|timestamp| {
            ListOffsetsPartition::default().with_timestamp(*timestamp).with_current_leader_epoch(-1)
        });
        let topic =
            ListOffsetsTopic::default().with_name(name("a")).with_partitions(asked.collect());
        let request = ListOffsetsRequest::default()
            .with_replica_id((-1).into())
            .with_isolation_level(isolation)
            .with_topics(vec![topic]);
        match world.call(client, 7, request) {
            Response::ListOffsets(response) => response.topics[0]
                .partitions
                .iter()
                .map(|row| (row.error_code, row.offset))
                .collect::<Vec<_>>(),
            _ => panic!("not a ListOffsets response"),
        }
    };
    assert_eq!(list(0, &[-1, -2]), [(42, -1)]);
    assert_eq!(list(1, &[-1]), [(0, 0)]);
    assert_eq!(list(2, &[-1]), [(-1, -1)], "an unknown isolation level");
}

#[test]
fn api_44_of_a_partition_named_twice_the_last_offset_counts() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let offsets = [0, 50].map(|offset| DeleteRecordsPartition::default().with_offset(offset));
    let topic =
        DeleteRecordsTopic::default().with_name(name("a")).with_partitions(offsets.to_vec());
    let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
    let Response::DeleteRecords(response) = world.call(client, 2, request) else {
        panic!("not a DeleteRecords response")
    };
    let errors: Vec<_> = response.topics[0].partitions.iter().map(|row| row.error_code).collect();
    assert_eq!(errors, [1]);
}

#[test]
fn api_26_a_cursor_points_at_a_topic_of_the_request() {
    let mut world = World::new(1, &[("a", 1, 1), ("b", 1, 1)]);
    let client = world.connect(0);
    let mut ask = |topics: &[&str], at: &str, partition| {
        let cursor = Cursor::default().with_topic_name(name(at)).with_partition_index(partition);
        let topics = topics.iter().map(|topic| TopicRequest::default().with_name(name(topic)));
        let request = DescribeTopicPartitionsRequest::default()
            .with_topics(topics.collect())
            .with_response_partition_limit(10)
            .with_cursor(Some(cursor));
        match world.call(client, 0, request) {
            Response::DescribeTopicPartitions(response) => {
                response.topics.iter().map(|topic| topic.error_code).collect::<Vec<_>>()
            }
            _ => panic!("not a DescribeTopicPartitions response"),
        }
    };
    assert_eq!(ask(&["a", "b"], "b", 0), [0]);
    assert_eq!(ask(&["b"], "a", 0), [42]);
    assert_eq!(ask(&["a", "b"], "a", -1), [42, 42]);
}

/// FEAT-02, CONF-58: what brokers of each release tell of a cluster formatted with the defaults.
#[test]
fn feat_02_features_by_release() {
    let features = |release| {
        let mut world = World::with(1, &[], |config| {
            config.release = release;
            config.transaction_version = *release.transaction_versions().end();
        });
        let client = world.connect(0);
        let request = ApiVersionsRequest::default()
            .with_client_software_name(text("x"))
            .with_client_software_version(text("1"));
        let Response::ApiVersions(response) = world.call(client, 4, request) else {
            panic!("not an ApiVersions response")
        };
        let supported: Vec<_> = response
            .supported_features
            .iter()
            .map(|it| format!("{} {}-{}", &*it.name, it.min_version, it.max_version))
            .collect();
        let finalized: Vec<_> = response
            .finalized_features
            .iter()
            .map(|it| format!("{} {}", &*it.name, it.max_version_level))
            .collect();
        (supported.join(", "), finalized.join(", "))
    };
    assert_eq!(
        features(Release::V3_9),
        ("kraft.version 0-1, metadata.version 1-21".into(), "metadata.version 21".into())
    );
    assert_eq!(
        features(Release::V4_0),
        (
            "eligible.leader.replicas.version 0-1, group.version 0-1, kraft.version 0-1, \
             metadata.version 7-25, transaction.version 0-2"
                .into(),
            "group.version 1, metadata.version 25, transaction.version 2".into()
        )
    );
    assert_eq!(
        features(Release::V4_1),
        (
            "eligible.leader.replicas.version 0-1, group.version 0-1, kraft.version 0-1, \
             metadata.version 7-27, share.version 0-1, transaction.version 0-2"
                .into(),
            "eligible.leader.replicas.version 1, group.version 1, metadata.version 27, \
             transaction.version 2"
                .into()
        )
    );
}
