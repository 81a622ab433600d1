//! Which broker and which partition a group belongs to, and the topic of the groups.

use fencepost_model::NewTopic;
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::describe_configs_request::DescribeConfigsResource;
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::metadata_response::MetadataResponseTopic;
use fencepost_wire::messages::offset_fetch_request::OffsetFetchRequestGroup;
use fencepost_wire::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, DeleteRecordsRequest,
    DescribeConfigsRequest, DescribeGroupsRequest, FindCoordinatorRequest, LeaveGroupRequest,
    MetadataRequest,
};

use super::log::records;
use super::*;
use crate::produce;
use crate::world::plain;

const TOPIC_OF_GROUPS: &str = "__consumer_offsets";

/// The error and the node of a group's coordinator.
fn find(world: &mut World, client: Client, key: &str) -> (i16, i32) {
    let request = FindCoordinatorRequest::default().with_coordinator_keys(vec![text(key)]);
    let Response::FindCoordinator(response) = world.call(client, 6, request) else {
        panic!("not a FindCoordinator response")
    };
    (response.coordinators[0].error_code, response.coordinators[0].node_id.0)
}

fn metadata(world: &mut World, client: Client, name: &str) -> MetadataResponseTopic {
    let asked = MetadataRequestTopic::default().with_name(Some(topic(name)));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![asked]))
        .with_allow_auto_topic_creation(true);
    let Response::Metadata(mut response) = world.call(client, 12, request) else {
        panic!("not a Metadata response")
    };
    response.topics.remove(0)
}

/// TXOFF-01, TXOFF-02: the coordinator of a group leads the partition that Kafka's hash names, and the
/// group's records are in that one.
#[test]
fn txoff_01_a_group_lives_in_the_partition_of_its_hash() {
    let mut world = World::new(3, &[("t", 1, 1)]);
    let client = world.connect(0);
    assert_eq!(find(&mut world, client, "any"), (15, -1));
    let topic = metadata(&mut world, client, TOPIC_OF_GROUPS);
    assert_eq!(topic.partitions.len(), 50);
    for (name, partition) in [
        ("polygenelubricants", 0),
        ("my-group", 12),
        ("test-group", 12),
        ("g1", 42),
        ("group-1", 49),
        ("console-consumer", 40),
        ("grp", 29),
        ("héllo", 34),
        ("orders-app", 5),
        ("", 0),
    ] {
        let row = topic.partitions.iter().find(|row| row.partition_index == partition).unwrap();
        assert_eq!(find(&mut world, client, name), (0, row.leader_id.0), "{name}");
        let leader = world.connect(row.leader_id.0);
        let request = commit_request(NOBODY, &[("t", 0, 5)]).with_group_id(group(name));
        assert_eq!(commit_errors(Some(world.call(leader, 8, request))), [0], "{name}");
        let records = records(&mut world, leader, partition);
        let written = records.iter().any(|record| {
            let length = u16::try_from(name.len()).unwrap().to_be_bytes();
            record.key.starts_with(&[&[0, 1][..], &length, name.as_bytes()].concat())
        });
        assert!(written, "{name} is not in partition {partition}");
    }
}

fn setting(world: &mut World, client: Client, name: &str) -> String {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text(TOPIC_OF_GROUPS))
        .with_configuration_keys(Some(vec![text(name)]));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let Response::DescribeConfigs(response) = world.call(client, 4, request) else {
        panic!("not a DescribeConfigs response")
    };
    response.results[0].configs[0].value.as_deref().unwrap_or_default().to_owned()
}

/// TXOFF-05: whoever asks first, by FindCoordinator or by name with auto-creation, has it created.
#[test]
fn txoff_05_the_topic_of_the_groups_comes_with_the_first_question() {
    for asks_for_coordinator in [true, false] {
        let mut world = World::with(3, &[], |config| {
            config.settings.set("offsets.topic.num.partitions", "7").unwrap();
        });
        let client = world.connect(0);
        if asks_for_coordinator {
            assert_eq!(find(&mut world, client, "g"), (15, -1));
        } else {
            metadata(&mut world, client, TOPIC_OF_GROUPS);
        }
        let (error, node) = find(&mut world, client, "g");
        assert!(error == 0 && node >= 0, "a retry finds a node");
        let topic = metadata(&mut world, client, TOPIC_OF_GROUPS);
        assert_eq!((topic.partitions.len(), topic.is_internal), (7, true));
        for (name, value) in [
            ("cleanup.policy", "compact"),
            ("segment.bytes", "104857600"),
            ("compression.type", "producer"),
        ] {
            assert_eq!(setting(&mut world, client, name), value, "{name}");
        }
    }
}

