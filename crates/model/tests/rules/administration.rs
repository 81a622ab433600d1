//! Topic administration and configurations, where requests are odd.

use fencepost_wire::messages::create_partitions_request::CreatePartitionsTopic;
use fencepost_wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use fencepost_wire::messages::create_topics_response::CreatableTopicResult;
use fencepost_wire::messages::delete_topics_request::DeleteTopicState;
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_configs_response::DescribeConfigsResult;
use fencepost_wire::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use fencepost_wire::messages::update_features_request::FeatureUpdateKey;
use fencepost_wire::messages::{
    AlterConfigsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest,
    DescribeConfigsRequest, IncrementalAlterConfigsRequest, TopicName, UpdateFeaturesRequest,
    alter_configs_request,
};
use fencepost_wire::{Response, StrBytes};

use crate::world::World;

pub const TOPIC: i8 = 2;
pub const BROKER: i8 = 4;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn name(topic: &str) -> TopicName {
    TopicName(text(topic))
}

fn create(
    world: &mut World,
    topics: Vec<CreatableTopic>,
    validate_only: bool,
) -> Vec<CreatableTopicResult> {
    let client = world.connect(0);
    let request =
        CreateTopicsRequest::default().with_topics(topics).with_validate_only(validate_only);
    match world.call(client, 7, request) {
        Response::CreateTopics(response) => response.topics,
        _ => panic!("not a CreateTopics response"),
    }
}

fn creatable(topic: &str) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(name(topic))
        .with_num_partitions(1)
        .with_replication_factor(1)
}

#[test]
fn api_42_a_validated_topic_has_an_id_and_no_message() {
    let mut world = World::new(1, &[]);
    let results = create(&mut world, vec![creatable("a")], true);
    assert_eq!((results[0].error_code, results[0].error_message.as_ref()), (0, None));
    assert!(!results[0].topic_id.is_nil());
    assert_eq!(create(&mut world, vec![creatable("a")], false)[0].error_code, 0, "it was no more");
}

#[test]
fn api_42_topics_of_one_request_do_not_collide_with_each_other() {
    let mut world = World::new(1, &[]);
    let codes = |results: Vec<CreatableTopicResult>| {
        results.iter().map(|result| result.error_code).collect::<Vec<_>>()
    };
    let both = create(&mut world, vec![creatable("a.b"), creatable("a_b")], false);
    assert_eq!(codes(both), [0, 0]);
    let bare = CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(None);
    let refused = create(&mut world, vec![creatable("c").with_configs(vec![bare])], false);
    assert_eq!(codes(refused), [40], "a setting without a value");
    let huge = create(&mut world, vec![creatable("c").with_num_partitions(i32::MAX)], false);
    assert_eq!(codes(huge), [44]);
}

#[test]
fn api_43_a_topic_named_twice_has_one_row() {
    let mut world = World::new(1, &[]);
    let id = create(&mut world, vec![creatable("a")], false)[0].topic_id;
    let client = world.connect(0);
    let mut delete = |topics: Vec<DeleteTopicState>| {
        let request = DeleteTopicsRequest::default().with_topics(topics);
        match world.call(client, 6, request) {
            Response::DeleteTopics(response) => response
                .responses
                .iter()
                .map(|row| {
                    let name = row.name.as_ref().map(|name| name.0.to_string());
                    (row.error_code, name, row.topic_id == id)
                })
                .collect::<Vec<_>>(),
            _ => panic!("not a DeleteTopics response"),
        }
    };
    let by_name = DeleteTopicState::default().with_name(Some(name("a")));
    let by_id = DeleteTopicState::default().with_name(None).with_topic_id(id);
    let a = || Some("a".to_owned());
    assert_eq!(delete(vec![by_name.clone(), by_name.clone()]), [(42, a(), false)]);
    assert_eq!(delete(vec![by_id.clone(), by_id.clone()]), [(42, None, true)]);
    assert_eq!(delete(vec![by_id.clone(), by_name]), [(42, a(), true)]);
    assert_eq!(delete(vec![DeleteTopicState::default().with_name(None)]), [(42, None, false)]);
    assert_eq!(delete(vec![by_id]), [(0, a(), true)]);
}

