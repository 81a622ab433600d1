//! What is seen from outside agrees with what clients read.

use fencepost_ids::{BrokerId, Offset, PartitionIndex, Rule};
use fencepost_model::{LogPage, LogRange, PendingTransition, ReplicaUnknown, TransactionStatus};

use crate::groups::transactions::{pending_and_committed, settled};
use crate::txn::driver::{World, markers, nothing};

const P0: PartitionIndex = PartitionIndex(0);
const ALL: LogRange = LogRange { from: Offset(0), records_max: 1000, bytes_max: 1 << 20 };

fn page(world: &World, broker: Option<i32>) -> LogPage {
    world.cluster.log_page("orders", P0, broker.map(BrokerId), ALL).unwrap()
}

fn statuses(page: &LogPage) -> Vec<TransactionStatus> {
    page.batches.iter().map(|batch| batch.transaction).collect()
}

/// A producer id with its epoch, as an answer to InitProducerId shows them.
fn init(world: &mut World, id: &str) -> i64 {
    let answer = world.init(id, None);
    answer.strip_suffix(",0").expect("a new id").parse().unwrap()
}

/// A commit, an abort, a record outside transactions and an open transaction, one after the other.
fn four_fates(world: &mut World) {
    let (c, a) = (init(world, "c"), init(world, "a"));
    assert_eq!(world.produce("c", 12, (c, 0), 0, 0), "0");
    assert_eq!(world.produce("a", 12, (a, 0), 0, 0), "0");
    assert_eq!(world.end("c", 5, (c, 0), true), format!("{c},1"));
    assert_eq!(world.end("a", 5, (a, 0), false), format!("{a},1"));
    assert_eq!(world.produce_plain((77_777, 0), 0, 0), "0");
    assert_eq!(world.produce("c", 12, (c, 1), 0, 0), "0");
}

const FATES: [TransactionStatus; 6] = [
    TransactionStatus::Committed,
    TransactionStatus::Aborted,
    TransactionStatus::None,
    TransactionStatus::None,
    TransactionStatus::None,
    TransactionStatus::Open,
];

#[test]
fn a_batch_shows_what_became_of_its_transaction_at_every_replica() {
    let mut world = World::new(3, 2);
    four_fates(&mut world);
    let leader = page(&world, None);
    assert_eq!(statuses(&leader), FATES);
    assert_eq!((leader.high_watermark, leader.last_stable), (Offset(6), Offset(5)));
    assert_eq!((leader.log_start, leader.log_end, leader.next), (Offset(0), Offset(6), None));
    for broker in 0..3 {
        let replica = page(&world, Some(broker));
        assert_eq!((statuses(&replica), replica.is_running), (FATES.to_vec(), true));
        world.crash(broker);
        let on_disk = page(&world, Some(broker));
        assert_eq!((statuses(&on_disk), on_disk.is_running), (FATES.to_vec(), false));
        assert_eq!(on_disk.batches, leader.batches);
        world.restart(broker);
    }
}

#[test]
fn an_abort_is_known_by_its_marker_where_it_is_not_indexed() {
    let mut world = World::with(1, |config| config.rules.without(Rule::AbortIndex));
    four_fates(&mut world);
    assert_eq!(statuses(&page(&world, None)), FATES);
}

#[test]
fn pages_of_a_log_follow_each_other() {
    let mut world = World::new(1, 2);
    four_fates(&mut world);
    let mut from = Some(Offset(0));
    let mut seen = Vec::new();
    while let Some(offset) = from {
        let range = LogRange { from: offset, records_max: 2, bytes_max: 1 << 20 };
        let page = world.cluster.log_page("orders", P0, None, range).unwrap();
        assert_eq!(page.batches.len(), 2);
        seen.extend(page.batches);
        from = page.next;
    }
    assert_eq!(seen, page(&world, None).batches);
    let tight = LogRange { from: Offset(3), records_max: 0, bytes_max: 0 };
    let page = world.cluster.log_page("orders", P0, None, tight).unwrap();
    assert_eq!((page.batches.len(), page.next), (1, Some(Offset(4))));
}

#[test]
fn a_replica_that_is_not_there_is_named() {
    let mut world = World::new(1, 2);
    let of = |world: &World, topic: &str, broker: Option<i32>| {
        world.cluster.producers(topic, P0, broker.map(BrokerId)).map(drop)
    };
    let unknown = ReplicaUnknown::Partition { topic: "nothing".into(), partition: P0 };
    assert_eq!(of(&world, "nothing", None), Err(unknown));
    assert_eq!(of(&world, "orders", Some(4)), Err(ReplicaUnknown::NotReplica(BrokerId(4))));
    world.crash(0);
    assert_eq!(of(&world, "orders", None), Err(ReplicaUnknown::NoLeader));
    assert_eq!(of(&world, "orders", Some(0)), Ok(()));
}

#[test]
fn a_transaction_shows_its_state_and_the_transition_that_is_being_written() {
    let mut world = World::new(3, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    let seen = |world: &World| world.cluster.transactions().transactions.remove(0);
    let open = seen(&world);
    assert_eq!((open.state, open.pending, open.transaction_version), ("Ongoing", None, 2));
    assert_eq!((open.start, open.timeout_ms), (Some(world.now), 60_000));
    assert_eq!(open.partitions[0].to_string(), "orders-0");
    assert_eq!(open.coordinator.0, world.coordinator("t"));

    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let decided = seen(&world);
    assert_eq!((decided.state, decided.partitions.len()), ("PrepareCommit", 1));
    let kinds: Vec<_> = world.cluster.messages().map(|message| message.kind).collect();
    assert_eq!(kinds, ["WriteTxnMarkers"]);
    world.held = crate::txn::driver::replication_of_internals;
    world.run();
    let completing = seen(&world);
    assert_eq!(completing.state, "PrepareCommit");
    assert_eq!(
        completing.pending.map(|to| matches!(to, PendingTransition::To("CompleteCommit", _))),
        Some(true)
    );
    world.held = nothing;
    world.run();
    assert_eq!(seen(&world).state, "CompleteCommit");
}

#[test]
fn txoff_46_a_group_shows_what_is_committed_and_what_is_pending() {
    let mut world = pending_and_committed();
    let group = world.cluster.groups().groups.remove(0);
    assert_eq!((&*group.group, group.kind, group.state), ("g", "classic", "Empty"));
    let committed: Vec<_> =
        group.committed.iter().map(|it| (it.offset.0, it.is_replicated)).collect();
    assert_eq!(committed, [(5, true)]);
    let pending: Vec<_> = group.pending.iter().map(|it| (it.producer_id.0, it.offset.0)).collect();
    assert_eq!(pending, [(7, 9)]);

    settled(&mut world);
    let group = world.cluster.groups().groups.remove(0);
    assert_eq!((group.committed[0].offset.0, group.pending.len()), (9, 0));
}

#[test]
fn timers_and_connections_are_named() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    let due: Vec<_> = world.cluster.deadlines().map(|due| due.timer.to_string()).collect();
    assert!(due.contains(&"TransactionTimeouts at broker 0".to_owned()), "{due:?}");
    assert!(world.cluster.connections().all(|connection| connection.broker == BrokerId(0)));
    assert_eq!(
        &*world.cluster.describe().cluster_id,
        &*world.cluster.clone().describe().cluster_id
    );
}
