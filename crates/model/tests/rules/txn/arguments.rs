//! What is checked before a coordinator looks at an id, what it never answers, and what it hands out.

use std::collections::BTreeSet;

use fencepost_model::{Message, MessageBody, ProducerIdBlocks};
use fencepost_wire::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::{
    AddPartitionsToTxnRequest, ApiVersionsRequest, InitProducerIdRequest,
};
use fencepost_wire::{Release, Response, StrBytes, WriteTxnMarkersRequest};

use crate::administration::describe;
use crate::txn::driver::{
    Producer, TXN_LOG, World, end_request, markers, nothing, replication_of_internals, topic_name,
    transactional_id,
};

fn plain_init(expected: Producer, timeout_ms: i32) -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(timeout_ms)
        .with_producer_id(expected.0.into())
        .with_producer_epoch(expected.1)
}

fn ask(world: &mut World, broker: i32, request: InitProducerIdRequest) -> String {
    let sent = world.send(broker, 4, request);
    world.shown(sent)
}

/// INIT-01: without an authorizer, and there is none, every caller passes at every version: with any id and
/// with a null one. The codes of an authorizer that refuses, 53 and 31, are out of scope.
#[test]
fn init_01_without_an_authorizer_every_caller_passes() {
    let mut world = World::new(3, 2);
    let mut given = BTreeSet::new();
    for version in 0..=5 {
        for id in [None, Some("t"), Some("another's"), Some("__transaction_state"), Some(" ")] {
            let id = id.map(|id| format!("{id}{version}"));
            let broker = id.as_deref().map_or(1, |id| world.coordinator(id));
            let request = plain_init((-1, -1), 1000)
                .with_transactional_id(id.as_deref().map(transactional_id));
            let sent = world.send(broker, version, request);
            let shown = world.shown(sent);
            assert!(shown.ends_with(",0"), "{id:?} by version {version}: {shown}");
            assert!(given.insert(shown), "a producer id of its own");
        }
    }
}

/// INIT-03: a null id needs no owner, no valid timeout and no identity, and leaves nothing.
#[test]
fn init_03_a_null_id_gets_a_new_producer_id_anywhere() {
    let mut world = World::new(3, 2);
    let internals =
        |world: &mut World| (0..5).map(|it| world.log(TXN_LOG, it).len()).sum::<usize>();
    assert_eq!(ask(&mut world, 2, plain_init((-1, -1), 0)), "0,0");
    assert_eq!(ask(&mut world, 2, plain_init((55, 7), -1)), "1,0", "what it expects is ignored");
    assert_eq!(internals(&mut world), 0);
    // INIT-02 comes first.
    assert_eq!(ask(&mut world, 2, plain_init((55, -1), 0)), "42");
}

/// INIT-06: timeouts, before ownership, and the setting that bounds them.
#[test]
fn init_06_a_timeout_is_positive_and_no_longer_than_the_setting_allows() {
    let mut world = World::with(2, |config| {
        config.settings.set("transaction.max.timeout.ms", "5000").unwrap();
    });
    let owner = world.coordinator("t");
    let init = |timeout_ms| {
        plain_init((-1, -1), timeout_ms).with_transactional_id(Some(transactional_id("t")))
    };
    for broker in [owner, 1 - owner] {
        for timeout_ms in [i32::MIN, -1, 0, 5001, i32::MAX] {
            assert_eq!(ask(&mut world, broker, init(timeout_ms)), "50");
        }
    }
    assert_eq!(ask(&mut world, 1 - owner, init(5000)), "16");
    assert_eq!(ask(&mut world, owner, init(5000)), "0,0");
}

