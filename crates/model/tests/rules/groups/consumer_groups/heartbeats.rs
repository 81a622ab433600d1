//! Heartbeats: their checks, what they move, and the timers.

use fencepost_wire::Release;
use fencepost_wire::messages::create_partitions_request::CreatePartitionsTopic;
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::delete_topics_request::DeleteTopicState;
use fencepost_wire::messages::{
    ConsumerGroupDescribeRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest,
};

use super::*;

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
    assert_eq!(member.len(), 22);
    let response = beat(&mut world, client, quiet(&member, 1));
    assert_eq!(response.member_id.as_deref(), Some(&*member));
    assert_eq!(response.heartbeat_interval_ms, 5_000, "CONF-51");
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
