//! A classic group with members that becomes a KIP-848 group.

use super::*;

/// The answer to a heartbeat that joins a classic group with one member, after that member's join
/// and assignment; what the group was told by its heartbeat behind it.
fn upgraded(
    settings: &[(&str, &str)],
    request: JoinGroupRequest,
    assigned: Vec<u8>,
) -> (i16, String, i16) {
    let mut world = world_with(1, settings);
    let client = world.connect(0);
    let member = classic_group_of(&mut world, client, request, assigned);
    let response = beat(&mut world, client, joining("A"));
    let message = response.error_message.as_deref().unwrap_or_default().to_owned();
    (response.error_code, message, heartbeat(&mut world, client, who(1, &member)))
}

fn user_data() -> Vec<u8> {
    let mut bytes = assignment(3, &[0]);
    bytes.truncate(bytes.len() - 4);
    bytes.extend(b"\0\0\0\x01d");
    bytes
}

#[test]
fn grp_59_a_group_that_cannot_be_converted_goes_on_as_it_was() {
    let why = |reason: &str| format!("Cannot upgrade classic group g to consumer group {reason}");
    let connect = classic("").with_protocol_type(text("connect"));
    let refused = upgraded(&[], connect, vec![]);
    let reason = why("because the group does not use the consumer embedded protocol.");
    assert_eq!(refused, (69, reason, 0));
    let malformed = why("because the embedded consumer protocol is malformed.");
    let cut = classic("").with_protocols(offering("range", Bytes::from_static(b"\0\x01\0")));
    assert_eq!(upgraded(&[], cut, assignment(3, &[0])), (69, malformed.clone(), 0));
    assert_eq!(upgraded(&[], classic(""), vec![0, 1, 2]), (69, malformed, 0));
    let custom = why(
        "because an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.",
    );
    assert_eq!(upgraded(&[], classic(""), user_data()), (69, custom, 0));
    assert_eq!(upgraded(&[], classic(""), assignment(3, &[0])).0, 0);
    assert_eq!(upgraded(&[], classic(""), vec![]).0, 0, "nothing is assigned");
}

#[test]
fn grp_59_only_a_heartbeat_that_joins_converts() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    for epoch in [1, 5, -1] {
        let response = beat(&mut world, client, quiet(&member, epoch));
        assert_eq!(response.error_code, 69);
        let message = response.error_message.unwrap();
        assert_eq!(&*message, "Group g is not a consumer group.");
    }
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
}

#[test]
fn grp_59_a_group_over_the_consumer_groups_maximum_is_not_converted() {
    let mut world = world_with(1, &[("group.consumer.max.size", "1")]);
    let client = world.connect(0);
    let first = world.send(client, 3, classic(""));
    let second = world.send(client, 3, classic(""));
    world.advance(0);
    assert_eq!(joined(world.answer(first)).error_code, 0);
    assert!(!world.waits(second));
    let response = beat(&mut world, client, joining("A"));
    assert_eq!(response.error_code, 69);
    let message = response.error_message.unwrap();
    assert!(message.ends_with("exceeds the consumer group maximum size."), "{message}");
}

/// GRP-60: partitions that no assignor of ours would give, and what Kafka stumbles over.
#[test]
fn grp_60_impossible_assignments_stop_the_conversion() {
    let assigned = |partitions: &[i32]| upgraded(&[], classic(""), assignment(3, partitions));
    let without_words = (-1, String::new(), 0);
    assert_eq!((assigned(&[0, 99]), assigned(&[-1])), (without_words.clone(), without_words));
    let range = [("group.consumer.assignors", "range")];
    assert_eq!(upgraded(&range, classic(""), assignment(3, &[99])).0, 0);

    let mut world = world(1);
    let client = world.connect(0);
    let (first, second) = (world.send(client, 3, classic("")), world.send(client, 3, classic("")));
    world.advance(0);
    let leader = joined(world.answer(first));
    let follower = joined(world.answer(second)).member_id.to_string();
    let leader_id = leader.member_id.to_string();
    let given = [&*leader_id, &*follower].map(|member| {
        SyncGroupRequestAssignment::default()
            .with_member_id(text(member))
            .with_assignment(assignment(3, &[1]).into())
    });
    let who = who(leader.generation_id, &leader_id);
    let request = sync_request(who, &[]).with_assignments(given.to_vec());
    assert_eq!(synced(Some(world.call(client, 5, request))).0, 0);
    assert_eq!(beat(&mut world, client, joining("A")).error_code, -1, "1 has two holders");
    assert_eq!(heartbeat(&mut world, client, who), 0);
}

