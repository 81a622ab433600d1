//! LeaveGroup.

use super::driver::{Driver, Join};

#[test]
fn grp_34_each_member_is_answered_on_its_own() {
    let joins = [Join::of("m1"), Join::of("m2").instance("i2"), Join::of("m3").instance("i3")];
    let mut driver = Driver::stable_with(&joins);
    driver.join(Join::of("p").requires_known_member());
    let answers = driver.leave(&[
        ("", Some("i2")),
        ("", Some("i9")),
        ("", None),
        ("p", None),
        ("m1", Some("i3")),
        ("m9", None),
        ("m1", None),
    ]);
    assert_eq!(answers, [0, 25, 25, 0, 82, 25, 0]);
    assert_eq!(driver.group.members().len(), 1);
}

#[test]
fn grp_35_the_last_member_empties_the_group_with_a_new_generation() {
    let mut driver = Driver::stable(&["m1"]);
    driver.leave(&[("m1", None)]);
    assert_eq!((driver.state(), driver.group.generation().0), ("Empty", 2));
    let (value, _) = &driver.writes[0];
    assert_eq!((value.generation.0, &*value.protocol_type), (2, "consumer"));
    assert_eq!((value.protocol.as_deref(), value.members.len()), (None, 0));
}

#[test]
fn grp_35_a_parked_join_is_answered_and_the_phase_may_end() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.join(Join::of("m1").known());
    driver.leave(&[("m2", None)]);
    assert_eq!(driver.replies(), ["join m1: m1 in 2 under m1, range, members [\"m1\"]"]);

    let mut initial = Driver::new();
    initial.join(Join::of("m1"));
    initial.join(Join::of("m2"));
    initial.leave(&[("m2", None)]);
    assert_eq!(initial.replies(), ["join m2: 25 for -"]);
    assert_eq!(initial.state(), "PreparingRebalance", "an initial rebalance does not end early");
}
