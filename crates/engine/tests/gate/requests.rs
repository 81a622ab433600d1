//! What happens to a request, and to its answer.

use fencepost_engine::Output;
use fencepost_ids::ConnectionId;
use fencepost_wire::Response;

use crate::play::{Heard, Play, add, commit, end_code, produce};

/// A plan with one fault about EndTxn.
fn at_the_end(when: &str, action: &str) -> Play {
    Play::with(&format!(
        "[[fault]]\nname = \"it\"\non = \"EndTxn\"\nwhen = \"{when}\"\ndo = {action}\n"
    ))
}

#[test]
fn without_faults_requests_come_without_frames() {
    let mut play = Play::new();
    assert!(!play.engine.wants_frames());
    play.add("[[fault]]\non = \"EndTxn\"\ndo = \"lose\"\n");
    assert!(play.engine.wants_frames());
}

#[test]
fn a_request_that_is_disconnected_on_arrival_has_no_effect() {
    let mut play = at_the_end("received", "\"disconnect\"");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Close]);
    assert_eq!(play.state(), "Ongoing");
    assert_eq!(play.engine.look().broker_of(client.0), None);
    assert_eq!(play.fired("it"), 1);
}

#[test]
fn a_request_that_is_disconnected_when_applied_has_its_effect_and_no_answer() {
    let mut play = at_the_end("applied", "\"disconnect\"");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Close]);
    assert_eq!(play.state(), "CompleteCommit");
    assert_eq!(play.engine.look().broker_of(client.0), None);
}

#[test]
fn what_is_lost_on_arrival_has_no_effect_and_the_connection_is_read_on() {
    let mut play = at_the_end("received", "\"lose\"");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Done]);
    assert_eq!(play.state(), "Ongoing");
    // The second one is not the first match any more.
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 0);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn what_is_lost_when_applied_has_its_effect_and_the_connection_is_read_on() {
    let mut play = at_the_end("applied", "\"lose\"");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Done]);
    assert_eq!(play.state(), "CompleteCommit");
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 0);
}

#[test]
fn an_error_on_arrival_is_answered_without_effect() {
    let mut play = at_the_end("received", "{ error = \"CONCURRENT_TRANSACTIONS\" }");
    let client = play.client("a");
    let identity = play.begin(client);
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 51);
    assert_eq!(play.state(), "Ongoing");
}

#[test]
fn an_error_when_applied_is_answered_with_the_effect() {
    let mut play = at_the_end("applied", "{ error = \"COORDINATOR_NOT_AVAILABLE\" }");
    let client = play.client("a");
    let identity = play.begin(client);
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 15);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn an_error_of_a_partition_stands_at_the_partition() {
    let mut play = Play::with(
        "[[fault]]\non = \"Produce\"\nwhen = \"applied\"\n\
         do = { error = \"NOT_ENOUGH_REPLICAS_AFTER_APPEND\" }\n",
    );
    let client = play.client("a");
    let Response::Produce(answer) = play.call(client, 9, produce(-1)) else { panic!() };
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 20);
    assert_eq!(play.log_end(), 1);
}

#[test]
fn an_error_is_not_answered_where_nothing_is() {
    let mut play = Play::with(
        "[[fault]]\nname = \"it\"\non = \"Produce\"\ndo = { error = \"NOT_LEADER_OR_FOLLOWER\" }\n",
    );
    let client = play.client("a");
    play.ask(client, 9, produce(0));
    assert_eq!(play.heard(client), [Heard::Done]);
    assert_eq!((play.log_end(), play.fired("it")), (0, 1));
}

