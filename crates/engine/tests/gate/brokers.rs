//! What faults do to brokers and outside the cluster.

use fencepost_engine::{Input, Output};
use fencepost_faults::Plan;
use fencepost_ids::{BrokerId, PartitionIndex};
use fencepost_model::Event;
use fencepost_wire::Response;

use crate::play::{Heard, Play, commit, produce};

#[test]
fn a_crash_on_arrival_takes_the_request_with_it() {
    let mut play = Play::with("[[fault]]\non = \"EndTxn\"\ndo = { crash = \"receiver\" }\n");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Close]);
    assert!(play.told.iter().any(|told| matches!(told, Output::ClosePort(BrokerId(0)))));
    assert!(!play.engine.look().is_running(BrokerId(0)));
    play.take(fencepost_engine::Input::Restart(BrokerId(0)));
    assert_eq!(play.state(), "Ongoing");
}

#[test]
fn a_crash_when_applied_keeps_what_is_written_and_answers_nothing() {
    let mut play = Play::with(
        "[[fault]]\non = \"EndTxn\"\nwhen = \"applied\"\ndo = { crash = \"receiver\" }\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Close]);
    play.take(fencepost_engine::Input::Restart(BrokerId(0)));
    play.wait(10_000);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn a_crash_and_a_restart_follow_each_other() {
    let mut play = Play::with(
        "[[fault]]\non = \"EndTxn\"\ndo = [{ crash = \"receiver\" }, { restart = \"receiver\" }]\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    play.told.clear();
    play.ask(client, 4, commit(identity));
    let ports: Vec<_> = play
        .told
        .iter()
        .filter_map(|told| match told {
            Output::ClosePort(BrokerId(0)) => Some("closed"),
            Output::OpenPort(BrokerId(0)) => Some("open"),
            _ => None,
        })
        .collect();
    assert_eq!(ports, ["closed", "open"]);
    assert!(play.engine.look().is_running(BrokerId(0)));
    assert_eq!(play.state(), "Ongoing");
}

#[test]
fn the_clock_and_processes_are_the_drivers() {
    let mut play = Play::with(
        "[[fault]]\non = \"EndTxn\"\n\
         do = [{ advance-clock = { ms = 60000 } }, { signal = { process = \"app\", signal = \"KILL\" } }]\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    play.told.clear();
    play.ask(client, 4, commit(identity));
    assert!(matches!(
        &*play.told,
        [
            Output::Hit { .. },
            Output::AdvanceClock(60_000),
            Output::Signal(_),
            Output::Respond { .. }
        ]
    ));
}

#[test]
fn a_new_term_of_the_coordinator_keeps_the_transaction() {
    let mut play = Play::with(
        "[[fault]]\nname = \"it\"\non = \"EndTxn\"\ndo = { move-coordinator = { to = \"receiver\" } }\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    let before = term(&play);
    play.ask(client, 4, commit(identity));
    assert_eq!((term(&play), play.fired("it")), (before + 1, 1));
}

/// The term of the coordinator of the transactional id.
fn term(play: &Play) -> i32 {
    let key = fencepost_model::CoordinatorKey::Transaction(crate::play::TX.into());
    let cluster = play.engine.look();
    let at = cluster.coordinator(&key).expect("there are coordinators");
    let partitions = cluster.topic_state(&at.topic).expect("there is its topic");
    let partition = partitions.into_iter().find(|it| it.partition == at.partition);
    partition.expect("there is its partition").leader_epoch.0
}

/// Three brokers that tell their events, of which 0 leads `orders`-0, and a plan about Produce.
fn three(when: &str, action: &str) -> Play {
    let mut play = Play::of_brokers(3);
    play.engine.observe(true);
    assert_eq!(leader(&play), Some(BrokerId(0)));
    play.add(&format!(
        "[[fault]]\nname = \"it\"\non = \"Produce\"\nwhen = \"{when}\"\ndo = {action}\n"
    ));
    play
}

fn leader(play: &Play) -> Option<BrokerId> {
    play.engine.look().leader_of("orders", PartitionIndex(0))
}

/// Where the one record of a Produce went, or why it was refused.
fn produced(response: &Response) -> Result<i64, i16> {
    let Response::Produce(answer) = response else { panic!("not an answer to Produce") };
    let row = &answer.responses[0].partition_responses[0];
    if row.error_code == 0 { Ok(row.base_offset) } else { Err(row.error_code) }
}

#[test]
fn recov_05_a_broker_that_stops_on_arrival_hands_its_partitions_over_and_does_not_answer() {
    let mut play = three("received", "{ stop = \"receiver\" }");
    let client = play.client("a");
    play.ask(client, 9, produce(-1));
    assert_eq!(play.heard(client), [Heard::Close]);
    let told = |wanted: fn(&Output) -> bool| play.told.iter().any(wanted);
    assert!(told(|it| matches!(it, Output::ClosePort(BrokerId(0)))));
    assert!(told(|it| matches!(it, Output::Event(Event::BrokerStopped(BrokerId(0))))));
    assert!(!told(|it| matches!(it, Output::Event(Event::BrokerCrashed(_)))));
    assert!(!play.engine.look().is_running(BrokerId(0)));
    assert_eq!((play.log_end(), play.fired("it")), (0, 1));
    let next = leader(&play).expect("another broker leads");
    let client = play.client_at(next, "b");
    assert_eq!(produced(&play.call(client, 9, produce(-1))), Ok(0));
}

#[test]
fn a_broker_that_stops_when_applied_keeps_what_is_written_and_answers_nothing() {
    let mut play = three("applied", "{ stop = \"leader\" }");
    let client = play.client("a");
    play.ask(client, 9, produce(-1));
    assert_eq!(play.heard(client), [Heard::Close]);
    let next = leader(&play).expect("another broker leads");
    assert_ne!(next, BrokerId(0));
    let client = play.client_at(next, "b");
    assert_eq!(produced(&play.call(client, 9, produce(-1))), Ok(1));
    play.take(Input::Restart(BrokerId(0)));
    assert!(play.engine.look().is_running(BrokerId(0)));
}

#[test]
fn who_was_elected_on_arrival_is_not_the_one_that_has_the_request() {
    for action in ["\"elect\"", "{ elect = { broker = 2 } }"] {
        let mut play = three("received", action);
        let client = play.client("a");
        assert_eq!(produced(&play.call(client, 9, produce(-1))), Err(6), "{action}");
        let next = leader(&play).expect("another broker leads");
        assert_ne!(next, BrokerId(0));
        let client = play.client_at(next, "b");
        assert_eq!(produced(&play.call(client, 9, produce(-1))), Ok(0));
    }
}

#[test]
fn who_is_elected_when_applied_has_the_record() {
    let action = "{ elect = { topic = \"orders\", partition = 0, broker = 2 } }";
    let mut play = three("applied", action);
    let client = play.client("a");
    assert_eq!(produced(&play.call(client, 9, produce(-1))), Ok(0));
    assert_eq!(leader(&play), Some(BrokerId(2)));
    let client = play.client_at(BrokerId(2), "b");
    assert_eq!(produced(&play.call(client, 9, produce(-1))), Ok(1));
}

#[test]
fn an_election_that_nobody_can_win_is_no_match() {
    let refused = ["\"elect\"", "{ elect = { broker = 2 } }"];
    for action in refused {
        let mut play = three("received", action);
        play.take(Input::Crash(BrokerId(1)));
        play.take(Input::Crash(BrokerId(2)));
        let client = play.client("a");
        assert_eq!(produced(&play.call(client, 9, produce(1))), Ok(0), "{action}");
        let faults = play.engine.faults();
        assert_eq!((faults[0].matched, faults[0].fired), (0, 0), "{action}");
    }
}

#[test]
fn a_plan_about_a_broker_that_there_is_not_is_refused() {
    let play = Play::of_brokers(3);
    for (fault, key) in [
        ("broker = 3\ndo = \"lose\"", "broker"),
        ("do = { crash = 3 }", "do"),
        ("do = { stop = 3 }", "do"),
        ("do = { restart = 3 }", "do"),
        ("do = { elect = { broker = 3 } }", "do"),
        ("do = { move-coordinator = { transaction = \"tx\", to = 3 } }", "do"),
    ] {
        let text = format!("[[fault]]\nname = \"f\"\non = \"Produce\"\n{fault}\n");
        let plan = Plan::from_toml(&text).expect("a plan knows no cluster");
        let refused = play.engine.check_faults(&plan).expect_err("there are three").to_string();
        let says = format!("fault `f`: `{key}` names broker 3, and there is none: they are 0 to 2");
        assert_eq!(refused, says);
        let known = Plan::from_toml(&text.replace('3', "2")).expect("a plan knows no cluster");
        assert!(play.engine.check_faults(&known).is_ok(), "{text}");
    }
}
