//! What release 4.3 and 4.4 changed: where epochs begin, when a target is computed, and what a
//! member may commit at an older epoch.

use fencepost_ids::{ErrorCode, GenerationId, PartitionIndex, Rules};
use fencepost_wire::Release;

use super::driver::{Driver, join, names, quiet};
use crate::group::assign::Partitions;
use crate::group::classic::{CommitKind, Identity};
use crate::group::consumer::Heartbeat;

/// A group of topic `t` with two partitions, whose targets may be computed once a second.
fn group(release: Release) -> Driver {
    let mut driver = Driver::of(release, 2);
    driver.settings.assignment_interval_ms = 1_000;
    driver
}

fn later(driver: &mut Driver, millis: i64) {
    driver.now = driver.now.plus_millis(millis);
}

#[test]
fn g848_37_a_group_begins_at_epoch_1() {
    group(Release::V4_2).check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    group(Release::V4_3).check(&join("A", &["t"]), "epoch 2 [t-0 t-1]");
    let unmatched = Heartbeat { regex: Some("none.*".into()), ..join("A", &[]) };
    group(Release::V4_3).check(&join("A", &[]), "epoch 1 []");
    group(Release::V4_3).check(&unmatched, "epoch 1 []");
}

#[test]
fn g848_36_a_target_is_not_computed_again_before_the_interval_is_over() {
    let mut driver = group(Release::V4_3);
    driver.check(&join("A", &["t"]), "epoch 2 [t-0 t-1]");
    driver.check(&join("B", &["t"]), "epoch 2 []");
    later(&mut driver, 999);
    driver.beat("A", 2, "epoch 2 unchanged");
    later(&mut driver, 1);
    driver.beat("B", 2, "epoch 3 unchanged");
    driver.owns("A", 2, &[0, 1], "epoch 2 [t-0]");
}

#[test]
fn g848_37_a_group_that_all_left_has_its_target_at_once_from_4_4_on() {
    let epoch_of_newcomer = |release| {
        let mut driver = group(release);
        driver.send(&join("A", &["t"]));
        driver.send(&quiet("A", -1));
        driver.send(&join("B", &["t"]))
    };
    assert_eq!(epoch_of_newcomer(Release::V4_3), "epoch 2 []");
    assert_eq!(epoch_of_newcomer(Release::V4_4), "epoch 4 [t-0 t-1]");
}

#[test]
fn g848_37_another_assignor_raises_the_epoch_from_4_4_on() {
    for (release, answer) in
        [(Release::V4_3, "epoch 2 unchanged"), (Release::V4_4, "epoch 3 unchanged")]
    {
        let mut driver = group(release);
        driver.send(&join("A", &["t"]));
        later(&mut driver, 1_000);
        driver.check(&Heartbeat { assignor: Some("range".into()), ..quiet("A", 2) }, answer);
    }
}

#[test]
fn g848_37_an_heir_needs_no_room_from_4_4_on() {
    for (release, answer) in
        [(Release::V4_3, "GROUP_MAX_SIZE_REACHED"), (Release::V4_4, "epoch 2 [t-0 t-1]")]
    {
        let mut driver = group(release);
        driver.settings.max_size = 1;
        let seated = |heartbeat| Heartbeat { instance: Some("i".into()), ..heartbeat };
        driver.send(&seated(join("A", &["t"])));
        driver.send(&seated(quiet("A", -2)));
        driver.check(&seated(join("B", &["t"])), answer);
    }
}

/// Commits at an epoch for partitions of `t`, one after the other.
fn commits(driver: &Driver, epoch: i32, indexes: &[i32]) -> Vec<ErrorCode> {
    let identity = Identity { generation: GenerationId(epoch), member: "A", instance: None };
    let rules = (driver.settings.release, Rules::default());
    let group = &driver.group;
    let (topic, _) = driver.of_t(&[0]).iter().next().expect("there is one");
    let checked = group.validate_offset_commit(&identity, CommitKind::Plain, 9, rules);
    let partition = |index| group.validate_partition(&identity, topic, PartitionIndex(index));
    let errors = indexes.iter().map(|index| checked.and_then(|()| partition(*index)));
    errors.map(|error| error.err().unwrap_or(ErrorCode::None)).collect()
}

#[test]
fn txoff_79_a_member_commits_at_an_older_epoch_what_it_has_had_since() {
    use ErrorCode::{None, StaleMemberEpoch};
    let mut driver = group(Release::V4_3);
    driver.check(&join("A", &["t"]), "epoch 2 [t-0 t-1]");
    driver.grow("t", 3);
    later(&mut driver, 1_000);
    let wider = Heartbeat { topics: Some(names(&["t", "u"])), ..quiet("A", 2) };
    driver.check(&wider, "epoch 3 [t-0 t-1 t-2]");
    assert_eq!(commits(&driver, 3, &[0, 2, 7]), [None, None, None]);
    assert_eq!(commits(&driver, 2, &[0, 2, 7]), [None, StaleMemberEpoch, StaleMemberEpoch]);
    assert_eq!(commits(&driver, 1, &[0, 2]), [StaleMemberEpoch; 2]);
    assert_eq!(commits(&driver, 4, &[0, 2]), [StaleMemberEpoch; 2]);
}

#[test]
fn txoff_79_before_4_3_only_the_members_own_epoch_will_do() {
    let mut driver = Driver::of(Release::V4_2, 2);
    driver.check(&join("A", &["t"]), "epoch 1 [t-0 t-1]");
    assert_eq!(commits(&driver, 0, &[0]), [ErrorCode::StaleMemberEpoch]);
    assert_eq!(commits(&driver, 1, &[0]), [ErrorCode::None]);
}

#[test]
fn txoff_79_what_is_to_be_given_up_keeps_its_epoch() {
    use ErrorCode::{None, StaleMemberEpoch};
    let mut driver = group(Release::V4_4);
    driver.send(&join("A", &["t"]));
    later(&mut driver, 1_000);
    driver.send(&join("B", &["t"]));
    driver.beat("A", 2, "epoch 2 [t-0]");
    assert_eq!(commits(&driver, 1, &[0, 1]), [StaleMemberEpoch; 2]);
    assert_eq!(commits(&driver, 2, &[0, 1]), [None, None]);
    driver.owns("A", 2, &[0], "epoch 3 unchanged");
    assert_eq!(commits(&driver, 2, &[0, 1]), [None, StaleMemberEpoch]);
}

#[test]
fn txoff_79_an_heir_commits_at_any_epoch() {
    let mut driver = group(Release::V4_4);
    let seated = |heartbeat| Heartbeat { instance: Some("i".into()), ..heartbeat };
    driver.send(&seated(join("Z", &["t"])));
    driver.send(&seated(quiet("Z", -2)));
    let heir = Heartbeat { owned: Some(Partitions::default()), ..seated(join("A", &["t"])) };
    driver.check(&heir, "epoch 2 [t-0 t-1]");
    assert_eq!(commits(&driver, 0, &[0]), [ErrorCode::None]);
}
