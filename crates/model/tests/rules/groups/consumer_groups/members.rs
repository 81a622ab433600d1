//! Who is in a group, what raises its epoch, and how partitions move between its members.

use fencepost_wire::Release;
use fencepost_wire::messages::ApiVersionsRequest;

use super::*;

/// The epoch of the group and of its target.
fn epochs(world: &mut World, client: Client) -> (i32, i32) {
    let (_, epoch, target_epoch, _) = described(world, client);
    (epoch, target_epoch)
}

fn subscribing(
    request: ConsumerGroupHeartbeatRequest,
    names: &[&str],
) -> ConsumerGroupHeartbeatRequest {
    let names = names.iter().map(|name| topic(name)).collect();
    request.with_subscribed_topic_names(Some(names))
}

fn partitions(answer: &ConsumerGroupHeartbeatResponse) -> Vec<i32> {
    shown(answer).unwrap().1.unwrap_or_default()
}

#[test]
fn g848_08_a_full_group_takes_nobody_else() {
    let mut world = world_with(1, &[("group.consumer.max.size", "1")]);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, joining("B"), Err(81));
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
}

/// G848-09: an unknown id may join and do nothing else.
#[test]
fn g848_09_an_unknown_member_may_only_join() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, quiet("B", 1), Err(25));
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    world.advance(45_000);
    check(&mut world, client, quiet("A", 1), Err(25));
}

/// G848-10, G848-11: whoever is told 110 or 25 is in the group as before.
#[test]
fn g848_11_a_refusal_changes_nothing() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    let before = described(&mut world, client);
    for (member, epoch, expected) in [("A", 2, 110), ("A", 9, 110), ("B", 1, 110), ("C", 1, 25)] {
        check(&mut world, client, quiet(member, epoch), Err(expected));
    }
    assert_eq!(described(&mut world, client), before);
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
}

/// G848-10: the answer that raised the epoch was lost.
#[test]
fn g848_10_the_epoch_before_is_good_for_who_owns_no_more_than_it_was_given() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    beat(&mut world, client, quiet("A", 1));
    let owned = owning(&mut world, client, &[0, 1]);
    let lost = quiet("A", 1).with_topic_partitions(Some(owned));
    check(&mut world, client, lost.clone(), Ok((2, None)));
    check(&mut world, client, quiet("A", 1), Err(110));
    let too_much = owning(&mut world, client, &[0, 1, 2]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(too_much)), Err(110));
    check(&mut world, client, lost, Ok((2, None)));
}

/// G848-14: names raise the epoch, in whatever order, and the rest is only stored.
#[test]
fn g848_14_what_raises_the_group_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, subscribing(joining("A"), &["t", "u"]));
    assert_eq!(epochs(&mut world, client), (1, 1));
    let same = subscribing(quiet("A", 1), &["u", "t"]);
    assert_eq!(shown(&beat(&mut world, client, same)).unwrap().0, 1);
    let moved = quiet("A", 1)
        .with_rack_id(Some(text("r2")))
        .with_server_assignor(Some(text("range")))
        .with_rebalance_timeout_ms(5);
    assert_eq!(shown(&beat(&mut world, client, moved)).unwrap().0, 1);
    assert_eq!(epochs(&mut world, client), (1, 1));
    let member = describe(&mut world, client, GROUP).groups.remove(0).members.remove(0);
    assert_eq!(member.rack_id.as_deref(), Some("r2"));
    let owned = owning(&mut world, client, &[]);
    let fewer = subscribing(quiet("A", 1), &["t"]).with_topic_partitions(Some(owned));
    beat(&mut world, client, fewer);
    assert_eq!(epochs(&mut world, client), (2, 2));
}

/// G848-16: those that name no assignor have no vote; without any vote it is `uniform`.
#[test]
fn g848_16_the_assignor_with_most_votes() {
    let mut world = world(1);
    let client = world.connect(0);
    let assignor = |world: &mut World| {
        describe(world, client, GROUP).groups.remove(0).assignor_name.to_string()
    };
    beat(&mut world, client, joining("A"));
    assert_eq!(assignor(&mut world), "uniform");
    beat(&mut world, client, joining("B").with_server_assignor(Some(text("range"))));
    assert_eq!(assignor(&mut world), "range");
    assert_eq!(epochs(&mut world, client), (2, 2), "computed for all at once");
}

/// G848-17, G848-18, G848-20: only who heartbeats is moved, and one that has to give up partitions
/// stays where it is until it says that it has.
#[test]
fn g848_17_one_member_at_a_time() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    beat(&mut world, client, joining("B"));
    let of = |world: &mut World| {
        let (state, .., members) = described(world, client);
        (state, members["A"], members["B"])
    };
    assert_eq!(of(&mut world), ("Reconciling".to_owned(), 1, 2));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    check(&mut world, client, quiet("A", 1), Ok((1, None)));
    let owned = owning(&mut world, client, &[0, 1, 2]);
    let unmoved = quiet("A", 1).with_topic_partitions(Some(owned));
    check(&mut world, client, unmoved, Ok((1, None)));
    check(&mut world, client, quiet("B", 2), Ok((2, None)));
    assert_eq!(of(&mut world), ("Reconciling".to_owned(), 1, 2));
    let owned = owning(&mut world, client, &[0, 1]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    assert_eq!(of(&mut world), ("Reconciling".to_owned(), 2, 2), "B is still to be told");
    check(&mut world, client, quiet("B", 2), Ok((2, Some(vec![2]))));
    assert_eq!(of(&mut world), ("Stable".to_owned(), 2, 2));
    check(&mut world, client, quiet("A", 2), Ok((2, None)));
}

