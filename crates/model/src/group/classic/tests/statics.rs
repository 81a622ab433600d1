//! Static members.

use fencepost_ids::ErrorCode;

use super::driver::{Driver, Join};

/// A Stable group of static members a (the leader) and b, on seats ia and ib.
fn seats() -> Driver {
    Driver::stable_with(&[Join::of("a").instance("ia"), Join::of("b").instance("ib")])
}

#[test]
fn grp_36_a_replaced_member_is_fenced() {
    let mut driver = seats();
    driver.join(Join::of("b2").instance("ib"));
    driver.replicate();
    assert_eq!(driver.heartbeat_as("b", Some("ib"), 1), 82);
    assert_eq!(driver.heartbeat("b", 1), 25);
    assert_eq!(driver.heartbeat_as("b2", Some("ib"), 1), 0);
}

#[test]
fn grp_36_what_the_old_member_has_parked_is_fenced() {
    let mut driver = seats();
    driver.join(Join::of("b").known().instance("ib").metadata(b"news"));
    driver.join(Join::of("b2").instance("ib"));
    assert_eq!(driver.replies(), ["join b: 82 for b"]);
    driver.join(Join::of("a").known().instance("ia"));
    assert_eq!(
        driver.replies(),
        [
            "join a: a in 2 under a, range, members [\"a\", \"b2\"]",
            "join b2: b2 in 2 under a, range, members []"
        ]
    );
    driver.sync("b2", &[]);
    driver.join(Join::of("b3").instance("ib"));
    assert_eq!(driver.replies(), ["sync b2: 82"]);
    assert_eq!(driver.state(), "PreparingRebalance", "GRP-39: a rebalance starts");
}

#[test]
fn grp_37_a_replacement_in_stable_keeps_the_generation_and_is_answered_when_durable() {
    let mut driver = seats();
    driver.join(Join::of("b2").instance("ib").metadata(b"news"));
    assert_eq!((driver.state(), driver.replies()), ("Stable", vec![]));
    let members: Vec<_> = driver.writes[0].0.members.iter().map(|m| m.member.clone()).collect();
    assert_eq!(members, ["a".into(), "b2".into()]);
    driver.replicate();
    assert_eq!(driver.replies(), ["join b2: b2 in 1 under a, range, members []"]);
    driver.sync("b2", &[]);
    assert_eq!(driver.replies(), ["sync b2: \"b\""]);
}

#[test]
fn grp_37_a_change_of_the_selected_protocol_rebalances() {
    let both = &["range", "sticky"];
    let mut driver = Driver::stable_with(&[Join::of("a").instance("ia").offering(both)]);
    driver.join(Join::of("a2").instance("ia").offering(&["sticky"]));
    assert_eq!(driver.replies(), ["join a2: a2 in 2 under a2, sticky, members [\"a2\"]"]);
}

#[test]
fn grp_38_the_leaders_seat_needs_no_assignment_or_plays_the_follower() {
    let mut driver = seats();
    driver.join(Join::of("a2").instance("ia"));
    driver.replicate();
    assert_eq!(
        driver.replies(),
        ["join a2: a2 in 1 under a2, range, members [\"a2\", \"b\"], skip assignment"]
    );
    let mut old = seats();
    old.join(Join::of("a2").instance("ia").cannot_skip_assignment());
    old.replicate();
    assert_eq!(old.replies(), ["join a2: a2 in 1 under a, range, members []"]);
}

#[test]
fn grp_40_a_failed_write_gives_the_seat_back() {
    let mut driver = seats();
    let before = driver.group.clone();
    driver.join(Join::of("b2").instance("ib").metadata(b"news"));
    driver.end_writes(Err(ErrorCode::CoordinatorNotAvailable));
    assert_eq!(driver.replies(), ["join b2: 15 for -"]);
    assert_eq!(driver.group, before);
    assert_eq!(driver.heartbeat_as("b", Some("ib"), 1), 0);
}
