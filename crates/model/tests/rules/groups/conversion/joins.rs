//! JoinGroup of a classic member to a KIP-848 group.

use super::*;

fn refused(world: &mut World, client: Client, request: JoinGroupRequest) -> (i16, String) {
    let response = join_now(world, client, 3, request);
    assert_eq!(response.generation_id, -1);
    (response.error_code, response.member_id.to_string())
}

#[test]
fn grp_52_a_member_must_be_a_consumer_that_offers_what_all_classic_members_offer() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let nothing = (23, String::new());
    let other_type = classic("").with_protocol_type(text("connect"));
    assert_eq!(refused(&mut world, client, other_type), nothing);
    assert_eq!(refused(&mut world, client, classic("").with_protocols(vec![])), nothing);
    let metadata = subscription(3, &["t"], &[]);
    let any = classic("first").with_protocols(offering("mine", metadata.clone()));
    assert_eq!(admit(&mut world, client, any), ("first".to_owned(), 2));
    assert_eq!(refused(&mut world, client, classic("second")), nothing);
    let mut both = offering("range", metadata.clone());
    both.extend(offering("mine", metadata));
    let response = join_now(&mut world, client, 3, classic("second").with_protocols(both));
    assert_eq!((response.error_code, &*response.protocol_name.unwrap()), (0, "range"));
}

#[test]
fn grp_52_malformed_metadata_of_the_first_protocol_are_refused_and_change_nothing() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let huge: &[u8] = b"\0\x01\x7f\xff\xff\xff";
    let negative: &[u8] = b"\xff\xff\0\0\0\0\xff\xff\xff\xff";
    for metadata in [b"".as_slice(), b"\0", b"\0\0\0\0\0\x01", huge, negative] {
        let protocols = offering("range", Bytes::copy_from_slice(metadata));
        let request = classic("m").with_protocols(protocols);
        assert_eq!(refused(&mut world, client, request), (23, String::new()), "{metadata:?}");
    }
    assert_eq!(described(&mut world, client).1, 1);
    let mut protocols = offering("range", subscription(0, &["t"], &[]));
    protocols.extend(offering("other", Bytes::from_static(b"?")));
    admit(&mut world, client, classic("m").with_protocols(protocols));
}

#[test]
fn grp_52_a_full_group_answers_81() {
    let mut world = world_with(1, &[("group.consumer.max.size", "2")]);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(refused(&mut world, client, classic("")).0, 81);
    assert_eq!(admit(&mut world, client, classic(&member)).1, 2);
}

#[test]
fn grp_53_a_dynamic_member_is_given_an_id_and_may_bring_any() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let first = join_now(&mut world, client, 4, classic(""));
    assert_eq!((first.error_code, first.member_id.len()), (79, 22), "a UUID in base 64");
    assert_eq!(described(&mut world, client).1, 1, "it is not remembered");
    assert_eq!(join_now(&mut world, client, 4, classic("never given")).error_code, 0);
    let again = join_now(&mut world, client, 9, classic(&first.member_id));
    assert_eq!((again.error_code, again.member_id), (0, first.member_id));
}

#[test]
fn grp_53_a_static_member_with_an_id_must_hold_its_seat() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    assert_eq!(join_now(&mut world, client, 9, seated("nobody")).error_code, 25);
    let (member, generation) = admit(&mut world, client, seated(""));
    assert_eq!(join_now(&mut world, client, 9, seated("nobody")).error_code, 82);
    assert_eq!(admit(&mut world, client, seated(&member)), (member, generation));
}

#[test]
fn grp_54_a_join_is_answered_at_once_with_the_member_epoch_as_its_generation() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let response = join_now(&mut world, client, 9, classic("m"));
    assert_eq!((response.error_code, response.generation_id), (0, 2));
    assert_eq!(response.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(response.protocol_name.as_deref(), Some("range"));
    assert_eq!((&*response.leader, response.members.len()), ("", 0), "the group has no leader");
    assert!(!response.skip_assignment);
    let (state, epoch, target, members) = described(&mut world, client);
    assert_eq!((&*state, epoch, target), ("Reconciling", 2, 2));
    assert_eq!(members, BTreeMap::from([("A".to_owned(), 1), ("m".to_owned(), 2)]));
}

#[test]
fn grp_54_what_a_subscription_owns_counts_as_the_owned_partitions_of_a_heartbeat() {
    let mut world = world(1);
    let client = world.connect(0);
    let first = classic_group(&mut world, client);
    let generation = 1;
    check(&mut world, client, joining("B"), Ok((generation + 1, Some(vec![]))));
    assert_eq!(heartbeat(&mut world, client, who(generation, &first)), 27);
    let owning = |owned: &[i32]| {
        classic(&first).with_protocols(offering("range", subscription(1, &["t"], owned)))
    };
    assert_eq!(admit(&mut world, client, owning(&[0, 1, 2])).1, generation, "it owns 2 still");
    let answer = sync(&mut world, client, who(generation, &first));
    assert_eq!(answer, (0, assignment(1, &[0, 1])));
    assert_eq!(heartbeat(&mut world, client, who(generation, &first)), 27);
    assert_eq!(admit(&mut world, client, owning(&[0, 1])).1, generation + 1);
    let (_, told) = shown(&beat(&mut world, client, quiet("B", generation + 1))).unwrap();
    assert_eq!(told, Some(vec![2]));
}

#[test]
fn grp_54_a_member_that_owns_nothing_gives_up_at_once() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    let eager = classic(&member).with_protocols(offering("range", subscription(0, &["t"], &[])));
    assert_eq!(admit(&mut world, client, eager).1, 2);
    check(&mut world, client, quiet("B", 2), Ok((2, Some(vec![2]))));
    assert_eq!(sync(&mut world, client, who(2, &member)), (0, assignment(0, &[0, 1])));
}

#[test]
fn grp_54_other_topics_raise_the_group_epoch_and_the_same_do_not() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    let mut other = classic(&member);
    other.session_timeout_ms = 20_000;
    admit(&mut world, client, other.clone());
    assert_eq!(described(&mut world, client).1, 2);
    other.protocols = offering("range", subscription(3, &["t", "u"], &[2]));
    assert_eq!(admit(&mut world, client, other).1, 3);
    assert_eq!(described(&mut world, client).1, 3);
}

#[test]
fn grp_54_a_member_may_change_to_the_other_protocol_under_its_id() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    admit(&mut world, client, classic("A"));
    assert_eq!(member_types(&mut world, client)["A"], 0);
    check(&mut world, client, quiet(&member, 2), Ok((2, None)));
    assert_eq!(member_types(&mut world, client)[&member], 1);
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 25);
    check(&mut world, client, quiet("A", 2), Ok((2, None)));
    assert_eq!(member_types(&mut world, client)["A"], 1);
}

#[test]
fn grp_54_a_classic_join_ends_a_subscription_by_a_regular_expression() {
    let mut world = of_release(Release::V4_2, &[]);
    let client = world.connect(0);
    let regex = quiet("A", 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_regex(Some(text("t|u")))
        .with_topic_partitions(Some(vec![]));
    beat(&mut world, client, regex);
    world.advance(0);
    beat(&mut world, client, joining("B"));
    let epoch = described(&mut world, client).1;
    admit(&mut world, client, classic("A"));
    assert_eq!(described(&mut world, client).1, epoch + 1);
    let shown = describe(&mut world, client, GROUP).groups.remove(0);
    assert_eq!(shown.members[0].subscribed_topic_regex.as_deref(), Some(""));
    assert_eq!(shown.members[0].subscribed_topic_names, [topic("t")]);
}