#[test]
fn a_delay_lasts_its_time_before_the_effect() {
    let mut play = at_the_end("received", "{ delay = { ms = 500 } }");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    play.wait(499);
    assert_eq!((play.heard(client), play.state()), (vec![], "Ongoing"));
    play.wait(1);
    assert_eq!(play.heard(client)[0].end_code(), 0);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn a_delay_lasts_its_time_after_the_effect() {
    let mut play = at_the_end("applied", "{ delay = { ms = 500 } }");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    play.wait(499);
    assert_eq!((play.heard(client), play.state()), (vec![], "CompleteCommit"));
    play.wait(1);
    assert_eq!(play.heard(client)[0].end_code(), 0);
}

#[test]
fn a_delayed_request_ends_with_its_connection() {
    let mut play = at_the_end("received", "{ delay = { ms = 500 } }");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    play.hang_up(client);
    play.wait(1000);
    assert_eq!((play.heard(client), play.state()), (vec![], "Ongoing"));
}

#[test]
fn a_duplicate_has_its_effect_twice_and_one_answer() {
    let mut play = Play::with("[[fault]]\non = \"Produce\"\ndo = \"duplicate\"\n");
    let client = play.client("a");
    let Response::Produce(answer) = play.call(client, 9, produce(-1)) else { panic!() };
    assert_eq!(answer.responses[0].partition_responses[0].base_offset, 0);
    assert_eq!(play.log_end(), 2);
    play.call(client, 9, produce(-1));
    assert_eq!(play.log_end(), 3);
}

#[test]
fn a_corrupt_request_is_read_again() {
    // After a header of 12 bytes, the transactional id in 3, the producer id in 8 and the epoch in
    // 2, a byte says whether to commit.
    let mut play =
        at_the_end("received", "{ corrupt = { of = \"request\", at = 25, bytes = [0] } }");
    let client = play.client("a");
    let identity = play.begin(client);
    assert_eq!(end_code(&play.call(client, 4, commit(identity))), 0);
    assert_eq!(play.state(), "CompleteAbort");
}

#[test]
fn a_request_that_is_corrupt_beyond_reading_closes_its_connection() {
    let mut play =
        at_the_end("received", "{ corrupt = { of = \"request\", at = 12, bytes = [255, 255] } }");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    assert_eq!(play.heard(client), [Heard::Close]);
    assert_eq!(play.state(), "Ongoing");
}

#[test]
fn a_corrupt_answer_is_sent_as_it_is() {
    let mut play =
        at_the_end("applied", "{ corrupt = { of = \"answer\", at = 0, bytes = [1, 2, 3, 4] } }");
    let client = play.client("a");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    let [Heard::Bytes(bytes)] = &*play.heard(client) else { panic!() };
    assert_eq!(bytes[..4], [1, 2, 3, 4]);
    assert_eq!(play.state(), "CompleteCommit");
}

#[test]
fn a_throttled_answer_says_so() {
    let mut play = at_the_end("applied", "{ throttle = { ms = 700 } }");
    let client = play.client("a");
    let identity = play.begin(client);
    let answer = play.call(client, 4, commit(identity));
    assert_eq!(answer.throttle_time_ms(), Some(700));
}

#[test]
fn a_hit_is_told_before_what_it_does() {
    let mut play = at_the_end("received", "\"disconnect\"");
    let client = play.client("a");
    let identity = play.begin(client);
    play.told.clear();
    play.ask(client, 4, commit(identity));
    let [Output::Hit { fault, matched: 1 }, Output::Close { connection, .. }] = &*play.told else {
        panic!("{:?}", play.told)
    };
    assert_eq!((&**fault, *connection), ("it", ConnectionId(0)));
}

#[test]
fn faults_at_both_points_of_one_exchange_compose() {
    let mut play = Play::with(
        "[[fault]]\nname = \"slow\"\non = \"AddPartitionsToTxn\"\ndo = { delay = { ms = 50 } }\n\
         [[fault]]\nname = \"late\"\non = \"AddPartitionsToTxn\"\nwhen = \"applied\"\n\
         do = [{ delay = { ms = 50 } }, \"disconnect\"]\n",
    );
    let client = play.client("a");
    let identity = play.init(client);
    play.ask(client, 3, add(identity));
    play.wait(50);
    assert_eq!((play.state(), play.heard(client)), ("Ongoing", vec![]));
    play.wait(49);
    assert_eq!(play.heard(client), []);
    play.wait(1);
    assert_eq!(play.heard(client), [Heard::Close]);
}
