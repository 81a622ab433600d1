//! What a cluster that observes itself tells of transactions.

use crate::events::told;
use crate::txn::driver::{World, markers, nothing};

fn world(transaction_version: i16) -> World {
    let mut world = World::new(1, transaction_version);
    world.cluster.observe(true);
    world
}

#[test]
fn a_committed_transaction_from_its_producer_id_to_its_last_stable_offset() {
    let mut world = world(2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(told(&mut world), ["t Empty > Empty 0,0"]);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(
        told(&mut world),
        [
            "t Empty > Ongoing 0,0 +orders-0",
            "appended orders-0 0..0 by 0,0 in transaction",
            "HW orders-0 1"
        ]
    );
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(told(&mut world), ["t Ongoing > PrepareCommit 0,1"], "END-10: the epoch rises");
    world.held = nothing;
    world.run();
    assert_eq!(
        told(&mut world),
        [
            "marker orders-0 1 Commit of 0,1",
            "HW orders-0 2",
            "LSO orders-0 2",
            "t PrepareCommit > CompleteCommit 0,1"
        ]
    );
}

#[test]
fn a_newcomer_aborts_and_the_zombie_is_fenced_at_the_coordinator_and_at_the_leader() {
    let mut world = world(1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    told(&mut world);
    assert_eq!(world.init("t", None), "51");
    assert_eq!(
        told(&mut world),
        [
            "t Ongoing > PrepareAbort 0,1",
            "marker orders-0 1 Abort of 0,1",
            "HW orders-0 2",
            "LSO orders-0 2",
            "t PrepareAbort > CompleteAbort 0,1"
        ]
    );
    assert_eq!(world.produce("t", 11, (0, 0), 1, 0), "47");
    assert_eq!(told(&mut world), ["orders-0 fenced 0,0 < 1"]);
    assert_eq!(world.end("t", 4, (0, 0), true), "90");
    assert_eq!(told(&mut world), ["t fenced 0,0 < 1"]);
}

#[test]
fn what_a_log_has_already_or_refuses_is_told_with_its_rule() {
    let mut world = world(2);
    assert_eq!(world.produce_plain((9, 0), 0, 0), "0");
    told(&mut world);
    assert_eq!(world.produce_plain((9, 0), 0, 0), "0");
    assert_eq!(told(&mut world), ["repeated orders-0 0..0 by 9,0"]);
    assert_eq!(world.produce_plain((9, 0), 5, 0), "45");
    assert_eq!(told(&mut world), ["refused orders-0 IDEM-14 45"]);
}

#[test]
fn nothing_is_told_unless_the_cluster_observes_itself() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(told(&mut world), Vec::<String>::new());
    world.cluster.observe(true);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert!(!told(&mut world).is_empty());
    world.cluster.observe(false);
    assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0");
    assert_eq!(told(&mut world), Vec::<String>::new());
}

/// An observer changes nothing but that it is told: the answers and the logs are the same.
#[test]
fn an_observed_cluster_does_what_an_unobserved_one_does() {
    let run = |observed: bool| {
        let mut world = World::new(3, 2);
        world.cluster.observe(observed);
        let mut answers = vec![world.init("t", None)];
        answers.push(world.produce("t", 12, (0, 0), 0, 0));
        answers.push(world.init("t", None));
        answers.push(world.produce("t", 12, (0, 0), 1, 0));
        (answers, world.log("orders", 0), world.txn_log("t"))
    };
    assert_eq!(run(true), run(false));
}
