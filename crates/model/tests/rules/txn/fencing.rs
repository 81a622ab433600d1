//! Newcomers, zombies and stale epochs.

use fencepost_wire::messages::{UpdateFeaturesRequest, update_features_request};
use fencepost_wire::{Response, StrBytes};

use crate::txn::driver::{World, markers, nothing};

/// A producer with an open transaction on two partitions, at epoch 0.
fn open(transaction_version: i16) -> World {
    let mut world = World::new(1, transaction_version);
    assert_eq!(world.init("t", None), "0,0");
    for partition in [0, 1] {
        if transaction_version == 2 {
            assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
        } else {
            assert_eq!(world.add("t", (0, 0), &[partition]), "0");
            assert_eq!(world.produce("t", 11, (0, 0), 0, partition), "0");
        }
    }
    world
}

#[test]
fn init_13_a_successor_aborts_the_zombies_transaction_and_the_zombie_adds_nothing_more() {
    for transaction_version in [0, 1, 2] {
        let mut world = open(transaction_version);
        world.held = markers;
        assert_eq!(world.init("t", None), "51");
        assert_eq!(world.init("t", None), "51", "until the markers are written");
        world.held = nothing;
        world.run();
        assert_eq!(world.init("t", None), "0,2");
        let logs = [world.log("orders", 0), world.log("orders", 1)];
        assert_eq!(logs[0], ["p0e0 #0", "ABORT p0e1 c0"]);
        for partition in [0, 1, 2] {
            assert_eq!(world.produce("t", 11, (0, 0), 1, partition), "47");
            assert_eq!(world.produce("t", 12, (0, 0), 1, partition), "47");
        }
        assert_eq!(world.end("t", 4, (0, 0), true), "90");
        assert_eq!([world.log("orders", 0), world.log("orders", 1)], logs);
        assert_eq!(world.log("orders", 2), Vec::<String>::new());
        for partition in [0, 1] {
            assert_eq!(world.visible(partition, 1), 0, "read_committed");
            assert_eq!(world.visible(partition, 0), 1, "read_uncommitted");
        }
    }
}

#[test]
fn a_stale_epoch_is_fenced_on_every_request_that_carries_one() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("t", None), "0,1");
    let stale = (0, 0);
    assert_eq!(world.init("t", Some(stale)), "90", "INIT-11");
    assert_eq!(world.add("t", stale, &[0]), "90", "ADDP-03");
    assert_eq!(world.add_v5("t", stale, false), "90", "ADDP-03");
    assert_eq!(world.add_v5("t", stale, true), "90", "ADDP-06");
    assert_eq!(world.add_offsets("t", stale, "g"), "90", "ADDP-07");
    for version in [2, 3, 4, 5] {
        assert_eq!(world.end("t", version, stale, true), "90", "END-03, END-04");
        assert_eq!(world.end("t", version, stale, false), "90", "END-03, END-04");
    }
    for version in [10, 11, 12] {
        assert_eq!(world.produce("t", version, stale, 0, 0), "47", "ADDP-10");
    }
    assert_eq!(world.log("orders", 0), Vec::<String>::new());
    assert_eq!(world.describe("t"), "Empty 0,1", "nothing of it left a trace");
}

#[test]
fn init_13_a_stale_expected_epoch_aborts_the_transaction_all_the_same() {
    let mut world = open(2);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0");
    assert_eq!(world.init("t", Some((0, 0))), "51");
    assert_eq!(world.describe("t"), "CompleteAbort 0,2");
    assert_eq!(world.init("t", Some((0, 0))), "90");
}

#[test]
fn init_17_old_versions_read_47_for_90() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("t", None), "0,1");
    for (version, wanted) in [(3, "47"), (4, "90")] {
        let sent = world.send_init("t", version, Some((0, 0)));
        assert_eq!(world.shown(sent), wanted);
    }
    for (version, wanted) in [(0, "47"), (1, "47"), (2, "90")] {
        assert_eq!(world.end("t", version, (0, 0), true), wanted);
    }
}

#[test]
fn end_12_a_tv2_producer_goes_on_after_an_abort_that_was_not_its_own() {
    let mut world = open(2);
    assert_eq!(world.init("t", None), "51");
    assert_eq!(world.end("t", 5, (0, 0), false), "0,1", "a retry, as it seems to it");
    assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0");
    assert_eq!(world.init("t", None), "51", "which the newcomer aborts in turn");
    assert_eq!(world.init("t", None), "0,3");
    assert_eq!(world.end("t", 5, (0, 1), false), "90");
}

#[test]
fn end_13_a_tv2_producer_cannot_commit_what_was_aborted() {
    let mut world = open(2);
    assert_eq!(world.init("t", None), "51");
    assert_eq!(world.end("t", 5, (0, 0), true), "48");
}

#[test]
fn feat_04_an_old_client_on_level_2_keeps_its_epoch() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    for sequence in 0..3 {
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), sequence, 0), "0");
        assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    }
    assert_eq!(world.describe("t"), "CompleteCommit 0,0");
    assert_eq!(world.visible(0, 1), 3);
}

#[test]
fn feat_05_a_level_that_rises_counts_from_the_next_record_on() {
    let mut world = World::new(1, 0);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    let update = update_features_request::FeatureUpdateKey::default()
        .with_feature(StrBytes::from_static_str("transaction.version"))
        .with_max_version_level(2)
        .with_upgrade_type(1);
    let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
    let Response::UpdateFeatures(response) = world.call(0, 1, request) else { panic!() };
    assert_eq!(response.error_code, 0);
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.init("t", Some((0, 0))), "0,1", "CLIENT-04");
    assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0");
    assert_eq!(world.end("t", 5, (0, 1), true), "0,2");
    let expected = ["p0e0 #0", "COMMIT p0e0 c0", "p0e1 #0", "COMMIT p0e2 c0"];
    assert_eq!(world.log("orders", 0), expected);
}
