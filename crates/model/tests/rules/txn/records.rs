//! What stands in `__transaction_state`, read byte by byte.

use fencepost_ids::Timestamp;
use fencepost_log::BatchHeader;
use fencepost_wire::Response;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::FindCoordinatorRequest;

use crate::administration::describe;
use crate::txn::driver::{TXN_LOG, World, markers, nothing, replication_of_internals};
use crate::world::{self, START};

/// TLOG-02: the topic comes into being with the first question for a coordinator.
#[test]
fn tlog_02_the_first_question_creates_the_log_and_the_second_is_answered() {
    let mut world = world::World::new(3, &[]);
    let client = world.connect(0);
    let mut find = || {
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_static_str("txn-1"))
            .with_key_type(1);
        match world.call(client, 3, request) {
            Response::FindCoordinator(found) => (found.error_code, found.node_id.0),
            _ => panic!("not a FindCoordinator response"),
        }
    };
    assert_eq!(find(), (15, -1));
    let (error, node) = find();
    assert_eq!(error, 0);
    let leader = |world: &world::World, partition| {
        let partition = fencepost_ids::PartitionIndex(partition);
        world.cluster.leader_of(TXN_LOG, partition).map(|broker| broker.0)
    };
    assert_eq!(leader(&world, 10), Some(node), "TLOG-01: txn-1 is in partition 10 of 50");
    assert!(leader(&world, 49).is_some() && leader(&world, 50).is_none());
    let topic = world.cluster.partitions().into_iter().find(|it| it.topic.as_str() == TXN_LOG);
    assert_eq!(topic.expect("it exists").in_sync.len(), 3, "replication factor 3");
    for (key, value) in [
        ("cleanup.policy", "compact"),
        ("compression.type", "uncompressed"),
        ("min.insync.replicas", "2"),
        ("segment.bytes", "104857600"),
        ("unclean.leader.election.enable", "false"),
    ] {
        let shown = describe(&mut world, 2, TXN_LOG, key);
        assert_eq!(shown.configs[0].value.as_deref(), Some(value), "{key}");
    }
}

/// TLOG-03: one batch with one record for each transition.
#[test]
fn tlog_03_a_transition_is_one_plain_batch_of_one_record() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    world.pass(1234);
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    let batches = world.txn_batches("t");
    assert_eq!(batches.len(), 2);
    for (batch, time) in batches.iter().zip([START, world.now]) {
        let header = BatchHeader::read(batch).expect("a whole batch");
        assert_eq!(header.record_count, 1);
        assert_eq!(batch[16], 2, "magic");
        assert_eq!(batch[21..23], [0, 0], "no compression, create time, not transactional");
        assert_eq!((header.producer_id.0, header.producer_epoch.0), (-1, -1));
        assert_eq!(header.max_timestamp, time);
        assert_eq!(batch.last(), Some(&0), "no headers");
    }
}

/// TLOG-03: too few replicas in sync answer at once, slow ones after the transaction's timeout.
#[test]
fn tlog_03_the_wait_for_the_replicas_is_bounded_by_the_transactions_own_timeout() {
    let mut world = World::new(3, 2);
    world.held = replication_of_internals;
    let sent = world.send_init_as("t", 45_000, None);
    world.pass(44_999);
    assert_eq!(world.shown(sent), "...");
    world.pass(1);
    assert_eq!(world.shown(sent), "15");
    world.held = nothing;
    world.run();
    let owner = world.coordinator("t");
    (0..3).filter(|it| *it != owner).for_each(|it| world.crash(it));
    assert_eq!(world.init("t", None), "15");
}

/// TLOG-05, TLOG-07 and FEAT-03: the cluster's level at the moment of writing decides.
#[test]
fn tlog_05_the_version_of_a_value_is_that_of_the_level_and_both_are_read() {
    for (level, version) in [(0, 0), (1, 1), (2, 1)] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
        let values = world.txn_values("t");
        assert!(values.iter().all(|value| value.version == version), "level {level}");
        let states: Vec<_> = values.iter().map(|value| value.partitions.as_deref()).collect();
        let orders = ["orders-0".to_owned()];
        assert_eq!(states, [None, Some(&orders[..]), Some(&orders[..]), Some(&[][..])]);
        world.elect(TXN_LOG, World::txn_partition("t"), 0);
        assert_eq!(world.describe("t"), "CompleteCommit 0,0", "read again");
    }
}

