//! Static members that change the protocol.

use super::*;

fn of_seat(member: &str) -> fencepost_wire::messages::ConsumerGroupHeartbeatRequest {
    joining(member).with_instance_id(Some(text("i")))
}

#[test]
fn grp_62_a_seat_goes_to_the_other_protocol_with_its_partitions_and_without_111() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let (old, generation) = admit(&mut world, client, seated(""));
    let epoch = described(&mut world, client).1;
    let response = beat(&mut world, client, of_seat("B"));
    assert_eq!((response.error_code, response.member_epoch), (0, epoch));
    assert_eq!(described(&mut world, client).1, epoch, "nobody else has to move");
    assert_eq!(heartbeat(&mut world, client, in_seat(who(generation, &old))), 82);
    assert_eq!(heartbeat(&mut world, client, who(generation, &old)), 25);
    assert_eq!(beat(&mut world, client, of_seat("C")).error_code, 111);
    let (new, _) = admit(&mut world, client, seated(""));
    assert_ne!(new, "B", "B had not released it");
    let (newer, _) = admit(&mut world, client, seated(""));
    assert_ne!(new, newer);
}

/// GRP-62: the last member of the consumer protocol comes back to its seat as a classic one.
#[test]
fn grp_62_the_group_becomes_classic_when_its_last_consumer_seat_does() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, of_seat("A"), Ok((1, Some(vec![0, 1, 2]))));
    let response = join_now(&mut world, client, 9, seated(""));
    assert_eq!((response.error_code, response.generation_id), (0, 1));
    let member = response.member_id.to_string();
    let (state, members) = classic_state(&mut world, client).unwrap();
    assert_eq!(state, "Stable");
    assert_eq!(members, BTreeMap::from([(member.clone(), assignment(3, &[0, 1, 2]))]));
    let known = in_seat(who(1, &member));
    assert_eq!(heartbeat(&mut world, client, known), 0);
    assert_eq!(sync(&mut world, client, known), (0, assignment(3, &[0, 1, 2])));
}

#[test]
fn grp_62_another_subscription_makes_the_new_classic_group_rebalance() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, of_seat("A"), Ok((1, Some(vec![0, 1, 2]))));
    let other = seated("").with_protocols(offering("range", subscription(3, &["t", "u"], &[])));
    let (member, generation) = admit(&mut world, client, other);
    assert_eq!(generation, 0, "it has no epoch yet");
    assert_eq!(classic_state(&mut world, client).unwrap().0, "PreparingRebalance");
    assert_eq!(heartbeat(&mut world, client, in_seat(who(generation, &member))), 22);
    assert_eq!(heartbeat(&mut world, client, in_seat(who(1, &member))), 27);
}

#[test]
fn grp_62_the_new_classic_group_is_what_a_load_finds() {
    let mut world = world(3);
    let client = world.connect(0);
    check(&mut world, client, of_seat("A"), Ok((1, Some(vec![0, 1, 2]))));
    let (member, _) = admit(&mut world, client, seated(""));
    let before = classic_state(&mut world, client);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(classic_state(&mut world, client), before);
    assert_eq!(heartbeat(&mut world, client, in_seat(who(1, &member))), 0);
}

#[test]
fn grp_62_with_another_consumer_member_or_without_leave_the_group_stays() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("B"));
    beat(&mut world, client, of_seat("A"));
    admit(&mut world, client, seated(""));
    assert!(classic_state(&mut world, client).is_err());

    let mut world = world_with(1, &[("group.consumer.migration.policy", "upgrade")]);
    let client = world.connect(0);
    beat(&mut world, client, of_seat("A"));
    let (member, generation) = admit(&mut world, client, seated(""));
    assert!(classic_state(&mut world, client).is_err());
    let answer = sync(&mut world, client, in_seat(who(generation, &member)));
    assert_eq!(answer, (0, assignment(3, &[0, 1, 2])));
}
