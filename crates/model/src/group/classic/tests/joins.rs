//! JoinGroup and the join phase.

use fencepost_ids::{MemberId, TopicName};

use super::super::*;
use super::driver::{Driver, Join};

#[test]
fn grp_01_a_groups_life_shows_every_state() {
    let mut driver = Driver::new();
    let mut seen = vec![driver.state()];
    driver.join(Join::of("m1"));
    seen.push(driver.state());
    driver.run_until(3000);
    seen.push(driver.state());
    driver.sync_all();
    seen.push(driver.state());
    driver.join(Join::of("m2"));
    seen.push(driver.state());
    driver.leave(&[("m2", None), ("m1", None)]);
    seen.push(driver.state());
    assert_eq!(
        seen,
        [
            "Empty",
            "PreparingRebalance",
            "CompletingRebalance",
            "Stable",
            "PreparingRebalance",
            "Empty"
        ]
    );
}

#[test]
fn grp_03_a_group_without_protocol_or_members_is_simple() {
    let mut driver = Driver::new();
    assert!(driver.group.is_simple());
    driver.join(Join::of("m1").requires_known_member());
    assert!(!driver.group.is_simple());
}

#[test]
fn grp_09_a_full_group_refuses_and_forgets_the_member() {
    let mut driver = Driver::stable(&["m1"]);
    driver.settings.max_size = 1;
    driver.join(Join::of("m2"));
    assert_eq!(driver.replies(), ["join m2: 81 for -"]);
    // In a join phase, room is counted by those who are parked.
    let mut shrunk = Driver::stable(&["m1", "m2"]);
    shrunk.settings.max_size = 1;
    shrunk.join(Join::of("m1").known());
    shrunk.join(Join::of("m2").known());
    assert_eq!(shrunk.replies(), ["join m2: 81 for -"]);
    assert_eq!(shrunk.group.members().len(), 1);
}

#[test]
fn grp_10_and_grp_11_a_dynamic_member_without_id_is_sent_back_with_one() {
    let mut driver = Driver::stable(&["m1"]);
    driver.join(Join::of("m2").requires_known_member());
    assert_eq!(driver.replies(), ["join m2: 79 for m2"]);
    assert_eq!((driver.state(), driver.heartbeat("m1", 1)), ("Stable", 0));
    // A pending member keeps a join phase open.
    driver.join(Join::of("m1").known());
    assert_eq!(driver.state(), "PreparingRebalance");
    driver.join(Join::of("m2").known());
    assert_eq!(
        driver.replies(),
        [
            "join m1: m1 in 2 under m1, range, members [\"m1\", \"m2\"]",
            "join m2: m2 in 2 under m1, range, members []"
        ]
    );
}

#[test]
fn grp_12_protocols_must_be_offered_and_shared() {
    let mut driver = Driver::new();
    driver.join(Join::of("m1").offering(&[]));
    driver.join(Join::of("m1").of_type(""));
    driver.join(Join::of("m1"));
    driver.join(Join::of("m2").offering(&["cooperative-sticky"]));
    driver.join(Join::of("m2").of_type("connect"));
    assert_eq!(
        driver.replies(),
        ["join m1: 23 for -", "join m1: 23 for -", "join m2: 23 for -", "join m2: 23 for -"]
    );
    driver.join(Join::of("m2").offering(&["cooperative-sticky", "range"]));
    assert_eq!(driver.group.members().len(), 2);
}

#[test]
fn grp_13_a_member_that_is_not_known_is_refused() {
    let mut driver = Driver::stable(&["m1"]);
    driver.join(Join::of("m9").known());
    driver.join(Join::of("m1").known().instance("i"));
    assert_eq!(driver.replies(), ["join m9: 25 for m9", "join m1: 25 for m1"]);
    driver.join(Join::of("m2").requires_known_member());
    driver.join(Join::of("m2").known().instance("i"));
    assert_eq!(driver.replies(), ["join m2: 79 for m2", "join m2: -1 for -"]);
}

#[test]
fn grp_14_an_identical_rejoin_while_completing_gets_the_same_generation() {
    let mut driver = Driver::new();
    driver.join(Join::of("m1"));
    driver.run_until(3000);
    driver.join(Join::of("m1").known());
    let same = "join m1: m1 in 1 under m1, range, members [\"m1\"]";
    assert_eq!(driver.replies(), [same, same]);
    driver.join(Join::of("m1").known().offering(&["range"]));
    assert_eq!(driver.replies(), ["join m1: m1 in 2 under m1, range, members [\"m1\"]"]);
}

