//! The questions of partition leaders to transaction coordinators, and what becomes of the answers:
//! VERIFY-04, VERIFY-06 to VERIFY-09, RECOV-14.

use fencepost_ids::{Rule, TopicName};
use fencepost_model::{Message, MessageBody};
use fencepost_wire::messages::produce_response::PartitionProduceResponse;
use fencepost_wire::{Release, Response};

use super::{request, rows};
use crate::txn::driver::{Sent, World, markers, nothing};
use crate::world::transactional;

fn questions(message: &Message) -> bool {
    matches!(message.body, MessageBody::AskAboutTransactions(_))
}

fn verification(message: &Message) -> bool {
    questions(message) || matches!(message.body, MessageBody::TransactionsAnswered { .. })
}

fn without(rule: Rule) -> World {
    World::with(1, |config| {
        config.transaction_version = 2;
        config.rules.without(rule);
    })
}

fn row(world: &mut World, sent: Sent) -> PartitionProduceResponse {
    let Some(Response::Produce(mut response)) = world.answer(sent) else { panic!("no answer") };
    response.responses.swap_remove(0).partition_responses.swap_remove(0)
}

/// The questions in flight: for each transactional id whether it only verifies, and its partitions.
fn asked(world: &World) -> Vec<Vec<(String, bool, Vec<i32>)>> {
    let bodies = world.cluster.in_flight().filter_map(|message| match &message.body {
        MessageBody::AskAboutTransactions(questions) => Some(questions),
        _ => None,
    });
    let shown = |questions: &Vec<fencepost_model::TransactionQuestion>| {
        let shown = questions.iter().map(|it| {
            let partitions = it.partitions.iter().map(|(topic, index)| {
                assert_eq!(*topic, TopicName::from("orders"));
                index.0
            });
            (it.transactional_id.to_string(), it.verify_only, partitions.collect())
        });
        shown.collect()
    };
    bodies.map(shown).collect()
}

/// VERIFY-06: one question for all partitions of a request, one request in flight to a coordinator,
/// and one question for each id in the next one.
#[test]
fn verify_06_questions_are_gathered_and_queue_behind_the_one_in_flight() {
    let mut world = World::new(1, 2);
    assert_eq!([world.init("t", None), world.init("u", None)], ["0,0", "1,0"]);
    world.held = questions;
    let two = ["t", "t"].map(|_| transactional((0, 0), 0, 1));
    let data: Vec<_> = (0..).zip(two).map(|(index, batch)| ("orders", index, batch)).collect();
    let first = world.send(0, 12, request(Some("t"), -1, &data));
    assert_eq!(asked(&world), [[("t".to_owned(), false, vec![0, 1])]]);
    let of_u = world.send_produce("u", 11, (1, 0), 0, 0);
    let of_t = world.send_produce("t", 12, (0, 0), 0, 2);
    assert_eq!(asked(&world).len(), 1, "the others queue");
    let id = world.cluster.in_flight().find(|it| questions(it)).map(|it| it.id).unwrap();
    world.handle(fencepost_model::Input::Deliver(id));
    world.run();
    assert_eq!(
        asked(&world),
        [[("t".to_owned(), false, vec![2]), ("u".to_owned(), true, vec![0])]],
        "one request for both, each asking in its client's way"
    );
    world.held = nothing;
    world.run();
    assert_eq!(rows(world.answer(first).expect("answered")), [(0, 0), (0, 0)]);
    assert_eq!([world.shown(of_t), world.shown(of_u)], ["0", "120"]);
}

/// VERIFY-06: the first retry of a batch is displaced by the second.
#[test]
fn verify_06_a_newcomer_of_an_equal_epoch_takes_the_place_in_the_queue() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    world.held = questions;
    let sent = [(); 3].map(|()| world.send_produce("t", 12, (0, 0), 0, 0));
    assert_eq!(sent.map(|it| world.shown(it)), ["...", "19", "..."]);
    world.held = nothing;
    world.run();
    assert_eq!([sent[0], sent[2]].map(|it| world.shown(it)), ["0", "0"]);
}

