//! Settings of brokers and topics: their defaults, and how they change at run time.

use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::describe_producers_request::TopicRequest;
use fencepost_wire::messages::{
    AlterConfigsRequest, DescribeConfigsRequest, DescribeProducersRequest, TopicName,
    alter_configs_request,
};
use fencepost_wire::{Response, StrBytes};

use crate::administration::{BROKER, TOPIC, alter, alter_to, describe};
use crate::produce;
use crate::world::{World, plain};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Every setting of a resource: name, value, source and whether it is read-only.
fn all(world: &mut World, kind: i8, resource: &str) -> Vec<(String, Option<String>, i8, bool)> {
    let client = world.connect(0);
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(resource))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let Response::DescribeConfigs(response) = world.call(client, 4, request) else {
        panic!("not a DescribeConfigs response")
    };
    let rows = response.results[0].configs.iter().map(|row| {
        let value = row.value.as_deref().map(str::to_owned);
        (row.name.to_string(), value, row.config_source, row.read_only)
    });
    rows.collect()
}

const DYNAMIC: bool = false;
const READ_ONLY: bool = true;

/// CONF-01, CONF-50, CONF-52, CONF-53, CONF-54, CONF-55, CONF-56, CONF-57: a fresh broker has Kafka's
/// defaults.
#[test]
fn conf_01_a_fresh_broker_has_kafkas_defaults() {
    let mut world = World::new(3, &[]);
    let rows = all(&mut world, BROKER, "0");
    let expected = [
        // CONF-01
        ("producer.id.expiration.ms", "86400000", DYNAMIC),
        ("transaction.partition.verification.enable", "true", DYNAMIC),
        ("add.partitions.to.txn.retry.backoff.ms", "20", READ_ONLY),
        ("add.partitions.to.txn.retry.backoff.max.ms", "100", READ_ONLY),
        ("request.timeout.ms", "30000", READ_ONLY),
        ("replica.high.watermark.checkpoint.interval.ms", "5000", READ_ONLY),
        ("replica.lag.time.max.ms", "30000", READ_ONLY),
        // CONF-50 and CONF-51
        ("group.min.session.timeout.ms", "6000", READ_ONLY),
        ("group.max.session.timeout.ms", "1800000", READ_ONLY),
        ("group.initial.rebalance.delay.ms", "3000", READ_ONLY),
        ("group.max.size", "2147483647", READ_ONLY),
        ("group.consumer.session.timeout.ms", "45000", READ_ONLY),
        ("group.consumer.heartbeat.interval.ms", "5000", READ_ONLY),
        ("group.consumer.max.size", "2147483647", READ_ONLY),
        ("group.consumer.assignors", "uniform,range", READ_ONLY),
        ("group.consumer.migration.policy", "bidirectional", READ_ONLY),
        // CONF-52
        ("group.coordinator.threads", "4", READ_ONLY),
        ("group.coordinator.append.linger.ms", "-1", READ_ONLY),
        ("offsets.load.buffer.size", "5242880", READ_ONLY),
        ("offsets.commit.timeout.ms", "5000", READ_ONLY),
        // CONF-53
        ("offset.metadata.max.bytes", "4096", READ_ONLY),
        ("offsets.retention.minutes", "10080", READ_ONLY),
        ("offsets.retention.check.interval.ms", "600000", READ_ONLY),
        ("offsets.topic.num.partitions", "50", READ_ONLY),
        ("offsets.topic.replication.factor", "3", READ_ONLY),
        ("offsets.topic.segment.bytes", "104857600", READ_ONLY),
        ("offsets.topic.compression.codec", "0", READ_ONLY),
        // CONF-54
        ("transaction.state.log.num.partitions", "50", READ_ONLY),
        ("transaction.state.log.replication.factor", "3", READ_ONLY),
        ("transaction.state.log.min.isr", "2", READ_ONLY),
        ("transaction.state.log.segment.bytes", "104857600", READ_ONLY),
        ("transaction.max.timeout.ms", "900000", READ_ONLY),
        ("transactional.id.expiration.ms", "604800000", READ_ONLY),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000", READ_ONLY),
        ("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000", READ_ONLY),
        // CONF-55
        ("num.partitions", "1", READ_ONLY),
        ("default.replication.factor", "1", READ_ONLY),
        ("auto.create.topics.enable", "true", READ_ONLY),
        ("delete.topic.enable", "true", READ_ONLY),
        ("message.max.bytes", "1048588", DYNAMIC),
        ("compression.type", "producer", DYNAMIC),
        ("log.cleanup.policy", "delete", DYNAMIC),
        ("log.retention.hours", "168", READ_ONLY),
        ("log.retention.bytes", "-1", DYNAMIC),
        ("log.segment.bytes", "1073741824", DYNAMIC),
        ("log.message.timestamp.type", "CreateTime", DYNAMIC),
        ("log.message.timestamp.before.max.ms", "9223372036854775807", DYNAMIC),
        ("log.message.timestamp.after.max.ms", "3600000", DYNAMIC),
        ("unclean.leader.election.enable", "false", DYNAMIC),
        // CONF-56
        ("fetch.max.bytes", "57671680", READ_ONLY),
        ("max.incremental.fetch.session.cache.slots", "1000", READ_ONLY),
        ("fetch.purgatory.purge.interval.requests", "1000", READ_ONLY),
        ("max.request.partition.size.limit", "2000", READ_ONLY),
        // CONF-57
        ("socket.request.max.bytes", "104857600", READ_ONLY),
        ("connections.max.idle.ms", "600000", READ_ONLY),
        ("queued.max.requests", "500", READ_ONLY),
        ("max.connections", "2147483647", DYNAMIC),
        ("max.connections.per.ip", "2147483647", DYNAMIC),
        ("connections.max.reauth.ms", "0", READ_ONLY),
        ("sasl.enabled.mechanisms", "GSSAPI", DYNAMIC),
    ];
    for (name, value, read_only) in expected {
        let Some(row) = rows.iter().find(|row| row.0 == name) else { panic!("no {name}") };
        let shown = (row.1.as_deref(), row.2, row.3);
        assert_eq!(shown, (Some(value), 5, read_only), "{name}");
    }
    // CONF-55, KIP-966: the controller of a new cluster records it for all brokers.
    let least = rows.iter().find(|row| row.0 == "min.insync.replicas");
    assert_eq!(least.map(|row| (row.1.as_deref(), row.2)), Some((Some("1"), 3)));
    let selector = rows.iter().find(|row| row.0 == "replica.selector.class");
    assert_eq!(selector.map(|row| row.1.clone()), Some(None), "CONF-56: none");
    let hidden = "producer.id.expiration.check.interval.ms";
    assert!(rows.iter().all(|row| row.0 != hidden), "CONF-01: internal");
}

