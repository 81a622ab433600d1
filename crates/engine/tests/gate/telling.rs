//! Plays told as text and as pictures. `UPDATE_EXPECT=1 cargo test -p fencepost-engine` writes the
//! files again.

use expect_test::{ExpectFile, expect_file};
use fencepost_engine::Telling;
use fencepost_trace::{Reader, Story, html, mermaid, svg, text};
use fencepost_wire::ToWire;
use fencepost_wire::messages::{DeleteTopicsRequest, TopicName};

use crate::play::{Play, abort, add, commit, produce};

/// A commit whose answer is lost with its connection, and a newcomer.
fn play() -> Play {
    let mut play = Play::with(
        "[[fault]]\nname = \"lose <the> answer\"\non = \"EndTxn\"\nwhen = \"applied\"\n\
         do = \"disconnect\"\n",
    );
    let client = play.client("orders-1");
    let identity = play.begin(client);
    play.produce_in_transaction(client, identity);
    play.ask(client, 4, commit(identity));
    play.wait(5);
    let newcomer = play.client("orders-2");
    play.begin(newcomer);
    play
}

/// KAFKA-17754: the abort of the first transaction comes late, and ends a part of the second.
fn torn() -> Play {
    let mut play = Play::with(include_str!("../../../../docs/plans/kafka-17754.toml"));
    let first = play.client("app");
    let identity = play.begin(first);
    play.produce_in_sequence(first, 11, identity, 0);
    play.ask(first, 4, abort(identity));
    let client = play.client("app");
    play.call(client, 4, abort(identity));
    for sequence in [1, 2] {
        play.call(client, 3, add(identity));
        play.produce_in_sequence(client, 11, identity, sequence);
    }
    play.call(client, 4, commit(identity));
    play
}

fn story(play: &Play, title: &str) -> Story {
    let file = play.trace();
    let mut reader = Reader::new(&file[..]).expect("the header was written by this test");
    let mut telling = Telling::new(reader.header()).expect("its configuration is the test's own");
    let mut story = Story::new(title.to_owned());
    while let Some(turn) = reader.turn().expect("the lines were written by this test") {
        let moment = telling.turn(&turn).expect("the run is the one that was written");
        let scene = story.take(moment);
        story.scenes.push(scene);
    }
    story
}

fn told(play: &Play) -> String {
    let (story, mut told) = (story(play, "a play"), String::new());
    for scene in &story.scenes {
        text::write(&mut told, scene).expect("a string takes all");
    }
    text::write_end(&mut told, &story).expect("a string takes all");
    told
}

fn check(told: &str, file: ExpectFile) {
    file.assert_eq(told);
}

#[test]
fn as_text() {
    check(&told(&play()), expect_file!["golden/lost_answer.txt"]);
}

#[test]
fn a_topic_that_a_request_names_by_its_id_is_told_by_its_name() {
    let mut play = Play::new();
    let client = play.client("orders-1");
    let mut request = produce(-1);
    let id = play.engine.look().topic_id("orders").unwrap();
    request.topic_data[0].name = TopicName::default();
    request.topic_data[0].topic_id = id.to_wire();
    play.call(client, 13, request);
    let told = told(&play);
    assert!(told.contains("orders-1 → orders-0: Produce orders-0 "), "{told}");
}

#[test]
fn as_a_sequence_diagram() {
    let mut told = String::new();
    mermaid::write(&mut told, &story(&play(), "an <answer> \"lost\"")).unwrap();
    check(&told, expect_file!["golden/lost_answer.mmd"]);
}

#[test]
fn as_a_picture() {
    let mut told = String::new();
    svg::write(&mut told, &story(&play(), "an <answer> lost")).unwrap();
    assert!(
        !told.contains("<the>") && !told.contains("<answer>"),
        "what comes from outside is no markup"
    );
    check(&told, expect_file!["golden/lost_answer.svg"]);
}

#[test]
fn bug_01_is_told_as_a_torn_transaction() {
    let told = told(&torn());
    let late = "app ⇢ transaction tx: EndTxn tx 0.0 abort [of turn 7, it arrives now]";
    assert!(told.contains(late), "{told}");
    let end = "
Transactions of clients: 2, not whole: 1
TORN: transaction 2 of tx, producer 0 epoch 0, sent in turns 10 to 14; its client asked to commit, \
and was told that it is committed
  the record of orders-0 at offset 2 is aborted, by the marker at 3: EndTxn (abort) of turn 7, which was sent \
to end transaction 1
  the record of orders-0 at offset 4 is committed, by the marker at 5: EndTxn (commit) of turn 14, its own
";
    assert!(told.ends_with(end), "{told}");
}

