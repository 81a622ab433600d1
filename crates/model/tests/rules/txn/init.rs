//! InitProducerId and producer ids.

use fencepost_ids::BrokerId;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::{InitProducerIdRequest, TransactionalId};

use crate::txn::driver::World;

fn request(id: Option<&'static str>, timeout_ms: i32) -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(id.map(|id| TransactionalId(StrBytes::from_static_str(id))))
        .with_transaction_timeout_ms(timeout_ms)
}

/// A broker of three that does not own the id `t`.
fn stranger(world: &mut World) -> i32 {
    (world.coordinator("t") + 1) % 3
}

fn check(world: &mut World, broker: i32, request: InitProducerIdRequest, wanted: &str) {
    let sent = world.send(broker, 4, request);
    assert_eq!(world.shown(sent), wanted);
}

/// INIT-02, INIT-03, INIT-04, INIT-06, INIT-07: arguments before ownership, in their order.
#[test]
fn init_02_to_init_07_arguments_are_checked_in_order() {
    let mut world = World::new(3, 2);
    let stranger = stranger(&mut world);
    let owner = world.coordinator("t");
    check(&mut world, owner, request(Some("t"), 1000).with_producer_epoch(3), "42");
    check(&mut world, owner, request(Some("t"), 1000).with_producer_id(7.into()), "42");
    check(&mut world, stranger, request(None, 0), "0,0");
    check(&mut world, stranger, request(Some(""), 1000), "42");
    for timeout in [0, -1, 900_001] {
        check(&mut world, stranger, request(Some("t"), timeout), "50");
    }
    check(&mut world, stranger, request(Some("t"), 900_000), "16");
    check(&mut world, owner, request(Some("t"), 900_000), "1000,0");
}

#[test]
fn init_08_a_refused_append_leaves_the_id_with_epoch_minus_one() {
    let mut world = World::new(3, 2);
    let owner = world.coordinator("t");
    for broker in (0..3).filter(|broker| *broker != owner) {
        world.crash(broker);
    }
    assert_eq!(world.init("t", None), "15", "TLOG-10: fewer in sync than min.insync.replicas");
    assert_eq!(world.describe("t"), "Empty 0,-1");
    for broker in (0..3).filter(|broker| *broker != owner) {
        world.restart(broker);
    }
    assert_eq!(world.init("t", None), "0,0");
}

#[test]
fn init_10_and_init_12_a_retry_writes_an_empty_record_and_gives_the_same_epoch() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
    assert_eq!(world.txn_log("t"), ["Empty 0,0", "Empty 0,1", "Empty 0,1"]);
    assert_eq!(world.init("t", Some((9, 0))), "90", "INIT-09: not a plausible identity");
}

#[test]
fn init_12_the_epoch_that_end_txn_has_just_raised_is_a_retry_too() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
}

#[test]
fn init_16_after_a_failover_the_retry_is_not_known_any_more() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("t", Some((0, 0))), "0,1");
    let owner = world.coordinator("t");
    world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), (owner + 1) % 3);
    assert_eq!(world.init("t", Some((0, 0))), "90");
    assert_eq!(world.init("t", Some((0, 1))), "0,2");
}

#[test]
fn pid_01_and_pid_03_blocks_go_to_who_asks_and_are_lost_in_a_crash() {
    let mut world = World::new(3, 2);
    check(&mut world, 1, request(None, 0), "0,0");
    check(&mut world, 2, request(None, 0), "1000,0");
    check(&mut world, 1, request(None, 0), "1,0");
    world.crash(1);
    assert!(!world.cluster.is_running(BrokerId(1)));
    world.restart(1);
    check(&mut world, 1, request(None, 0), "2000,0");
}
