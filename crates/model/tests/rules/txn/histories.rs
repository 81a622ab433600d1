//! The three histories of the coordinator's specification, section 15.

use crate::txn::driver::{World, markers, nothing};

#[test]
fn history_a_a_tv1_commit() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.describe("t"), "PrepareCommit 0,0 orders-0");
    assert_eq!(world.add("t", (0, 0), &[0]), "51");
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "CompleteCommit 0,0");
    assert_eq!(
        world.txn_log("t"),
        ["Empty 0,0", "Ongoing 0,0", "PrepareCommit 0,0", "CompleteCommit 0,0"]
    );
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e0 c0"]);
}

#[test]
fn history_b_a_tv2_commit() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let next = world.send_produce("t", 12, (0, 1), 0, 0);
    assert_eq!(world.shown(next), "...", "VERIFY-08: the leader asks again after 20 ms");
    world.pass(50);
    assert_eq!(world.shown(next), "...");
    world.held = nothing;
    world.run();
    world.pass(20);
    assert_eq!(world.shown(next), "0");
    assert_eq!(world.end("t", 5, (0, 0), true), "90", "a late copy");
    assert_eq!(
        world.txn_log("t"),
        ["Empty 0,0", "Ongoing 0,0", "PrepareCommit 0,1", "CompleteCommit 0,1", "Ongoing 0,1"]
    );
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e1 c0", "p0e1 #0"]);
}

#[test]
fn history_c_the_last_epoch_replaces_the_producer_id() {
    let mut world = World::exhausted();
    assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
    assert_eq!(world.produce("t", 12, (0, 32_766), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
    assert_eq!(world.describe("t"), "PrepareCommit 0,32767 orders-0", "END-07");
    assert_eq!(world.add_v5("t", (1, 0), false), "51", "ADDP-03: told to wait, not fenced");
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "CompleteCommit 1,0");
    assert_eq!(world.log("orders", 0).last().map(String::as_str), Some("COMMIT p0e32767 c0"));
    assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0", "END-11: an overflow retry");
    assert_eq!(world.add_v5("t", (1, 0), false), "0");
    assert_eq!(world.end("t", 5, (0, 32_766), true), "49", "END-11");
}