/// INIT-10: what a successful InitProducerId writes, and when it is answered.
#[test]
fn init_10_every_success_writes_an_empty_record_and_waits_for_it() {
    let mut world = World::new(3, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    for expected in [Some((0, 0)), Some((0, 0)), None] {
        world.pass(1_000);
        world.held = replication_of_internals;
        let sent = world.send_init_as("t", 41_000, expected);
        assert_eq!(world.shown(sent), "...");
        world.held = nothing;
        world.run();
        let answer = world.shown(sent);
        let value = world.txn_values("t").pop().expect("written");
        assert_eq!(answer, format!("0,{}", value.producer.1));
        assert_eq!((value.state, value.partitions), ("Empty", None));
        assert_eq!((value.timeout_ms, value.start, value.update), (41_000, -1, world.now.0));
    }
    let epochs: Vec<_> = world.txn_values("t").iter().map(|it| it.producer.1).collect();
    assert_eq!(epochs[4..], [1, 1, 2], "the retry has a record of its own");
}

/// INIT-17: AddOffsetsToTxn too has 47 for 90 up to v1.
#[test]
fn init_17_old_versions_of_add_offsets_read_47_for_90() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("t", None), "0,1");
    for (version, code) in [(0, "47"), (1, "47"), (2, "90"), (4, "90")] {
        assert_eq!(world.add_offsets_in("t", version, (0, 0), "g"), code);
    }
}

/// INIT-18: 120 is for partition leaders and their clients; each state of a coordinator is asked.
#[test]
fn init_18_no_coordinator_answers_120_to_what_ends_or_begins() {
    for level in [1, 2] {
        let mut worlds = vec![World::new(1, level)];
        let steps: [fn(&mut World) -> String; 4] = [
            |world| world.init("t", None),
            |world| world.add("t", (0, 0), &[0]),
            |world| {
                world.held = markers;
                world.end("t", 4, (0, 0), true)
            },
            |world| {
                world.held = nothing;
                world.run();
                String::new()
            },
        ];
        for step in steps {
            let mut next = worlds.last().cloned().expect("begun");
            step(&mut next);
            worlds.push(next);
        }
        for world in worlds {
            for producer in [(0, 0), (0, 1), (7, 0)] {
                let calls: [fn(&mut World, Producer) -> String; 5] = [
                    |world, who| world.init("t", Some(who)),
                    |world, who| world.add_offsets("t", who, "g"),
                    |world, who| world.end("t", 4, who, true),
                    |world, who| world.end("t", 5, who, false),
                    |world, _| world.find_coordinator("t", 1).to_string(),
                ];
                for call in calls {
                    assert_ne!(call(&mut world.clone(), producer), "120");
                }
            }
        }
    }
}

/// ADDP-01: brokers ask about any number of transactions, each by itself.
#[test]
fn addp_01_one_request_of_a_broker_is_about_several_transactions() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.init("u", None), "1,0");
    let transaction = |id, producer: Producer, partitions: Vec<i32>| {
        AddPartitionsToTxnTransaction::default()
            .with_transactional_id(transactional_id(id))
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_topics(vec![
                AddPartitionsToTxnTopic::default()
                    .with_name(topic_name("orders"))
                    .with_partitions(partitions),
            ])
    };
    let transactions = vec![
        transaction("t", (0, 0), vec![0]),
        transaction("u", (1, 7), vec![1]),
        transaction("nobody", (1, 0), vec![1]),
        transaction("u", (1, 0), vec![2, 9]),
    ];
    let request = AddPartitionsToTxnRequest::default().with_transactions(transactions);
    let Response::AddPartitionsToTxn(answer) = world.call(0, 5, request) else { panic!() };
    assert_eq!(answer.error_code, 0, "without an authorizer any client may ask");
    let rows: Vec<_> = answer
        .results_by_transaction
        .iter()
        .map(|result| {
            let partitions = &result.topic_results[0].results_by_partition;
            let codes: Vec<_> = partitions.iter().map(|it| it.partition_error_code).collect();
            (result.transactional_id.0.to_string(), codes)
        })
        .collect();
    let row = |id: &str, codes: &[i16]| (id.to_owned(), codes.to_vec());
    let wanted = [row("t", &[0]), row("u", &[90]), row("nobody", &[49]), row("u", &[55, 3])];
    assert_eq!(rows, wanted);
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    assert_eq!(world.describe("u"), "Empty 1,0");
}