/// CONF-52, CONF-56, CONF-57: a number without an effect is not taken for another.
#[test]
fn conf_57_a_setting_without_effect_stays_as_it_is() {
    let mut config = fencepost_model::ClusterConfig::new(1);
    for (name, other) in [
        ("group.coordinator.threads", "5"),
        ("fetch.purgatory.purge.interval.requests", "1"),
        ("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector"),
        ("max.connections", "10"),
        ("sasl.enabled.mechanisms", "PLAIN"),
    ] {
        assert!(config.settings.set(name, other).is_err(), "{name}");
    }
    let refused = config.settings.set("max.connections", "10").unwrap_err().to_string();
    assert!(refused.contains("no other value has an effect"), "{refused}");
}

/// CONF-02: the settings of a new topic.
#[test]
fn conf_02_a_new_topic_has_kafkas_defaults() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let rows = all(&mut world, TOPIC, "a");
    for (name, value) in [
        ("max.message.bytes", "1048588"),
        ("message.timestamp.type", "CreateTime"),
        ("message.timestamp.after.max.ms", "3600000"),
        ("message.timestamp.before.max.ms", "9223372036854775807"),
        ("cleanup.policy", "delete"),
        ("compression.type", "producer"),
        ("segment.bytes", "1073741824"),
        ("index.interval.bytes", "4096"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "-1"),
        ("unclean.leader.election.enable", "false"),
    ] {
        let row = rows.iter().find(|row| row.0 == name).map(|row| (row.1.as_deref(), row.2));
        assert_eq!(row, Some((Some(value), 5)), "{name}");
    }
    assert_eq!(alter(&mut world, TOPIC, "a", ("segment.bytes", 0, "1048575")), (40, true));
}

