use fencepost_ids::{ErrorCode, GenerationId, MemberEpoch, Rules};
use fencepost_wire::Release;

use super::driver::{Driver, join, quiet};
use crate::group::classic::{CommitKind, Identity};
use crate::group::consumer::ConsumerGroup;

fn at(member: &str, epoch: i32) -> Identity<'_> {
    Identity { generation: GenerationId(epoch), member, instance: None }
}

fn commit(
    group: &ConsumerGroup,
    identity: &Identity<'_>,
    kind: CommitKind,
    version: i16,
) -> ErrorCode {
    group
        .validate_offset_commit(identity, kind, version, (Release::V4_1, Rules::default()))
        .err()
        .unwrap_or(ErrorCode::None)
}

#[test]
fn g848_28_the_fencing_table() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    let plain = |identity, version| commit(&driver.group, &identity, CommitKind::Plain, version);
    assert_eq!(plain(at("A", 1), 9), ErrorCode::None);
    assert_eq!(plain(at("A", 0), 9), ErrorCode::StaleMemberEpoch);
    assert_eq!(plain(at("A", 2), 9), ErrorCode::StaleMemberEpoch);
    assert_eq!(plain(at("B", 1), 9), ErrorCode::UnknownMemberId);
    assert_eq!(plain(Identity::NONE, 9), ErrorCode::UnknownMemberId);
    assert_eq!(plain(at("A", 1), 8), ErrorCode::UnsupportedVersion);
    let txn = |identity| commit(&driver.group, &identity, CommitKind::Transactional, 3);
    assert_eq!(txn(at("A", 1)), ErrorCode::None);
    assert_eq!(txn(at("A", 0)), ErrorCode::StaleMemberEpoch);
    assert_eq!(txn(at("B", 1)), ErrorCode::UnknownMemberId);
}

#[test]
fn txoff_28_a_transactional_commit_without_identity_is_allowed() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    let txn = |identity| commit(&driver.group, &identity, CommitKind::Transactional, 3);
    assert_eq!(txn(Identity::NONE), ErrorCode::None);
    assert_eq!(txn(at("A", -1)), ErrorCode::StaleMemberEpoch);
    assert_eq!(txn(at("B", -1)), ErrorCode::UnknownMemberId);
}

#[test]
fn txoff_58_an_empty_group_takes_the_commits_of_admin_clients() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    driver.send(&quiet("A", -1));
    let plain = |identity| commit(&driver.group, &identity, CommitKind::Plain, 2);
    assert_eq!(plain(Identity::NONE), ErrorCode::None);
    assert_eq!(plain(at("A", 1)), ErrorCode::UnknownMemberId);
}

#[test]
fn txoff_52_a_fetch_that_names_a_member_must_know_its_epoch() {
    let mut driver = Driver::new(1);
    driver.send(&join("A", &["t"]));
    let fetch = |member, epoch| {
        let checked = driver.group.validate_offset_fetch(member, MemberEpoch(epoch));
        checked.err().unwrap_or(ErrorCode::None)
    };
    assert_eq!(fetch(None, -1), ErrorCode::None);
    assert_eq!(fetch(Some("A"), 1), ErrorCode::None);
    assert_eq!(fetch(Some("A"), 0), ErrorCode::StaleMemberEpoch);
    assert_eq!(fetch(Some("B"), 1), ErrorCode::UnknownMemberId);
    assert_eq!(fetch(None, 1), ErrorCode::UnknownServerError);
    assert_eq!(fetch(Some(""), -1), ErrorCode::UnknownMemberId);
}

#[test]
fn g848_29_a_group_epoch_alone_makes_no_commit_stale() {
    let mut driver = Driver::new(2);
    driver.send(&join("A", &["t"]));
    driver.send(&join("B", &["t"]));
    assert_eq!(driver.group.epoch, MemberEpoch(2));
    let txn = |group: &ConsumerGroup| commit(group, &at("A", 1), CommitKind::Transactional, 3);
    assert_eq!(txn(&driver.group), ErrorCode::None);
    driver.owns("A", 1, &[0], "epoch 2 [t-0]");
    assert_eq!(txn(&driver.group), ErrorCode::StaleMemberEpoch);
}
