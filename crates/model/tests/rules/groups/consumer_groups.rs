//! KIP-848 groups at the wire.

use std::collections::BTreeMap;

use fencepost_model::Channel;
use fencepost_wire::Release;
use fencepost_wire::messages::consumer_group_heartbeat_request::TopicPartitions;
use fencepost_wire::messages::create_partitions_request::CreatePartitionsTopic;
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::delete_topics_request::DeleteTopicState;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use fencepost_wire::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse, CreatePartitionsRequest, CreateTopicsRequest,
    DeleteGroupsRequest, DeleteTopicsRequest, DescribeGroupsRequest, ListGroupsRequest,
    MetadataRequest,
};

use super::*;

/// A heartbeat that says nothing but who it is from.
fn quiet(member: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group(GROUP))
        .with_member_id(text(member))
        .with_member_epoch(epoch)
        .with_rebalance_timeout_ms(-1)
        .with_subscribed_topic_names(None)
        .with_topic_partitions(None)
}

/// A heartbeat that joins and subscribes to topic `t`.
fn joining(member: &str) -> ConsumerGroupHeartbeatRequest {
    quiet(member, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![topic("t")]))
        .with_topic_partitions(Some(vec![]))
}

/// The topic id of `t` in a world.
fn topic_id(world: &mut World, client: Client) -> TopicPartitions {
    let Response::Metadata(metadata) =
        world.call(client, 12, MetadataRequest::default().with_topics(None))
    else {
        panic!("not a Metadata response")
    };
    let topic = metadata.topics.iter().find(|found| found.name == Some(topic("t"))).unwrap();
    TopicPartitions::default().with_topic_id(topic.topic_id)
}

fn owning(world: &mut World, client: Client, partitions: &[i32]) -> Vec<TopicPartitions> {
    vec![topic_id(world, client).with_partitions(partitions.to_vec())]
}

fn answered(response: Option<Response>) -> ConsumerGroupHeartbeatResponse {
    match response {
        Some(Response::ConsumerGroupHeartbeat(response)) => response,
        other => panic!("not a ConsumerGroupHeartbeat response: {other:?}"),
    }
}

fn beat(
    world: &mut World,
    client: Client,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    answered(Some(world.call(client, 1, request)))
}

/// The epoch and the partitions, if they are told; the error otherwise.
type Beat = Result<(i32, Option<Vec<i32>>), i16>;

fn shown(response: &ConsumerGroupHeartbeatResponse) -> Beat {
    if response.error_code != 0 {
        return Err(response.error_code);
    }
    let assignment = response.assignment.as_ref().map(|assignment| {
        let topics = assignment.topic_partitions.iter();
        topics.flat_map(|topic| topic.partitions.clone()).collect()
    });
    Ok((response.member_epoch, assignment))
}

#[track_caller]
fn check(
    world: &mut World,
    client: Client,
    request: ConsumerGroupHeartbeatRequest,
    expected: Beat,
) {
    assert_eq!(shown(&beat(world, client, request)), expected);
}

fn describe(world: &mut World, client: Client, id: &str) -> ConsumerGroupDescribeResponse {
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(id)]);
    match world.call(client, 1, request) {
        Response::ConsumerGroupDescribe(response) => response,
        other => panic!("not a ConsumerGroupDescribe response: {other:?}"),
    }
}

/// The state, the epochs and each member with its epoch.
fn described(world: &mut World, client: Client) -> (String, i32, i32, BTreeMap<String, i32>) {
    let group = describe(world, client, GROUP).groups.remove(0);
    let members = group.members.into_iter();
    let members = members.map(|member| (member.member_id.to_string(), member.member_epoch));
    (group.group_state.to_string(), group.group_epoch, group.assignment_epoch, members.collect())
}

#[test]
fn g848_20_the_worked_exchange_at_the_wire() {
    let mut world = world(3);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    check(&mut world, client, quiet("B", 2), Ok((2, None)));
    let owned = owning(&mut world, client, &[0, 1]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    check(&mut world, client, quiet("B", 2), Ok((2, Some(vec![2]))));
    let members = BTreeMap::from([("A".to_owned(), 2), ("B".to_owned(), 2)]);
    assert_eq!(described(&mut world, client), ("Stable".to_owned(), 2, 2, members));
}

#[test]
fn g848_01_without_the_feature_both_apis_are_refused() {
    let mut world = World::with(1, &[("__consumer_offsets", 1, 1), ("t", 3, 1)], |config| {
        config.release = Release::V3_9;
    });
    let client = world.connect(0);
    let response = answered(Some(world.call(client, 0, joining("A"))));
    assert_eq!(response.error_code, 35);
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(GROUP)]);
    let Response::ConsumerGroupDescribe(response) = world.call(client, 0, request) else {
        panic!("not a ConsumerGroupDescribe response")
    };
    assert_eq!(response.groups[0].error_code, 35);
}

