//! `fencepost replay` from outside.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use crate::{bounded, output, serve};

/// A trace: its file, which is gone with its test.
struct Trace(PathBuf);

impl Trace {
    fn new(name: &str) -> Self {
        let file = format!("fencepost-cli-{}-{name}.trace", std::process::id());
        Self(std::env::temp_dir().join(file))
    }

    /// Of a run with one request.
    fn recorded(name: &str) -> Self {
        let file = Self::new(name);
        let path = file.0.to_str().unwrap();
        let (child, line) =
            serve(&["serve", "--port", "0", "--topic", "orders:1", "--record", path]);
        let server = line.strip_prefix("fencepost ready bootstrap.servers=").unwrap().trim();
        let mut client = TcpStream::connect(server).unwrap();
        // ApiVersions v0.
        let request = *b"\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff";
        client.write_all(&request).unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let output = bounded(move || child.wait_with_output().unwrap());
        assert_eq!(output.status.code(), Some(0));
        file
    }

    /// Of a run with so many turns, each a command, and no end.
    fn long(name: &str, turns: u32) -> Self {
        let file = Self::recorded(name);
        let text = file.text();
        let mut text = text.lines().next().unwrap().to_owned() + "\n";
        for n in 1..=turns {
            let line = r#""t":9000000000000,"in":{"throttle":{"time_ms":"#;
            text += &format!("{{\"n\":{n},{line}{n}}}}}}}\n");
        }
        std::fs::write(&file.0, text).unwrap();
        file
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    #[track_caller]
    fn change(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        std::fs::write(&self.0, text.replacen(from, to, 1)).unwrap();
    }

    fn replay(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let path = self.0.to_str().unwrap();
        let output = output(&[&["replay", path], arguments].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// What is said of a file that is refused.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.replay(arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        stderr
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_recorded_run_goes_the_same_way_again() {
    let recorded = Trace::recorded("same");
    let (code, stdout, stderr) = recorded.replay(&[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.ends_with('\n') && stdout.contains("every output is as recorded"), "{stdout}");
    assert!(stdout.contains("\ntrace hash "), "{stdout}");
    let (code, stdout, _) = recorded.replay(&["--until", "1"]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("broker 0 up\npartition orders-0 leader 0 epoch 0"), "{stdout}");
    let stderr = recorded.refused(&["--until", "999"]);
    assert!(stderr.contains("none with the number 999"), "{stderr}");
}

#[test]
fn a_run_is_told_in_each_form() {
    let recorded = Trace::recorded("told");
    let picture = recorded.0.with_extension("svg");
    for (form, begin) in [
        ("text", "     2        0 ms  connection 0 → broker 0: ApiVersions"),
        ("mermaid", "---\ntitle: \"one request\"\n---\nsequenceDiagram\n"),
        ("html", "<!doctype html>\n"),
    ] {
        let (code, stdout, stderr) = recorded.replay(&["--as", form, "--title", "one request"]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{form}");
        let time = |text: &str| text.split_once(" ms").map(|(_, rest)| rest.to_owned());
        let (told, expected) = match form {
            "text" => (time(&stdout).unwrap(), time(begin).unwrap()),
            _ => (stdout, begin.to_owned()),
        };
        assert!(told.starts_with(&expected), "{form}: {told}");
    }
    let (code, stdout, _) =
        recorded.replay(&["--as", "svg", "--out", picture.to_str().unwrap(), "--until", "2"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    let svg = std::fs::read_to_string(&picture).unwrap();
    std::fs::remove_file(&picture).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    let title = recorded.0.file_name().unwrap().to_str().unwrap();
    assert!(svg.contains(&format!("<title>{title}, turns 1 to 2</title>")), "{svg}");
}

#[test]
fn the_turn_that_goes_another_way_is_named_with_what_came() {
    let recorded = Trace::recorded("other");
    recorded.change("\"correlation_id\":7", "\"correlation_id\":8");
    let stderr = recorded.refused(&[]);
    let turn = "turn 2, ApiVersions version 0 on connection 0: output 1 is another";
    assert!(stderr.contains(turn), "{stderr}");
    let [_, recorded_line, replayed_line] = stderr.lines().collect::<Vec<_>>()[..] else {
        panic!("{stderr}")
    };
    let answer = |id| format!("{{\"answer\":{{\"connection\":0,\"correlation_id\":{id},\"api\"");
    assert!(recorded_line.starts_with(&format!("  recorded: {}", answer(8))), "{stderr}");
    assert!(replayed_line.starts_with(&format!("  replayed: {}", answer(7))), "{stderr}");
    // A picture is not begun.
    let picture = recorded.0.with_extension("other.svg");
    recorded.refused(&["--as", "svg", "--out", picture.to_str().unwrap()]);
    assert!(!picture.exists());
}

#[test]
fn other_bytes_and_another_version_are_said_to_be_that() {
    let recorded = Trace::recorded("bytes");
    let (_, rest) =
        recorded.text().split_once("\"digest\":\"").map(|(a, b)| (a.len(), b.to_owned())).unwrap();
    recorded.change(&rest[..16], "00000000000000ab");
    let stderr = recorded.refused(&[]);
    assert!(
        stderr.ends_with("The answers are of the same length, with other bytes.\n"),
        "{stderr}"
    );
    let own = format!("\"fencepost\":\"{}\"", env!("CARGO_PKG_VERSION"));
    recorded.change(&own, "\"fencepost\":\"99.0.0\"");
    let stderr = recorded.refused(&[]);
    assert!(stderr.contains("It was recorded by fencepost 99.0.0; this is "), "{stderr}");
    recorded.change("\"version\":1", "\"version\":2");
    let stderr = recorded.refused(&[]);
    assert!(stderr.contains("the version of the format is 2, and only 1 is read"), "{stderr}");
}

#[test]
fn a_trace_that_was_cut_short_is_replayed_as_far_as_it_goes() {
    let recorded = Trace::recorded("cut");
    let text = recorded.text();
    let end = text.find("{\"end\"").unwrap();
    std::fs::write(&recorded.0, &text[..end + 20]).unwrap();
    let short = "the recording was cut short: the turns after these are missing\n";
    let (code, stdout, _) = recorded.replay(&[]);
    assert!(code == Some(0) && stdout.ends_with(short), "{stdout}");
    let (code, stdout, stderr) = recorded.replay(&["--as", "text"]);
    assert!(
        code == Some(0) && stdout.contains("ApiVersions") && stderr.ends_with(short),
        "{stderr}"
    );
    std::fs::write(&recorded.0, &text[..50]).unwrap();
    assert!(recorded.refused(&[]).contains("its first line is cut short"));
    std::fs::write(&recorded.0, "<svg>\n").unwrap();
    assert!(recorded.refused(&[]).contains("this is no trace of fencepost"));
}

#[test]
fn a_picture_of_a_long_run_is_that_of_a_window() {
    let long = Trace::long("long", 20_010);
    let stderr = long.refused(&["--as", "html"]);
    let advice = "as in --from 1 --until 20000, or take --as text";
    assert!(stderr.contains("the turns 1 to 20001") && stderr.contains(advice), "{stderr}");
    let (code, stdout, _) = long.replay(&["--as", "mermaid", "--from", "20009"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains(", from turn 20009\""), "{stdout}");
    let (_, diagram) = stdout.split_once("sequenceDiagram\n").unwrap();
    assert_eq!(
        diagram,
        "    Note over l0,l0: throttle by 20009 ms\n    Note over l0,l0: throttle by 20010 ms\n"
    );
    let (_, stdout, _) = long.replay(&["--as", "text"]);
    assert_eq!(stdout.lines().count(), 20_010);
    let (_, stdout, _) = long.replay(&["--as", "text", "--from", "7", "--until", "8"]);
    assert_eq!(stdout.lines().count(), 2);
    assert!(
        long.refused(&["--as", "svg", "--from", "20011"]).contains("none with the number 20011")
    );
    let stderr = long.refused(&["--as", "svg", "--from", "9", "--until", "8"]);
    assert!(stderr.contains("--from 9 is after --until 8"), "{stderr}");
}
