//! Plays told as text and as pictures. `UPDATE_EXPECT=1 cargo test -p fencepost-engine` writes the
//! files again.

use expect_test::{ExpectFile, expect_file};
use fencepost_engine::Telling;
use fencepost_trace::{Moment, Reader, html, mermaid, svg, text};
use fencepost_wire::ToWire;
use fencepost_wire::messages::TopicName;

use crate::play::{Play, commit, produce};

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

fn moments(play: &Play) -> Vec<Moment> {
    let file = play.trace();
    let mut reader = Reader::new(&file[..]).expect("the header was written by this test");
    let mut telling = Telling::new(reader.header()).expect("its configuration is the test's own");
    let mut moments = Vec::new();
    while let Some(turn) = reader.turn().expect("the lines were written by this test") {
        moments.push(telling.turn(&turn).expect("the run is the one that was written"));
    }
    moments
}

fn check(told: &str, file: ExpectFile) {
    file.assert_eq(told);
}

#[test]
fn as_text() {
    let mut told = String::new();
    moments(&play()).iter().for_each(|moment| text::write(&mut told, moment).unwrap());
    check(&told, expect_file!["golden/lost_answer.txt"]);
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
    let mut told = String::new();
    moments(&play).iter().for_each(|moment| text::write(&mut told, moment).unwrap());
    assert!(told.contains("orders-1 → orders-0: Produce orders-0 "), "{told}");
}

#[test]
fn as_a_sequence_diagram() {
    let mut told = String::new();
    mermaid::write(&mut told, &moments(&play())).unwrap();
    check(&told, expect_file!["golden/lost_answer.mmd"]);
}

#[test]
fn as_a_picture() {
    let mut told = String::new();
    svg::write(&mut told, &moments(&play())).unwrap();
    assert!(!told.contains("<the>"), "what comes from outside is no markup");
    check(&told, expect_file!["golden/lost_answer.svg"]);
}

#[test]
fn as_a_page_that_loads_nothing() {
    let (mut page, mut picture) = (String::new(), String::new());
    let moments = moments(&play());
    html::write(&mut page, "</title><script>", &moments).unwrap();
    svg::write(&mut picture, &moments).unwrap();
    assert!(page.contains(&picture));
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    for loaded in ["src=", "href=", "@import", "url(http", "fetch("] {
        assert!(!page.contains(loaded), "{loaded}");
    }
}