#[test]
fn g848_05_and_g848_06_first_checks() {
    let mut world = world(2);
    let client = world.connect(0);
    let assignor = joining("A").with_server_assignor(Some(text("nope")));
    check(&mut world, client, assignor, Err(112));
    check(&mut world, client, joining(""), Err(42));
    let owned = owning(&mut world, client, &[0]);
    check(&mut world, client, joining("A").with_topic_partitions(Some(owned)), Err(42));
    let topic_alone = owning(&mut world, client, &[]);
    check(&mut world, client, joining("A").with_topic_partitions(Some(topic_alone)), Err(42));
    let elsewhere = world.connect(1);
    check(&mut world, elsewhere, joining("A"), Err(16));
    check(&mut world, elsewhere, joining(""), Err(42));
}

#[test]
fn g848_13_version_0_makes_an_id_and_every_answer_carries_it() {
    let mut world = world(1);
    let client = world.connect(0);
    let response = answered(Some(world.call(client, 0, joining(""))));
    let member = response.member_id.unwrap().to_string();
    assert_eq!(member.len(), 36);
    let response = beat(&mut world, client, quiet(&member, 1));
    assert_eq!(response.member_id.as_deref(), Some(&*member));
    assert_eq!(response.heartbeat_interval_ms, 5_000, "CONF-51");
}

#[test]
fn g848_07_only_a_member_that_joins_makes_a_group() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 3), Err(69));
    check(&mut world, client, quiet("A", -1), Err(69));
    let groups = |world: &mut World| match world.call(client, 5, ListGroupsRequest::default()) {
        Response::ListGroups(response) => response.groups.len(),
        other => panic!("not a ListGroups response: {other:?}"),
    };
    assert_eq!(groups(&mut world), 0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    assert_eq!(groups(&mut world), 1);
}

#[test]
fn g848_07_an_empty_classic_group_gives_way_and_its_offsets_stay() {
    let mut world = world(3);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn grp_49_the_two_protocols_do_not_meet_in_one_group() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    check(&mut world, client, joining("A"), Err(69));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);

    let mut world = super::world(1);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    let pending = join(&mut world, client, "");
    assert_eq!(joined(world.answer(pending)).error_code, 23);
    assert_eq!(heartbeat(&mut world, client, who(1, "A")), 25);
}

#[test]
fn grp_08_an_empty_consumer_group_gives_way_to_a_classic_member() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]), [0]);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let member = stable(&mut world, client);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(describe(&mut world, client, GROUP).groups[0].error_code, 69);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
}

#[test]
fn g848_24_a_silent_member_is_removed_after_its_session() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    world.advance(30_000);
    check(&mut world, client, quiet("B", 2), Ok((2, None)));
    world.advance(14_999);
    assert_eq!(described(&mut world, client).3.len(), 2);
    world.advance(1);
    assert_eq!(described(&mut world, client).3.len(), 1);
    check(&mut world, client, quiet("A", 1), Err(25));
    check(&mut world, client, quiet("B", 2), Ok((3, Some(vec![0, 1, 2]))));
}

#[test]
fn g848_22_a_member_that_keeps_its_partitions_is_removed_after_its_rebalance_timeout() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    for _ in 0..3 {
        world.advance(19_000);
        check(&mut world, client, quiet("A", 1), Ok((1, None)));
        check(&mut world, client, quiet("B", 2), Ok((2, None)));
    }
    world.advance(3_000);
    check(&mut world, client, quiet("A", 1), Err(25));
    check(&mut world, client, quiet("B", 2), Ok((3, Some(vec![0, 1, 2]))));
}