/// ADDP-02: internal topics are refused to clients whether they exist or not, and left to brokers.
#[test]
fn addp_02_internal_topics_are_not_for_clients() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    for topic in ["__consumer_offsets", TXN_LOG, "__share_group_state"] {
        assert_eq!(world.add_topic("t", 3, (0, 0), topic), "29", "{topic}");
    }
    assert_eq!(world.add_topic("t", 3, (0, 0), "nope"), "3");
    assert_eq!(world.add_topic("t", 5, (0, 0), "nope"), "3");
    assert_eq!(world.add_topic("t", 5, (0, 0), TXN_LOG), "0");
    assert_eq!(world.describe("t"), format!("Ongoing 0,0 {TXN_LOG}-0"));
}

/// ADDP-05: an empty list of topics opens an empty transaction.
#[test]
fn addp_05_no_partitions_open_a_transaction_too() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[]), "");
    assert_eq!(world.describe("t"), "Ongoing 0,0");
    world.held = markers;
    assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
    assert_eq!(world.describe("t"), "CompleteCommit 0,0");
}

/// ADDP-08: the setting switches off verification, and never the adding.
#[test]
fn addp_08_verification_may_be_switched_off_and_adding_may_not() {
    let mut world = World::with(1, |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    });
    assert_eq!(world.init("t", None), "0,0");
    for (version, sequence) in [(10, 0), (11, 1)] {
        assert_eq!(world.produce("t", version, (0, 0), sequence, 0), "0");
    }
    assert_eq!(world.describe("t"), "Empty 0,0", "nobody was asked");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "0");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-1");
}

/// ADDP-08: in which mode a leader asks, by the version of Produce.
#[test]
fn addp_08_the_version_of_produce_decides_what_is_asked() {
    for (version, verify_only) in [(10, true), (11, true), (12, false)] {
        let mut world = World::new(1, 2);
        assert_eq!(world.init("t", None), "0,0");
        world.held = |message| matches!(message.body, MessageBody::AskAboutTransactions(_));
        world.send_produce("t", version, (0, 0), 0, 0);
        let message = world.cluster.in_flight().next().expect("a question");
        let MessageBody::AskAboutTransactions(questions) = &message.body else { panic!() };
        assert_eq!(questions[0].verify_only, verify_only, "v{version}");
    }
}

/// END-01, FEAT-03, FEAT-04: the abort of an old client's transaction follows the cluster's level.
#[test]
fn end_01_an_internal_abort_takes_the_path_of_the_level() {
    for (level, retry) in [(0, "90"), (1, "90"), (2, "0,1")] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.init("t", None), "51");
        assert_eq!(world.describe("t"), "CompleteAbort 0,1", "one epoch more");
        assert_eq!(world.init("t", Some((0, 0))), retry, "the last epoch is TV2's");
    }
}

/// END-01: an old client at level 2 keeps its epoch, a new one at level 1 raises it.
#[test]
fn end_01_the_version_decides_and_not_the_level() {
    for level in [1, 2] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.end("t", 4, (0, 0), true), "-1,-1");
        assert_eq!(world.describe("t"), "CompleteCommit 0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    }
}

/// END-02: the checks of EndTxn before any state; FAILOVER-05 has 14 and 16.
#[test]
fn end_02_an_id_that_is_empty_or_unknown() {
    let mut world = World::new(3, 2);
    for version in [0, 4, 5] {
        assert_eq!(world.end("", version, (0, 0), true), "42");
        assert_eq!(world.end("nobody", version, (0, 0), true), "49");
    }
    let owner = world.coordinator("t");
    let stranger = (owner + 1) % 3;
    let sent = world.send(stranger, 5, end_request("t", (0, 0), true));
    assert_eq!(world.shown(sent), "16");
}

