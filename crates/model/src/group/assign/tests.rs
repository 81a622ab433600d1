//! The assignors, by their promises: nothing twice, nothing to strangers, nothing left over, even
//! loads, few moves.

use proptest::prelude::*;

use super::*;

fn topic(number: u8) -> TopicId {
    TopicId([number; 16])
}

fn subscriber(topics: &[u8]) -> Subscriber {
    Subscriber { instance: None, topics: topics.iter().map(|number| topic(*number)).collect() }
}

fn subscribers(members: &[(&str, &[u8])]) -> BTreeMap<MemberId, Subscriber> {
    members.iter().map(|(id, topics)| (MemberId::from(*id), subscriber(topics))).collect()
}

fn topics(counts: &[(u8, i32)]) -> BTreeMap<TopicId, i32> {
    counts.iter().map(|(number, count)| (topic(*number), *count)).collect()
}

fn shown(target: &BTreeMap<MemberId, Partitions>) -> String {
    let member = |(id, partitions): (&MemberId, &Partitions)| {
        let partitions: Vec<_> = partitions
            .iter()
            .map(|(topic, partition)| format!("{}-{partition}", topic.0[0]))
            .collect();
        format!("{id}: {}", partitions.join(" "))
    };
    target.iter().map(member).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn check(assignor: Assignor, members: &[(&str, &[u8])], counts: &[(u8, i32)], expected: &str) {
    let target = assignor.assign(&Assignable {
        subscribers: &subscribers(members),
        topics: &topics(counts),
        previous: &BTreeMap::new(),
    });
    assert_eq!(shown(&target), expected);
}

#[test]
fn g848_26_range_gives_the_first_members_one_more() {
    check(Assignor::Range, &[("a", &[1]), ("b", &[1])], &[(1, 5)], "a: 1-0 1-1 1-2; b: 1-3 1-4");
}

#[test]
fn g848_26_range_co_partitions_topics_of_the_same_subscribers() {
    let members: &[(&str, &[u8])] = &[("a", &[1, 2]), ("b", &[1, 2])];
    check(Assignor::Range, members, &[(1, 2), (2, 2)], "a: 1-0 2-0; b: 1-1 2-1");
}

#[test]
fn g848_26_range_seats_static_members_first_and_gives_surplus_members_nothing() {
    let mut members = subscribers(&[("a", &[1]), ("b", &[1]), ("c", &[1])]);
    for (id, instance) in [("c", "1"), ("b", "2")] {
        if let Some(member) = members.get_mut(id) {
            member.instance = Some(instance.into());
        }
    }
    let target = Assignor::Range.assign(&Assignable {
        subscribers: &members,
        topics: &topics(&[(1, 2)]),
        previous: &BTreeMap::new(),
    });
    assert_eq!(shown(&target), "a: ; b: 1-1; c: 1-0");
}

#[test]
fn g848_27_uniform_moves_two_of_six_partitions_to_a_third_member() {
    let counts = topics(&[(1, 6)]);
    let two = subscribers(&[("a", &[1]), ("b", &[1])]);
    let none = BTreeMap::new();
    let before = Assignor::Uniform.assign(&Assignable {
        subscribers: &two,
        topics: &counts,
        previous: &none,
    });
    let three = subscribers(&[("a", &[1]), ("b", &[1]), ("c", &[1])]);
    let after = Assignor::Uniform.assign(&Assignable {
        subscribers: &three,
        topics: &counts,
        previous: &before,
    });
    assert_eq!(shown(&before), "a: 1-0 1-1 1-2; b: 1-3 1-4 1-5");
    assert_eq!(shown(&after), "a: 1-0 1-1; b: 1-3 1-4; c: 1-2 1-5");
}

#[test]
fn g848_27_uniform_evens_out_over_a_chain_of_unequal_subscriptions() {
    // Loads 3, 2, 1 in a chain where a shares topics only with b, and b with c.
    let members = subscribers(&[("a", &[1]), ("b", &[1, 2]), ("c", &[2])]);
    let previous = BTreeMap::from([
        (MemberId::from("a"), (0..3).map(|p| (topic(1), PartitionIndex(p))).collect()),
        (MemberId::from("b"), (0..2).map(|p| (topic(2), PartitionIndex(p))).collect()),
        (MemberId::from("c"), (2..3).map(|p| (topic(2), PartitionIndex(p))).collect()),
    ]);
    let target = Assignor::Uniform.assign(&Assignable {
        subscribers: &members,
        topics: &topics(&[(1, 3), (2, 3)]),
        previous: &previous,
    });
    assert_eq!(shown(&target), "a: 1-0 1-1; b: 1-2 2-0; c: 2-1 2-2");
}

fn any_subscriptions() -> impl Strategy<Value = Vec<BTreeSet<u8>>> {
    proptest::collection::vec(proptest::collection::btree_set(0..4u8, 0..4), 1..6)
}

fn any_counts() -> impl Strategy<Value = Vec<i32>> {
    proptest::collection::vec(0..7i32, 4)
}

fn named(subscriptions: &[BTreeSet<u8>]) -> BTreeMap<MemberId, Subscriber> {
    let subscriber = |topics: &BTreeSet<u8>| Subscriber {
        instance: None,
        topics: topics.iter().map(|number| topic(*number)).collect(),
    };
    let id = |member| MemberId::from(format!("m{member}"));
    subscriptions.iter().enumerate().map(|(m, topics)| (id(m), subscriber(topics))).collect()
}

/// The sum of squared loads: least exactly when the loads are as even as can be.
fn unevenness(loads: &[usize]) -> usize {
    loads.iter().map(|load| load * load).sum()
}

/// The least sum of squares over every assignment, by trying them all, one topic after another;
/// partitions of a topic are alike, so it is enough to count.
fn least_unevenness(members: &[BTreeSet<u8>], counts: &[i32]) -> usize {
    let mut reachable = BTreeSet::from([vec![0usize; members.len()]]);
    for (number, count) in (0u8..).zip(counts) {
        let takers: Vec<_> =
            (0..members.len()).filter(|member| members[*member].contains(&number)).collect();
        for _ in 0..(if takers.is_empty() { 0 } else { *count }) {
            reachable = reachable
                .iter()
                .flat_map(|loads| {
                    takers.iter().map(move |taker| {
                        let mut loads = loads.clone();
                        loads[*taker] += 1;
                        loads
                    })
                })
                .collect();
        }
    }
    reachable.iter().map(|loads| unevenness(loads)).min().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn g848_16_every_partition_of_a_subscribed_topic_has_exactly_one_subscriber(
        before in any_subscriptions(),
        after in any_subscriptions(),
        counts in any_counts(),
        range in any::<bool>(),
    ) {
        let assignor = if range { Assignor::Range } else { Assignor::Uniform };
        let counts: BTreeMap<_, _> = (0u8..).map(topic).zip(counts).collect();
        let none = BTreeMap::new();
        let subscribers = named(&before);
        let previous =
            assignor.assign(&Assignable { subscribers: &subscribers, topics: &counts, previous: &none });
        let subscribers = named(&after);
        let input = Assignable { subscribers: &subscribers, topics: &counts, previous: &previous };
        let target = assignor.assign(&input);
        prop_assert!(target.keys().eq(subscribers.keys()));
        for (topic, partition) in input.partitions() {
            let holders: Vec<_> =
                target.iter().filter(|(_, held)| held.contains(topic, partition)).collect();
            let wanted = subscribers.values().any(|member| member.topics.contains(&topic));
            prop_assert_eq!(holders.len(), usize::from(wanted));
            prop_assert!(holders.iter().all(|(id, _)| subscribers[*id].topics.contains(&topic)));
        }
    }

    #[test]
    fn g848_27_uniform_is_as_even_as_the_subscriptions_allow(
        before in any_subscriptions(),
        after in proptest::collection::vec(proptest::collection::btree_set(0..3u8, 0..4), 1..5),
        counts in proptest::collection::vec(0..5i32, 3),
    ) {
        let by_topic: BTreeMap<_, _> = (0u8..).map(topic).zip(counts.clone()).collect();
        let none = BTreeMap::new();
        let members = named(&before);
        let first = Assignable { subscribers: &members, topics: &by_topic, previous: &none };
        let previous = Assignor::Uniform.assign(&first);
        let members = named(&after);
        let target = Assignor::Uniform.assign(&Assignable {
            subscribers: &members,
            topics: &by_topic,
            previous: &previous,
        });
        let loads: Vec<_> = target.values().map(Partitions::len).collect();
        prop_assert_eq!(unevenness(&loads), least_unevenness(&after, &counts));
    }

    #[test]
    fn g848_27_uniform_moves_nothing_when_nothing_changed(
        members in any_subscriptions(),
        counts in any_counts(),
    ) {
        let counts: BTreeMap<_, _> = (0u8..).map(topic).zip(counts).collect();
        let members = named(&members);
        let none = BTreeMap::new();
        let first = Assignable { subscribers: &members, topics: &counts, previous: &none };
        let target = Assignor::Uniform.assign(&first);
        let again = Assignable { subscribers: &members, topics: &counts, previous: &target };
        prop_assert_eq!(Assignor::Uniform.assign(&again), target);
    }
}