#[test]
fn api_44_partitions_of_an_unknown_topic_are_refused_without_words() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let topic = CreatePartitionsTopic::default()
        .with_name(name("nope"))
        .with_count(3)
        .with_assignments(None);
    let request = CreatePartitionsRequest::default().with_topics(vec![topic]);
    let Response::CreatePartitions(response) = world.call(client, 3, request) else {
        panic!("not a CreatePartitions response")
    };
    let row = &response.results[0];
    assert_eq!((row.error_code, row.error_message.as_ref()), (3, None));
}

pub fn describe(world: &mut World, kind: i8, resource: &str, key: &str) -> DescribeConfigsResult {
    let client = world.connect(0);
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(resource))
        .with_configuration_keys(Some(vec![text(key)]));
    let request = DescribeConfigsRequest::default()
        .with_resources(vec![resource])
        .with_include_synonyms(true);
    match world.call(client, 4, request) {
        Response::DescribeConfigs(mut response) => response.results.swap_remove(0),
        _ => panic!("not a DescribeConfigs response"),
    }
}

/// Error and message of one change.
pub fn alter(world: &mut World, kind: i8, resource: &str, change: (&str, i8, &str)) -> (i16, bool) {
    let (key, operation, value) = change;
    alter_to(world, kind, resource, (key, operation, Some(value)))
}

/// The same, to a value that may be null.
pub fn alter_to(
    world: &mut World,
    kind: i8,
    resource: &str,
    (key, operation, value): (&str, i8, Option<&str>),
) -> (i16, bool) {
    let client = world.connect(0);
    let change = AlterableConfig::default()
        .with_name(text(key))
        .with_config_operation(operation)
        .with_value(value.map(text));
    let resource = AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(resource))
        .with_configs(vec![change]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    match world.call(client, 1, request) {
        Response::IncrementalAlterConfigs(response) => {
            let row = &response.responses[0];
            (row.error_code, row.error_message.is_some())
        }
        _ => panic!("not an IncrementalAlterConfigs response"),
    }
}

#[test]
fn api_45_synonyms_name_each_place_of_a_value() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("message.max.bytes", "5000").unwrap();
    });
    let synonyms = |world: &mut World, key| {
        let row = describe(world, TOPIC, "a", key).configs.swap_remove(0);
        let listed = row.synonyms.iter().map(|synonym| {
            let value = synonym.value.as_deref().unwrap_or("null");
            format!("{}={value} {}", synonym.name.as_str(), synonym.source)
        });
        (row.config_source, listed.collect::<Vec<_>>().join(", "))
    };
    let inherited = "message.max.bytes=5000 4, message.max.bytes=1048588 5";
    assert_eq!(synonyms(&mut world, "max.message.bytes"), (4, inherited.to_owned()));
    assert_eq!(alter(&mut world, TOPIC, "a", ("max.message.bytes", 0, "70")), (0, false));
    let overridden = format!("max.message.bytes=70 1, {inherited}");
    assert_eq!(synonyms(&mut world, "max.message.bytes"), (1, overridden));
    assert_eq!(synonyms(&mut world, "segment.ms"), (5, String::new()), "no broker's name");
}

#[test]
fn api_45_a_broker_says_what_it_takes_at_run_time() {
    let mut world = World::new(1, &[]);
    let mut row = |key| {
        let mut result = describe(&mut world, BROKER, "0", key);
        let row = result.configs.swap_remove(0);
        (row.read_only, row.config_type, row.value.map(|value| value.to_string()))
    };
    assert_eq!(row("num.partitions"), (true, 3, Some("1".to_owned())));
    assert_eq!(row("message.max.bytes"), (false, 3, Some("1048588".to_owned())));
    assert_eq!(row("log.retention.ms"), (false, 5, None));
    assert_eq!(alter(&mut world, BROKER, "0", ("num.partitions", 0, "3")), (42, true));
    assert_eq!(alter(&mut world, BROKER, "7", ("message.max.bytes", 0, "3")), (42, true));
    assert_eq!(alter(&mut world, BROKER, "", ("message.max.bytes", 0, "3")), (0, false));
}