/// PID-02: a broker that has to ask for its block.
#[test]
fn pid_02_who_needs_an_id_before_the_block_is_there_reads_14() {
    let mut world = World::with(1, |config| {
        config.producer_id_blocks = ProducerIdBlocks::AskedFor;
    });
    assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), "14");
    assert_eq!(world.init("t", None), "14");
    assert_eq!(world.describe("t"), "105", "nothing is stored");
    world.pass(0);
    assert_eq!(world.init("t", None), "0,0");
    // The next block is fetched with the 901st id, so that nobody waits again.
    for id in 1..900 {
        assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), format!("{id},0"));
    }
    let asked = |world: &World| world.cluster.deadlines().any(|it| is_block(&it.timer));
    assert!(!asked(&world));
    assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), "900,0");
    assert!(asked(&world));
    world.pass(0);
    for id in 901..1001 {
        assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), format!("{id},0"));
    }
}

fn is_block(timer: &fencepost_model::Timer) -> bool {
    matches!(timer, fencepost_model::Timer::ProducerIdBlock { .. })
}

/// PID-02, END-09: a rotation that needs an id while none is there.
#[test]
fn pid_02_a_rotation_waits_for_a_block_too() {
    let mut world = World::with(1, |config| {
        config.producer_id_blocks = ProducerIdBlocks::AskedFor;
    });
    assert_eq!(world.init("t", None), "14");
    world.pass(0);
    world.exhaust();
    for id in 1..1000 {
        assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), format!("{id},0"));
    }
    world.crash(0);
    world.restart(0);
    assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
    assert_eq!(world.end("t", 5, (0, 32_766), true), "14");
    assert_eq!(world.describe("t"), "Ongoing 0,32766 orders-0", "nothing changed");
    world.pass(0);
    assert_eq!(world.end("t", 5, (0, 32_766), true), "1000,0");
}

/// PID-03: what takes an id, and what does not give it back.
#[test]
fn pid_03_each_rotation_takes_one_id() {
    let mut world = World::exhausted();
    assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
    assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
    assert_eq!(ask(&mut world, 0, plain_init((-1, -1), 0)), "2,0", "a null id takes one");
    let mut world = World::exhausted();
    assert_eq!(world.init("t", None), "1,0", "an exhausted epoch takes one");
    assert_eq!(world.init("u", None), "2,0", "an unknown id takes one");
    let mut world = World::exhausted();
    assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
    assert_eq!(world.init("t", None), "51", "a fence takes none up to 4.2");
    assert_eq!(world.init("t", None), "1,0");
}

fn marker(producer: Producer, topics: &[(&'static str, &[i32])]) -> WritableTxnMarker {
    let topic = |(name, partitions): &(&'static str, &[i32])| {
        WritableTxnMarkerTopic::default()
            .with_name(topic_name(name))
            .with_partition_indexes(partitions.to_vec())
    };
    WritableTxnMarker::default()
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_topics(topics.iter().map(topic).collect())
}

/// Results by producer id: topic, partition, code.
type MarkerRows = Vec<(i64, Vec<(String, i32, i16)>)>;

fn write(world: &mut World, broker: i32, markers: Vec<WritableTxnMarker>) -> MarkerRows {
    let request = WriteTxnMarkersRequest::default().with_markers(markers);
    let Response::WriteTxnMarkers(answer) = world.call(broker, 1, request) else { panic!() };
    let row = |topic: &str, partition: i32, code: i16| (topic.to_owned(), partition, code);
    let result =
        |result: &fencepost_wire::messages::write_txn_markers_response::WritableTxnMarkerResult| {
            let rows = result.topics.iter().flat_map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(|it| row(&topic.name.0, it.partition_index, it.error_code))
            });
            (result.producer_id.0, rows.collect())
        };
    answer.markers.iter().map(result).collect()
}

/// MARKIN-01: nothing asks for nothing, and entries of one producer id share a result.
#[test]
fn markin_01_an_empty_request_and_two_entries_of_one_producer() {
    let mut world = World::new(1, 2);
    assert_eq!(write(&mut world, 0, vec![]), vec![]);
    let entries = vec![
        marker((5, 0), &[("orders", &[0])]),
        marker((6, 0), &[("orders", &[1])]),
        marker((5, 0), &[(TXN_LOG, &[0]), ("orders", &[2])]),
    ];
    let rows = write(&mut world, 0, entries);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [5, 6]);
    let five: Vec<_> = rows[0].1.iter().map(|it| (it.0.as_str(), it.1, it.2)).collect();
    assert_eq!(five, [("orders", 0, 0), (TXN_LOG, 0, 0), ("orders", 2, 0)], "MARKIN-03: internal");
    // The answer is sent when the last entry has only partitions that are not here, too.
    let rows = write(&mut world, 0, vec![marker((5, 0), &[("nope", &[0])])]);
    assert_eq!(rows, [(5, vec![("nope".to_owned(), 0, 3)])]);
}

