//! What the rules of the Java producer rest on: the broker's half of each.

use crate::txn::driver::{World, markers, nothing};

/// CLIENT-02: two transactions in the order of requests of each level; who restarts sequences.
#[test]
fn client_02_the_requests_of_two_transactions_at_each_level() {
    for level in [0, 1] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        for sequence in [0, 1] {
            assert_eq!(world.add("t", (0, 0), &[0]), "0");
            assert_eq!(world.produce("t", 11, (0, 0), sequence, 0), "0");
            assert_eq!(world.add_offsets("t", (0, 0), "g"), "0");
            assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
        }
        let marker = "COMMIT p0e0 c0";
        assert_eq!(world.log("orders", 0), ["p0e0 #0", marker, "p0e0 #1", marker]);
    }
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    for epoch in [0, 1] {
        assert_eq!(world.produce("t", 12, (0, epoch), 0, 0), "0");
        assert_eq!(world.end("t", 5, (0, epoch), true), format!("0,{}", epoch + 1));
    }
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e1 c0", "p0e1 #0", "COMMIT p0e2 c0"]);
}

/// CLIENT-03: the answer of EndTxn is lost, and the same request comes again with the same fields.
#[test]
fn client_03_a_repeated_end_is_answered_as_the_first_was() {
    for (level, version, answer) in [(1, 4, "-1,-1"), (2, 5, "0,1")] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        world.held = markers;
        let lost = world.send_end("t", version, (0, 0), true);
        world.connect(0);
        let _ = lost;
        assert_eq!(world.end("t", version, (0, 0), true), "51");
        world.held = nothing;
        world.run();
        assert_eq!(world.end("t", version, (0, 0), true), answer);
        assert_eq!(world.txn_log("t").len(), 4, "one transaction");
    }
}

/// CLIENT-08: at level 1 a failed batch is aborted, and the epoch raised by InitProducerId, after
/// which sequences begin anew; the batch that failed comes too late.
#[test]
fn client_08_the_epoch_is_raised_after_the_abort() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    assert_eq!(world.end("t", 4, (0, 0), false), "-1,-1");
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
    assert_eq!(world.add("t", (0, 1), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 1), 0, 0), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 1, 0), "47", "the late batch");
}

/// CLIENT-12: an idempotent producer raises its epoch without a request.
#[test]
fn client_12_an_idempotent_producer_raises_its_epoch_by_itself() {
    let mut world = World::new(1, 2);
    assert_eq!(world.produce_plain((40, 0), 0, 0), "0");
    assert_eq!(world.produce_plain((40, 0), 2, 0), "45", "a gap");
    assert_eq!(world.produce_plain((40, 1), 0, 0), "0");
    assert_eq!(world.produce_plain((40, 0), 1, 0), "47");
}

/// CLIENT-13: a commit that reads as fenced may have been carried out.
#[test]
fn client_13_fenced_during_commit_means_unknown() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    let lost = world.send_end("t", 5, (0, 0), true);
    world.connect(0);
    let _ = lost;
    assert_eq!(world.init("t", None), "0,2", "a newcomer");
    assert_eq!(world.end("t", 5, (0, 0), true), "90", "fenced");
    assert_eq!(world.visible(0, 1), 1, "committed");

    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.init("t", None), "51", "the newcomer was first");
    assert_eq!(world.init("t", None), "0,2");
    assert_eq!(world.end("t", 5, (0, 0), true), "90", "the same answer");
    assert_eq!(world.visible(0, 1), 0, "aborted");
}
