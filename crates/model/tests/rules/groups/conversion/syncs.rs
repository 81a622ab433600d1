//! SyncGroup of a classic member to a KIP-848 group.

use super::*;

/// GRP-55: the errors in their order, and the names that the answer repeats.
#[test]
fn grp_55_sync_answers_what_the_member_holds() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    assert_eq!(sync(&mut world, client, who(2, "nobody")).0, 25);
    assert_eq!(sync(&mut world, client, in_seat(who(2, &member))).0, 25);
    assert_eq!(sync(&mut world, client, who(2, "A")).0, 25, "it speaks the consumer protocol");
    assert_eq!(sync(&mut world, client, who(1, &member)).0, 22);
    let request = sync_request(who(2, &member), &[]);
    let other = request.clone().with_protocol_name(Some(text("other")));
    assert_eq!(synced(Some(world.call(client, 5, other))).0, 23);
    let other = request.clone().with_protocol_type(Some(text("other")));
    assert_eq!(synced(Some(world.call(client, 5, other))).0, 23);
    let Response::SyncGroup(response) = world.call(client, 5, request) else {
        panic!("not a SyncGroup response")
    };
    assert_eq!(response.assignment, assignment(3, &[2]));
    assert_eq!(response.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(response.protocol_name.as_deref(), Some("range"));
    let old = sync_request(who(2, &member), &[]).with_protocol_type(None).with_protocol_name(None);
    assert_eq!(synced(Some(world.call(client, 4, old))), (0, assignment(3, &[2])));
}

#[test]
fn grp_55_a_fenced_static_member_answers_82() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let (old, generation) = admit(&mut world, client, seated(""));
    let (new, _) = admit(&mut world, client, seated(""));
    assert_ne!(old, new);
    assert_eq!(sync(&mut world, client, in_seat(who(generation, &old))).0, 82);
    assert_eq!(sync(&mut world, client, in_seat(who(generation, &new))).0, 0);
}

#[test]
fn grp_55_a_member_behind_the_group_epoch_must_join_again_first() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    beat(&mut world, client, joining("B"));
    assert_eq!(sync(&mut world, client, who(2, &member)), (27, vec![]));
    let owned = offering("range", subscription(3, &["t"], &[2]));
    let (_, generation) = admit(&mut world, client, classic(&member).with_protocols(owned));
    assert_eq!(sync(&mut world, client, who(generation, &member)).0, 0);
}

#[test]
fn grp_55_the_assignment_is_in_the_version_of_the_subscription() {
    for version in 0..=3 {
        let mut world = world(1);
        let client = world.connect(0);
        let member = classic_group(&mut world, client);
        beat(&mut world, client, joining("B"));
        let metadata = subscription(version, &["t"], &[]);
        admit(&mut world, client, classic(&member).with_protocols(offering("range", metadata)));
        let answer = sync(&mut world, client, who(2, &member));
        assert_eq!(answer, (0, assignment(version, &[0, 1])), "version {version}");
    }
}