/// MARKIN-02: unknown, not hosted, hosted but not led; the others go on.
#[test]
fn markin_02_a_partition_that_is_not_led_here_fails_alone() {
    let mut world = World::with(3, |config| config.topics[0].replication_factor = Some(2));
    let leader = world.leader("orders", 0);
    let candidates = world.cluster.partitions();
    let orders = candidates.iter().find(|it| it.topic.as_str() == "orders" && it.partition.0 == 0);
    let replicas: Vec<i32> = orders.unwrap().in_sync.iter().map(|broker| broker.0).collect();
    let follower = *replicas.iter().find(|it| **it != leader).expect("two replicas");
    let stranger = (0..3).find(|it| !replicas.contains(it)).unwrap();
    let mut code = |broker, partition: &[i32]| {
        let rows = write(&mut world, broker, vec![marker((5, 0), &[("orders", partition)])]);
        rows[0].1.iter().map(|it| it.2).collect::<Vec<_>>()
    };
    assert_eq!(code(stranger, &[0]), [3], "not hosted");
    assert_eq!(code(follower, &[0]), [6], "hosted, not led");
    assert_eq!(code(leader, &[9, 0]), [3, 0], "unknown; the other is written");
}

fn entries(world: &World) -> Vec<(i32, usize)> {
    let of = |message: &Message| match &message.body {
        MessageBody::WriteMarkers(entries) => Some((message.to.0, entries.len())),
        _ => None,
    };
    world.cluster.in_flight().filter_map(of).collect()
}

/// MARKOUT-01: a request for each leader, one in flight, entries of many transactions in one.
#[test]
fn markout_01_markers_for_one_broker_share_a_request() {
    let mut world = World::new(3, 2);
    let owner = world.coordinator("t");
    let id = ["u", "v", "w", "x", "y", "z", "a", "b", "c"]
        .into_iter()
        .filter(|id| world.coordinator(id) == owner)
        .take(2)
        .collect::<Vec<_>>();
    let (second, third) = (id[0], id[1]);
    for (index, broker) in [(0, 0), (1, 1), (2, 1)] {
        world.elect("orders", index, broker);
    }
    let producers: Vec<Producer> = ["t", second, third]
        .into_iter()
        .map(|id| {
            let answer = world.init(id, None);
            (answer.split_once(',').unwrap().0.parse().unwrap(), 0)
        })
        .collect();
    assert_eq!(world.produce("t", 12, producers[0], 0, 0), "0");
    assert_eq!(world.produce("t", 12, producers[0], 0, 1), "0");
    for (id, producer) in [(second, producers[1]), (third, producers[2])] {
        assert_eq!(world.produce(id, 12, producer, 0, 2), "0");
    }
    world.held = markers;
    world.end("t", 5, producers[0], true);
    assert_eq!(entries(&world), [(0, 1), (1, 1)], "two leaders, two requests");
    world.end(second, 5, producers[1], true);
    world.end(third, 5, producers[2], true);
    assert_eq!(entries(&world), [(0, 1), (1, 1)], "one in flight to each");
    world.held =
        |message| matches!(&message.body, MessageBody::WriteMarkers(entries) if entries.len() > 1);
    world.run();
    assert_eq!(entries(&world), [(1, 2)], "two transactions in one request");
}

/// MARKOUT-03: the value of a marker after two elections.
#[test]
fn markout_03_a_marker_carries_the_term_of_its_coordinator() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    for _ in 0..2 {
        world.elect(TXN_LOG, World::txn_partition("t"), 0);
    }
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e1 c2"]);
}

