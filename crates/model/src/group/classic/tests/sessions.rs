//! Heartbeats and sessions.

use super::super::*;
use super::driver::{Driver, Join};

#[test]
fn grp_29_a_heartbeat_is_answered_by_state() {
    let mut driver = Driver::stable(&["m1"]);
    assert_eq!(driver.heartbeat("m9", 1), 25);
    assert_eq!(driver.heartbeat("m1", 2), 22);
    assert_eq!(driver.heartbeat("m1", 1), 0);
    driver.join(Join::of("m2"));
    assert_eq!(driver.heartbeat("m1", 1), 27);
    driver.join(Join::of("m1").known());
    assert_eq!((driver.state(), driver.heartbeat("m1", 2)), ("CompletingRebalance", 0));
}

#[test]
fn grp_30_a_heartbeat_restarts_the_session_and_a_join_does_not() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.run_until(4000);
    driver.heartbeat("m1", 1);
    driver.join(Join::of("m2").known());
    let deadline = |member: &str| driver.timers.get(&GroupTimer::Session(member.into())).copied();
    assert_eq!(deadline("m1"), Some(Timestamp(14_000)));
    assert_eq!(deadline("m2"), Some(Timestamp(10_000)));
}

#[test]
fn grp_31_an_expired_session_starts_a_rebalance() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.run_until(5000);
    driver.heartbeat("m1", 1);
    driver.run_until(10_000);
    assert_eq!((driver.heartbeat("m1", 1), driver.heartbeat("m2", 1)), (27, 25));
}

#[test]
fn grp_31_a_parked_member_that_is_not_new_is_excused() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.join(Join::of("m1").known());
    driver.fire(&GroupTimer::Session("m1".into()));
    assert_eq!(driver.group.members().len(), 2);
    driver.fire(&GroupTimer::Session("m2".into()));
    assert_eq!(driver.replies(), ["join m1: m1 in 2 under m1, range, members [\"m1\"]"]);
}

#[test]
fn grp_31_a_new_member_gives_up_after_five_minutes() {
    let mut driver = Driver::stable(&["m1"]);
    driver.join(Join::of("m2"));
    driver.fire(&GroupTimer::Session("m2".into()));
    assert_eq!(driver.replies(), ["join m2: 25 for -"]);
}

#[test]
fn grp_31_a_pending_member_that_expires_lets_the_phase_end() {
    let mut driver = Driver::stable(&["m1"]);
    driver.join(Join::of("m2").requires_known_member());
    driver.join(Join::of("m1").known());
    driver.replies();
    driver.fire(&GroupTimer::Pending("m2".into()));
    assert_eq!(driver.replies().len(), 1);
}
