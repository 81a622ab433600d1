//! What a coordinator makes of records in its log that it cannot read (FAILOVER-03).

use fencepost_ids::Timestamp;
use fencepost_log::{BatchBuilder, NewRecord};
use fencepost_wire::Release;

use crate::produce;
use crate::txn::driver::{TXN_LOG, World};

/// A key of `__transaction_state`: version 0 names a transactional id.
fn key(version: i16, id: &str) -> Vec<u8> {
    let length = i16::try_from(id.len()).expect("a short name");
    [&version.to_be_bytes()[..], &length.to_be_bytes(), id.as_bytes()].concat()
}

/// A value: producer id 7777, epoch 3, without partitions.
fn value(version: i16, status: i8, partitions: i32) -> Vec<u8> {
    [
        &version.to_be_bytes()[..],
        &7777_i64.to_be_bytes(),
        &3_i16.to_be_bytes(),
        &60_000_i32.to_be_bytes(),
        &status.to_be_bytes(),
        &partitions.to_be_bytes(),
        &1_000_000_i64.to_be_bytes(),
        &(-1_i64).to_be_bytes(),
    ]
    .concat()
}

/// Which of `before`, `foreign` and `after` a coordinator knows after a restart, if the record of
/// another stands between those of the first and the last.
fn known(release: Release, key: &[u8], value: Option<&[u8]>) -> String {
    let mut world = World::with(1, |config| {
        config.release = release;
        config.transaction_version = if release == Release::V3_9 { 0 } else { 2 };
        config.settings.set("transaction.state.log.num.partitions", "1").expect("Kafka's name");
    });
    assert_eq!(world.init("before", None), "0,0");
    let mut builder = BatchBuilder::new();
    builder.push(Timestamp(1_000_000), NewRecord { key: Some(key), value, headers: &[] });
    let data = [(TXN_LOG, 0, builder.build().bytes().clone())];
    let client = crate::world::World::connect(&mut world, 0);
    let sent = world.send_as(client, "__admin_client", 9, produce::request(None, -1, &data));
    world.run();
    let answer = world.answer(sent).expect("written");
    assert_eq!(produce::rows(answer)[0].0, 0);
    assert_eq!(world.init("after", None), "1,0");
    world.crash(0);
    world.restart(0);
    let names = ["before", "foreign", "after"];
    names
        .into_iter()
        .filter(|name| world.describe(name).contains("Empty"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn failover_03_an_unknown_kind_of_key_is_skipped() {
    for release in [Release::V4_2, Release::V4_4] {
        for version in [1, 7, -1] {
            assert_eq!(known(release, &key(version, "foreign"), Some(b"abc")), "before after");
            assert_eq!(known(release, &key(version, "foreign"), None), "before after");
        }
    }
}

#[test]
fn failover_03_an_unknown_value_version_ends_the_load_until_4_2() {
    for version in [2, 9, -1] {
        let load = |release, name| known(release, &key(0, name), Some(&value(version, 0, -1)));
        for release in [Release::V3_9, Release::V4_0, Release::V4_1, Release::V4_2] {
            assert_eq!(load(release, "foreign"), "before");
        }
        for release in [Release::V4_3, Release::V4_4] {
            assert_eq!(load(release, "foreign"), "before after");
            assert_eq!(load(release, "before"), "before after", "the older record counts");
        }
    }
}

/// FAILOVER-03: so do a status that there is not, and bytes that end early; what follows the last
/// field does not matter.
#[test]
fn failover_03_what_is_malformed_ends_the_load() {
    let whole = value(0, 0, -1);
    for release in [Release::V4_2, Release::V4_4] {
        let load = |value: &[u8]| known(release, &key(0, "foreign"), Some(value));
        assert_eq!(load(&value(0, 9, -1)), "before");
        assert_eq!(load(&value(0, 1, -1)), "before", "Ongoing without partitions");
        assert_eq!(load(&whole[..20]), "before");
        assert_eq!(load(b""), "before");
        assert_eq!(load(&whole), "before foreign after");
        assert_eq!(load(&[&whole[..], b"more"].concat()), "before foreign after");
        let cut = &key(0, "foreign")[..6];
        assert_eq!(known(release, cut, Some(&whole)), "before");
        assert_eq!(known(release, b"\0", Some(&whole)), "before");
    }
}
