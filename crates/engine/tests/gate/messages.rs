//! What happens to messages between brokers.

use fencepost_engine::{Crossing, GateCommand};
use fencepost_faults::Window;
use fencepost_ids::BrokerId;
use fencepost_wire::ApiKey;

use crate::play::{Heard, Play, commit, produce_code, produce_next};

fn markers(when: &str, action: &str) -> Play {
    Play::with(&format!(
        "[[fault]]\nname = \"it\"\non = \"WriteTxnMarkers\"\nwhen = \"{when}\"\ndo = {action}\n"
    ))
}

/// Commits a transaction; the answer does not wait for the markers.
fn end(play: &mut Play) {
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client)[0].end_code(), 0);
}

#[test]
fn markers_that_are_held_are_not_written_until_they_are_released() {
    let mut play = markers("received", "\"hold\"");
    end(&mut play);
    play.wait(100_000);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 0));
    let held = play.engine.held();
    assert_eq!((held[0].api, held[0].is_answer), (ApiKey::WriteTxnMarkers, false));
    assert_eq!(held[0].crossing, Crossing::Brokers { from: BrokerId(0), to: BrokerId(0) });
    play.gate(GateCommand::Release(held[0].number));
    assert_eq!((play.state(), play.log_end()), ("CompleteCommit", 1));
}

#[test]
fn the_answer_to_markers_that_is_held_leaves_them_written() {
    let mut play = markers("applied", "\"hold\"");
    end(&mut play);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 1));
    let held = play.engine.held();
    assert!(held[0].is_answer);
    play.gate(GateCommand::Release(held[0].number));
    assert_eq!((play.state(), play.log_end()), ("CompleteCommit", 1));
}

#[test]
fn markout_05_markers_that_are_lost_are_sent_again() {
    let mut play = markers("received", "\"lose\"");
    end(&mut play);
    assert_eq!((play.state(), play.log_end(), play.fired("it")), ("PrepareCommit", 0, 1));
    play.wait(10_000);
    assert_eq!((play.state(), play.log_end()), ("CompleteCommit", 1));
}

#[test]
fn markers_whose_answer_is_lost_are_written_twice() {
    let mut play = markers("applied", "\"lose\"");
    end(&mut play);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 1));
    play.wait(10_000);
    assert_eq!((play.state(), play.log_end()), ("CompleteCommit", 2));
}

#[test]
fn markers_that_are_refused_are_not_written() {
    let mut play = markers("received", "{ error = \"NOT_LEADER_OR_FOLLOWER\" }");
    end(&mut play);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 0));
    play.wait(10_000);
    assert_eq!((play.state(), play.log_end(), play.fired("it")), ("CompleteCommit", 1, 1));
}

#[test]
fn markers_that_are_refused_after_all_are_written() {
    let mut play = markers("applied", "{ error = \"NOT_LEADER_OR_FOLLOWER\" }");
    end(&mut play);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 1));
    play.wait(10_000);
    assert_eq!((play.state(), play.log_end()), ("CompleteCommit", 2));
}

#[test]
fn a_delay_of_markers_lasts_its_time() {
    let mut play = markers("received", "{ delay = { ms = 1000 } }");
    end(&mut play);
    play.wait(999);
    assert_eq!(play.state(), "PrepareCommit");
    play.wait(1);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn markers_that_are_held_by_an_event_of_a_request_go_on_with_it() {
    let mut play = Play::with(
        "[[fault]]\non = \"WriteTxnMarkers\"\ndo = { hold = { event = \"asked again\" } }\n\
         [[fault]]\non = \"EndTxn\"\nnth = 2\ndo = { raise = \"asked again\" }\n",
    );
    end(&mut play);
    assert_eq!(play.state(), "PrepareCommit");
    let client = play.client("a");
    play.ask(client, 4, commit(crate::play::Identity(0, 0)));
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn a_refusal_of_markers_can_be_held_and_late() {
    for (when, written) in [("received", 0), ("applied", 1)] {
        let refused = "{ error = \"NOT_LEADER_OR_FOLLOWER\" }";
        for actions in [
            format!("[{refused}, \"hold\"]"),
            format!("[\"hold\", {refused}]"),
            format!("[{refused}, {{ delay = {{ ms = 60000 }} }}]"),
        ] {
            let mut play = markers(when, &actions);
            end(&mut play);
            play.wait(59_999);
            assert_eq!((play.state(), play.log_end()), ("PrepareCommit", written), "{actions}");
            for held in play.engine.held() {
                play.gate(GateCommand::Release(held.number));
            }
            assert_eq!((play.state(), play.log_end()), ("PrepareCommit", written), "{actions}");
            play.wait(10_000);
            assert_eq!(
                (play.state(), play.log_end()),
                ("CompleteCommit", written + 1),
                "{actions}"
            );
        }
    }
}

#[test]
fn w050_the_second_of_two_batches_in_flight_does_not_stand_before_the_first() {
    const NOT_ENOUGH_REPLICAS: i16 = 19;
    const OUT_OF_ORDER_SEQUENCE_NUMBER: i16 = 45;
    for version in [11, 12] {
        let mut play = Play::new();
        let (_, plan) = Window::find("W050").unwrap().plans().next().unwrap();
        play.gate(GateCommand::Add(plan));
        let client = play.client("a");
        let identity = if version < 12 { play.begin(client) } else { play.init(client) };
        play.ask(client, version, produce_next(identity, 0));
        play.wait(1000);
        let [Heard::Answer(first)] = &play.heard(client)[..] else { panic!("no answer") };
        assert_eq!(produce_code(first), NOT_ENOUGH_REPLICAS);
        for (sequence, code) in [(1, OUT_OF_ORDER_SEQUENCE_NUMBER), (0, 0), (1, 0)] {
            let answer = play.call(client, version, produce_next(identity, sequence));
            assert_eq!(produce_code(&answer), code, "version {version}, sequence {sequence}");
        }
    }
}
