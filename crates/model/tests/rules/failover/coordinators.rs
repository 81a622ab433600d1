//! Transaction coordinators that change (FAILOVER-01 to FAILOVER-10), and what goes wrong without
//! each of the rules.

use fencepost_ids::{BrokerId, Rule};
use fencepost_model::{Message, MessageBody};

use crate::txn::driver::{TXN_LOG, World, markers, nothing, replication_of_internals};

fn world(brokers: i32, transaction_version: i16, off: Option<Rule>) -> World {
    World::with(brokers, |config| {
        config.transaction_version = transaction_version;
        if let Some(rule) = off {
            config.rules.without(rule);
        }
    })
}

/// The transaction of `t` is open on partition 0 of `orders`.
fn open(brokers: i32, transaction_version: i16, off: Option<Rule>) -> World {
    let mut world = world(brokers, transaction_version, off);
    assert_eq!(world.init("t", None), "0,0");
    begin(&mut world, transaction_version);
    world
}

fn begin(world: &mut World, transaction_version: i16) {
    if transaction_version < 2 {
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    } else {
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    }
}

fn replication(message: &Message) -> bool {
    matches!(message.body, MessageBody::Replicate { .. } | MessageBody::Replicated { .. })
}

fn partition() -> i32 {
    World::txn_partition("t")
}

/// FAILOVER-01: also the same leader, elected again, loads again and has a new epoch; what it had
/// queued is dropped and queued anew.
#[test]
fn failover_01_the_same_leader_in_a_new_term_has_a_new_coordinator_epoch() {
    let mut world = open(1, 2, None);
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.lose(markers);
    world.elect(TXN_LOG, partition(), 0);
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e1 c1"]);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
}

/// FAILOVER-01: a change of the in-sync set alone does nothing.
#[test]
fn failover_01_a_change_of_the_in_sync_set_loads_nothing() {
    let mut world = open(3, 2, None);
    let owner = world.coordinator("t");
    let other = (0..3).find(|id| *id != owner && *id != world.leader("orders", 0));
    world.loads_held = true;
    world.crash(other.expect("three brokers"));
    assert_eq!(world.coordinator("t"), owner);
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0", "not 14: it goes on");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.run();
    let log = world.log("orders", 0);
    assert_eq!(log[1], "COMMIT p0e1 c0", "the epoch is the same");
}

/// The old owner's marker of transaction 1 is on its way when the owner changes; transaction 2 has
/// begun when it arrives. What the log says then.
fn late_marker_of_the_old_owner(off: Option<Rule>) -> Vec<String> {
    let mut world = open(2, 1, off);
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    world.held = markers;
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    world.elect(TXN_LOG, partition(), 1 - owner);
    world.held = |message| markers(message) && message.from == message.to;
    world.run();
    assert_eq!(world.describe("t"), "CompleteCommit 0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 1, 0), "0");
    world.held = nothing;
    world.run();
    world.log("orders", 0)
}

/// FAILOVER-08: after the new owner's first marker on a partition, 52 rejects the old one's.
#[test]
fn failover_08_a_late_marker_of_the_old_owner_is_harmless() {
    let log = late_marker_of_the_old_owner(None);
    assert_eq!(log, ["p0e0 #0", "COMMIT p0e0 c1", "p0e0 #1"]);
}

/// FAILOVER-01: without a coordinator epoch that rises, it ends the next transaction.
#[test]
fn failover_01_off_a_late_marker_cuts_the_next_transaction() {
    let log = late_marker_of_the_old_owner(Some(Rule::CoordinatorEpochOfTerm));
    assert_eq!(log, ["p0e0 #0", "COMMIT p0e0 c0", "p0e0 #1", "COMMIT p0e0 c0"]);
}

/// FAILOVER-08: before the new owner's marker, the old one's says the same, since its record was
/// committed: the new owner holds the same decision.
#[test]
fn failover_08_a_late_marker_that_comes_first_says_the_same() {
    let mut world = open(2, 2, None);
    let owner = world.coordinator("t");
    world.elect("orders", 0, owner);
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.elect(TXN_LOG, partition(), 1 - owner);
    world.held = |message| markers(message) && message.from != message.to;
    world.run();
    world.held = nothing;
    world.run();
    world.pass(50);
    let log = world.log("orders", 0);
    assert_eq!(log[1], "COMMIT p0e1 c0", "the old owner's");
    assert!(log[2..].iter().all(|marker| marker == "COMMIT p0e1 c1"), "{log:?}");
    assert_eq!(world.describe("t"), "CompleteCommit 0,1");
    assert_eq!(world.visible(0, 1), 1);
}

/// FAILOVER-08: on TV1 a second copy of the same owner's marker ends the next transaction; TV2's
/// producer epochs keep them apart.
#[test]
fn failover_08_a_second_copy_of_the_same_owner_cuts_the_next_transaction_on_tv1_only() {
    let mut world = open(1, 1, None);
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 1, 0), "0");
    assert_eq!(world.mark((0, 0), true, 0, 0), "0", "the delayed copy");
    assert_eq!(world.visible(0, 1), 2, "transaction 2 is cut: nobody committed it");

    let mut world = open(1, 2, None);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.produce("t", 12, (0, 1), 0, 0), "0");
    assert_eq!(
        world.mark((0, 1), true, 0, 0),
        "0",
        "a client's marker is of version 1, an admin's"
    );
}

