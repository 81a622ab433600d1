//! Nothing passes but one at a time.

use fencepost_engine::{GateCommand, Patience};
use fencepost_wire::ApiKey;

use crate::play::{Heard, Play, add, commit, produce};

fn waiting(play: &Play) -> Vec<ApiKey> {
    play.engine.held().into_iter().map(|held| held.api).collect()
}

/// Releases the only thing that waits.
fn release(play: &mut Play) {
    let held = play.engine.held();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0].patience, Patience::Step);
    play.gate(GateCommand::Release(held[0].number));
}

#[test]
fn requests_and_messages_wait_until_they_are_released_one_by_one() {
    let mut play = Play::new();
    let client = play.client("a");
    let identity = play.begin(client);
    play.gate(GateCommand::Step);
    assert!(play.engine.is_stepped());
    play.ask(client, 4, commit(identity));
    play.wait(30_000);
    assert_eq!((play.state(), waiting(&play)), ("Ongoing", vec![ApiKey::EndTxn]));
    release(&mut play);
    assert_eq!(play.heard(client)[0].end_code(), 0);
    assert_eq!((play.state(), waiting(&play)), ("PrepareCommit", vec![ApiKey::WriteTxnMarkers]));
    release(&mut play);
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 1));
    assert!(play.engine.held()[0].is_answer);
    release(&mut play);
    assert_eq!(play.state(), "CompleteCommit");
    assert_eq!(waiting(&play), []);
}

