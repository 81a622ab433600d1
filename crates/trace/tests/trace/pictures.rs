//! What a picture shows of logs.

use fencepost_trace::{
    BatchAppend, Event, Happening, Moment, Scene, Story, html, mermaid, svg, text,
};

fn append(first: i64, last: i64, producer_id: i64, is_transactional: bool) -> Event {
    Event::BatchAppended(BatchAppend {
        partition: "a-0".to_owned(),
        leader: 0,
        base_offset: first,
        last_offset: last,
        producer_id,
        producer_epoch: 0,
        base_sequence: 0,
        is_transactional,
    })
}

fn marker(offset: i64, producer_id: i64, commits: bool) -> Event {
    Event::MarkerAppended {
        partition: "a-0".to_owned(),
        leader: 0,
        offset,
        producer_id,
        producer_epoch: 0,
        commits,
        coordinator_epoch: 0,
    }
}

fn high_watermark(high_watermark: i64) -> Event {
    Event::HighWatermarkMoved { partition: "a-0".to_owned(), leader: 0, high_watermark }
}

fn stable(last_stable_offset: i64) -> Event {
    Event::LastStableOffsetMoved { partition: "a-0".to_owned(), leader: 0, last_stable_offset }
}

/// Two producers, of which one commits and one aborts, and a record outside transactions.
fn story(from: u64) -> Story {
    let mut story = Story::new("logs".to_owned());
    let turns = [
        vec![append(0, 2, 1, true), high_watermark(3)],
        vec![append(3, 3, 2, true)],
        vec![append(4, 4, -1, false), high_watermark(5)],
        vec![marker(5, 1, true), high_watermark(6), stable(3)],
        vec![marker(6, 2, false), high_watermark(7), stable(7)],
    ];
    for (n, events) in (1..).zip(turns) {
        let what = events.into_iter().map(Happening::Event).collect();
        let scene = story.take(Moment { n, t: 0, what });
        if n >= from {
            story.scenes.push(scene);
        }
    }
    story
}

fn drawn(story: &Story) -> String {
    let mut drawn = String::new();
    svg::write(&mut drawn, story).unwrap();
    drawn
}

/// The cells of the strip of a turn: their class, and what stands in them.
fn strip(drawn: &str, turn: u64) -> Vec<(String, String)> {
    let (_, rest) = drawn.split_once(&format!("data-n=\"{turn}\"")).unwrap();
    let turn = rest.split("</g>").next().unwrap();
    let cells = turn.split("<text class=\"cell ").skip(1);
    cells
        .map(|cell| {
            let (class, rest) = cell.split_once('"').unwrap();
            let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
            (class.trim().to_owned(), text.to_owned())
        })
        .collect()
}

fn cells(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(class, text)| ((*class).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn records_have_the_colour_of_their_moment() {
    let drawn = drawn(&story(1));
    assert_eq!(strip(&drawn, 1), cells(&[("open", "0–2○")]));
    assert_eq!(
        strip(&drawn, 4),
        cells(
            &[("committed", "0–2✓"), ("open", "3○"), ("plain", "4•"), ("committed marker", "C"),]
        )
    );
    assert_eq!(strip(&drawn, 5)[1], cells(&[("aborted", "3✗")])[0]);
    assert_eq!(strip(&drawn, 5)[4], cells(&[("aborted marker", "A")])[0]);
}

#[test]
fn the_marks_move() {
    let drawn = drawn(&story(1));
    let marks: Vec<_> = drawn
        .split("<text class=\"mark")
        .skip(1)
        .map(|it| it.split_once('>').unwrap().1.split('<').next().unwrap())
        .collect();
    assert_eq!(
        marks,
        ["LSO 0", "HW 3", "LSO 0", "HW 3", "LSO 0", "HW 5", "LSO 3", "HW 6", "LSO = HW 7"]
    );
    // Record 3 is not replicated in its turn.
    assert_eq!(drawn.matches(" pale\"").count(), 1);
}

#[test]
fn a_window_knows_what_was_before_it() {
    let (whole, window) = (drawn(&story(1)), drawn(&story(5)));
    assert_eq!(strip(&window, 5), strip(&whole, 5));
    assert!(!window.contains("data-n=\"4\""));
}

#[test]
fn markers_say_what_they_end() {
    let mut told = String::new();
    story(1).scenes.iter().for_each(|scene: &Scene| text::write(&mut told, scene).unwrap());
    assert!(told.contains("a-0: COMMIT marker at 5, producer 1.0, ends 0..2\n"), "{told}");
    assert!(told.contains("a-0: ABORT marker at 6, producer 2.0, ends 3\n"), "{told}");
}

#[test]
fn a_log_whose_end_went_with_its_leader_shows_what_is_there() {
    let mut story = story(9);
    let events = vec![append(2, 2, 3, false)];
    let what = events.into_iter().map(Happening::Event).collect();
    let scene = story.take(Moment { n: 9, t: 0, what });
    story.scenes.push(scene);
    assert_eq!(strip(&drawn(&story), 9), cells(&[("committed", "0–1✓"), ("plain", "2•")]));
}

#[test]
fn a_long_log_shows_its_end() {
    let mut story = Story::new("long".to_owned());
    for n in 1..200 {
        let what =
            vec![Happening::Event(append(n, n, n, true)), Happening::Event(marker(n, n, true))];
        let scene = story.take(Moment { n: n.unsigned_abs(), t: 0, what });
        story.scenes.push(scene);
    }
    let drawn = drawn(&story);
    let last = strip(&drawn, 199);
    assert!(last.len() <= 8 && last.last().unwrap().1 == "C", "{last:?}");
    assert!(drawn.contains(">…</text>"));
}

#[test]
fn coordinators_move_across_the_picture() {
    let mut story = story(1);
    let event = Event::LeaderElected {
        partition: "__transaction_state-3".to_owned(),
        leader: 2,
        leader_epoch: 1,
    };
    let scene = story.take(Moment { n: 6, t: 0, what: vec![Happening::Event(event)] });
    story.scenes.push(scene);
    let (mut diagram, words) =
        (String::new(), "__transaction_state-3: leader is broker 2, epoch 1");
    mermaid::write(&mut diagram, &story).unwrap();
    assert!(diagram.contains(&format!("Note over l0,l0: {words}\n")), "{diagram}");
    assert!(drawn(&story).contains(words));
    assert_eq!(drawn(&story).matches("<rect class=\"head ").count(), 1);
}

#[test]
fn there_is_a_picture_of_nothing() {
    let story = Story::new("<nothing>".to_owned());
    let mut page = String::new();
    html::write(&mut page, &story).unwrap();
    assert!(drawn(&story).ends_with("</svg>\n"));
    assert!(page.contains("<title>&lt;nothing&gt;</title>"));
}