/// VERIFY-07, VERIFY-09: the table, for old clients (10), TV1 (11) and TV2 (12); code, and whether a
/// message comes with it. Offsets are -1.
#[test]
fn verify_09_what_the_client_reads_of_a_failed_verification() {
    const OLD: [i16; 3] = [10, 11, 12];
    fn odd(world: &mut World, version: i16, producer: (i64, i16)) -> Sent {
        world.send_produce("t", version, producer, 0, 0)
    }
    let check = |name: &str,
                 versions: &[i16],
                 fault: &dyn Fn(&mut World, i16) -> Sent,
                 wanted: &[(i16, bool)]| {
        for (version, (code, has_message)) in versions.iter().zip(wanted) {
            let mut world = World::new(2, 2);
            assert_eq!(world.init("t", None), "0,0");
            let sent = fault(&mut world, *version);
            let row = row(&mut world, sent);
            assert_eq!(
                (row.error_code, row.error_message.is_some()),
                (*code, *has_message),
                "{name} v{version}"
            );
            assert_eq!((row.base_offset, row.log_start_offset), (-1, -1), "{name} v{version}");
            assert_eq!(world.log("orders", 0), Vec::<String>::new(), "{name}: nothing is appended");
        }
    };
    check(
        "13, the connection broke",
        &OLD,
        &|world, version| {
            world.held = questions;
            let sent = odd(world, version, (0, 0));
            world.lose(questions);
            sent
        },
        &[(19, true); 3],
    );
    check(
        "16, another broker coordinates",
        &OLD,
        &|world, version| {
            world.held = questions;
            let sent = odd(world, version, (0, 0));
            let other = 1 - world.coordinator("t");
            world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), other);
            world.held = nothing;
            world.run();
            sent
        },
        &[(19, true); 3],
    );
    check(
        "14, the coordinator loads",
        &OLD,
        &|world, version| {
            world.loads_held = true;
            let other = 1 - world.coordinator("t");
            world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), other);
            odd(world, version, (0, 0))
        },
        &[(19, true); 3],
    );
    check("90", &OLD, &|world, version| odd(world, version, (0, 1)), &[(47, false); 3]);
    check("49", &OLD, &|world, version| odd(world, version, (5, 0)), &[(49, false); 3]);
    check(
        "120",
        &[10, 11],
        &|world, version| odd(world, version, (0, 0)),
        &[(48, true), (120, false)],
    );
    check(
        "51",
        &OLD,
        &|world, version| {
            world.held = markers;
            assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "0");
            assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
            let sent = odd(world, version, (0, 1));
            // TV1 never asks again, TV2 does for 100 ms (VERIFY-08).
            world.pass(if version >= 12 { 120 } else { 0 });
            sent
        },
        &[(19, true), (19, true), (51, false)],
    );
}

/// VERIFY-07, VERIFY-09: without a leader of the id's partition there is no coordinator (15); the
/// message names the error.
#[test]
fn verify_09_without_a_coordinator_the_message_says_so() {
    let mut world = World::with(2, |config| {
        config.settings.set("transaction.state.log.replication.factor", "1").unwrap();
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
        config.transaction_version = 2;
    });
    assert_eq!(world.init("t", None), "0,0");
    let coordinator = world.coordinator("t");
    world.elect("orders", 0, 1 - coordinator);
    world.crash(coordinator);
    let sent = world.send_produce("t", 12, (0, 0), 0, 0);
    let row = row(&mut world, sent);
    assert_eq!(row.error_code, 19);
    let message = row.error_message.expect("a message").to_string();
    assert!(message.contains("COORDINATOR_NOT_AVAILABLE"), "{message}");
}

/// VERIFY-09: a partition that failed does not keep the others back.
#[test]
fn verify_09_the_partitions_that_need_no_word_are_appended() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    let data = [0, 1].map(|index| ("orders", index, transactional((0, 0), 0, 1)));
    let sent = world.send(0, 11, request(Some("t"), -1, &data));
    assert_eq!(rows(world.answer(sent).expect("answered")), [(0, 0), (120, -1)]);
}

#[test]
fn verify_09_off_the_client_reads_errors_that_it_gives_up_on() {
    let mut world = without(Rule::VerificationErrorMap);
    assert_eq!(world.init("t", None), "0,0");
    world.held = questions;
    let sent = world.send_produce("t", 11, (0, 0), 0, 0);
    world.lose(questions);
    assert_eq!(world.shown(sent), "13", "Produce knows no such error");
    world.held = markers;
    assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "0");
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(world.produce("t", 11, (0, 1), 0, 0), "51");
}

/// VERIFY-04 (R-VERIFY): a batch that comes after the abort of its transaction.
#[test]
fn verify_04_off_a_late_batch_holds_the_last_stable_offset_for_good() {
    for (mut world, answer, marks) in
        [(World::new(1, 2), "120", (2, 2)), (without(Rule::TransactionVerification), "0", (2, 3))]
    {
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
        assert_eq!(world.end("t", 4, (0, 0), false), "-1,-1");
        assert_eq!(world.lso_and_hw(0), (2, 2));
        assert_eq!(world.produce("t", 11, (0, 0), 1, 0), answer);
        assert_eq!(world.lso_and_hw(0), marks);
        assert_eq!(world.describe("t"), "CompleteAbort 0,0", "nobody will end it");
    }
}

