//! What faults do to brokers and outside the cluster.

use fencepost_engine::Output;
use fencepost_ids::BrokerId;

use crate::play::{Heard, Play, commit};

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