/// The ids of the producers that `a`-0 remembers.
fn producers(world: &mut World) -> Vec<i64> {
    let client = world.connect(0);
    let topic =
        TopicRequest::default().with_name(TopicName(text("a"))).with_partition_indexes(vec![0]);
    let request = DescribeProducersRequest::default().with_topics(vec![topic]);
    let Response::DescribeProducers(response) = world.call(client, 0, request) else {
        panic!("not a DescribeProducers response")
    };
    let active = &response.topics[0].partitions[0].active_producers;
    active.iter().map(|producer| producer.producer_id.0).collect()
}

/// CONF-03: a changed setting acts from the next check on, and what is in the log is not judged
/// again.
#[test]
fn conf_03_a_changed_setting_acts_from_the_next_check_on() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let append = |world: &mut World, sequence, count| {
        let data = [("a", 0, plain((7, 0), sequence, count))];
        produce::rows(world.call(client, 9, produce::request(None, -1, &data)))[0]
    };
    assert_eq!(append(&mut world, 0, 10), (0, 0));
    assert_eq!(alter(&mut world, BROKER, "", ("message.max.bytes", 0, "100")), (0, false));
    assert_eq!(append(&mut world, 10, 10).0, 10, "the next batch is too large");
    let fetched = crate::fetch::request(0, 0, &[("a", 0, 0)]);
    let rows = crate::fetch::partitions(world.call(client, 12, fetched));
    assert!(rows[0].records.iter().map(bytes::Bytes::len).sum::<usize>() > 100, "not judged again");

    world.advance(2_000);
    assert_eq!(producers(&mut world), [7]);
    let lowered = ("producer.id.expiration.ms", 0, "1000");
    assert_eq!(alter(&mut world, BROKER, "", lowered), (0, false));
    assert_eq!(producers(&mut world), [7], "until the next sweep");
    world.advance(600_000);
    assert_eq!(producers(&mut world), [0; 0]);
}

/// Value, source and synonyms of one setting.
fn place(world: &mut World, kind: i8, resource: &str, key: &str) -> String {
    let mut result = describe(world, kind, resource, key);
    if result.configs.is_empty() {
        return "none".to_owned();
    }
    let row = result.configs.swap_remove(0);
    let synonyms = row.synonyms.iter().map(|synonym| {
        format!("{}:{}", synonym.value.as_deref().unwrap_or("null"), synonym.source)
    });
    let value = row.value.as_deref().unwrap_or("null");
    format!("{value} from {} of {}", row.config_source, synonyms.collect::<Vec<_>>().join(" "))
}

/// API-45: what a broker was started with and what was changed since are kept apart; a deleted
/// change goes back to the start.
#[test]
fn api_45_changed_settings_of_a_broker_stand_above_those_of_its_start() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("message.max.bytes", "5000").unwrap();
    });
    let key = "message.max.bytes";
    let start = "5000:4 1048588:5";
    assert_eq!(place(&mut world, BROKER, "0", key), format!("5000 from 4 of {start}"));
    assert_eq!(place(&mut world, BROKER, "", key), "none");

    assert_eq!(alter(&mut world, BROKER, "", (key, 0, "600")), (0, false));
    assert_eq!(place(&mut world, BROKER, "", key), "600 from 3 of 600:3");
    assert_eq!(place(&mut world, BROKER, "0", key), format!("600 from 3 of 600:3 {start}"));
    assert_eq!(alter(&mut world, BROKER, "0", (key, 0, "70")), (0, false));
    assert_eq!(place(&mut world, BROKER, "0", key), format!("70 from 2 of 70:2 600:3 {start}"));
    let of_topic = place(&mut world, TOPIC, "a", "max.message.bytes");
    assert_eq!(of_topic, format!("70 from 2 of 70:2 600:3 {start}"));
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    let append = |world: &mut World| {
        produce::rows(world.call(client, 9, produce::request(None, -1, &data)))[0].0
    };
    assert_eq!(append(&mut world), 10, "it is in force");

    world.crash(0);
    world.restart(0);
    assert_eq!(
        place(&mut world, BROKER, "0", key),
        format!("70 from 2 of 70:2 600:3 {start}"),
        "the controller keeps it"
    );
    assert_eq!(alter_to(&mut world, BROKER, "0", (key, 1, None)), (0, false));
    assert_eq!(place(&mut world, BROKER, "0", key), format!("600 from 3 of 600:3 {start}"));
    assert_eq!(alter_to(&mut world, BROKER, "", (key, 1, None)), (0, false));
    assert_eq!(place(&mut world, BROKER, "0", key), format!("5000 from 4 of {start}"));
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(produce::rows(world.call(client, 9, produce::request(None, -1, &data)))[0].0, 0);
}

