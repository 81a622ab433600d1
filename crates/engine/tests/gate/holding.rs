//! What waits until something happens, and what becomes of it when its connection ends.

use fencepost_engine::{Crossing, GateCommand, Patience};
use fencepost_faults::Until;
use fencepost_wire::ApiKey;

use crate::play::{Heard, Play, add, commit, produce};

const HOLD_ADD: &str = "[[fault]]\non = \"AddPartitionsToTxn\"\ndo = \"hold\"\n";

/// The only thing that waits.
fn held(play: &Play) -> u64 {
    let held = play.engine.held();
    assert_eq!(held.len(), 1, "{held:?}");
    held[0].number
}

#[test]
fn what_is_held_is_listed_and_goes_on_when_it_is_released() {
    let mut play = Play::with(HOLD_ADD);
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    play.wait(3_600_000);
    assert_eq!((play.heard(client), play.state()), (vec![], "Empty"));
    let list = play.engine.held();
    assert_eq!((list[0].api, list[0].is_answer), (ApiKey::AddPartitionsToTxn, false));
    assert_eq!(list[0].patience, Patience::Until(Until::Released));
    let Crossing::Client { connection, client_id, broker } = &list[0].crossing else { panic!() };
    assert_eq!((*connection, &**client_id), (client.0, "a"));
    assert_eq!(*broker, Some(fencepost_ids::BrokerId(0)));
    play.gate(GateCommand::Release(list[0].number));
    assert!(matches!(&*play.heard(client), [Heard::Answer(_)]));
    assert_eq!(play.state(), "Ongoing");
    assert_eq!(play.engine.held(), []);
}

#[test]
fn frame_13_what_is_held_outlives_its_connection() {
    let mut play = Play::with(HOLD_ADD);
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    play.hang_up(client);
    assert_eq!((play.heard(client), play.state()), (vec![], "Empty"));
    let number = held(&play);
    play.gate(GateCommand::Release(number));
    // It has its effect, nobody hears of it, and only now is the connection gone at the broker.
    assert_eq!((play.heard(client), play.state()), (vec![], "Ongoing"));
    assert_eq!(play.engine.look().broker_of(client.0), None);
}

#[test]
fn a_zombie_is_a_request_whose_connection_was_cut_while_it_is_held() {
    for actions in ["[\"disconnect\", \"hold\"]", "[\"hold\", \"disconnect\"]"] {
        let mut play =
            Play::with(&format!("[[fault]]\non = \"AddPartitionsToTxn\"\ndo = {actions}\n"));
        let client = play.client("a");
        let identity = play.init(client);
        play.ask(client, 3, add(identity));
        assert_eq!(play.heard(client), [Heard::Close]);
        assert_eq!(play.state(), "Empty");
        // The new incarnation fences it.
        let next = play.client("b");
        let successor = play.init(next);
        assert!(successor.1 > identity.1);
        let number = held(&play);
        play.gate(GateCommand::Release(number));
        assert_eq!((play.heard(client), play.state()), (vec![], "Empty"));
    }
}

#[test]
fn what_waits_for_an_event_goes_on_when_it_is_raised_and_not_again() {
    let mut play = Play::with(
        "events = [\"now\"]\n[[fault]]\non = \"EndTxn\"\nwhen = \"applied\"\nevery = 1\n\
         do = { delay = { event = \"now\" } }\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!((play.heard(client), play.state()), (vec![], "CompleteCommit"));
    play.gate(GateCommand::Raise("now".to_owned()));
    assert_eq!(play.heard(client)[0].end_code(), 0);
    // It stays raised.
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client)[0].end_code(), 0);
}

#[test]
fn what_waits_for_another_fault_goes_on_when_that_fires() {
    let mut play = Play::with(
        "[[fault]]\non = \"AddPartitionsToTxn\"\ndo = { hold = { fault = \"produced\" } }\n\
         [[fault]]\nname = \"produced\"\non = \"Produce\"\nwhen = \"applied\"\n\
         do = { raise = \"it\" }\n",
    );
    let (client, other) = (play.client("a"), play.client("b"));
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    assert_eq!(play.heard(client), []);
    play.call(other, 9, produce(-1));
    assert!(matches!(&*play.heard(client), [Heard::Answer(_)]));
    assert_eq!(play.state(), "Ongoing");
}

#[test]
fn what_was_held_ends_with_the_broker_that_it_was_sent_to() {
    let mut play = Play::with(HOLD_ADD);
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    play.take(fencepost_engine::Input::Crash(fencepost_ids::BrokerId(0)));
    assert_eq!(play.heard(client), [Heard::Close]);
    assert_eq!(play.engine.held(), []);
}

/// A plan with these faults about EndTxn.
fn at_the_end(faults: &[(&str, &str)]) -> Play {
    let each = faults.iter().map(|(when, action)| {
        format!("[[fault]]\non = \"EndTxn\"\nwhen = \"{when}\"\ndo = {action}\n")
    });
    Play::with(&each.collect::<String>())
}

const REFUSED: &str = "{ error = \"COORDINATOR_NOT_AVAILABLE\" }";

#[test]
fn a_refusal_can_be_held_in_either_phase_and_in_either_order() {
    for (when, state) in [("received", "Ongoing"), ("applied", "CompleteCommit")] {
        let (first, last) = (format!("[\"hold\", {REFUSED}]"), format!("[{REFUSED}, \"hold\"]"));
        for faults in [
            &[(when, &*first)][..],
            &[(when, &*last)],
            &[(when, REFUSED), (when, "\"hold\"")],
            &[(when, "\"hold\""), (when, REFUSED)],
        ] {
            let mut play = at_the_end(faults);
            let client = play.client("a");
            let identity = play.begin(client);
            play.ask(client, 4, commit(identity));
            assert_eq!((play.heard(client), play.state()), (vec![], state), "{faults:?}");
            let number = held(&play);
            play.gate(GateCommand::Release(number));
            assert_eq!(play.heard(client)[0].end_code(), 15, "{faults:?}");
            assert_eq!(play.state(), state);
            // The connection goes on.
            play.ask(client, 4, commit(identity));
            assert_eq!(play.heard(client)[0].end_code(), 0);
        }
    }
}

#[test]
fn a_refusal_can_be_late() {
    for (when, state) in [("received", "Ongoing"), ("applied", "CompleteCommit")] {
        for actions in [
            format!("[{{ delay = {{ ms = 500 }} }}, {REFUSED}]"),
            format!("[{REFUSED}, {{ delay = {{ ms = 500 }} }}]"),
        ] {
            let mut play = at_the_end(&[(when, &actions)]);
            let client = play.client("a");
            let identity = play.begin(client);
            play.ask(client, 4, commit(identity));
            play.wait(499);
            assert_eq!((play.heard(client), play.state()), (vec![], state));
            play.wait(1);
            assert_eq!((play.heard(client)[0].end_code(), play.state()), (15, state));
        }
    }
}

#[test]
fn a_refusal_that_is_held_ends_with_its_connection() {
    for (when, state) in [("received", "Ongoing"), ("applied", "CompleteCommit")] {
        let mut play = at_the_end(&[(when, &format!("[\"hold\", {REFUSED}]"))]);
        let client = play.client("a");
        let identity = play.begin(client);
        play.ask(client, 4, commit(identity));
        play.hang_up(client);
        for held in play.engine.held() {
            play.gate(GateCommand::Release(held.number));
        }
        assert_eq!((play.heard(client), play.state()), (vec![], state));
        assert_eq!(play.engine.look().broker_of(client.0), None);
    }
}