/// FAILOVER-10: the leader of the id's partition; 15 while it has none; any broker answers.
#[test]
fn failover_10_clients_find_the_owner_where_the_leader_is() {
    let mut world = open(2, 2, None);
    let owner = world.coordinator("t");
    for broker in 0..2 {
        assert_eq!(find(&mut world, broker), (0, owner), "any broker answers");
    }
    world.elect(TXN_LOG, partition(), 1 - owner);
    assert_eq!(find(&mut world, owner), (0, 1 - owner));
    // Broker `owner` is out of the in-sync set when the other one dies: nobody leads.
    world.crash(owner);
    world.held = replication;
    world.restart(owner);
    world.crash(1 - owner);
    assert_eq!(find(&mut world, owner), (15, -1), "no live leader");
    world.held = nothing;
    world.restart(1 - owner);
    world.run();
    assert_eq!(find(&mut world, owner), (0, 1 - owner));
}

/// FAILOVER-10: where the topic does not exist it is created, and the first answer is 15.
#[test]
fn failover_10_a_log_that_does_not_exist_is_created() {
    use fencepost_ids::Timestamp;
    use fencepost_model::{Cluster, ClusterConfig};
    let mut world = World::new(1, 2);
    world.cluster = Cluster::new(ClusterConfig::new(1), Timestamp(1_000_000));
    world.connect(0);
    assert_eq!(find(&mut world, 0), (15, -1));
    world.run();
    assert_eq!(find(&mut world, 0), (0, 0));
}

/// The error and the node of FindCoordinator for `t`.
fn find(world: &mut World, broker: i32) -> (i16, i32) {
    use fencepost_wire::messages::FindCoordinatorRequest;
    use fencepost_wire::{Response, StrBytes};
    let request =
        FindCoordinatorRequest::default().with_key(StrBytes::from_static_str("t")).with_key_type(1);
    let Response::FindCoordinator(found) = world.call(broker, 3, request) else { panic!() };
    (found.error_code, found.node_id.0)
}

/// FAILOVER-02: a Prepare record that the new owner does not know to be committed is loaded and
/// carried out. Without the rule the acknowledged commit is forgotten, and the timeout aborts it.
#[test]
fn failover_02_a_load_goes_to_the_end_of_the_log() {
    for (off, state, visible) in
        [(None, "CompleteCommit 0,1", 1), (Some(Rule::LoadToLogEnd), "CompleteAbort 0,1", 0)]
    {
        let mut world = open(3, 2, off);
        let owner = world.coordinator("t");
        let data = world.leader("orders", 0);
        // The followers have the record; that it is committed nobody has told them yet.
        world.held = |message| match &message.body {
            MessageBody::Replicate {
                fetched: fencepost_model::ReplicaFetch::Batches { batches, .. },
                ..
            } => batches.is_empty(),
            _ => markers(message),
        };
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "acknowledged");
        let heir = (0..3).find(|id| *id != owner && *id != data).expect("three brokers");
        world.elect(TXN_LOG, partition(), heir);
        world.lose(markers);
        world.held = nothing;
        world.run();
        world.pass(80_000);
        assert_eq!(world.describe("t"), state);
        assert_eq!(world.visible(0, 1), visible);
    }
}

/// What the coordinators' log is replicated by, to one broker.
fn internals_to(broker: i32, message: &Message) -> bool {
    message.to == BrokerId(broker) && replication_of_internals(message)
}

