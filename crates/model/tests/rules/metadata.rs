//! Metadata and DescribeCluster: what clients learn of brokers, topics and leaders.

use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::{
    DescribeClusterRequest, DescribeClusterResponse, DescribeGroupsRequest, GroupId,
    MetadataRequest, MetadataResponse, TopicName,
};
use fencepost_wire::{Response, StrBytes};

use crate::world::{Client, World};

const NOT_ASKED: i32 = i32::MIN;
/// READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS.
const OF_A_TOPIC: i32 = 0x0df8;
/// CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS and IDEMPOTENT_WRITE.
const OF_THE_CLUSTER: i32 = 0x1fa0;
/// READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS.
const OF_A_GROUP: i32 = 0x0d48;

fn ask(
    world: &mut World,
    client: Client,
    version: i16,
    request: MetadataRequest,
) -> MetadataResponse {
    match world.call(client, version, request) {
        Response::Metadata(response) => response,
        _ => panic!("not a metadata response"),
    }
}

/// API-06, API-24: all operations where they are asked for, in the versions that have the field.
#[test]
fn api_24_and_api_06_operations_are_told_when_they_are_asked_for() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    for version in 8..=13 {
        for asked in [false, true] {
            let of_cluster = asked && version <= 10;
            let request = MetadataRequest::default()
                .with_topics(None)
                .with_include_topic_authorized_operations(asked)
                .with_include_cluster_authorized_operations(of_cluster);
            let answer = ask(&mut world, client, version, request);
            let topic = if asked { OF_A_TOPIC } else { NOT_ASKED };
            assert_eq!(answer.topics[0].topic_authorized_operations, topic, "version {version}");
            let cluster = if of_cluster { OF_THE_CLUSTER } else { NOT_ASKED };
            assert_eq!(answer.cluster_authorized_operations, cluster, "version {version}");
            assert_eq!(answer.error_code, 0, "never 129");
        }
    }
}

/// API-06: the same for groups and the cluster.
#[test]
fn api_06_operations_of_groups_and_of_the_cluster() {
    let mut world = World::new(1, &[]);
    crate::coordinators::create_both(&mut world);
    let client = world.connect(0);
    for (asked, group, cluster) in
        [(false, NOT_ASKED, NOT_ASKED), (true, OF_A_GROUP, OF_THE_CLUSTER)]
    {
        let request = DescribeGroupsRequest::default()
            .with_groups(vec![GroupId(StrBytes::from_static_str("g"))])
            .with_include_authorized_operations(asked);
        let Response::DescribeGroups(answer) = world.call(client, 5, request) else {
            panic!("not a DescribeGroups response")
        };
        assert_eq!(answer.groups[0].authorized_operations, group);
        let request =
            DescribeClusterRequest::default().with_include_cluster_authorized_operations(asked);
        assert_eq!(describe(&mut world, client, 0, request).cluster_authorized_operations, cluster);
    }
}

/// API-23: Kafka's own topics are marked, and listed among all.
#[test]
fn api_23_internal_topics_are_marked() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    crate::coordinators::create_both(&mut world);
    let client = world.connect(0);
    for version in 1..=13 {
        let answer = ask(&mut world, client, version, MetadataRequest::default().with_topics(None));
        let listed: Vec<_> = answer
            .topics
            .iter()
            .map(|topic| (topic.name.as_ref().unwrap().0.to_string(), topic.is_internal))
            .collect();
        let expected = [("__consumer_offsets", true), ("__transaction_state", true), ("a", false)];
        assert_eq!(listed, expected.map(|(name, internal)| (name.to_owned(), internal)));
    }
}

fn epoch(world: &mut World, broker: i32) -> (i32, i32) {
    let client = world.connect(broker);
    let topic =
        MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_static_str("a"))));
    let request = MetadataRequest::default().with_topics(Some(vec![topic]));
    let answer = ask(world, client, 12, request);
    let partition = &answer.topics[0].partitions[0];
    (partition.leader_id.0, partition.leader_epoch)
}