/// STATE-05, ADDP-04: whose path a transaction follows, from record to record.
#[test]
fn state_05_the_level_of_the_client_goes_with_the_transaction() {
    let mut world = World::new(1, 2);
    let levels = |world: &mut World| -> Vec<i16> {
        world.txn_values("t").iter().map(|value| value.client_level).collect()
    };
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(levels(&mut world), [0, 2, 2, 2], "from its first Ongoing record on");
    assert_eq!(world.init("t", None), "0,2");
    assert_eq!(levels(&mut world)[4..], [2], "Empty keeps it");
    assert_eq!(world.add("t", (0, 2), &[0]), "0");
    assert_eq!(levels(&mut world)[5..], [0], "ADDP-04: v3");
    assert_eq!(world.add_v5("t", (0, 2), false), "0");
    assert_eq!(levels(&mut world).len(), 6, "the shortcut leaves it");
    let sent = world.send_adding("t", 5, (0, 2), &[1], false);
    assert_eq!(world.shown(sent), "0");
    assert_eq!(levels(&mut world)[6..], [2], "ADDP-04: v5");
    assert_eq!(world.add_offsets("t", (0, 2), "g"), "0");
    assert_eq!(levels(&mut world)[7..], [0], "ADDP-04, ADDP-07: AddOffsetsToTxn");
    assert_eq!(world.end("t", 4, (0, 2), false), "-1,-1");
    assert_eq!(levels(&mut world)[8..], [0, 0]);
    assert_eq!(world.end("t", 5, (0, 2), false), "0,3");
    assert_eq!(levels(&mut world)[10..], [2, 2], "the path of EndTxn, whatever was before");
    // Epoch, last epoch and timeout are kept by the change to Ongoing.
    let values = world.txn_values("t");
    assert_eq!((values[5].producer, values[5].timeout_ms), ((0, 2), 60_000));
}

/// STATE-06, DESC-01: when a transaction began.
#[test]
fn state_06_the_start_is_that_of_the_first_partition_until_the_next_init() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.started("t"), -1);
    world.pass(1_000);
    let start = world.now.0;
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    world.pass(1_000);
    assert_eq!(world.add("t", (0, 0), &[1]), "0");
    assert_eq!(world.started("t"), start, "more partitions do not move it");
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.started("t"), start, "the finished transaction's");
    let starts: Vec<_> = world.txn_values("t").iter().map(|value| value.start).collect();
    assert_eq!(starts, [-1, start, start, start, start]);
    world.pass(1_000);
    assert_eq!(world.end("t", 5, (0, 0), false), "0,1");
    assert_eq!(world.started("t"), world.now.0, "an empty abort sets it");
    assert_eq!(world.init("t", None), "0,2");
    assert_eq!(world.started("t"), -1);
}

/// MARKOUT-09, END-06: the times and partitions of the records that end a transaction.
#[test]
fn markout_09_the_complete_record_has_the_time_at_which_completion_was_prepared() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    let start = world.now;
    world.pass(1_000);
    let prepared = world.now;
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.pass(5_000);
    world.held = nothing;
    world.run();
    let values = world.txn_values("t");
    let row = |index: usize| {
        let value = &values[index];
        (value.state, value.producer, Timestamp(value.start), Timestamp(value.update))
    };
    assert_eq!(row(2), ("PrepareCommit", (0, 1), start, prepared));
    assert_eq!(values[2].partitions.as_deref(), Some(&["orders-0".to_owned()][..]));
    assert_eq!(row(3), ("CompleteCommit", (0, 1), start, prepared));
    assert_eq!(values[3].partitions.as_deref(), Some(&[][..]));
}

/// END-09, TLOG-11: the same EndTxn after 15, once the log refused it and once it was too slow.
#[test]
fn end_09_a_failed_prepare_can_be_asked_for_again() {
    let prepares = |world: &mut World| {
        let values = world.txn_values("t");
        let prepares = values.iter().filter(|value| value.state == "PrepareCommit");
        prepares.map(|value| value.producer).collect::<Vec<_>>()
    };
    for slow in [false, true] {
        let mut world = World::new(3, 2);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add_v5("t", (0, 0), false), "0");
        let owner = world.coordinator("t");
        let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
        if slow {
            world.held = replication_of_internals;
        } else {
            others.iter().for_each(|broker| world.crash(*broker));
        }
        let sent = world.send_end("t", 5, (0, 0), true);
        if slow {
            world.pass(60_000);
        }
        assert_eq!(world.shown(sent), "15");
        assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
        world.held = nothing;
        others.iter().for_each(|broker| world.restart_if_down(*broker));
        world.run();
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        let expected = if slow { vec![(0, 1); 2] } else { vec![(0, 1)] };
        assert_eq!(prepares(&mut world), expected, "slow: {slow}");
    }
}