/// TXOFF-77: internal topics are flagged and readable, and closed to Produce and DeleteRecords.
#[test]
fn txoff_77_clients_do_not_write_to_internal_topics() {
    let topics = ["__consumer_offsets", "__transaction_state"];
    let mut world = World::with(1, &[("t", 1, 1)], |config| {
        config.topics.extend(topics.map(|name| NewTopic {
            name: name.into(),
            partitions: Some(1),
            replication_factor: Some(1),
        }));
    });
    let client = world.connect(0);
    assert!(!metadata(&mut world, client, "t").is_internal);
    for name in topics {
        assert!(metadata(&mut world, client, name).is_internal, "{name}");
        let data = [(name, 0, plain((-1, -1), -1, 1))];
        let refused = world.send_as(client, "x", 9, produce::request(None, -1, &data));
        assert_eq!(produce::rows(world.answer(refused).unwrap()), [(17, -1)], "{name}");
        let partition = DeleteRecordsPartition::default().with_offset(0);
        let deleted =
            DeleteRecordsTopic::default().with_name(topic(name)).with_partitions(vec![partition]);
        let request = DeleteRecordsRequest::default().with_topics(vec![deleted]);
        let Response::DeleteRecords(response) = world.call(client, 2, request) else {
            panic!("not a DeleteRecords response")
        };
        assert_eq!(response.topics[0].partitions[0].error_code, 17, "{name}");
    }
    commit(&mut world, client, 5);
    assert_eq!(records(&mut world, client, 0).len(), 1);
}

/// TXOFF-77: Kafka's own admin client may write there.
#[test]
fn txoff_77_the_admin_client_writes_to_internal_topics() {
    let mut world = world(1);
    let client = world.connect(0);
    let data = [("__transaction_state", 0, plain((-1, -1), -1, 1))];
    world.call(
        client,
        4,
        FindCoordinatorRequest::default().with_key_type(1).with_coordinator_keys(vec![text("tx")]),
    );
    let request = produce::request(None, -1, &data);
    let allowed = world.send_as(client, "__admin_client", 9, request);
    assert_eq!(produce::rows(world.answer(allowed).unwrap()), [(0, 0)]);
}

/// What every API of the groups answers: at its top level, and on what stands in it.
fn everywhere(world: &mut World, client: Client) -> Vec<(&'static str, Vec<i16>)> {
    let offsets = [("t", 0, 1)];
    let joining = join(world, client, "");
    let joined = joined(world.answer(joining)).error_code;
    let synced = synced(Some(world.call(client, 5, sync_request(who(1, "m"), &[])))).0;
    let leaving = LeaveGroupRequest::default().with_group_id(group(GROUP));
    let Response::LeaveGroup(left) = world.call(client, 4, leaving) else { panic!() };
    let deleted = super::admin::delete_offsets(world, client, &[("t", 0)]);
    let beating = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group(GROUP))
        .with_member_id(text("m"))
        .with_rebalance_timeout_ms(1000)
        .with_subscribed_topic_names(Some(vec![topic("t")]))
        .with_topic_partitions(Some(vec![]));
    let Response::ConsumerGroupHeartbeat(beat) = world.call(client, 1, beating) else { panic!() };
    let committed = commit_as(world, client, 8, NOBODY, &offsets);
    let request = txn_commit_request((7, 0), NOBODY, &offsets);
    let txn_committed = txn_commit_errors(Some(world.call(client, 3, request)));
    let mut found = vec![
        ("JoinGroup", vec![joined]),
        ("SyncGroup", vec![synced]),
        ("LeaveGroup", vec![left.error_code]),
        ("OffsetDelete", vec![deleted.0]),
        ("ConsumerGroupHeartbeat", vec![beat.error_code]),
        ("OffsetCommit", committed),
        ("TxnOffsetCommit", txn_committed),
    ];
    for (name, version) in [("OffsetFetch 1", 1), ("OffsetFetch 2", 2), ("OffsetFetch 7", 7)] {
        let asked = fetch_request(Some(&[("t", 0)]), version >= 7);
        let (error, rows) = fetched(Some(world.call(client, version, asked)));
        found.push((name, if version == 1 { vec![rows[0].3] } else { vec![error] }));
    }
    let asked = OffsetFetchRequestGroup::default().with_group_id(group(GROUP));
    let request = OffsetFetchRequest::default().with_groups(vec![asked]);
    let Response::OffsetFetch(response) = world.call(client, 8, request) else { panic!() };
    found.push(("OffsetFetch 8", vec![response.groups[0].error_code]));
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(response) = world.call(client, 5, request) else { panic!() };
    found.push(("DescribeGroups", vec![response.groups[0].error_code]));
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(GROUP)]);
    let Response::ConsumerGroupDescribe(response) = world.call(client, 1, request) else {
        panic!()
    };
    found.push(("ConsumerGroupDescribe", vec![response.groups[0].error_code]));
    found.push(("DeleteGroups", super::admin::delete_groups(world, client, &[GROUP])));
    found
}

/// TXOFF-03: where each API says that it is not the coordinator, or not ready. Only Heartbeat is quiet
/// about the load (TXOFF-04).
#[test]
fn txoff_03_where_each_api_says_that_it_cannot_serve() {
    let mut world = world(2);
    let elsewhere = world.connect(1);
    for (api, errors) in everywhere(&mut world, elsewhere) {
        assert_eq!(errors, [16], "{api}");
    }
    assert_eq!(heartbeat(&mut world, elsewhere, who(1, "m")), 16);
    let here = world.connect(0);
    commit(&mut world, here, 5);
    world.elect("__consumer_offsets", 0, 1);
    for (api, errors) in everywhere(&mut world, elsewhere) {
        assert_eq!(errors, [14], "{api}");
    }
    assert_eq!(heartbeat(&mut world, elsewhere, who(1, "m")), 0);
    for (api, errors) in everywhere(&mut world, here) {
        assert_eq!(errors, [16], "{api}");
    }
}