#[test]
fn grp_15_in_stable_the_leader_always_rebalances_and_a_follower_only_with_news() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.join(Join::of("m2").known());
    assert_eq!(driver.replies(), ["join m2: m2 in 1 under m1, range, members []"]);
    driver.sync("m2", &[]);
    assert_eq!(driver.replies(), ["sync m2: \"m2\""]);
    driver.join(Join::of("m1").known());
    assert_eq!((driver.state(), driver.heartbeat("m2", 1)), ("PreparingRebalance", 27));

    let mut news = Driver::stable(&["m1", "m2"]);
    news.join(Join::of("m2").known().metadata(b"news"));
    assert_eq!(news.state(), "PreparingRebalance");
}

#[test]
fn grp_16_a_second_parked_join_replaces_the_first() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.join(Join::of("m1").known());
    driver.join(Join::of("m1").known());
    assert_eq!(driver.replies(), ["join m1: abandoned"]);
}

#[test]
fn grp_17_a_new_member_is_not_removed_after_its_session_timeout() {
    let mut driver = Driver::stable(&["m1"]);
    driver.join(Join::of("m2"));
    driver.run_until(9000);
    driver.heartbeat("m1", 1);
    driver.run_until(18_000);
    assert_eq!(driver.group.members().len(), 2);
    assert_eq!(driver.replies(), [""; 0]);
}

#[test]
fn grp_18_a_rebalance_answers_parked_syncs() {
    let mut driver = Driver::new();
    driver.join(Join::of("m1"));
    driver.join(Join::of("m2"));
    driver.run_until(6000);
    driver.replies();
    driver.sync("m2", &[]);
    driver.join(Join::of("m3"));
    assert_eq!(driver.replies(), ["sync m2: 27"]);
    assert_eq!(driver.state(), "PreparingRebalance");
}

#[test]
fn grp_19_the_first_join_waits_for_more_members() {
    let mut alone = Driver::new();
    alone.join(Join::of("m1"));
    alone.run_until(2999);
    assert_eq!(alone.replies(), [""; 0]);
    alone.run_until(3000);
    assert_eq!(alone.replies().len(), 1);

    let mut two = Driver::new();
    two.join(Join::of("m1"));
    two.run_until(2000);
    two.join(Join::of("m2"));
    two.run_until(5999);
    assert_eq!(two.replies(), [""; 0]);
    two.run_until(6000);
    assert_eq!(two.replies().len(), 2);

    let mut short = Driver::new();
    short.join(Join::of("m1").rebalance_timeout_ms(4000));
    short.run_until(1000);
    short.join(Join::of("m2").rebalance_timeout_ms(4000));
    short.run_until(4000);
    assert_eq!(short.replies().len(), 2);
}

#[test]
fn grp_19_a_removal_by_timer_may_end_the_initial_rebalance_early() {
    let mut driver = Driver::new();
    driver.join(Join::of("m1"));
    driver.join(Join::of("m2").requires_known_member());
    driver.replies();
    driver.fire(&GroupTimer::Pending("m2".into()));
    assert_eq!(driver.replies().len(), 1);
    assert_eq!(driver.timers.get(&GroupTimer::InitialDelay), None);
}

#[test]
fn grp_20_members_that_do_not_rejoin_are_dropped() {
    let mut driver = Driver::stable(&["m1", "m2"]);
    driver.timers.clear();
    driver.join(Join::of("m2").known().metadata(b"news"));
    driver.run_until(60_000);
    assert_eq!(driver.replies(), ["join m2: m2 in 2 under m2, range, members [\"m2\"]"]);
    assert_eq!(driver.heartbeat("m1", 1), 25);
}

#[test]
fn grp_20_and_grp_41_static_members_stay_though_they_miss_the_phase() {
    let joins = ["m1", "m2"].map(|id| Join::of(id).instance(id));
    let mut driver = Driver::stable_with(&joins);
    driver.timers.clear();
    driver.join(Join::of("m1").known().instance("m1"));
    driver.run_until(60_000);
    assert_eq!(driver.replies(), ["join m1: m1 in 2 under m1, range, members [\"m1\", \"m2\"]"]);
}

#[test]
fn grp_20_a_phase_that_nobody_joined_runs_again() {
    let joins = ["m1", "m2"].map(|id| Join::of(id).instance(id));
    let mut driver = Driver::stable_with(&joins);
    driver.timers.clear();
    driver.leave(&[("m2", Some("m2"))]);
    driver.run_until(60_000);
    assert_eq!(driver.state(), "PreparingRebalance");
    assert!(driver.timers.contains_key(&GroupTimer::Join));
}