/// VERIFY-05, RECOV-14: the leader moves between question and answer; the guard dies with the append.
#[test]
fn recov_14_an_answer_that_comes_after_the_leader_moved_appends_nothing() {
    let mut world = World::new(2, 2);
    assert_eq!(world.init("t", None), "0,0");
    let leader = world.leader("orders", 0);
    world.held = verification;
    let sent = world.send_produce("t", 12, (0, 0), 0, 0);
    world.elect("orders", 0, 1 - leader);
    world.held = nothing;
    world.run();
    assert_eq!(row(&mut world, sent).error_code, 6);
    assert_eq!(world.log("orders", 0), Vec::<String>::new());
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0", "the retry asks again");
}

/// VERIFY-08: the leader starts anew each time, so that a producer that was fenced meanwhile is told
/// without another question; and a transactional offset commit has its own way (VERIFY-10).
#[test]
fn verify_08_the_leader_asks_again_from_the_start() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let sent = world.send_produce("t", 12, (0, 1), 0, 0);
    assert_eq!(world.shown(sent), "...");
    assert_eq!(world.mark((0, 2), false, 0, 0), "0", "something newer came");
    world.pass(20);
    assert_eq!(world.shown(sent), "47", "VERIFY-03");
}

/// VERIFY-03: a partition that has seen a higher epoch, or that is not led here, drops out of the
/// question; before 4.1 the stale one is asked about, too.
#[test]
fn verify_03_what_is_refused_at_once_is_not_asked_about() {
    for (release, asked_about, answers) in [
        (Release::V4_0, vec![0, 1], [(47, -1), (0, 0)]),
        (Release::V4_1, vec![1], [(47, -1), (0, 0)]),
    ] {
        let mut world = World::with(1, |config| {
            config.release = release;
            config.transaction_version = 2;
        });
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.mark((0, 4), false, 0, 0), "0");
        world.held = questions;
        let data = [0, 1].map(|index| ("orders", index, transactional((0, 0), 0, 1)));
        let sent = world.send(0, 12, request(Some("t"), -1, &data));
        assert_eq!(asked(&world), [[("t".to_owned(), false, asked_about)]], "{release:?}");
        world.held = nothing;
        world.run();
        assert_eq!(rows(world.answer(sent).expect("answered")), answers, "{release:?}");
    }
    let mut world = World::new(2, 2);
    assert_eq!(world.init("t", None), "0,0");
    let other = 1 - world.leader("orders", 0);
    world.held = questions;
    let data = [("orders", 0, transactional((0, 0), 0, 1))];
    let sent = world.send(other, 12, request(Some("t"), -1, &data));
    assert_eq!(rows(world.answer(sent).expect("at once")), [(6, -1)]);
    assert!(asked(&world).is_empty());
}

/// VERIFY-08: the request's own timeout of brokers bounds the time, too.
#[test]
fn verify_08_the_shorter_of_two_times_bounds_the_questions() {
    let mut world = World::with(1, |config| {
        config.transaction_version = 2;
        config.settings.set("request.timeout.ms", "30").unwrap();
    });
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    let sent = world.send_produce("t", 12, (0, 1), 0, 0);
    world.pass(39);
    assert_eq!(world.shown(sent), "...");
    world.pass(1);
    assert_eq!(world.shown(sent), "51");
}

/// VERIFY-11: TV2 still adds, and what it adds is open.
#[test]
fn verify_11_switched_off_a_tv2_batch_still_adds_its_partition() {
    let mut world = World::with(1, |config| {
        config.transaction_version = 2;
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    });
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    assert_eq!(world.describe("t"), "Empty 0,0", "TV1 asks nothing");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 1), "0");
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-1");
}

/// VERIFY-17: the retry of a batch whose transaction has ended.
#[test]
fn verify_17_a_tv1_retry_reaches_the_window_only_in_the_next_transaction() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    world.held = markers;
    world.send_end("t", 4, (0, 0), true);
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0", "still open here: no question");
    world.held = nothing;
    world.run();
    assert_eq!(world.produce("t", 10, (0, 0), 0, 0), "48");
    assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "120");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    let retry = world.send_produce("t", 11, (0, 0), 0, 0);
    assert_eq!(rows(world.answer(retry).expect("answered")), [(0, 0)], "the offset of the former");
    assert_eq!(world.log("orders", 0), ["p0e0 #0", "COMMIT p0e0 c0"]);
}
