use fencepost_wire::Release;

use super::driver::{Driver, join, quiet};
use crate::group::consumer::Heartbeat;
use crate::timers::GroupTimer;

fn by_regex(member: &str, regex: &str) -> Heartbeat {
    Heartbeat { topics: None, regex: Some(regex.into()), ..join(member, &[]) }
}

#[test]
fn g848_25_an_expression_is_matched_after_the_first_answer() {
    let mut driver = Driver::new(2);
    driver.create("at", 1);
    driver.check(&by_regex("A", "t.*"), "epoch 1 []");
    assert!(driver.fire(&GroupTimer::RegexRefresh));
    driver.beat("A", 1, "epoch 2 [t-0 t-1]");
}

#[test]
fn g848_25_an_expression_that_does_not_compile_changes_nothing() {
    let mut driver = Driver::new(1);
    driver.check(&by_regex("A", "["), "INVALID_REGULAR_EXPRESSION");
    assert!(driver.group.is_empty());
}

#[test]
fn g848_25_a_new_topic_that_matches_arrives_by_later_heartbeats() {
    let mut driver = Driver::new(1);
    driver.send(&by_regex("A", "t.*"));
    driver.fire(&GroupTimer::RegexRefresh);
    driver.beat("A", 1, "epoch 2 [t-0]");
    driver.create("t2", 1);
    // Too soon after the last time.
    driver.beat("A", 2, "epoch 2 unchanged");
    assert!(!driver.timers.contains_key(&GroupTimer::RegexRefresh));
    driver.now = driver.now.plus_millis(10_001);
    driver.beat("A", 2, "epoch 2 unchanged");
    assert!(driver.fire(&GroupTimer::RegexRefresh));
    driver.beat("A", 2, "epoch 3 [t-0 t2-0]");
}

#[test]
fn g848_25_an_expression_that_the_group_has_matched_counts_at_once() {
    let mut driver = Driver::new(2);
    driver.send(&by_regex("A", "t"));
    driver.fire(&GroupTimer::RegexRefresh);
    driver.send(&quiet("A", 1));
    driver.check(&by_regex("B", "t"), "epoch 3 []");
    driver.beat("A", 2, "epoch 2 [t-0]");
}

#[test]
fn g848_25_names_and_an_expression_join() {
    let mut driver = Driver::new(1);
    driver.create("u", 1);
    driver.check(&Heartbeat { regex: Some("u".into()), ..join("A", &["t"]) }, "epoch 1 [t-0]");
    driver.fire(&GroupTimer::RegexRefresh);
    driver.beat("A", 1, "epoch 2 [t-0 u-0]");
    let without = Heartbeat { regex: Some("".into()), ..quiet("A", 2) };
    driver.check(&without, "epoch 2 [t-0]");
    driver.owns("A", 2, &[0], "epoch 3 unchanged");
}

#[test]
fn g848_25_an_expression_without_subscribers_is_forgotten() {
    let mut driver = Driver::new(1);
    driver.send(&by_regex("A", "t"));
    driver.fire(&GroupTimer::RegexRefresh);
    assert!(driver.group.is_subscribed_to(&"t".into()));
    driver.beat("A", -1, "epoch -1 unchanged");
    assert!(!driver.group.is_subscribed_to(&"t".into()));
}

#[test]
fn g848_25_from_release_4_2_on_a_new_expression_ends_what_the_old_one_gave_before_it_is_matched() {
    for (release, answer) in [(Release::V4_1, "epoch 2 unchanged"), (Release::V4_2, "epoch 2 []")] {
        let mut driver = Driver::new(1);
        driver.settings.release = release;
        driver.send(&by_regex("A", "t"));
        driver.fire(&GroupTimer::RegexRefresh);
        driver.beat("A", 1, "epoch 2 [t-0]");
        driver.check(&Heartbeat { regex: Some("u".into()), ..quiet("A", 2) }, answer);
    }
}