#[test]
fn g848_04_a_failover_keeps_epochs_and_assignments_and_starts_sessions_anew() {
    let mut world = world(3);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    world.advance(40_000);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    let (state, epoch, assignment_epoch, members) = described(&mut world, client);
    assert_eq!((&*state, epoch, assignment_epoch), ("Reconciling", 2, 2));
    assert_eq!(members, BTreeMap::from([("A".to_owned(), 1), ("B".to_owned(), 2)]));
    world.advance(44_000);
    let owned = owning(&mut world, client, &[0, 1]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    check(&mut world, client, quiet("B", 2), Ok((2, Some(vec![2]))));
}

#[test]
fn g848_04_an_answer_waits_until_what_it_tells_is_replicated() {
    let mut world = world(3);
    let client = world.connect(0);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 1, joining("A"));
    assert!(world.waits(pending));
    world.release();
    assert_eq!(shown(&answered(world.answer(pending))), Ok((1, Some(vec![0, 1, 2]))));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let pending = world.send(client, 1, joining("B"));
    world.advance(5_000);
    assert_eq!(shown(&answered(world.answer(pending))), Err(15), "TXOFF-34");
}

#[test]
fn g848_28_commits_are_fenced_by_the_member_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [0]);
    assert_eq!(commit_as(&mut world, client, 9, who(2, "A"), offsets), [113]);
    assert_eq!(commit_as(&mut world, client, 9, who(1, "B"), offsets), [25]);
    assert_eq!(commit_as(&mut world, client, 8, who(1, "A"), offsets), [35]);
    assert_eq!(commit_as(&mut world, client, 9, NOBODY, offsets), [25]);
    let mut txn = |identity| {
        let request = txn_commit_request((7, 0), identity, offsets);
        txn_commit_errors(Some(world.call(client, 3, request)))
    };
    assert_eq!(txn(who(1, "A")), [0]);
    assert_eq!(txn(who(0, "A")), [22], "TXOFF-28");
    assert_eq!(txn(who(1, "B")), [25]);
    assert_eq!(txn(NOBODY), [0]);
}

#[test]
fn g848_28_a_deleted_group_is_unknown_to_its_members() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let delete = |world: &mut World| {
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group(GROUP)]);
        match world.call(client, 2, request) {
            Response::DeleteGroups(response) => response.results[0].error_code,
            other => panic!("not a DeleteGroups response: {other:?}"),
        }
    };
    assert_eq!(delete(&mut world), 68, "TXOFF-65");
    beat(&mut world, client, quiet("A", -1));
    assert_eq!(delete(&mut world), 0);
    let offsets: &[(&str, i32, i64)] = &[("t", 0, 1)];
    assert_eq!(commit_as(&mut world, client, 9, who(1, "A"), offsets), [69]);
    let request = txn_commit_request((7, 0), who(1, "A"), offsets);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [22]);
    check(&mut world, client, quiet("A", 1), Err(69));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 1), Err(69));
}

#[test]
fn txoff_52_a_fetch_is_fenced_by_the_member_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut fetch = |member: Option<&str>, epoch: i32| {
        let topics = OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let asked = OffsetFetchRequestGroup::default()
            .with_group_id(group(GROUP))
            .with_member_id(member.map(text))
            .with_member_epoch(epoch)
            .with_topics(Some(vec![topics]));
        let request = OffsetFetchRequest::default().with_groups(vec![asked]);
        match world.call(client, 9, request) {
            Response::OffsetFetch(response) => {
                (response.groups[0].error_code, response.groups[0].topics.len())
            }
            other => panic!("not an OffsetFetch response: {other:?}"),
        }
    };
    assert_eq!(fetch(Some("A"), 1), (0, 1));
    assert_eq!(fetch(Some("A"), 2), (113, 0));
    assert_eq!(fetch(Some("B"), 1), (25, 0));
    assert_eq!(fetch(None, -1), (0, 1));
}

#[test]
fn g848_03_a_group_is_listed_by_its_type_and_state() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut listed = |kind: &str| {
        let request = ListGroupsRequest::default().with_types_filter(vec![text(kind)]);
        match world.call(client, 5, request) {
            Response::ListGroups(response) => response
                .groups
                .iter()
                .map(|listed| {
                    let parts = [&listed.protocol_type, &listed.group_state, &listed.group_type];
                    parts.map(|part| part.to_string())
                })
                .collect::<Vec<_>>(),
            other => panic!("not a ListGroups response: {other:?}"),
        }
    };
    let expected = ["consumer", "Stable", "consumer"].map(str::to_owned);
    assert_eq!(listed("consumer"), [expected]);
    assert_eq!(listed("classic").len(), 0);
}

