//! Files that are not in order.

use proptest::prelude::*;

use crate::*;

/// The error for a good file whose line `at` (from 1) is another.
#[track_caller]
fn refused(at: usize, line: &str) -> String {
    let file = String::from_utf8(written(&header(), &turns())).unwrap();
    let mut lines: Vec<_> = file.lines().collect();
    lines[at - 1] = line;
    let text = lines.join("\n") + "\n";
    read(text.as_bytes()).expect_err("it is refused").to_string()
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (at, line, message) in [
        (1, "{}", "line 1: this is no trace of fencepost: the format is ``"),
        (
            1,
            r#"{"format":"pcap"}"#,
            "line 1: this is no trace of fencepost: the format is `\"pcap\"`",
        ),
        (
            1,
            r#"{"format":"fencepost-trace","version":2}"#,
            "line 1: the version of the format is 2, and only 1 is read",
        ),
        (2, "{}", "line 2: a turn has a number `n`, a moment `t` and an input `in`"),
        (
            2,
            r#"{"n":2,"t":1700000000001,"in":"tick"}"#,
            "line 2: it is turn 2, and turn 1 should stand here",
        ),
        (
            2,
            r#"{"n":1,"t":1699999999999,"in":"tick"}"#,
            "line 2: its moment is before that of the line before",
        ),
        (
            2,
            r#"{"n":1,"t":1700000000001,"in":"tick","frame":"AA=="}"#,
            "line 2: only a request has a frame",
        ),
        (
            2,
            r#"{"n":1,"t":1700000000001,"in":{"request":{"connection":1}}}"#,
            "line 2: a request has a frame",
        ),
        (
            2,
            r#"{"n":1,"t":1700000000001,"in":{"request":{"connection":1}},"frame":"A"}"#,
            "line 2: the frame is not base64",
        ),
        (
            2,
            r#"{"end":{"turns":0,"hash":"0000000000000000"},"n":1}"#,
            "line 2: it is a turn and the end at once",
        ),
    ] {
        assert_eq!(refused(at, line), message);
    }
    for line in [
        "",
        "nonsense",
        r#"{"n":1,"t":1700000000001,"in":"tock"}"#,
        r#"{"n":1,"t":1700000000001,"in":"tick","more":1}"#,
        r#"{"n":-1,"t":1700000000001,"in":"tick"}"#,
        r#"{"n":1,"t":1700000000001,"in":"tick","n":1}"#,
    ] {
        assert!(refused(2, line).starts_with("line 2: "), "{line}");
    }
}

#[test]
fn a_changed_line_is_found_by_the_hash_of_the_run() {
    let line = r#"{"n":1,"t":1700000000001,"in":"tick"}"#;
    let message = refused(2, line);
    assert!(message.contains("the lines before it are not those that were recorded"), "{message}");
}

#[test]
fn nothing_follows_the_end() {
    let mut file = written(&header(), &turns());
    file.extend_from_slice(b"\n");
    assert_eq!(read(&file).unwrap_err().to_string(), "line 18: it stands after the end of the run");
}

#[test]
fn deep_json_is_refused() {
    let deep = "[".repeat(100_000);
    let line = format!(r#"{{"n":1,"t":1700000000001,"in":{{"gate":{deep}"#);
    assert!(refused(2, &line).starts_with("line 2: recursion limit exceeded"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let mut file = written(&header(), &[]);
        file.truncate(file.iter().position(|byte| *byte == b'\n').unwrap() + 1);
        file.extend(bytes);
        let _ = read(&file);
    }

    #[test]
    fn no_change_of_a_byte_goes_unnoticed(at in 0_usize..2000, byte in any::<u8>()) {
        let mut file = written(&header(), &turns());
        let at = at % file.len();
        let (hash, changed) = (Reader::new(&file[..]).unwrap(), file[at] != byte);
        let recorded = hash.map(Result::unwrap).collect::<Vec<_>>();
        file[at] = byte;
        let mut reader = match Reader::new(&file[..]) {
            Ok(reader) => reader,
            Err(_) => return Ok(()),
        };
        let read: Result<Vec<_>, _> = reader.by_ref().collect();
        prop_assert!(!changed || read.is_err() || !reader.is_complete() || read.unwrap() == recorded);
    }
}
