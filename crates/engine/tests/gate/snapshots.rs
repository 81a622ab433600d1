//! What waits, and what was counted, is part of a snapshot.

use fencepost_engine::{GateCommand, Input};

use crate::play::{Play, add, commit};

#[test]
fn a_clone_waits_for_the_same() {
    let mut play = Play::with("[[fault]]\non = \"AddPartitionsToTxn\"\ndo = \"hold\"\n");
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    let mut fork = play.clone();
    let number = fork.engine.held()[0].number;
    fork.gate(GateCommand::Release(number));
    assert_eq!((fork.state(), play.state()), ("Ongoing", "Empty"));
    play.gate(GateCommand::Release(number));
    assert_eq!(format!("{:?}", fork.told), format!("{:?}", play.told));
}

#[test]
fn a_reset_brings_back_messages_that_were_held_and_the_counts_of_then() {
    let mut play = Play::with(
        "[[fault]]\nname = \"it\"\non = \"WriteTxnMarkers\"\ndo = \"hold\"\n\
         [[fault]]\nname = \"later\"\non = \"EndTxn\"\nnth = 2\ndo = \"lose\"\n",
    );
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    let number = play.engine.held()[0].number;
    play.take(Input::Snapshot("held".into()));
    play.gate(GateCommand::Release(number));
    play.ask(client, 4, commit(identity));
    assert_eq!((play.state(), play.fired("later")), ("CompleteCommit", 1));
    play.take(Input::Reset("held".into()));
    assert_eq!((play.state(), play.fired("it"), play.fired("later")), ("PrepareCommit", 1, 0));
    play.gate(GateCommand::Release(number));
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn a_reset_drops_what_was_held_of_connections() {
    let mut play = Play::with("[[fault]]\non = \"AddPartitionsToTxn\"\ndo = \"hold\"\n");
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    play.take(Input::Snapshot("held".into()));
    play.take(Input::Reset("held".into()));
    assert_eq!((play.engine.held(), play.state()), (vec![], "Empty"));
}
