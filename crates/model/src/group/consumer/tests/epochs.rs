use fencepost_wire::Release;

use super::driver::{Driver, join, quiet};
use crate::group::consumer::Heartbeat;
use crate::timers::GroupTimer;

fn with_instance(request: Heartbeat) -> Heartbeat {
    Heartbeat { instance: Some("i".into()), ..request }
}

#[test]
fn g848_14_names_in_another_order_do_not_raise_the_epoch_and_another_name_does() {
    let mut driver = Driver::new(1);
    driver.create("u", 1);
    driver.check(&join("A", &["t", "u"]), "epoch 1 [t-0 u-0]");
    let again = |topics: &[&str]| Heartbeat {
        owned: None,
        epoch: quiet("A", 1).epoch,
        ..join("A", topics)
    };
    driver.check(&again(&["u", "t"]), "epoch 1 unchanged");
    assert_eq!(driver.written(), 0);
    driver.create("v", 1);
    driver.check(&again(&["t", "u", "v"]), "epoch 2 [t-0 u-0 v-0]");
}

#[test]
fn g848_14_a_change_of_rack_alone_is_stored_and_does_not_raise_the_epoch() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    driver.check(&Heartbeat { rack: Some("r".into()), ..quiet("A", 1) }, "epoch 1 unchanged");
    assert_eq!(driver.written(), 1);
    assert_eq!(driver.group.member("A").unwrap().rack.as_deref(), Some("r"));
}

#[test]
fn g848_08_a_full_group_takes_no_new_member_but_keeps_its_own() {
    let mut driver = Driver::new(1);
    driver.settings.max_size = 1;
    driver.send(&join("A", &["t"]));
    driver.check(&join("B", &["t"]), "GROUP_MAX_SIZE_REACHED");
    driver.check(&join("A", &["t"]), "epoch 1 [t-0]");
}

#[test]
fn g848_09_an_unknown_member_may_only_join() {
    Driver::new(1).beat("A", 4, "UNKNOWN_MEMBER_ID");
}

#[test]
fn g848_10_the_previous_epoch_is_good_with_owned_partitions_that_are_assigned() {
    let mut driver = Driver::new(4);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    driver.owns("A", 1, &[0, 1], "epoch 2 [t-0 t-1]");
    // That answer was lost.
    driver.beat("A", 1, "FENCED_MEMBER_EPOCH");
    driver.owns("A", 1, &[0, 2], "FENCED_MEMBER_EPOCH");
    driver.owns("A", 1, &[0], "epoch 2 unchanged");
    driver.beat("A", 3, "FENCED_MEMBER_EPOCH");
}

#[test]
fn g848_10_epoch_0_rejoins_from_release_4_2_on() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    driver.beat("A", 1, "epoch 2 unchanged");
    driver.check(&join("A", &["t"]), "FENCED_MEMBER_EPOCH");
    driver.settings.release = Release::V4_2;
    driver.check(&join("A", &["t"]), "epoch 2 [t-0]");
}

#[test]
fn g848_11_a_fenced_member_stays_as_it_was() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    let before = driver.group.clone();
    driver.beat("A", 7, "FENCED_MEMBER_EPOCH");
    assert_eq!(driver.group, before);
}

#[test]
fn g848_12_a_seat_that_is_held_is_not_given_away() {
    let mut driver = Driver::new(1);
    driver.check(&with_instance(join("A", &["t"])), "epoch 1 [t-0]");
    driver.check(&with_instance(join("B", &["t"])), "UNRELEASED_INSTANCE_ID");
    driver.check(&with_instance(quiet("B", 1)), "FENCED_INSTANCE_ID");
    let other = Heartbeat { instance: Some("j".into()), ..quiet("A", 1) };
    driver.check(&other, "UNKNOWN_MEMBER_ID");
}

#[test]
fn g848_12_a_newcomer_takes_over_the_seat_of_a_member_that_left_for_a_while() {
    let mut driver = Driver::new(2);
    driver.check(&with_instance(join("A", &["t"])), "epoch 1 [t-0 t-1]");
    driver.check(&with_instance(quiet("A", -2)), "epoch -2 unchanged");
    driver.check(&with_instance(quiet("A", 1)), "FENCED_MEMBER_EPOCH");
    driver.check(&with_instance(join("B", &["t"])), "epoch 1 [t-0 t-1]");
    assert_eq!(driver.states(), "Stable 1: B 1 Stable");
    assert_eq!(driver.timers.keys().collect::<Vec<_>>(), [&GroupTimer::Session("B".into())]);
}

#[test]
fn g848_12_a_member_comes_back_to_its_own_seat_under_its_own_id() {
    let mut driver = Driver::new(2);
    driver.send(&with_instance(join("A", &["t"])));
    driver.send(&with_instance(quiet("A", -2)));
    driver.check(&with_instance(join("A", &["t"])), "epoch 1 [t-0 t-1]");
    assert!(driver.timers.contains_key(&GroupTimer::Session("A".into())));
}

#[test]
fn g848_12_a_newcomer_on_a_seat_with_another_subscription_raises_the_epoch() {
    let mut driver = Driver::new(1);
    driver.create("u", 1);
    driver.send(&with_instance(join("A", &["t"])));
    driver.send(&with_instance(quiet("A", -2)));
    driver.check(&with_instance(join("B", &["u"])), "epoch 2 [u-0]");
}