#[test]
fn api_45_odd_names_and_operations() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    assert_eq!(describe(&mut world, TOPIC, "a b", "x").error_code, 17);
    assert_eq!(alter(&mut world, TOPIC, "a b", ("retention.ms", 0, "1")), (17, true));
    assert_eq!(alter(&mut world, TOPIC, "", ("retention.ms", 0, "1")), (42, true));
    let null = |operation| ("retention.ms", operation, None);
    assert_eq!(alter_to(&mut world, TOPIC, "a b", null(0)), (42, true), "null before the name");
    assert_eq!(alter_to(&mut world, TOPIC, "a", null(2)), (42, true), "null before no list");
    assert_eq!(alter_to(&mut world, TOPIC, "a", null(1)), (0, false), "null to delete");
    assert_eq!(alter(&mut world, TOPIC, "a", ("retention.ms", 2, "1")), (40, true), "no list");
    assert_eq!(alter(&mut world, TOPIC, "a", ("retention.ms", 9, "1")), (-1, false));
    assert_eq!(alter(&mut world, TOPIC, "a", ("cleanup.policy", 2, "compact")), (0, false));
    let row = describe(&mut world, TOPIC, "a", "cleanup.policy").configs.swap_remove(0);
    assert_eq!(row.value.as_deref(), Some("delete,compact"));
}

#[test]
fn conf_58_feature_updates_stand_or_fall_together() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let mut update = |version, updates: &[(&str, i16)]| {
        let updates = updates.iter().map(|(feature, level)| {
            FeatureUpdateKey::default()
                .with_feature(text(feature))
                .with_max_version_level(*level)
                .with_upgrade_type(1)
        });
        let request = UpdateFeaturesRequest::default().with_feature_updates(updates.collect());
        match world.call(client, version, request) {
            Response::UpdateFeatures(response) => {
                let rows = response.results.iter().map(|row| row.error_code).collect::<Vec<_>>();
                (response.error_code, response.error_message.is_some(), rows)
            }
            _ => panic!("not an UpdateFeatures response"),
        }
    };
    let good = ("transaction.version", 2);
    assert_eq!(update(1, &[good, ("nope", 1)]), (95, true, vec![]));
    assert_eq!(update(1, &[("transaction.version", 1)]), (95, true, vec![]), "a downgrade");
    assert_eq!(update(1, &[("transaction.version", 1), good]), (0, false, vec![0, 0]));
    assert_eq!(update(2, &[good]), (0, false, vec![]));
}

/// What AlterConfigs answers of the topic `a`: error and message.
fn replace(
    world: &mut World,
    settings: &[(&str, Option<&str>)],
    validate_only: bool,
) -> (i16, Option<String>) {
    let client = world.connect(0);
    let settings = settings.iter().map(|(key, value)| {
        alter_configs_request::AlterableConfig::default()
            .with_name(text(key))
            .with_value(value.map(text))
    });
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(text("a"))
        .with_configs(settings.collect());
    let request = AlterConfigsRequest::default()
        .with_resources(vec![resource])
        .with_validate_only(validate_only);
    match world.call(client, 2, request) {
        Response::AlterConfigs(response) => {
            let row = &response.responses[0];
            (row.error_code, row.error_message.as_deref().map(str::to_owned))
        }
        _ => panic!("not an AlterConfigs response"),
    }
}

#[test]
fn api_45_the_old_alteration_replaces_all_settings_of_a_topic() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let value = |world: &mut World, name: &str| {
        let described = describe(world, TOPIC, "a", name);
        let row = &described.configs[0];
        (row.value.as_deref().unwrap().to_owned(), row.config_source)
    };
    assert_eq!(replace(&mut world, &[("retention.ms", Some("1000"))], false), (0, None));
    assert_eq!(value(&mut world, "retention.ms"), ("1000".to_owned(), 1));
    assert_eq!(replace(&mut world, &[("max.message.bytes", Some("99"))], true), (0, None));
    assert_eq!(value(&mut world, "max.message.bytes").1, 5, "only validated");
    assert_eq!(replace(&mut world, &[("max.message.bytes", Some("99"))], false), (0, None));
    assert_eq!(value(&mut world, "max.message.bytes"), ("99".to_owned(), 1));
    assert_eq!(value(&mut world, "retention.ms").1, 5, "what is left out goes back");
    let twice = [("retention.ms", Some("1")), ("retention.ms", Some("2"))];
    assert_eq!(replace(&mut world, &twice, false).0, 42);
    let (error, message) = replace(&mut world, &[("retention.ms", None)], false);
    assert_eq!((error, &*message.unwrap()), (42, "Null value not supported for : retention.ms"));
    assert_eq!(replace(&mut world, &[("retention.ms", Some("x"))], false).0, 40);
    assert_eq!(value(&mut world, "max.message.bytes").1, 1, "refused changes change nothing");
}
