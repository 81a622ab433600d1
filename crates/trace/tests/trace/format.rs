//! Files that are in order.

use crate::*;

#[test]
fn what_was_written_is_read_again() {
    let (header, turns) = (header(), turns());
    let file = written(&header, &turns);
    let mut reader = Reader::new(&file[..]).unwrap();
    assert_eq!(reader.header(), &header);
    let read: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(read, turns);
    assert!(reader.is_complete());
}

/// Long frames go another way into the file than short ones.
#[test]
fn a_frame_of_any_length_is_read_again() {
    let lengths = [0, 5000, 1023, 1024, 1025, 1026, 300_000, 7, 2048];
    let turn = |(n, length): (u64, usize)| {
        let frame = (0..length).map(|at| (at % 251) as u8).collect();
        Turn { n, t: START, input: Input::Request { connection: 7, frame }, out: vec![] }
    };
    let turns: Vec<_> = (1..).zip(lengths).map(turn).collect();
    assert_eq!(read(&written(&header(), &turns)).unwrap(), turns);
}

/// The file as it stands: docs/trace.md shows these lines.
#[test]
fn a_line_is_as_documented() {
    let turns = turns();
    let file = written(&header(), &turns[..2]);
    let lines: Vec<_> = std::str::from_utf8(&file).unwrap().lines().collect();
    assert_eq!(
        lines[0],
        r#"{"format":"fencepost-trace","version":1,"fencepost":"0.1.0","start":1700000000000,"clock":"manual","config":{"release":"4.2","transaction_version":2,"seed":18446744073709551615,"brokers":[{"id":0,"host":"127.0.0.1","port":9092}],"settings":{"num.partitions":"3"},"topics":[{"name":"orders","partitions":1}],"without":["IDEM-12"],"producer_id_blocks":"at_hand"}}"#
    );
    assert_eq!(
        lines[1],
        r#"{"n":1,"t":1700000000001,"in":{"connect":{"connection":7,"broker":0,"host":"::1"}}}"#
    );
    assert_eq!(
        lines[2],
        r#"{"n":2,"t":1700000000002,"in":{"request":{"connection":7}},"out":[{"hit":{"fault":"lose the answer","matched":3}},{"answer":{"connection":7,"correlation_id":-1,"api":"Produce","version":12,"length":50,"digest":"000000000000feed"}},{"close":{"connection":7,"reason":"it said \"no\"\n"}}],"frame":"AABhbnn/IGJ5dGVz"}"#
    );
    let hash = lines[3].strip_prefix(r#"{"end":{"turns":2,"hash":""#);
    assert_eq!(hash.map(str::len), Some(16 + 3));
}

#[test]
fn the_hash_is_of_the_run_and_not_of_when_it_was_recorded() {
    let hash = |header: &Header, turns: &[Turn]| {
        let mut lines = Lines::default();
        turns.iter().for_each(|turn| lines.push(turn));
        let mut writer = Writer::new(Vec::new(), header).unwrap();
        writer.lines(&mut lines).unwrap();
        writer.finish().unwrap()
    };
    let (header, turns) = (header(), turns());
    let later = Header { recorded_at: Some(5), ..header.clone() };
    let run = hash(&header, &turns);
    assert_eq!(run, hash(&later, &turns));
    assert_ne!(run, hash(&header, &turns[..5]));
    assert_ne!(run, hash(&Header { start: 0, ..header }, &turns));
    let file = written(&later, &turns);
    let mut reader = Reader::new(&file[..]).unwrap();
    assert_eq!(reader.by_ref().count(), turns.len());
    assert_eq!(reader.hash(), run);
}

/// A process that is killed writes no last line.
#[test]
fn a_recording_that_was_cut_short_is_read_up_to_there() {
    let turns = turns();
    let file = written(&header(), &turns);
    let ends: Vec<_> = (0..file.len()).filter(|at| file[*at] == b'\n').collect();
    for cut in 0..file.len() {
        let lines = ends.iter().filter(|end| **end < cut).count();
        let Ok(mut reader) = Reader::new(&file[..cut]) else {
            assert_eq!(lines, 0);
            continue;
        };
        let read: Result<Vec<_>, _> = reader.by_ref().collect();
        assert_eq!(read.unwrap(), turns[..lines - 1]);
        assert!(!reader.is_complete());
    }
}