/// FAILOVER-02: a partition whose addition timed out is in the log, and not in what the owner
/// knows; the owner's next record leaves it out. A successor that has the first record alone says
/// that the partition is in the transaction, and writes nothing; the one after it, which was in
/// sync and had both records, does not know of it.
#[test]
fn failover_02_a_replica_with_more_records_forgets_what_was_answered_without_writing() {
    let mut world = World::with(3, |config| {
        config.settings.set("replica.lag.time.max.ms", "600000").expect("Kafka's name");
    });
    let is_outrun = |world: &World| {
        let mut places = world.cluster.partitions().into_iter();
        let place = places.find(|it| &*it.topic == TXN_LOG && it.partition.0 == partition());
        let place = place.expect("the coordinators' log");
        assert!(!place.inherits_uncommitted, "what the leader loaded is committed");
        place.is_outrun
    };
    world.elect(TXN_LOG, partition(), 0);
    assert_eq!(world.init("t", None), "0,0");
    world.held = |message| internals_to(1, message);
    let sent = world.send_add("t", (0, 0), &[0]);
    world.pass(60_000);
    assert_eq!(world.shown(sent), "15", "it timed out, and stays in the log");
    world.held = nothing;
    world.run();
    world.held = |message| internals_to(1, message);
    assert_eq!(world.add("t", (0, 0), &[1]), "...", "broker 2 has it, broker 1 does not");
    assert!(!is_outrun(&world));

    world.held = |message| internals_to(2, message);
    world.crash(0);
    assert_eq!(world.coordinator("t"), 1);
    assert!(is_outrun(&world));
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0", "at once: it is in");
    let mut truncated = world.clone();

    world.elect(TXN_LOG, partition(), 2);
    world.held = nothing;
    world.run();
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-1", "it is not in");

    truncated.held = nothing;
    truncated.run();
    assert!(!is_outrun(&truncated));
    truncated.elect(TXN_LOG, partition(), 2);
    assert_eq!(truncated.describe("t"), "Ongoing 0,0 orders-0");
}

/// FAILOVER-04: without it a decided transaction is never carried out after a failover, and holds
/// the readers for good.
#[test]
fn failover_04_off_a_prepared_transaction_never_ends() {
    for (off, ended) in [(None, true), (Some(Rule::PreparedResumed), false)] {
        let mut world = open(1, 2, off);
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        world.crash(0);
        world.held = nothing;
        world.restart(0);
        world.run();
        world.pass(3_600_000);
        let (stable, high) = world.lso_and_hw(0);
        assert_eq!(stable == high, ended, "{stable} of {high}");
        assert_eq!(world.init("t", None) == "51", !ended, "nor can the id go on");
    }
}

/// FAILOVER-05: without it a coordinator that still loads takes a known id for a new one: the
/// producer before it is not fenced, and its open transaction holds the readers until the timeout.
#[test]
fn failover_05_off_a_loading_coordinator_fences_nobody() {
    for (off, answer) in [(None, "14"), (Some(Rule::LoadBeforeDecision), "new")] {
        let mut world = open(1, 2, off);
        world.loads_held = true;
        world.elect(TXN_LOG, partition(), 0);
        let identity = world.init("t", None);
        if answer == "14" {
            assert_eq!(identity, "14");
        } else {
            assert_eq!(identity, "1,0", "another producer id at epoch 0");
            assert_eq!(world.produce("t", 12, (0, 0), 1, 0), "0", "and the zombie goes on");
        }
    }
}

/// FAILOVER-07: without it the former owner vouches for a transaction that has ended.
#[test]
fn failover_07_off_a_former_owner_still_vouches_for_what_has_ended() {
    use fencepost_wire::Response;
    use fencepost_wire::messages::DescribeTransactionsRequest;
    for (off, error) in [(None, 16), (Some(Rule::ResignationDropsCache), 0)] {
        let mut world = open(2, 2, off);
        let owner = world.coordinator("t");
        world.elect(TXN_LOG, partition(), 1 - owner);
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "at the new owner");
        world.run();
        let request = DescribeTransactionsRequest::default()
            .with_transactional_ids(vec![crate::txn::driver::transactional_id("t")]);
        let Response::DescribeTransactions(told) = world.call(owner, 0, request) else { panic!() };
        let row = &told.transaction_states[0];
        assert_eq!(row.error_code, error);
        if error == 0 {
            assert_eq!(&*row.transaction_state, "Ongoing", "it ended long ago");
        }
    }
}
