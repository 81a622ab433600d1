//! SyncGroup.

use fencepost_ids::ErrorCode;

use super::driver::{Driver, Join};

/// Two members in CompletingRebalance, generation 1, led by m1; nothing is left to be read.
fn completing() -> Driver {
    let mut driver = Driver::new();
    driver.join(Join::of("m1"));
    driver.join(Join::of("m2"));
    driver.run_until(6000);
    driver.replies();
    driver
}

#[test]
fn grp_24_checks_come_in_order() {
    let mut driver = Driver::new();
    driver.sync("m1", &[]);
    assert_eq!(driver.replies(), ["sync m1: 25"], "an empty group");
    let mut driver = completing();
    driver.sync("m9", &[]);
    driver.sync_with("m1", 7, |request| request.instance = Some("i9".into()));
    driver.sync_with("m1", 7, |request| request.protocol = Some("other".into()));
    driver.sync_with("m1", 1, |request| request.protocol = Some("other".into()));
    driver.sync_with("m1", 1, |request| request.protocol_type = Some("other".into()));
    assert_eq!(
        driver.replies(),
        ["sync m9: 25", "sync m1: 25", "sync m1: 22", "sync m1: 23", "sync m1: 23"]
    );
}

#[test]
fn grp_25_all_wait_for_the_leaders_assignment_and_its_replication() {
    let mut driver = completing();
    driver.sync("m2", &[]);
    driver.sync("m1", &[("m1", "one"), ("m9", "nobody")]);
    assert_eq!(driver.replies(), [""; 0]);
    assert_eq!(driver.state(), "CompletingRebalance");
    let assignments: Vec<_> =
        driver.writes[0].0.members.iter().map(|member| &member.assignment[..]).collect();
    assert_eq!(assignments, [b"one", &b""[..]]);
    driver.replicate();
    assert_eq!(driver.replies(), ["sync m1: \"one\"", "sync m2: \"\""]);
    driver.sync("m2", &[]);
    assert_eq!((driver.state(), driver.replies()), ("Stable", vec!["sync m2: \"\"".to_owned()]));
}

#[test]
fn grp_26_a_failed_write_fails_all_and_rebalances() {
    let mut driver = completing();
    driver.sync("m2", &[]);
    driver.sync("m1", &[("m1", "one")]);
    driver.end_writes(Err(ErrorCode::CoordinatorNotAvailable));
    assert_eq!(driver.replies(), ["sync m1: 15", "sync m2: 15"]);
    assert_eq!(driver.state(), "PreparingRebalance");
}

#[test]
fn grp_27_a_rebalance_makes_a_write_in_flight_worthless() {
    let mut driver = completing();
    driver.sync("m1", &[("m1", "one")]);
    driver.join(Join::of("m3"));
    assert_eq!(driver.replies(), ["sync m1: 27"]);
    driver.replicate();
    assert_eq!((driver.state(), driver.replies()), ("PreparingRebalance", vec![]));
}

#[test]
fn grp_28_members_that_never_sync_are_removed_even_in_stable() {
    let mut driver = completing();
    driver.sync("m1", &[("m1", "one")]);
    driver.replicate();
    driver.replies();
    assert_eq!(driver.state(), "Stable");
    for beat in 1..=7 {
        driver.run_until(6000 + beat * 8000);
        driver.heartbeat("m1", 1);
        driver.heartbeat("m2", 1);
    }
    assert_eq!(driver.heartbeat("m1", 1), 0);
    driver.run_until(66_000);
    assert_eq!((driver.heartbeat("m1", 1), driver.heartbeat("m2", 1)), (27, 25));
}
