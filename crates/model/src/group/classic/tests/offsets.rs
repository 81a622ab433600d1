//! Commits by members of a classic group.

use fencepost_ids::{ErrorCode, GenerationId, InstanceId, Rules};

use super::super::*;
use super::driver::{Driver, Join};
use crate::group::offsets::ExpiryBase;

/// A group of m1 and of m2 on seat i2 in each state; the generation is 1, after Empty's 0.
fn in_states() -> [(&'static str, Driver); 4] {
    let joins = [Join::of("m1"), Join::of("m2").instance("i2")];
    let mut completing = Driver::new();
    for join in &joins {
        completing.join(join.clone());
    }
    completing.run_until(6000);
    let mut preparing = Driver::stable_with(&joins);
    preparing.join(Join::of("m3"));
    [
        ("Empty", Driver::new()),
        ("PreparingRebalance", preparing),
        ("CompletingRebalance", completing),
        ("Stable", Driver::stable_with(&joins)),
    ]
}

fn answers(driver: &Driver, generation: i32, member: &str, instance: Option<&str>) -> [i16; 2] {
    let instance = instance.map(InstanceId::from);
    let identity =
        Identity { generation: GenerationId(generation), member, instance: instance.as_ref() };
    [CommitKind::Plain, CommitKind::Transactional].map(|kind| {
        driver
            .group
            .validate_offset_commit(&identity, kind, Rules::default())
            .map_or_else(ErrorCode::code, |()| 0)
    })
}

/// The table under TXOFF-55, each cell as (plain, transactional).
#[test]
fn txoff_55_and_txoff_22_to_26_the_table_of_commits() {
    type Row = (&'static str, (i32, &'static str, Option<&'static str>), [[i16; 2]; 4]);
    let table: [Row; 10] = [
        ("none", (-1, "", None), [[0, 0], [25, 0], [25, 0], [25, 0]]),
        ("-1, live member", (-1, "m1", None), [[0, 0], [22, 22], [22, 22], [22, 22]]),
        ("-1, unknown member", (-1, "m9", None), [[0, 0], [25, 25], [25, 25], [25, 25]]),
        ("-1, instance", (-1, "", Some("i9")), [[0, 0], [25, 25], [25, 25], [25, 25]]),
        ("right", (1, "m1", None), [[25, 25], [0, 0], [27, 0], [0, 0]]),
        ("right, static", (1, "m2", Some("i2")), [[25, 25], [0, 0], [27, 0], [0, 0]]),
        ("old generation", (0, "m1", None), [[25, 25], [22, 22], [22, 22], [22, 22]]),
        ("unknown member", (1, "m9", None), [[25, 25]; 4]),
        ("other's instance", (1, "m1", Some("i2")), [[25, 25], [82, 82], [82, 82], [82, 82]]),
        ("other's instance, old", (0, "m1", Some("i2")), [[25, 25], [82, 82], [82, 82], [82, 82]]),
    ];
    for (index, (state, driver)) in in_states().iter().enumerate() {
        assert_eq!(driver.state(), *state);
        for (name, (generation, member, instance), expected) in &table {
            let found = answers(driver, *generation, member, *instance);
            assert_eq!(found, expected[index], "{name} in {state}");
        }
    }
}

#[test]
fn txoff_29_only_a_plain_commit_keeps_the_session_alive() {
    for (state, mut driver) in in_states() {
        let mut out = Vec::new();
        driver.now = Timestamp(100_000);
        driver.group.committed_plainly(driver.now, "m1", &mut out);
        let restarts = matches!(state, "PreparingRebalance" | "Stable");
        assert_eq!(!out.is_empty(), restarts, "{state}");
    }
}

#[test]
fn txoff_68_the_age_of_offsets_counts_by_state() {
    let subscribed = b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    let stable = Driver::stable_with(&[Join::of("m1").metadata(subscribed)]);
    assert_eq!(stable.group.offset_expiry(), ExpiryBase::CommitTime);
    let unreadable = Driver::stable(&["m1"]);
    assert_eq!(unreadable.group.offset_expiry(), ExpiryBase::Never);
    let mut empty = Driver::stable(&["m1"]);
    empty.now = Timestamp(77);
    empty.leave(&[("m1", None)]);
    assert_eq!(empty.group.offset_expiry(), ExpiryBase::Since(Timestamp(77)));
    assert_eq!(Driver::new().group.offset_expiry(), ExpiryBase::CommitTime, "a simple group");
    assert_eq!(in_states()[1].1.group.offset_expiry(), ExpiryBase::Never);
}

#[test]
fn txoff_62_and_65_only_an_empty_group_may_be_deleted() {
    let [(_, empty), (_, preparing), ..] = in_states();
    assert_eq!(empty.group.validate_deletion(), Ok(()));
    assert_eq!(preparing.group.validate_deletion(), Err(ErrorCode::NonEmptyGroup));
    assert_eq!(preparing.group.validate_offset_deletion(), Ok(()));
    let connect = Driver::stable_with(&[Join::of("w").of_type("connect")]);
    assert_eq!(connect.group.validate_offset_deletion(), Err(ErrorCode::NonEmptyGroup));
}