#[test]
fn grp_21_most_votes_win_and_the_smaller_name_breaks_a_tie() {
    let select = |offers: &[&[&str]]| {
        let mut driver = Driver::new();
        for (index, offer) in offers.iter().enumerate() {
            driver.join(Join::of(&format!("m{index}")).offering(offer));
        }
        driver.run_until(6000);
        driver.group.protocol().map(str::to_owned)
    };
    let (range, robin) = (&["range", "roundrobin"][..], &["roundrobin", "range"][..]);
    assert_eq!(select(&[range, robin, robin]).as_deref(), Some("roundrobin"));
    assert_eq!(select(&[range, robin]).as_deref(), Some("range"));
    assert_eq!(select(&[robin, &["range"]]).as_deref(), Some("range"));
}

#[test]
fn grp_23_the_member_that_joined_first_follows_the_leader() {
    let mut driver = Driver::stable(&["z", "y", "x"]);
    assert_eq!(driver.group.leader(), Some(&MemberId::from("z")));
    driver.leave(&[("z", None)]);
    assert_eq!(driver.group.leader(), Some(&MemberId::from("y")));
}

#[test]
fn grp_45_a_loaded_group_over_capacity_rebalances() {
    let stable = Driver::stable(&["m1", "m2"]);
    let mut driver = Driver::new();
    driver.group = ClassicGroup::replayed(stable.group.value(None));
    driver.settings.max_size = 1;
    let mut out = Vec::new();
    driver.group.loaded(driver.now, &driver.settings, &mut out);
    assert_eq!(driver.state(), "PreparingRebalance");
}

#[test]
fn grp_46_and_grp_51_what_a_load_brings_back() {
    let joins = ["m1", "m2"].map(|id| Join::of(id).offering(&["range", "sticky"]));
    let before = Driver::stable_with(&joins);
    let mut driver = Driver::new();
    driver.group = ClassicGroup::replayed(before.group.value(None));
    assert_eq!(driver.group.value(None), before.group.value(None));
    assert_eq!((driver.state(), driver.heartbeat("m2", 1)), ("Stable", 0));
    // It knows only the selected protocol of each, so that the same offer looks changed.
    driver.join(joins[1].clone().known());
    assert_eq!(driver.state(), "PreparingRebalance");
}

#[test]
fn grp_50_subscriptions_are_read_where_they_can_be() {
    let subscribed = |join: Join| {
        let driver = Driver::stable_with(&[join]);
        ["a", "b"].map(|topic| driver.group.is_subscribed_to(&TopicName::from(topic)))
    };
    let to_a = b"\x00\x03\x00\x00\x00\x01\x00\x01a\xff\xff\xff\xffmore";
    assert_eq!(subscribed(Join::of("m1").metadata(to_a)), [true, false]);
    assert_eq!(subscribed(Join::of("m1").metadata(b"junk")), [true, true]);
    assert_eq!(subscribed(Join::of("m1").metadata(to_a).of_type("connect")), [false, false]);
    assert!(!ClassicGroup::new(Timestamp(0)).is_subscribed_to(&"a".into()));
}

#[test]
fn txoff_73_the_record_of_a_new_group_says_nothing() {
    let value = ClassicGroup::empty_value(Timestamp(5));
    assert_eq!(&*value.protocol_type, "");
    assert_eq!((value.generation.0, value.protocol, value.leader), (0, None, None));
    assert_eq!(value.state_since, Some(Timestamp(5)));
    let mut driver = Driver::new();
    driver.join(Join::of("m1"));
    driver.run_until(3000);
    assert_eq!(driver.writes.len(), 0, "the end of a join phase with members writes nothing");
}

#[test]
fn txoff_76_an_unload_sends_the_waiting_away() {
    fn unload(mut driver: Driver) -> Vec<String> {
        driver.replies();
        let mut out = Vec::new();
        driver.group.clone().unload(&mut out);
        driver.apply(out);
        driver.replies()
    }
    let mut joining = Driver::new();
    joining.join(Join::of("m1"));
    assert_eq!(unload(joining), ["join m1: 16 for m1"]);
    let mut syncing = Driver::new();
    syncing.join(Join::of("m1"));
    syncing.run_until(3000);
    syncing.sync("m1", &[]);
    assert_eq!(unload(syncing), ["sync m1: 16"]);
}