/// D07, FEAT-06: the level goes with the markers from 4.2 on.
#[test]
fn feat_06_and_d07_markers_carry_the_level_from_4_2_on() {
    for (release, version) in [(Release::V4_0, 0), (Release::V4_1, 0), (Release::V4_2, 2)] {
        let mut world = World::with(1, |config| config.release = release);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        let message = world.cluster.in_flight().next().expect("in flight");
        let MessageBody::WriteMarkers(entries) = &message.body else { panic!() };
        assert_eq!(entries[0].transaction_version, version, "{release:?}");
    }
}

/// D06 (STATE-04), END-11: an overflow retry once the next transaction is open.
#[test]
fn end_11_and_d06_a_late_overflow_retry_by_release() {
    for (release, code) in [(Release::V4_0, "90"), (Release::V4_1, "49"), (Release::V4_2, "49")] {
        let mut world = World::with(1, |config| config.release = release);
        world.exhaust();
        assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
        assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
        assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
        assert_eq!(world.add_v5("t", (1, 0), false), "0");
        assert_eq!(world.end("t", 5, (0, 32_766), true), code, "{release:?}");
    }
}

/// D08 (ADDP-09): a stale epoch at a partition that the coordinator is still completing.
#[test]
fn addp_09_and_d08_a_stale_epoch_is_refused_without_a_question_from_4_1_on() {
    for (release, asks) in [(Release::V4_0, true), (Release::V4_1, false), (Release::V4_2, false)] {
        let mut world = World::with(1, |config| config.release = release);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
        assert_eq!(world.init("t", None), "51");
        world.held = |message| matches!(message.body, MessageBody::AskAboutTransactions(_));
        let sent = world.send_produce("t", 12, (0, 0), 1, 0);
        assert_eq!(world.cluster.in_flight().count() == 1, asks, "{release:?}");
        world.held = nothing;
        world.run();
        assert_eq!(world.shown(sent), "47", "{release:?}");
    }
}

/// FEAT-01: what ApiVersions tells of `transaction.version`.
#[test]
fn feat_01_finalized_and_supported_levels_by_version() {
    for level in [0, 1, 2] {
        let mut world = World::new(1, level);
        for version in [3, 4] {
            let request = ApiVersionsRequest::default()
                .with_client_software_name(StrBytes::from_static_str("test"))
                .with_client_software_version(StrBytes::from_static_str("1"));
            let Response::ApiVersions(answer) = world.call(0, version, request) else { panic!() };
            let finalized = answer
                .finalized_features
                .iter()
                .find(|it| it.name.as_str() == "transaction.version")
                .map(|it| (it.min_version_level, it.max_version_level));
            assert_eq!(finalized, (level > 0).then_some((level, level)), "0 is left out");
            assert!(answer.finalized_features_epoch >= 0);
            let supported = answer
                .supported_features
                .iter()
                .find(|it| it.name.as_str() == "transaction.version")
                .map(|it| (it.min_version, it.max_version));
            assert_eq!(supported, (version == 4).then_some((0, 2)), "v{version}");
        }
    }
}

/// FEAT-03: every version is accepted at every level, and judged by itself.
#[test]
fn feat_03_a_request_is_judged_by_its_own_version() {
    for level in [1, 2] {
        let mut world = World::new(1, level);
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
        assert_eq!(world.txn_values("t")[1].client_level, 2, "Produce 12 adds by itself");
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "EndTxn 5 raises the epoch");
        assert_eq!(world.add("t", (0, 1), &[0]), "0");
        assert_eq!(world.txn_values("t").last().unwrap().client_level, 0, "v3 is TV1");
        assert_eq!(world.produce("t", 11, (0, 1), 0, 0), "0");
        assert_eq!(world.produce("t", 11, (0, 1), 0, 1), "120", "v11 only asks");
        assert_eq!(world.end("t", 4, (0, 1), true), "-1,-1");
        assert_eq!(world.describe("t"), "CompleteCommit 0,1", "EndTxn 4 does not");
    }
}

