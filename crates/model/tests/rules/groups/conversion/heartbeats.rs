//! Heartbeat of a classic member of a KIP-848 group.

use super::*;

#[test]
fn grp_56_a_heartbeat_must_come_from_a_classic_member_in_its_generation() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
    assert_eq!(heartbeat(&mut world, client, who(2, "nobody")), 25);
    assert_eq!(heartbeat(&mut world, client, who(2, "A")), 25);
    assert_eq!(heartbeat(&mut world, client, in_seat(who(2, &member))), 25);
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 22);
    let (old, generation) = admit(&mut world, client, seated(""));
    admit(&mut world, client, seated(""));
    assert_eq!(heartbeat(&mut world, client, in_seat(who(generation, &old))), 82);
}

/// GRP-56: 27 while a JoinGroup would move the member on: behind the group epoch, with partitions to
/// give up, and when what it waits for is free; not while it waits for others.
#[test]
fn grp_56_a_heartbeat_answers_27_while_the_member_must_rejoin() {
    let mut world = world(1);
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    let (member, generation) = admit(&mut world, client, classic(""));
    assert_eq!(sync(&mut world, client, who(generation, &member)), (0, assignment(3, &[])));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0, "A has its partition still");
    check(&mut world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
    let owned = owning(&mut world, client, &[0, 1]);
    check(&mut world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 27, "it is free");
    admit(&mut world, client, classic(&member));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));

    let mut world = super::world(1);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    check(&mut world, client, joining("B"), Ok((2, Some(vec![]))));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27, "the group moved on");
    let owned = offering("range", subscription(3, &["t"], &[0, 1, 2]));
    admit(&mut world, client, classic(&member).with_protocols(owned));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27, "it has to give one up");
    admit(&mut world, client, classic(&member));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
}
