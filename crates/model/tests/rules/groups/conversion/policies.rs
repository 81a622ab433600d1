//! What `group.consumer.migration.policy` allows.

use super::*;

fn world_of(policy: &str) -> World {
    world_with(1, &[("group.consumer.migration.policy", policy)])
}

/// Whether a classic member joins a KIP-848 group.
fn mixes(mut world: World) -> bool {
    let client = world.connect(0);
    beat(&mut world, client, joining("A"));
    match join_now(&mut world, client, 3, classic("")).error_code {
        0 => true,
        23 => false,
        other => panic!("error {other}"),
    }
}

/// Whether a heartbeat converts a classic group with a member.
fn upgrades(policy: &str) -> bool {
    let mut world = world_of(policy);
    let client = world.connect(0);
    let member = classic_group(&mut world, client);
    let response = beat(&mut world, client, joining("A"));
    if response.error_code == 0 {
        return true;
    }
    assert_eq!(response.error_code, 69);
    let message = response.error_message.unwrap();
    assert!(message.ends_with("because online upgrade is disabled."), "{message}");
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    false
}

/// Whether a group becomes a classic one when its last member of the consumer protocol leaves.
fn downgrades(policy: &str) -> bool {
    let mut world = world_of(policy);
    let client = world.connect(0);
    let member = mixed(&mut world, client);
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let answer = heartbeat(&mut world, client, who(2, &member));
    let is_classic = classic_state(&mut world, client).is_ok();
    assert_eq!(answer, 27);
    is_classic
}

#[test]
fn grp_49_the_policy_says_which_way_a_group_with_members_may_go() {
    assert_eq!(
        ["bidirectional", "upgrade", "downgrade", "disabled"].map(upgrades),
        [true, true, false, false]
    );
    assert_eq!(["bidirectional", "upgrade", "downgrade"].map(downgrades), [true, false, true]);
    let config = &mut fencepost_model::ClusterConfig::new(1);
    assert!(config.settings.set("group.consumer.migration.policy", "sideways").is_err());
}

#[test]
fn grp_49_before_4_2_a_classic_member_joins_even_when_migration_is_disabled() {
    let disabled =
        |release| of_release(release, &[("group.consumer.migration.policy", "disabled")]);
    assert!(mixes(disabled(Release::V4_0)));
    assert!(mixes(disabled(Release::V4_1)));
    assert!(!mixes(disabled(Release::V4_2)));
}

/// GRP-49: an empty group is converted whatever the policy.
#[test]
fn grp_49_an_empty_group_may_always_change_its_protocol() {
    let mut world = world_of("disabled");
    let client = world.connect(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    check(&mut world, client, quiet("A", -1), Ok((-1, None)));
    let member = classic_group(&mut world, client);
    assert_eq!(leave(&mut world, client, &[(&member, None)]), [0]);
    world.advance(0);
    check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
}
