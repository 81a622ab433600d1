//! Time: how long a transaction may last, and how long an id is known.

use fencepost_ids::Rule;

use super::{at_level, opened};
use crate::txn::driver::World;

/// TIMEOUT-01: the producer died.
#[test]
fn timeout_01_without_it_a_dead_producer_holds_readers_back_for_ever() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        world.pass(3_600_000);
        world.lso_and_hw(0)
    };
    let (on, off) = at_level(Rule::TimeoutAbort, 2, 1, history);
    assert_eq!((on, off), ((2, 2), (0, 1)));
}

/// TIMEOUT-02: a slow producer writes one record before the abort and one after it, and commits.
#[test]
fn timeout_02_without_it_half_of_a_transaction_is_committed() {
    let history = |mut world: World| {
        opened(&mut world, 1);
        world.pass(70_000);
        let added = world.add("t", (0, 0), &[1]);
        let produced = world.produce("t", 11, (0, 0), 0, 1);
        let ended = world.end("t", 4, (0, 0), true);
        ([added, produced, ended], [world.visible(0, 1), world.visible(1, 1)])
    };
    let (on, off) = at_level(Rule::TimeoutBump, 1, 1, history);
    assert_eq!(on.0, ["90", "47", "90"]);
    assert_eq!(on.1, [0, 0]);
    assert_eq!(off.0, ["0", "0", "-1,-1"]);
    assert_eq!(off.1, [0, 1], "torn");
}

/// TIMEOUT-03: a producer that never ends its transaction and now and then adds a partition.
#[test]
fn timeout_03_without_it_a_transaction_extends_its_own_time() {
    let history = |mut world: World| {
        opened(&mut world, 1);
        for partition in [1, 2] {
            world.pass(50_000);
            let _ = world.add("t", (0, 0), &[partition]);
        }
        world.describe("t")
    };
    let (on, off) = at_level(Rule::TimeFromFirstPartition, 1, 1, history);
    assert_eq!(on, "CompleteAbort 0,1");
    assert_eq!(off, "Ongoing 0,0 orders-0 orders-1 orders-2");
}

/// TIMEOUT-05: an open transaction of an id that was not used for a week, in a cluster that looks
/// for timeouts less often than for idle ids.
#[test]
fn timeout_05_without_it_an_open_transaction_is_forgotten() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        world.pass(4_000_000);
        world.pass(20_000_000);
        (world.describe("t"), world.lso_and_hw(0))
    };
    let change = |config: &mut fencepost_model::ClusterConfig| {
        let settings = &mut config.settings;
        settings.set("transactional.id.expiration.ms", "1000").unwrap();
        let scan = "transaction.abort.timed.out.transaction.cleanup.interval.ms";
        settings.set(scan, "10000000").unwrap();
    };
    let (on, off) = super::on_and_off(Rule::OpenNeverExpires, change, history, 1);
    assert_eq!(on.1, (2, 2));
    assert_eq!(off, ("105".to_owned(), (0, 1)), "nobody will ever write its marker");
}
