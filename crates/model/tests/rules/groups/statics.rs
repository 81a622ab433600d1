//! Static members.

use super::*;

/// A Stable group of one static member on seat `i`, in generation 1: its id.
pub(super) fn seated(world: &mut World, client: Client) -> String {
    let pending = world.send(client, 9, join_request("", Some("i"), b""));
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    assert!(member.starts_with("i-"), "GRP-05: {member}");
    let me = Who { instance: Some("i"), ..who(1, &member) };
    assert_eq!(synced(Some(world.call(client, 5, sync_request(me, &[(&member, b"a")])))).0, 0);
    member
}

#[test]
fn grp_36_to_grp_38_a_replacement_keeps_the_generation_and_fences_the_old_id() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let old = seated(&mut world, one);
    let pending = world.send(two, 9, join_request("", Some("i"), b"news"));
    let response = joined(world.answer(pending));
    let new = response.member_id.to_string();
    assert_ne!(new, old);
    assert_eq!((response.error_code, response.generation_id), (0, 1));
    assert_eq!((response.leader.as_str(), response.skip_assignment), (&*new, true));
    let me = Who { instance: Some("i"), ..who(1, &new) };
    assert_eq!(synced(Some(world.call(two, 5, sync_request(me, &[])))), (0, b"a".to_vec()));
    let former = Who { instance: Some("i"), ..who(1, &old) };
    assert_eq!(heartbeat(&mut world, one, former), 82);
    assert_eq!(heartbeat(&mut world, one, who(1, &old)), 25);
    assert_eq!(heartbeat(&mut world, two, me), 0);
    let request = txn_commit_request((7, 0), former, &[("t", 0, 1)]);
    assert_eq!(txn_commit_errors(Some(world.call(one, 3, request))), [82], "TXOFF-27");
}

#[test]
fn grp_38_before_version_9_the_newcomer_plays_the_follower() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let old = seated(&mut world, one);
    let pending = world.send(two, 7, join_request("", Some("i"), b""));
    let response = joined(world.answer(pending));
    assert_eq!((response.leader.as_str(), response.members.len()), (&*old, 0));
}

#[test]
fn grp_37_a_replacement_survives_the_coordinator() {
    let mut world = world(3);
    let (one, two) = (world.connect(0), world.connect(0));
    seated(&mut world, one);
    let pending = world.send(two, 9, join_request("", Some("i"), b""));
    let new = joined(world.answer(pending)).member_id.to_string();
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    let client = world.connect(1);
    let me = Who { instance: Some("i"), ..who(1, &new) };
    assert_eq!(heartbeat(&mut world, client, me), 0);
}
