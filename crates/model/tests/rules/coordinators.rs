//! FindCoordinator: who coordinates a group or a transactional id.

use fencepost_wire::messages::{FindCoordinatorRequest, GroupId, HeartbeatRequest};
use fencepost_wire::{Response, StrBytes};

use crate::world::{Client, World};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Error and node of one key, up to version 3 asked for alone, and then in a list.
fn find(world: &mut World, client: Client, version: i16, kind: i8, key: &str) -> (i16, i32) {
    let request = FindCoordinatorRequest::default();
    let request = if version == 0 { request } else { request.with_key_type(kind) };
    let request = if version < 4 {
        request.with_key(text(key))
    } else {
        request.with_coordinator_keys(vec![text(key)])
    };
    let Response::FindCoordinator(response) = world.call(client, version, request) else {
        panic!("not a FindCoordinator response")
    };
    match response.coordinators.first() {
        Some(found) => {
            assert_eq!((&*found.key, version >= 4), (key, true));
            (found.error_code, found.node_id.0)
        }
        None => (response.error_code, response.node_id.0),
    }
}

/// Creates both internal topics by asking for coordinators.
pub fn create_both(world: &mut World) {
    let client = world.connect(0);
    for kind in [0, 1] {
        assert_eq!(find(world, client, 4, kind, "first").0, 15);
        assert_eq!(find(world, client, 4, kind, "first").0, 0);
    }
}

/// API-27: the types that each version knows.
#[test]
fn api_27_groups_in_every_version_transactions_from_1_on_and_share_groups_in_none() {
    let mut world = World::new(3, &[]);
    create_both(&mut world);
    let client = world.connect(0);
    for version in 0..=6 {
        let (error, group) = find(&mut world, client, version, 0, "g");
        assert_eq!(error, 0, "version {version}");
        assert_eq!(find(&mut world, client, 0, 0, "g"), (0, group), "one for all versions");
        if version >= 1 {
            assert_eq!(find(&mut world, client, version, 1, "t").0, 0, "version {version}");
            for kind in [2, 3, -1] {
                let refused = find(&mut world, client, version, kind, "g");
                assert_eq!(refused, (42, -1), "version {version}, type {kind}");
            }
        }
    }
}

/// API-27, API-28: a list has an answer for each key.
#[test]
fn api_27_a_list_has_an_answer_for_each_key() {
    let mut world = World::new(3, &[]);
    create_both(&mut world);
    let client = world.connect(0);
    let keys = ["a", "b", "c", "a"];
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys.map(text).to_vec());
    let Response::FindCoordinator(response) = world.call(client, 4, request) else {
        panic!("not a FindCoordinator response")
    };
    assert_eq!((response.error_code, response.node_id.0, response.port), (0, 0, 0), "unused");
    let answered: Vec<_> =
        response.coordinators.iter().map(|found| (found.error_code, &*found.key)).collect();
    assert_eq!(answered, keys.map(|key| (0, key)));
}

/// API-28: what each version says in words.
#[test]
fn api_28_a_list_has_a_message_only_for_an_unknown_type() {
    let mut world = World::new(1, &[]);
    create_both(&mut world);
    let client = world.connect(0);
    for version in 1..=6 {
        for (kind, word) in [(0, "NONE"), (2, "INVALID_REQUEST"), (9, "INVALID_REQUEST")] {
            let request = FindCoordinatorRequest::default().with_key_type(kind);
            let request = if version < 4 {
                request.with_key(text("g"))
            } else {
                request.with_coordinator_keys(vec![text("g")])
            };
            let Response::FindCoordinator(response) = world.call(client, version, request) else {
                panic!("not a FindCoordinator response")
            };
            let message = match response.coordinators.first() {
                Some(found) => &found.error_message,
                None => &response.error_message,
            };
            let message = message.as_deref().expect("never null");
            let word = if version < 4 || kind == 9 { word } else { "" };
            assert!(message.contains(word), "v{version} {kind}: {message}");
            assert_eq!(message.is_empty(), word.is_empty(), "v{version} {kind}: {message}");
        }
    }
}

/// API-29: any broker answers; an answer can be out of date when it is used, and then the broker
/// that was named says so.
#[test]
fn api_29_any_broker_answers_and_a_former_coordinator_says_so() {
    let mut world = World::new(3, &[]);
    create_both(&mut world);
    let answers: Vec<_> = (0..3)
        .map(|broker| {
            let client = world.connect(broker);
            find(&mut world, client, 4, 0, "g")
        })
        .collect();
    let (_, old) = answers[0];
    assert_eq!(answers, [(0, old); 3]);
    let heartbeat = |world: &mut World, broker| {
        let client = world.connect(broker);
        let request =
            HeartbeatRequest::default().with_group_id(GroupId(text("g"))).with_member_id(text("m"));
        match world.call(client, 4, request) {
            Response::Heartbeat(response) => response.error_code,
            _ => panic!("not a Heartbeat response"),
        }
    };
    let new = (old + 1) % 3;
    for broker in 0..3 {
        let expected = if broker == old { 25 } else { 16 };
        assert_eq!(heartbeat(&mut world, broker), expected, "broker {broker}");
    }
    let partition = (0..50).find(|partition| {
        let leader = |world: &World| {
            world.cluster.leader_of("__consumer_offsets", fencepost_ids::PartitionIndex(*partition))
        };
        let mut moved = world.clone();
        if leader(&moved).map(|id| id.0) != Some(old) {
            return false;
        }
        moved.elect("__consumer_offsets", *partition, new);
        let client = moved.connect(0);
        find(&mut moved, client, 4, 0, "g") == (0, new)
    });
    world.elect("__consumer_offsets", partition.expect("the group's own"), new);
    assert_eq!(heartbeat(&mut world, old), 16, "the answer from before is out of date");
    assert_eq!(heartbeat(&mut world, new), 25);
}

/// CONF-53: while there are fewer brokers than the internal topic has replicas, no coordinator is
/// found.
#[test]
fn conf_53_too_few_brokers_for_the_internal_topic() {
    let mut world = World::with(1, &[], |config| {
        config.settings.set("offsets.topic.replication.factor", "3").unwrap();
    });
    let client = world.connect(0);
    for _ in 0..3 {
        assert_eq!(find(&mut world, client, 4, 0, "g"), (15, -1));
    }
    assert_eq!(find(&mut world, client, 4, 1, "t"), (15, -1), "created by this question");
    assert_eq!(find(&mut world, client, 4, 1, "t"), (0, 0));
}
