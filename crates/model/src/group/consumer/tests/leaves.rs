use super::driver::{Driver, join, quiet};
use crate::group::consumer::Heartbeat;
use crate::timers::GroupTimer;

#[test]
fn g848_23_a_member_that_leaves_frees_its_partitions_and_raises_the_epoch() {
    let mut driver = Driver::new(2);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    driver.beat("A", -1, "epoch -1 unchanged");
    assert_eq!(driver.states(), "Assigning 3: B 2 UnreleasedPartitions");
    driver.beat("B", 2, "epoch 3 [t-0 t-1]");
    driver.beat("A", -1, "UNKNOWN_MEMBER_ID");
    assert!(!driver.timers.contains_key(&GroupTimer::Session("A".into())));
}

#[test]
fn g848_23_a_static_member_leaves_by_its_seat() {
    let seated = |request| Heartbeat { instance: Some("i".into()), ..request };
    let mut driver = Driver::new(1);
    driver.send(&seated(join("A", &["t"])));
    driver.check(&seated(quiet("B", -1)), "FENCED_INSTANCE_ID");
    driver.check(&Heartbeat { instance: Some("j".into()), ..quiet("A", -1) }, "UNKNOWN_MEMBER_ID");
    driver.check(&seated(quiet("A", -1)), "epoch -1 unchanged");
    assert_eq!(driver.states(), "Empty 2: ");
}

#[test]
fn g848_23_a_static_member_that_left_for_a_while_is_removed_by_its_session() {
    let mut driver = Driver::new(1);
    let seated = |request| Heartbeat { instance: Some("i".into()), ..request };
    driver.send(&seated(join("A", &["t"])));
    driver.check(&seated(quiet("A", -2)), "epoch -2 unchanged");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    assert!(driver.fire(&GroupTimer::Session("A".into())));
    driver.beat("B", 2, "epoch 3 [t-0]");
}

#[test]
fn g848_23_a_static_member_that_leaves_for_a_while_gives_up_what_it_was_to_give_up() {
    let mut driver = Driver::new(2);
    let seated = |request| Heartbeat { instance: Some("i".into()), ..request };
    driver.send(&seated(join("A", &["t"])));
    driver.send(&join("B", &["t"]));
    driver.check(&seated(quiet("A", 1)), "epoch 1 [t-0]");
    driver.check(&seated(quiet("A", -2)), "epoch -2 unchanged");
    driver.beat("B", 2, "epoch 2 [t-1]");
    assert!(!driver.timers.contains_key(&GroupTimer::Rebalance("A".into())));
    driver.check(&seated(join("C", &["t"])), "epoch 2 [t-0]");
}

#[test]
fn g848_24_a_silent_member_is_removed_by_its_session() {
    let mut driver = Driver::new(2);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    let timer = GroupTimer::Session("A".into());
    assert_eq!(driver.timers[&timer], driver.now.plus_millis(45_000));
    assert!(driver.fire(&timer));
    driver.beat("B", 2, "epoch 3 [t-0 t-1]");
    assert!(!driver.fire(&timer));
}

#[test]
fn txoff_65_a_group_with_members_is_not_deleted_and_an_empty_one_goes_by_its_tombstones() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    assert!(driver.group.validate_deletion().is_err());
    driver.send(&quiet("A", -1));
    assert_eq!(driver.group.validate_deletion(), Ok(()));
    let keys: Vec<_> = driver
        .group
        .tombstones()
        .iter()
        .map(|record| (record.encode_key(&"g".into())[1], record.encode_value()))
        .collect();
    assert_eq!(keys, [(6, None), (4, None), (3, None)]);
}