/// The picture of docs/faults.md.
#[test]
fn bug_01_is_drawn_as_a_torn_transaction() {
    let (mut picture, mut diagram) = (String::new(), String::new());
    let story = story(&torn(), "KAFKA-17754: a late EndTxn ends the next transaction");
    svg::write(&mut picture, &story).unwrap();
    mermaid::write(&mut diagram, &story).unwrap();
    // The two records, and the cell of each in every strip from then on.
    assert_eq!(picture.matches("rect class=\"note open torn\"").count(), 2);
    assert!(picture.contains("rect class=\"cell aborted torn\""));
    assert!(picture.contains("rect class=\"cell committed torn\""));
    assert!(picture.contains("<line class=\"asks stuck\""));
    assert!(picture.contains("<line class=\"late\""));
    assert_eq!(diagram.matches('✂').count(), 3);
    check(&picture, expect_file!["../../../../docs/kafka-17754.svg"]);
}

#[test]
fn messages_between_brokers_are_arrows() {
    let mut play =
        Play::with("[[fault]]\nname = \"lost\"\non = \"WriteTxnMarkers\"\ndo = \"lose\"\n");
    let client = play.client("orders-1");
    let identity = play.begin(client);
    play.produce_in_transaction(client, identity);
    play.ask(client, 4, commit(identity));
    play.wait(10_000);
    let told = told(&play);
    let lost = "transaction tx → orders-0: WriteTxnMarkers COMMIT 0.0 [broker 0 → 0] ✕ lost";
    let arrives = "transaction tx → orders-0: WriteTxnMarkers COMMIT 0.0 [broker 0 → 0]\n";
    assert!(told.find(lost).unwrap() < told.find(arrives).unwrap(), "{told}");
    let (mut diagram, mut picture) = (String::new(), String::new());
    let story = story(&play, "markers");
    mermaid::write(&mut diagram, &story).unwrap();
    svg::write(&mut picture, &story).unwrap();
    let what = "WriteTxnMarkers COMMIT 0.0, broker 0 → 0";
    assert!(diagram.contains(&format!("    l1-xl2: {what} ✕ lost\n")), "{diagram}");
    assert!(diagram.contains(&format!("    l1->>l2: {what}\n")), "{diagram}");
    assert!(picture.contains("<line class=\"says stuck\""));
    assert!(picture.contains("<line class=\"says\""));
}

#[test]
fn a_request_that_arrives_in_the_turn_of_its_twin_is_told_from_it() {
    let mut play = Play::with(
        "[[fault]]\nname = \"first\"\non = \"EndTxn\"\ndo = { hold = { fault = \"second\" } }\n\
         [[fault]]\nname = \"second\"\non = \"EndTxn\"\nnth = 2\ndo = \"lose\"\n",
    );
    let client = play.client("app");
    let identity = play.begin(client);
    play.ask(client, 4, commit(identity));
    let again = play.client("app");
    play.ask(again, 4, commit(identity));
    let told = told(&play);
    let (lost, arrives) = ("commit [it does not arrive]\n", "commit [of turn 6, it arrives now]\n");
    assert_eq!((told.matches(lost).count(), told.matches(arrives).count()), (2, 1), "{told}");
    assert!(told.rfind(lost) < told.find(arrives), "{told}");
}

#[test]
fn a_topic_that_is_deleted_is_told() {
    let mut play = Play::new();
    let client = play.client("admin");
    let deleted = DeleteTopicsRequest::default().with_topic_names(vec![TopicName("orders".into())]);
    play.call(client, 4, deleted.with_timeout_ms(1000));
    assert!(told(&play).contains("  topic orders deleted\n"));
}

#[test]
fn a_page_has_all_of_the_picture_without_its_script_and_loads_nothing() {
    let (mut page, mut picture) = (String::new(), String::new());
    let mut story = story(&torn(), "a play");
    svg::write(&mut picture, &story).unwrap();
    html::write(&mut page, &story).unwrap();
    let (static_part, _) = page.split_once("<script>").unwrap();
    let (_, rows) = picture.split_once("<g class=\"moment\"").unwrap();
    assert!(
        static_part.contains(
            rows.trim_end().trim_end_matches("</svg>").trim_end().trim_end_matches("</g>")
        )
    );
    for finding in story.transactions.findings() {
        assert!(static_part.contains(&finding.to_string()));
        finding.parts.iter().for_each(|part| assert!(static_part.contains(&part.words)));
    }
    "</title><script>".clone_into(&mut story.title);
    page.clear();
    html::write(&mut page, &story).unwrap();
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    for loaded in ["src=", "href=", "@import", "url(", "fetch("] {
        assert!(!page.contains(loaded), "{loaded}");
    }
}
