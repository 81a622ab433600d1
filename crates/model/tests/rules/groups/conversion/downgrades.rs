//! A KIP-848 group that becomes a classic one.

use super::*;

/// GRP-61: the group epoch is the generation, the targets are the assignments, and the members join
/// anew.
#[test]
fn grp_61_the_last_consumer_member_leaves_a_classic_group_that_rebalances() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(commit_as(&mut world, client, 8, who(2, &member), &[("t", 0, 5)]), [0]);
    let before = batches(&mut world, client).len();
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let written = batches(&mut world, client);
    assert_eq!(written.len(), before + 1);
    assert_eq!(written[before].join(" "), "-8 -8 -7 -7 -6 -5 -5 -4 -3 2");
    let (state, members) = classic_state(&mut world, client).unwrap();
    assert_eq!(state, "PreparingRebalance");
    assert_eq!(members, BTreeMap::from([(member.clone(), assignment(3, &[2]))]));
    assert_eq!(describe(&mut world, client, GROUP).groups[0].error_code, 69);
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 27);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 22);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    let response = join_now(&mut world, client, 3, classic(&member));
    assert_eq!((response.error_code, response.generation_id), (0, 3));
    assert_eq!((&*response.leader, response.members.len()), (&*member, 1));
    assert_eq!(beat(&mut world, client, quiet("A", 2)).error_code, 69);
}

#[test]
fn grp_61_a_session_that_ends_or_a_leave_group_downgrades_as_well() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    for _ in 0..9 {
        assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
        world.advance(5_000);
    }
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 27);
    assert!(classic_state(&mut world, client).is_ok());

    let mut world = super::world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    let (other, _) = admit(&mut world, client, classic(""));
    assert_eq!(leave(&mut world, client, &[("A", None), (&other, None)]), [0, 0]);
    let (_, members) = classic_state(&mut world, client).unwrap();
    assert_eq!(members.into_keys().collect::<Vec<_>>(), [member]);
}

#[test]
fn grp_61_a_group_stays_what_it_is_when_nobody_remains_or_too_many_do() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(leave(&mut world, client, &[("A", None), (&member, None)]), [0, 0]);
    assert_eq!(described(&mut world, client).0, "Empty");

    let mut world = world_with(1, &[("group.max.size", "1")]);
    let client = world.connect(0);
    mixed(&mut world, client);
    let (other, _) = admit(&mut world, client, classic(""));
    assert_eq!(leave(&mut world, client, &[("A", None)]), [0]);
    assert_eq!(described(&mut world, client).3.len(), 2);
    assert_eq!(leave(&mut world, client, &[(&other, None)]), [0]);
    assert!(classic_state(&mut world, client).is_ok(), "one fits");
}

#[test]
fn grp_61_the_sessions_are_those_that_the_members_asked_for() {
    let mut world = world(1);
    let client = world.connect(0);
    mixed(&mut world, client);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    world.advance(9_999);
    assert_eq!(classic_state(&mut world, client).unwrap().1.len(), 1);
    world.advance(1);
    let (state, members) = classic_state(&mut world, client).unwrap();
    assert_eq!((&*state, members.len()), ("Empty", 0));
}

/// GRP-61: a member whose selected protocol has no readable version stands in the way.
#[test]
fn grp_61_an_assignment_that_cannot_be_written_keeps_the_consumer_group() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut protocols = offering("b", subscription(3, &["t"], &[]));
    protocols.extend(offering("a", Bytes::from_static(b"?")));
    admit(&mut world, client, classic("m").with_protocols(protocols));
    let other = classic("n").with_protocols(offering("a", subscription(3, &["t"], &[])));
    admit(&mut world, client, other);
    let response = beat(&mut world, client, quiet("A", -1));
    assert_eq!(response.error_code, 69);
    let message = response.error_message.unwrap();
    assert_eq!(
        &*message,
        "Cannot downgrade the classic group g: Buffer underflow while parsing consumer protocol's header."
    );
    assert_eq!(described(&mut world, client).3.len(), 3);
}

#[test]
fn grp_61_after_a_load_the_classic_group_is_stable_with_the_targets() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    let (state, members) = classic_state(&mut world, client).unwrap();
    assert_eq!((&*state, members), ("Stable", [(member.clone(), assignment(3, &[2]))].into()));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
}