/// What AlterConfigs answers of a broker.
fn replace(world: &mut World, broker: &str, settings: &[(&str, &str)], validate_only: bool) -> i16 {
    let client = world.connect(0);
    let settings = settings.iter().map(|(key, value)| {
        alter_configs_request::AlterableConfig::default()
            .with_name(text(key))
            .with_value(Some(text(value)))
    });
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(BROKER)
        .with_resource_name(text(broker))
        .with_configs(settings.collect());
    let request = AlterConfigsRequest::default()
        .with_resources(vec![resource])
        .with_validate_only(validate_only);
    match world.call(client, 2, request) {
        Response::AlterConfigs(response) => response.responses[0].error_code,
        _ => panic!("not an AlterConfigs response"),
    }
}

/// API-45: the old alteration replaces what was changed for a broker, and no more than that.
#[test]
fn api_45_the_old_alteration_replaces_what_was_changed_for_a_broker() {
    let mut world = World::with(1, &[], |config| {
        config.settings.set("log.retention.bytes", "9").unwrap();
    });
    let value = |world: &mut World, key| describe(world, BROKER, "0", key).configs.swap_remove(0);
    let both = [("log.retention.bytes", "8"), ("message.max.bytes", "7")];
    assert_eq!(replace(&mut world, "0", &both, false), 0);
    assert_eq!(value(&mut world, "log.retention.bytes").config_source, 2);
    assert_eq!(replace(&mut world, "0", &[], true), 0);
    assert_eq!(value(&mut world, "log.retention.bytes").config_source, 2, "only validated");
    assert_eq!(replace(&mut world, "0", &both[1..], false), 0);
    let row = value(&mut world, "log.retention.bytes");
    assert_eq!((row.value.as_deref(), row.config_source), (Some("9"), 4), "back to the start");
    assert_eq!(value(&mut world, "message.max.bytes").config_source, 2);
    for (setting, error) in
        [(("num.partitions", "3"), 42), (("nope", "3"), 40), (("message.max.bytes", "x"), 42)]
    {
        assert_eq!(replace(&mut world, "0", &[setting], false), error, "{setting:?}");
    }
    assert_eq!(value(&mut world, "message.max.bytes").value.as_deref(), Some("7"), "unchanged");
}

/// API-45: brokers share their settings here, so that one of several is refused its own.
#[test]
fn api_45_one_of_several_brokers_has_no_settings_of_its_own() {
    let mut world = World::new(2, &[]);
    let key = "message.max.bytes";
    assert_eq!(alter(&mut world, BROKER, "0", (key, 0, "70")), (42, true));
    assert_eq!(replace(&mut world, "0", &[(key, "70")], false), 42);
    assert_eq!(place(&mut world, BROKER, "0", key), "1048588 from 5 of 1048588:5");
    assert_eq!(alter(&mut world, BROKER, "", (key, 0, "70")), (0, false));
    assert_eq!(place(&mut world, BROKER, "0", key), "70 from 3 of 70:3 1048588:5");
}