/// G848-21: the assignment is told in answer to a full request, and when it changed.
#[test]
fn g848_21_when_the_assignment_is_told() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    let quiet_answer = beat(&mut world, client, quiet("A", 1));
    assert_eq!(shown(&quiet_answer), Ok((1, None)));
    assert_eq!(quiet_answer.heartbeat_interval_ms, 5000);
    assert_eq!(quiet_answer.member_id.as_deref(), Some("A"));
    let full = |world: &mut World, owned: &[i32]| {
        let owned = owning(world, client, owned);
        let request = quiet("A", 1).with_rebalance_timeout_ms(60_000);
        subscribing(request, &["t"]).with_topic_partitions(Some(owned))
    };
    let request = full(&mut world, &[0, 1, 2]);
    check(&mut world, client, request, Ok((1, Some(vec![0, 1, 2]))));
    beat(&mut world, client, joining("B"));
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    let request = full(&mut world, &[0, 1, 2]);
    check(&mut world, client, request, Ok((1, Some(vec![0, 1]))));
}

/// G848-23: for good with -1, whatever its epoch was, and for a while with -2, which keeps the seat.
#[test]
fn g848_23_leaving_for_good_and_for_a_while() {
    let mut world = world(1);
    let client = world.connect(0);
    let seated = |request: ConsumerGroupHeartbeatRequest| request.with_instance_id(Some(text("i")));
    check(&mut world, client, quiet("A", -1), Err(69));
    check(&mut world, client, seated(joining("A")), Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    check(&mut world, client, quiet("C", -1), Err(25));
    check(&mut world, client, seated(quiet("C", -1)), Err(82));
    check(&mut world, client, quiet("C", -2).with_instance_id(Some(text("j"))), Err(25));
    check(&mut world, client, quiet("B", -1), Ok((-1, None)));
    assert_eq!(epochs(&mut world, client).0, 3);
    let before = epochs(&mut world, client);
    check(&mut world, client, seated(quiet("A", -2)), Ok((-2, None)));
    let answer = shown(&beat(&mut world, client, seated(joining("D"))));
    assert_eq!(answer, Ok((3, Some(vec![0, 1, 2]))), "the same partitions");
    assert_eq!(epochs(&mut world, client).0, before.0, "and the same group epoch");
    check(&mut world, client, seated(quiet("D", -2)), Ok((-2, None)));
    world.advance(45_000);
    assert_eq!(described(&mut world, client).0, "Empty", "nobody took the seat");
}

/// G848-26: contiguous ranges, the first ones longer, static members first by their seats.
#[test]
fn g848_26_ranges() {
    let settings = [("group.consumer.assignors", "range")];
    let topics = [("__consumer_offsets", 1, 1), ("t", 5, 1)];
    let mut world = World::with(1, &topics, |config| {
        for (name, value) in settings {
            config.settings.set(name, value).unwrap();
        }
    });
    let client = world.connect(0);
    beat(&mut world, client, joining("a"));
    let b = joining("b").with_instance_id(Some(text("z")));
    beat(&mut world, client, b);
    beat(&mut world, client, joining("c"));
    let group = describe(&mut world, client, GROUP).groups.remove(0);
    let target = |member: &str| -> Vec<i32> {
        let member = group.members.iter().find(|it| *it.member_id == *member).unwrap();
        let topics = &member.target_assignment.topic_partitions;
        topics.iter().flat_map(|topic| topic.partitions.clone()).collect()
    };
    assert_eq!((target("b"), target("a"), target("c")), (vec![0, 1], vec![2, 3], vec![4]));
}

/// G848-27: a third member takes two of six partitions, and no other moves.
#[test]
fn g848_27_uniform_moves_no_more_than_it_must() {
    let mut world = World::with(1, &[("__consumer_offsets", 1, 1), ("t", 6, 1)], |_| {});
    let client = world.connect(0);
    let targets = |world: &mut World| -> BTreeMap<String, Vec<i32>> {
        let group = describe(world, client, GROUP).groups.remove(0);
        let members = group.members.into_iter().map(|member| {
            let topics = member.target_assignment.topic_partitions;
            let partitions = topics.into_iter().flat_map(|topic| topic.partitions).collect();
            (member.member_id.to_string(), partitions)
        });
        members.collect()
    };
    beat(&mut world, client, joining("A"));
    let all = partitions(&beat(&mut world, client, joining("B")));
    assert!(all.is_empty(), "they are A's");
    let two = targets(&mut world);
    assert!(two.values().all(|partitions| partitions.len() == 3));
    beat(&mut world, client, joining("C"));
    let three = targets(&mut world);
    assert!(three.values().all(|partitions| partitions.len() == 2));
    for member in ["A", "B"] {
        assert!(three[member].iter().all(|partition| two[member].contains(partition)));
    }
}

/// G848-35, G848-01: what a client of the consumer protocol needs is there in every release of 4.x.
#[test]
fn g848_35_what_the_clients_need_is_offered() {
    for release in Release::ALL.iter().filter(|release| **release >= Release::V4_0) {
        let mut world = World::with(1, &[], |config| config.release = *release);
        let client = world.connect(0);
        let request = ApiVersionsRequest::default()
            .with_client_software_name(text("test"))
            .with_client_software_version(text("1"));
        let Response::ApiVersions(offered) = world.call(client, 4, request) else {
            panic!("not an ApiVersions response")
        };
        for (key, version) in [(68, 1), (69, 1), (8, 9), (9, 9), (10, 4), (3, 12), (1, 13), (2, 7)]
        {
            let api = offered.api_keys.iter().find(|api| api.api_key == key).unwrap();
            assert!((api.min_version..=api.max_version).contains(&version), "{release:?} {key}");
        }
        let level = offered.finalized_features.iter().find(|it| &*it.name == "group.version");
        assert_eq!(level.map(|level| level.max_version_level), Some(1), "{release:?}");
    }
}