/// TIMEOUT-08: the settings and their defaults.
#[test]
fn timeout_08_the_settings_of_transactions_and_their_defaults() {
    let mut world = crate::world::World::new(3, &[]);
    for (key, value) in [
        ("transaction.max.timeout.ms", "900000"),
        ("transactional.id.expiration.ms", "604800000"),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000"),
        ("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000"),
        ("transaction.state.log.num.partitions", "50"),
        ("transaction.state.log.replication.factor", "3"),
        ("transaction.state.log.min.isr", "2"),
        ("transaction.state.log.segment.bytes", "104857600"),
        ("transaction.state.log.load.buffer.size", "5242880"),
        ("transaction.partition.verification.enable", "true"),
        ("producer.id.expiration.ms", "86400000"),
        ("add.partitions.to.txn.retry.backoff.ms", "20"),
        ("add.partitions.to.txn.retry.backoff.max.ms", "100"),
        ("offsets.topic.num.partitions", "50"),
        ("request.timeout.ms", "30000"),
    ] {
        let shown = describe(&mut world, 4, "0", key);
        let value_shown = shown.configs.first().and_then(|config| config.value.as_deref());
        assert_eq!(value_shown, Some(value), "{key}");
    }
}

/// MARKOUT-12: what each failure leaves in the log, in the cache and with the client.
#[test]
fn markout_12_every_row_of_what_a_failure_leaves_behind() {
    let open = || {
        let mut world = World::new(3, 2);
        assert_eq!(world.init("t", None), "0,0");
        let owner = world.coordinator("t");
        world.elect("orders", 0, owner);
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
        let others: Vec<i32> = (0..3).filter(|broker| *broker != owner).collect();
        (world, owner, others)
    };
    let states = |world: &mut World| {
        world.txn_values("t").iter().map(|value| value.state).skip(2).collect::<Vec<_>>()
    };

    let (mut world, _, others) = open();
    others.iter().for_each(|broker| world.crash(*broker));
    assert_eq!(world.end("t", 5, (0, 0), true), "15", "Prepare refused");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    others.iter().for_each(|broker| world.restart(*broker));
    assert_eq!(states(&mut world), Vec::<&str>::new());

    let (mut world, _, _) = open();
    world.held = replication_of_internals;
    let sent = world.send_end("t", 5, (0, 0), true);
    world.pass(60_000);
    assert_eq!(world.shown(sent), "15", "Prepare timed out");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
    world.held = nothing;
    world.run();
    assert_eq!(states(&mut world), ["PrepareCommit"], "committed later");

    let (mut world, owner, _) = open();
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(states(&mut world), ["PrepareCommit"]);
    world.crash(owner);
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(world.describe("t"), "CompleteCommit 0,1", "the next owner resumes");

    let (mut world, owner, others) = open();
    world.held = replication_of_internals;
    let sent = world.send_end("t", 5, (0, 0), true);
    world.held = |message| replication_of_internals(message) || markers(message);
    let partition = World::txn_partition("t");
    world.elect(TXN_LOG, partition, owner);
    assert_eq!(world.shown(sent), "16", "leadership lost");
    world.held = nothing;
    world.run();
    world.pass(50);
    assert_eq!(states(&mut world), ["PrepareCommit", "CompleteCommit"]);

    world = open().0;
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "a marker that may be tried again");
    world.lose(markers);
    assert_eq!(states(&mut world), ["PrepareCommit"]);
    assert_eq!(world.end("t", 5, (0, 0), true), "51");
    world.held = nothing;
    world.pass(50);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");

    let mut world = open().0;
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    others.iter().for_each(|broker| world.crash(*broker));
    world.held = nothing;
    world.run();
    assert_eq!(world.init("t", None), "51", "Complete refused");
    others.iter().for_each(|broker| world.restart(*broker));
    world.pass(50);
    assert_eq!(states(&mut world), ["PrepareCommit", "CompleteCommit"]);

    let (mut world, owner, _) = open();
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    world.crash(owner);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1", "Complete committed: NONE by retry");
}