#[test]
fn all_passes_again_when_it_flows() {
    let mut play = Play::new();
    let client = play.client("a");
    let identity = play.begin(client);
    play.gate(GateCommand::Step);
    play.ask(client, 4, commit(identity));
    play.gate(GateCommand::Flow);
    assert!(!play.engine.is_stepped());
    assert_eq!(play.heard(client)[0].end_code(), 0);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn faults_apply_to_what_is_released() {
    let mut play = Play::with("[[fault]]\non = \"Produce\"\ndo = \"lose\"\n");
    let client = play.client("a");
    play.gate(GateCommand::Step);
    play.ask(client, 9, produce(-1));
    assert_eq!(play.heard(client), []);
    release(&mut play);
    assert_eq!((play.heard(client), play.log_end()), (vec![Heard::Done], 0));
}

/// Two clients race; the schedule, not their speed, says who is first.
fn race(a_first: bool) -> (Vec<Heard>, Vec<Heard>, i64) {
    let (play, a, b) = race_of(a_first, "Produce client=b\nProduce client=a*");
    (a, b, play.log_end())
}

fn race_of(a_first: bool, schedule: &str) -> (Play, Vec<Heard>, Vec<Heard>) {
    let mut play = Play::new();
    let (a, b) = (play.client("a"), play.client("b"));
    let schedule = format!("pass Metadata\n{schedule}  # last\n");
    play.gate(GateCommand::Follow(schedule.parse().expect("it is a schedule")));
    let order = if a_first { [a, b] } else { [b, a] };
    for client in order {
        play.ask(client, 9, produce(-1));
    }
    let (of_a, of_b) = (play.heard(a), play.heard(b));
    (play, of_a, of_b)
}

#[test]
fn two_runs_that_went_the_same_way_have_one_hash() {
    let order = |a_first, schedule| race_of(a_first, schedule).0.engine.order();
    let b_first = "Produce client=b\nProduce client=a";
    assert_eq!(order(true, b_first).turns, 2);
    assert_eq!(order(true, b_first), order(false, b_first));
    let the_other_way = "Produce client=a\nProduce client=b";
    assert_ne!(order(true, b_first), order(true, the_other_way));
}

#[test]
fn a_schedule_chooses_who_is_first_whoever_came_first() {
    let offsets = |(a, b, end): (Vec<Heard>, Vec<Heard>, i64)| {
        let offset = |heard: &[Heard]| {
            let [Heard::Answer(answer)] = heard else { panic!("{heard:?}") };
            let fencepost_wire::Response::Produce(answer) = &**answer else { panic!() };
            answer.responses[0].partition_responses[0].base_offset
        };
        (offset(&a), offset(&b), end)
    };
    assert_eq!(offsets(race(true)), (1, 0, 2));
    assert_eq!(offsets(race(false)), (1, 0, 2));
}

#[test]
fn a_schedule_of_markers_is_one_of_messages_and_tells_whose_turn_it_is() {
    let mut play = Play::new();
    let client = play.client("a");
    let identity = play.begin(client);
    let schedule = "# the end\nEndTxn\n\nWriteTxnMarkers\nHeartbeat client=b\n";
    play.gate(GateCommand::Follow(schedule.parse().expect("it is a schedule")));
    assert_eq!(play.engine.next_turn(), Some((1, "EndTxn".to_owned())));
    play.ask(client, 4, commit(identity));
    assert_eq!((play.state(), play.log_end()), ("PrepareCommit", 1));
    assert_eq!(play.engine.next_turn(), Some((3, "Heartbeat client=b".to_owned())));
    play.gate(GateCommand::Flow);
    assert_eq!((play.state(), play.engine.next_turn()), ("CompleteCommit", None));
}

/// A coordinator is asked about a transactional Produce before the next request has its turn,
/// whether that waits already or comes later.
#[test]
fn a_turn_ends_with_all_that_follows_from_it() {
    let run = |waits_already: bool| {
        let mut play = Play::new();
        let (a, b) = (play.client("a"), play.client("b"));
        let identity = play.init(a);
        let schedule = "pass brokers\nAddPartitionsToTxn\nEndTxn client=b\n";
        play.gate(GateCommand::Follow(schedule.parse().expect("it is a schedule")));
        if waits_already {
            play.ask(b, 4, commit(identity));
            play.ask(a, 3, add(identity));
        } else {
            play.ask(a, 3, add(identity));
            play.ask(b, 4, commit(identity));
        }
        (play.heard(a), play.heard(b)[0].end_code(), play.state(), play.log_end())
    };
    assert_eq!(run(true).1, run(false).1);
    assert_eq!((run(true).2, run(true).3), (run(false).2, run(false).3));
    assert_eq!(run(true).2, "CompleteCommit");
}

#[test]
fn after_the_last_line_all_passes() {
    let mut play = Play::new();
    let client = play.client("a");
    let schedule = "AddPartitionsToTxn\npass InitProducerId FindCoordinator";
    play.gate(GateCommand::Follow(schedule.parse().expect("it is a schedule")));
    let identity = play.init(client);
    play.ask(client, 4, commit(identity));
    // It is not its turn; what it waits for comes on another connection.
    assert_eq!(play.heard(client), []);
    let other = play.client("a");
    play.ask(other, 3, add(identity));
    assert!(matches!(&*play.heard(other), [Heard::Answer(_)]));
    assert_eq!(play.heard(client)[0].end_code(), 0);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let run = || {
        let mut play =
            Play::with("[[fault]]\non = \"EndTxn\"\nwhen = \"applied\"\ndo = \"lose\"\n");
        let (a, b) = (play.client("a"), play.client("b"));
        let identity = play.begin(a);
        play.gate(GateCommand::Step);
        play.ask(a, 4, commit(identity));
        play.ask(b, 9, produce(-1));
        for number in [2, 1, 3, 4] {
            play.gate(GateCommand::Release(number));
        }
        format!("{:?}", play.told)
    };
    assert_eq!(run(), run());
}

#[test]
fn a_schedule_says_what_is_wrong_with_it() {
    let wrong = |text: &str| text.parse::<fencepost_engine::Schedule>().unwrap_err().to_string();
    assert_eq!(
        wrong("EndTxn\nEndTransaction"),
        "line 2: there is no API `EndTransaction`; write it as in EndTxn"
    );
    assert_eq!(wrong("EndTxn id=1"), "line 1: `id=1` is none of client=, from=, to= and answer");
    assert_eq!(wrong("WriteTxnMarkers to=x"), "line 1: `x` is no id of a broker");
    assert_eq!(
        wrong("WriteTxnMarkers client=a to=1"),
        "line 1: a message between brokers has no client"
    );
}

#[test]
fn the_schedule_of_the_documentation_is_one() {
    let page = include_str!("../../../../docs/stepping.md");
    let text = page.split("```text").nth(1).and_then(|rest| rest.split("```").next());
    let schedule: fencepost_engine::Schedule =
        text.expect("the page has one").parse().expect("it is a schedule");
    assert_eq!(schedule.to_string().lines().count(), 12);
}
