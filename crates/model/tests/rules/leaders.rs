//! ElectLeaders at the wire (API-44).

use fencepost_wire::messages::elect_leaders_request::TopicPartitions;
use fencepost_wire::messages::{ElectLeadersRequest, ElectLeadersResponse, TopicName};
use fencepost_wire::{Response, StrBytes};

use crate::world::World;

const PREFERRED: i8 = 0;
const UNCLEAN: i8 = 1;

fn call(
    world: &mut World,
    version: i16,
    kind: i8,
    topics: Option<&[(&str, &[i32])]>,
) -> ElectLeadersResponse {
    let broker = (0..3).find(|id| world.cluster.is_running((*id).into())).expect("one runs");
    let client = world.connect(broker);
    let topics = topics.map(|topics| {
        let asked = topics.iter().map(|(topic, partitions)| {
            TopicPartitions::default()
                .with_topic(TopicName(StrBytes::from_string((*topic).to_owned())))
                .with_partitions(partitions.to_vec())
        });
        asked.collect()
    });
    let request =
        ElectLeadersRequest::default().with_election_type(kind).with_topic_partitions(topics);
    match world.call(client, version, request) {
        Response::ElectLeaders(response) => response,
        _ => panic!("not an ElectLeaders response"),
    }
}

/// Topic, partition, error and message of each row.
fn rows(response: &ElectLeadersResponse) -> Vec<(String, i32, i16, Option<String>)> {
    let topics = response.replica_election_results.iter();
    topics
        .flat_map(|topic| {
            topic.partition_result.iter().map(|row| {
                let message = row.error_message.as_ref().map(ToString::to_string);
                (topic.topic.0.to_string(), row.partition_id, row.error_code, message)
            })
        })
        .collect()
}

fn errors(response: &ElectLeadersResponse) -> Vec<i16> {
    assert_eq!(response.error_code, 0);
    rows(response).into_iter().map(|row| row.2).collect()
}

/// Leader, term and in-sync replicas of `a`-0.
fn stands(world: &World) -> (Option<i32>, i32, Vec<i32>) {
    let state = world.cluster.topic_state("a").expect("it exists").remove(0);
    let in_sync = state.in_sync.iter().map(|id| id.0).collect();
    (state.leader.map(|id| id.0), state.leader_epoch.0, in_sync)
}

/// API-44: the preferred leader is elected if it lives and is in sync.
#[test]
fn api_44_the_preferred_leader_is_elected() {
    for version in 0..=2 {
        let mut world = World::new(3, &[("a", 1, 3)]);
        let asked: Option<&[(&str, &[i32])]> = Some(&[("a", &[0])]);
        let (Some(preferred), 0, replicas) = stands(&world) else { panic!("a first term") };
        let not_needed = call(&mut world, version, PREFERRED, asked);
        let says = Some("Leader election not needed for topic partition.".to_owned());
        assert_eq!(rows(&not_needed), [("a".to_owned(), 0, 84, says)]);
        world.elect("a", 0, replicas[1]);
        assert_eq!(
            rows(&call(&mut world, version, PREFERRED, asked)),
            [("a".to_owned(), 0, 0, None)]
        );
        assert_eq!(stands(&world), (Some(preferred), 2, replicas.clone()));
        world.crash(preferred);
        let down = call(&mut world, version, PREFERRED, asked);
        let says = Some("The preferred leader was not available.".to_owned());
        assert_eq!(rows(&down), [("a".to_owned(), 0, 80, says)]);
        assert_eq!(stands(&world), (Some(replicas[1]), 3, replicas[1..].to_vec()));
        world.isolate(preferred);
        world.restart(preferred);
        assert_eq!(errors(&call(&mut world, version, PREFERRED, asked)), [80], "out of sync");
        world.release();
        assert_eq!(errors(&call(&mut world, version, PREFERRED, asked)), [0]);
        assert_eq!(stands(&world).0, Some(preferred));
    }
}

/// API-44: an unclean election is for a partition without a leader, whatever its topic allows.
#[test]
fn api_44_an_unclean_election_takes_any_live_replica() {
    let mut world = World::new(3, &[("a", 1, 2), ("b", 1, 1)]);
    let asked: Option<&[(&str, &[i32])]> = Some(&[("a", &[0])]);
    let (Some(first), 0, replicas) = stands(&world) else { panic!("a first term") };
    assert_eq!(errors(&call(&mut world, 2, UNCLEAN, asked)), [84]);
    world.crash(replicas[1]);
    world.crash(first);
    assert_eq!(stands(&world), (None, 1, vec![first]));
    let dead = call(&mut world, 2, UNCLEAN, asked);
    let says = Some("Eligible topic partition leaders are not available.".to_owned());
    assert_eq!(rows(&dead), [("a".to_owned(), 0, 83, says)]);
    world.restart(replicas[1]);
    assert_eq!(errors(&call(&mut world, 1, PREFERRED, asked)), [80]);
    assert_eq!(stands(&world), (None, 1, vec![first]));
    assert_eq!(errors(&call(&mut world, 1, UNCLEAN, asked)), [0]);
    assert_eq!(stands(&world), (Some(replicas[1]), 2, vec![replicas[1]]));
}

/// API-44: what is unknown, all, nothing, and a type that does not exist.
#[test]
fn api_44_an_election_of_what_is_unknown_all_or_nothing() {
    let mut world = World::new(3, &[("a", 1, 3), ("b", 1, 3)]);
    let odd = call(&mut world, 2, PREFERRED, Some(&[("nope", &[0]), ("a", &[1, -1])]));
    let unknown = |topic: &str, partition, says: &str| {
        (topic.to_owned(), partition, 3, Some(says.to_owned()))
    };
    let expected = [
        unknown("nope", 0, "No such topic as nope"),
        unknown("a", 1, "No such partition as a-1"),
        unknown("a", -1, "No such partition as a--1"),
    ];
    assert_eq!(rows(&odd), expected);
    assert_eq!(odd.error_code, 0);

    let (_, _, replicas) = stands(&world);
    world.elect("a", 0, replicas[1]);
    let all = call(&mut world, 2, PREFERRED, None);
    assert_eq!(rows(&all), [("a".to_owned(), 0, 0, None)], "b has its preferred leader");
    assert_eq!(all.replica_election_results.len(), 2);
    assert_eq!(stands(&world).0, Some(replicas[0]));

    let none = call(&mut world, 2, 7, Some(&[]));
    assert_eq!((none.error_code, none.replica_election_results.len()), (0, 0));
    let strange = call(&mut world, 2, 7, Some(&[("a", &[0])]));
    assert_eq!(strange.error_code, 42);
    let says = Some("Unknown election type 7".to_owned());
    assert_eq!(rows(&strange), [("a".to_owned(), 0, 42, says)]);
    let strange = call(&mut world, 2, 7, None);
    assert_eq!((strange.error_code, strange.replica_election_results.len()), (42, 0));
}