#[test]
fn g848_31_what_a_description_shows() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = joining("A").with_instance_id(Some(text("i"))).with_rack_id(Some(text("r")));
    beat(&mut world, client, request);
    let shown = describe(&mut world, client, GROUP).groups.remove(0);
    assert_eq!((shown.error_code, shown.assignor_name.as_str()), (0, "uniform"));
    let member = &shown.members[0];
    assert_eq!(member.instance_id.as_deref(), Some("i"));
    assert_eq!(member.rack_id.as_deref(), Some("r"));
    assert_eq!(member.client_id.as_str(), "test");
    assert_eq!(member.client_host.as_str(), "/127.0.0.1");
    assert_eq!(member.subscribed_topic_names, [topic("t")]);
    assert_eq!(member.subscribed_topic_regex.as_deref(), Some(""));
    assert_eq!(member.member_type, 1);
    for assignment in [&member.assignment, &member.target_assignment] {
        assert_eq!(assignment.topic_partitions[0].topic_name, topic("t"));
        assert_eq!(assignment.topic_partitions[0].partitions, [0, 1, 2]);
    }
    assert_eq!(describe(&mut world, client, "").groups[0].error_code, 24);
    let unknown = describe(&mut world, client, "never-seen").groups.remove(0);
    assert_eq!(unknown.error_code, 69);
    assert!(unknown.error_message.is_some());
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(classic) = world.call(client, 6, request) else {
        panic!("not a DescribeGroups response")
    };
    assert_eq!(classic.groups[0].error_code, 69);
}

#[test]
fn g848_25_an_expression_is_matched_a_step_after_the_first_answer() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = joining("A")
        .with_subscribed_topic_names(None)
        .with_subscribed_topic_regex(Some(text("t.*|x")));
    check(&mut world, client, request.clone(), Ok((1, Some(vec![]))));
    world.advance(0);
    check(&mut world, client, quiet("A", 1), Ok((2, Some(vec![0, 1, 2]))));
    let broken = request.with_member_id(text("B")).with_subscribed_topic_regex(Some(text("(")));
    check(&mut world, client, broken, Err(128));
}

#[test]
fn txoff_70_a_release_before_4_1_writes_the_topics_in_a_record_of_their_own() {
    let mut world = World::with(1, &[("__consumer_offsets", 1, 1), ("t", 3, 1)], |config| {
        config.release = Release::V4_0;
    });
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    world.crash(0);
    world.advance(0);
    world.restart(0);
    world.advance(0);
    let client = world.connect(0);
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
}

#[test]
fn g848_15_partitions_and_topics_that_come_and_go_raise_the_epoch_at_the_next_heartbeat() {
    let mut world = world(1);
    let client = world.connect(0);
    let names = Some(vec![topic("t"), topic("new")]);
    let request = joining("A").with_subscribed_topic_names(names);
    check(&mut world, client, request, Ok((1, Some(vec![0, 1, 2]))));
    let more =
        CreatePartitionsTopic::default().with_name(topic("t")).with_count(4).with_assignments(None);
    let request = CreatePartitionsRequest::default().with_topics(vec![more]).with_timeout_ms(1_000);
    world.call(client, 3, request);
    check(&mut world, client, quiet("A", 1), Ok((2, Some(vec![0, 1, 2, 3]))));
    let new = CreatableTopic::default()
        .with_name(topic("new"))
        .with_num_partitions(1)
        .with_replication_factor(1);
    let other = new.clone().with_name(topic("other"));
    let request =
        CreateTopicsRequest::default().with_topics(vec![new, other]).with_timeout_ms(1_000);
    world.call(client, 7, request);
    let (epoch, assignment) = shown(&beat(&mut world, client, quiet("A", 2))).unwrap();
    assert_eq!((epoch, assignment.unwrap().len()), (3, 5));
    let request = DeleteTopicsRequest::default()
        .with_topics(vec![DeleteTopicState::default().with_name(Some(topic("other")))])
        .with_timeout_ms(1_000);
    world.call(client, 6, request);
    check(&mut world, client, quiet("A", 3), Ok((3, None)));
    let request = DeleteTopicsRequest::default()
        .with_topics(vec![DeleteTopicState::default().with_name(Some(topic("new")))])
        .with_timeout_ms(1_000);
    world.call(client, 6, request);
    let owned = owning(&mut world, client, &[0, 1, 2, 3]);
    let request = quiet("A", 3).with_topic_partitions(Some(owned));
    check(&mut world, client, request, Ok((4, Some(vec![0, 1, 2, 3]))));
}