/// API-25: the leader epoch rises with every election, also of the same broker, and when there is
/// no leader any more; it never falls.
#[test]
fn api_25_every_election_begins_a_new_leader_epoch() {
    let mut world = World::new(3, &[("a", 1, 3)]);
    let (leader, first) = epoch(&mut world, 0);
    let other = (leader + 1) % 3;
    let third = (leader + 2) % 3;
    world.elect("a", 0, other);
    assert_eq!(epoch(&mut world, third), (other, first + 1));
    world.elect("a", 0, other);
    let again = epoch(&mut world, third);
    assert!(again.0 == other && again.1 > first);
    world.crash(other);
    let (next, after_crash) = epoch(&mut world, third);
    assert!(next != other && after_crash > again.1);
    world.restart(other);
    world.elect("a", 0, other);
    assert_eq!(epoch(&mut world, third), (other, after_crash + 1), "the same broker, a new term");

    let mut alone = World::new(1, &[("a", 1, 1)]);
    assert_eq!(epoch(&mut alone, 0), (0, 0));
    for round in 1..4 {
        alone.crash(0);
        alone.restart(0);
        assert_eq!(epoch(&mut alone, 0), (0, 2 * round));
    }

    let mut without = World::new(2, &[("a", 1, 1)]);
    let (leader, first) = epoch(&mut without, 0);
    let other = 1 - leader;
    for stop in [World::crash, World::stop] {
        let (_, before) = epoch(&mut without, other);
        stop(&mut without, leader);
        assert_eq!(epoch(&mut without, other), (-1, before + 1), "a term without a leader");
        without.crash(leader);
        assert_eq!(epoch(&mut without, other), (-1, before + 1), "it is down already");
        without.restart(leader);
        assert_eq!(epoch(&mut without, other), (leader, before + 2));
    }
    assert_eq!(epoch(&mut without, other), (leader, first + 4));
}

fn describe(
    world: &mut World,
    client: Client,
    version: i16,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    match world.call(client, version, request) {
        Response::DescribeCluster(response) => response,
        _ => panic!("not a DescribeCluster response"),
    }
}

/// API-46: brokers are described, controllers and others are refused, and what is left out is not
/// listed (API-01).
#[test]
fn api_46_the_cluster_is_described() {
    let mut world = World::new(3, &[]);
    let client = world.connect(1);
    for version in 0..=2 {
        let request = if version == 0 {
            DescribeClusterRequest::default()
        } else {
            DescribeClusterRequest::default().with_endpoint_type(1)
        };
        let answer = describe(&mut world, client, version, request);
        assert_eq!(answer.error_code, 0);
        let brokers: Vec<_> =
            answer.brokers.iter().map(|broker| (broker.broker_id.0, broker.port)).collect();
        assert_eq!(brokers, [(0, 9092), (1, 9093), (2, 9094)]);
        assert!(brokers.iter().any(|(id, _)| *id == answer.controller_id.0));
        let metadata = ask(&mut world, client, 9, MetadataRequest::default());
        assert_eq!(Some(&answer.cluster_id), metadata.cluster_id.as_ref());
    }
    for (kind, error) in [(2, 114), (0, 115), (3, 115)] {
        let request = DescribeClusterRequest::default().with_endpoint_type(kind);
        let answer = describe(&mut world, client, 1, request);
        assert_eq!((answer.error_code, answer.brokers.len()), (error, 0));
        assert!(answer.error_message.is_some());
    }
    world.crash(0);
    let request = DescribeClusterRequest::default().with_endpoint_type(1);
    let answer = describe(&mut world, client, 2, request.with_include_fenced_brokers(false));
    let live: Vec<_> = answer.brokers.iter().map(|broker| broker.broker_id.0).collect();
    assert_eq!(live, [1, 2]);
    assert!(live.contains(&answer.controller_id.0));
    let request = DescribeClusterRequest::default().with_endpoint_type(1);
    let answer = describe(&mut world, client, 2, request.with_include_fenced_brokers(true));
    let fenced: Vec<_> =
        answer.brokers.iter().map(|broker| (broker.broker_id.0, broker.is_fenced)).collect();
    assert_eq!(fenced, [(0, true), (1, false), (2, false)]);
}
