use fencepost_wire::Release;

use super::driver::{Driver, join, quiet};
use crate::group::consumer::Heartbeat;
use crate::timers::GroupTimer;

#[test]
fn g848_20_the_worked_exchange() {
    let mut driver = Driver::new(2);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    assert_eq!(driver.states(), "Reconciling 2: A 1 Stable, B 2 UnreleasedPartitions");
    driver.beat("A", 1, "epoch 1 [t-0]");
    assert_eq!(driver.states(), "Reconciling 2: A 1 UnrevokedPartitions, B 2 UnreleasedPartitions");
    driver.owns("A", 1, &[0, 1], "epoch 1 unchanged");
    driver.beat("B", 2, "epoch 2 unchanged");
    driver.owns("A", 1, &[0], "epoch 2 unchanged");
    driver.beat("B", 2, "epoch 2 [t-1]");
    assert_eq!(driver.states(), "Stable 2: A 2 Stable, B 2 Stable");
}

#[test]
fn g848_17_a_member_that_gave_up_all_it_must_moves_on_even_if_the_target_moved_meanwhile() {
    let mut driver = Driver::new(3);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1 t-2]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    driver.beat("A", 1, "epoch 1 [t-0 t-1]");
    driver.check(&join("C", &["t"]), "epoch 3 []");
    // What it gave up at epoch 1 lets it move to 2, where it must give up the next.
    driver.owns("A", 1, &[0, 1], "epoch 2 [t-0]");
    driver.owns("A", 2, &[0], "epoch 3 unchanged");
}

#[test]
fn g848_17_from_release_4_2_on_its_epoch_stays_until_it_has_nothing_to_give_up() {
    let mut driver = Driver::new(3);
    driver.settings.release = Release::V4_2;
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1 t-2]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    driver.beat("A", 1, "epoch 1 [t-0 t-1]");
    driver.check(&join("C", &["t"]), "epoch 3 []");
    driver.owns("A", 1, &[0, 1], "epoch 1 [t-0]");
    driver.owns("A", 1, &[0], "epoch 3 unchanged");
}

#[test]
fn g848_18_what_a_member_was_to_give_up_comes_back_at_once() {
    for release in [Release::V4_1, Release::V4_2] {
        let mut driver = Driver::new(2);
        driver.settings.release = release;
        driver.send(&join("A", &["t"]));
        driver.send(&join("B", &["t"]));
        driver.beat("A", 1, "epoch 1 [t-0]");
        driver.beat("B", -1, "epoch -1 unchanged");
        driver.owns("A", 1, &[0], "epoch 3 [t-0 t-1]");
    }
}

#[test]
fn g848_18_a_member_that_owns_nothing_of_what_is_revoked_moves_at_once() {
    let mut driver = Driver::new(2);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    driver.owns("A", 1, &[0], "epoch 2 [t-0]");
    driver.beat("B", 2, "epoch 2 [t-1]");
}

#[test]
fn g848_21_a_full_request_is_told_its_assignment_and_a_quiet_one_is_not() {
    let mut driver = Driver::new(2);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    driver.beat("A", 1, "epoch 1 unchanged");
    assert_eq!(driver.written(), 0);
    let owned = Some(driver.of_t(&[0, 1]));
    let full = Heartbeat { owned, epoch: quiet("A", 1).epoch, ..join("A", &["t"]) };
    driver.check(&full, "epoch 1 [t-0 t-1]");
    let without_timeout = Heartbeat { rebalance_timeout_ms: -1, ..full };
    driver.check(&without_timeout, "epoch 1 unchanged");
}

#[test]
fn g848_22_a_member_that_does_not_give_up_its_partitions_is_removed() {
    let mut driver = Driver::new(2);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    driver.beat("A", 1, "epoch 1 [t-0]");
    let timer = GroupTimer::Rebalance("A".into());
    assert_eq!(driver.timers[&timer], driver.now.plus_millis(60_000));
    driver.now = driver.now.plus_millis(30_000);
    driver.owns("A", 1, &[0, 1], "epoch 1 unchanged");
    assert!(driver.fire(&timer));
    driver.beat("A", 1, "UNKNOWN_MEMBER_ID");
    driver.beat("B", 2, "epoch 3 [t-0 t-1]");
}

#[test]
fn g848_22_giving_up_the_partitions_cancels_the_rebalance_timer() {
    let mut driver = Driver::new(2);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    driver.beat("A", 1, "epoch 1 [t-0]");
    driver.owns("A", 1, &[0], "epoch 2 unchanged");
    assert!(!driver.timers.contains_key(&GroupTimer::Rebalance("A".into())));
}

#[test]
fn g848_15_a_subscribed_topic_that_changes_raises_the_epoch_at_the_next_heartbeat() {
    let mut driver = Driver::new(1);
    driver.check(&join("A", &["t", "u"]), "epoch 1 [t-0]");
    driver.create("other", 3);
    driver.beat("A", 1, "epoch 1 unchanged");
    driver.grow("t", 2);
    driver.beat("A", 1, "epoch 2 [t-0 t-1]");
    driver.create("u", 1);
    driver.beat("A", 2, "epoch 3 [t-0 t-1 u-0]");
    driver.delete("u");
    driver.owns("A", 3, &[0, 1], "epoch 4 [t-0 t-1]");
}

#[test]
fn g848_16_the_assignor_that_most_members_name_is_used() {
    let range = |member| Heartbeat { assignor: Some("range".into()), ..join(member, &["t"]) };
    let mut driver = Driver::new(4);
    driver.send(&range("A"));
    driver.send(&join("B", &["t"]));
    driver.beat("A", 1, "epoch 1 [t-0 t-1]");
    let description = driver.group.describe(&driver.settings);
    assert_eq!(description.assignor.name(), "range");
    let uniform = |member| Heartbeat { assignor: Some("uniform".into()), ..join(member, &["t"]) };
    driver.send(&uniform("C"));
    driver.send(&uniform("D"));
    assert_eq!(driver.group.describe(&driver.settings).assignor.name(), "uniform");
}

#[test]
fn g848_04_a_reload_starts_sessions_and_rebalance_timers_anew() {
    let mut driver = Driver::new(2);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    driver.send(&quiet("A", 1));
    let loaded = driver.loaded();
    let mut timers = driver.step(|_, context| loaded.timers_at_load(context));
    timers.sort_by_key(|timer| format!("{timer:?}"));
    let text: Vec<_> = timers.iter().map(|timer| format!("{timer:?}")).collect();
    assert_eq!(
        text,
        [
            "Arm(Rebalance(\"A\"), Timestamp(1060000))",
            "Arm(Session(\"A\"), Timestamp(1045000))",
            "Arm(Session(\"B\"), Timestamp(1045000))",
        ]
    );
}
