//! What ends the membership of a silent or slow classic member.

use super::*;

fn members(world: &mut World, client: Client) -> Vec<String> {
    described(world, client).3.into_keys().collect()
}

/// The members of the consumer protocol send heartbeats, and give up what they should; so does a
/// classic member, if there is one.
fn live(world: &mut World, client: Client, who: Option<Who<'_>>, millis: i64) {
    for _ in 0..millis / 1_000 {
        for member in describe(world, client, GROUP).groups.remove(0).members {
            if member.member_type == 1 {
                let owned = Some(Vec::new());
                let request = quiet(&member.member_id, member.member_epoch);
                beat(world, client, request.with_topic_partitions(owned));
            }
        }
        if let Some(who) = who {
            heartbeat(world, client, who);
        }
        world.advance(1_000);
    }
}

#[test]
fn grp_57_the_session_is_that_of_the_join_group_and_heartbeats_and_sync_renew_it() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    world.advance(9_000);
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 0);
    world.advance(9_000);
    assert_eq!(sync(&mut world, client, who(2, &member)).0, 0);
    world.advance(9_999);
    assert_eq!(members(&mut world, client).len(), 2);
    world.advance(1);
    assert_eq!(members(&mut world, client), ["A"]);
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 25);
}

#[test]
fn grp_57_a_member_that_does_not_sync_within_its_rebalance_timeout_is_removed() {
    let mut world = world(1);
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    let mut patient = classic("");
    patient.session_timeout_ms = 600_000;
    admit(&mut world, client, patient);
    live(&mut world, client, None, 59_000);
    assert_eq!(members(&mut world, client).len(), 2);
    live(&mut world, client, None, 1_000);
    assert_eq!(members(&mut world, client), ["A"]);

    let mut world = super::world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    live(&mut world, client, Some(who(2, &member)), 120_000);
    assert_eq!(members(&mut world, client).len(), 2, "this one did");
}

/// GRP-57: the time runs from the first answer of 27, to Heartbeat or SyncGroup; a JoinGroup ends it.
#[test]
fn grp_57_a_member_that_is_told_to_rejoin_has_its_rebalance_timeout_for_it() {
    for by_sync in [false, true] {
        let mut world = world(1);
        let client = world.connect(0);
        let member = mixed(&mut world, client);
        let known = who(2, &member);
        beat(&mut world, client, joining("B"));
        world.advance(5_000);
        if by_sync {
            assert_eq!(sync(&mut world, client, known).0, 27);
        } else {
            assert_eq!(heartbeat(&mut world, client, known), 27);
        }
        live(&mut world, client, Some(known), 59_000);
        assert!(members(&mut world, client).contains(&member));
        live(&mut world, client, Some(known), 1_000);
        assert!(!members(&mut world, client).contains(&member));
    }
    let mut world = world(1);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    beat(&mut world, client, joining("B"));
    assert_eq!(heartbeat(&mut world, client, who(2, &member)), 27);
    let owned = offering("range", subscription(3, &["t"], &[2]));
    let (_, generation) = admit(&mut world, client, classic(&member).with_protocols(owned));
    let again = who(generation, &member);
    assert_eq!(sync(&mut world, client, again).0, 0);
    live(&mut world, client, Some(again), 70_000);
    assert!(members(&mut world, client).contains(&member));
}

/// GRP-57, GRP-65: a new coordinator gives every member a session of the consumer protocol.
#[test]
fn grp_57_after_a_load_a_classic_member_has_the_session_of_the_consumer_protocol() {
    let mut world = world(3);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    world.crash(0);
    world.advance(0);
    let client = world.connect(1);
    world.advance(44_999);
    assert_eq!(members(&mut world, client), ["A".to_owned(), member]);
    world.advance(1);
    assert_eq!(members(&mut world, client), [""; 0]);
}