#[test]
fn grp_60_members_keep_their_ids_partitions_and_generation_as_their_epoch() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    check(&mut world, client, joining("A"), Ok((2, Some(vec![]))));
    let (state, epoch, target, members) = described(&mut world, client);
    assert_eq!((&*state, epoch, target), ("Reconciling", 2, 2));
    assert_eq!(members, BTreeMap::from([("A".to_owned(), 2), (member.clone(), 1)]));
    let shown = describe(&mut world, client, GROUP).groups.remove(0);
    let carried = shown.members.iter().find(|shown| *shown.member_id == *member).unwrap();
    assert_eq!(carried.assignment.topic_partitions[0].partitions, [0, 1, 2]);
    assert_eq!((&*carried.client_id, carried.member_type), ("test", 0));
    assert_eq!(carried.subscribed_topic_names, [topic("t")]);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27);
    world.advance(9_999);
    assert_eq!(described(&mut world, client).3.len(), 2);
    world.advance(1);
    assert_eq!(described(&mut world, client).3.len(), 1, "its session is its own");
}

#[test]
fn grp_60_whoever_waits_in_the_classic_group_is_sent_back() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    let other = world.connect(0);
    let parked = world.send(other, 3, classic(""));
    assert!(world.waits(parked));
    check(&mut world, client, joining("A"), Ok((2, Some(vec![]))));
    let sent_back = joined(world.answer(parked));
    assert_eq!((sent_back.error_code, sent_back.generation_id), (27, -1));
    assert_eq!(described(&mut world, client).3.len(), 3, "it is a member already");
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27);

    let mut world = super::world(1);
    let client = world.connect(0);
    let (first, second) = (world.send(client, 3, classic("")), world.send(client, 3, classic("")));
    world.advance(0);
    let leader = joined(world.answer(first));
    let follower = joined(world.answer(second)).member_id.to_string();
    let request = sync_request(who(leader.generation_id, &follower), &[]);
    let other = world.connect(0);
    let parked = world.send(other, 5, request);
    assert!(world.waits(parked));
    assert_eq!(beat(&mut world, client, joining("A")).error_code, 0);
    assert_eq!(synced(world.answer(parked)), (27, vec![]));
}

/// GRP-60: before its first generation a group has no protocol; its members are sent back all the
/// same.
#[test]
fn grp_60_a_group_without_a_generation_answers_minus_1() {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "3000")]);
    let client = world.connect(0);
    let parked = world.send(client, 3, classic(""));
    let other = world.connect(0);
    assert_eq!(beat(&mut world, other, joining("A")).error_code, -1);
    assert_eq!(joined(world.answer(parked)).error_code, 27);
    assert!(classic_state(&mut world, other).is_ok());
}

#[test]
fn grp_60_both_kinds_of_records_are_replayed_at_a_load() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
    check(&mut world, client, joining("A"), Ok((2, Some(vec![]))));
    let before = describe(&mut world, client, GROUP);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(describe(&mut world, client, GROUP), before);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27);
    assert_eq!(admit(&mut world, client, classic(&member)).1, 2);
}

/// GRP-60: the old group's tombstone, the new group's records, and those of the heartbeat.
#[test]
fn grp_60_the_conversion_is_one_batch() {
    let written = |release| {
        let settings = [("group.initial.rebalance.delay.ms", "0")];
        let mut world = of_release(release, &settings);
        let client = world.connect(0);
        classic_group(&mut world, client);
        let before = batches(&mut world, client).len();
        assert_eq!(beat(&mut world, client, joining("A")).error_code, 0);
        let batches = batches(&mut world, client);
        assert_eq!(batches.len(), before + 1);
        batches[before].join(" ")
    };
    assert_eq!(written(Release::V4_2), "-2 5 3 7 6 8 5 3 7 7 6 8");
    assert_eq!(written(Release::V4_0), "-2 5 4 3 7 6 8 5 3 7 7 6 8");
}
