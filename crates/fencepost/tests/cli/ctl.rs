//! `fencepost ctl` and the server that it commands.

use std::io::{BufRead, BufReader};

use crate::{fencepost, output, serve};

/// What `fencepost ctl` says: JSON if it succeeds, else the message on stderr.
fn ctl(control: &str, words: &str) -> Result<String, String> {
    let words: Vec<_> = words.split(' ').collect();
    let output = output(&[&["ctl", "--control", control], &words[..]].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match output.status.code() {
        Some(0) => Ok(text(output.stdout).split_whitespace().collect()),
        Some(1) => Err(text(output.stderr)),
        code => panic!("{words:?} ended with {code:?}: {}", text(output.stderr)),
    }
}

#[test]
fn ctl_commands_a_running_server() {
    let (mut child, line) = serve(&[
        "serve",
        "--port",
        "0",
        "--brokers",
        "3",
        "--topic",
        "orders:1:3",
        "--control-port",
        "0",
    ]);
    let (servers, control) = line.trim_end().split_once(" control=").unwrap();
    assert!(servers.starts_with("fencepost ready bootstrap.servers=127.0.0.1:"), "{line}");
    assert!(control.starts_with("http://127.0.0.1:"), "{line}");

    assert_eq!(ctl(control, "brokers").unwrap().matches(r#""state":"up""#).count(), 3);
    assert!(ctl(control, "crash 1").unwrap().contains(r#""state":"down""#));
    let refused = ctl(control, "elect orders 0 1").unwrap_err();
    assert!(refused.contains("broker 1 is down") && refused.contains("restart"), "{refused}");
    assert!(ctl(control, "restart 1").unwrap().contains(r#""state":"up""#));
    assert!(ctl(control, "stop 1").unwrap().contains(r#""state":"down""#));
    assert!(ctl(control, "restart 1").unwrap().contains(r#""state":"up""#));
    assert!(ctl(control, "elect orders 0 1").unwrap().contains(r#""leader":1,"#));
    assert!(ctl(control, "partitions orders").unwrap().contains(r#""leader":1,"#));
    for (command, says) in [
        ("crash 3", "no broker 3"),
        ("partitions or/ders", "`or/ders`"),
        ("elect orders 1 0", "no partition 1"),
        ("coordinator group g", "start a client first"),
    ] {
        let refused = ctl(control, command).unwrap_err();
        assert!(refused.contains(says), "{command}: {refused}");
    }
    assert!(ctl(control, "move transaction orders-1 2").unwrap().contains(r#""broker":2,"#));
    assert!(ctl(control, "coordinator transaction orders-1").unwrap().contains(r#""broker":2,"#));
    child.kill().unwrap();
    child.wait().unwrap();
    let gone = ctl(control, "brokers").unwrap_err();
    assert!(gone.contains("--control-port"), "{gone}");
    let wrong = ctl("127.0.0.1:1", "brokers").unwrap_err();
    assert!(wrong.contains("http://127.0.0.1:9100"), "{wrong}");
}

/// Every command of `ctl` reaches its place behind a token, and the manual clock moves.
#[test]
fn ctl_shows_and_moves_what_a_manual_clock_rules() {
    let words = "serve --port 0 --topic orders:1 --clock manual --start 2026-01-01T00:00:00Z \
                 --control-port 0 --control-token s3cret";
    let (mut child, line) = serve(&words.split_whitespace().collect::<Vec<_>>());
    let (_, control) = line.trim_end().split_once(" control=").unwrap();
    let ctl = |words: &str| ctl(control, &format!("--token s3cret {words}"));
    let plan = std::env::temp_dir().join(format!("late-{}.toml", std::process::id()));
    std::fs::write(&plan, "[[fault]]\nname = \"late\"\non = \"Fetch\"\ndo = \"lose\"\n").unwrap();
    let add_faults = format!("add-faults {}", plan.display());
    for (command, says) in [
        ("cluster", r#""brokers":1"#),
        ("topics", r#""name":"orders""#),
        ("partitions orders 0", r#""log_end_offset":0"#),
        ("partitions orders 0 --leader 0 --in-sync 1 --high-watermark 0", r#""leader":0,"#),
        ("log orders 0 --from 0 --limit 5 --replica 0", r#""batches":[]"#),
        ("producers orders 0", r#""producers":[]"#),
        ("transactions", r#""transactions":[]"#),
        ("groups", r#""groups":[]"#),
        ("connections", "[]"),
        ("messages", "[]"),
        ("timers", "HighWatermarkCheckpoint"),
        ("throttle 0", r#""ms":0"#),
        ("clock", r#""now_ms":1767225600000"#),
        ("snapshot start", r#""at_ms":1767225600000"#),
        ("advance 1000", r#""now_ms":1767225601000"#),
        ("next", r#""now_ms":1767225605000"#),
        ("next --timer TransactionTimeouts", r#""now_ms":1767225610000"#),
        ("snapshots", r#""name":"start""#),
        ("reset start", r#""name":"start""#),
        ("clock", r#""now_ms":1767225600000"#),
        ("forget start", r#""name":"start""#),
        (&add_faults, r#""name":"late""#),
        ("faults", r#""fired":0"#),
        ("plan-schema", r#""$schema""#),
        ("hit late --times 0", r#""matched":0"#),
        ("add-faults W076 transactional_id=app", r#""transactional_id":"app""#),
        ("remove-fault late", r#""name":"late""#),
        ("process app 4", r#""pid":4"#),
        ("raise go", "[]"),
        ("step", r#""stepped":true"#),
        ("held", "[]"),
        ("stepped", r#""order":"0000000000000000""#),
        ("flow", r#""stepped":false"#),
        ("openapi", r#""openapi":"3.1"#),
    ] {
        let answer = ctl(command).unwrap();
        assert!(answer.contains(says), "{command}: {answer}");
    }
    for (command, says) in [
        ("transactions t", "`t`"),
        ("transactions t --state Ongoing --within-ms 0", "not Ongoing: no running coordinator"),
        ("groups g", "`g`"),
        ("groups g --state Stable --members 2 --within-ms 0", "not Stable with 2 members"),
        ("partitions orders 0 --last-stable-offset 1 --within-ms 0", "last stable offset 0"),
        ("partitions orders 1", "no partition 1"),
        ("reset start", "`start`"),
        ("release 1", "GET /held"),
        ("hit late --within-ms 0", "`late`"),
        ("add-faults /nowhere", "/nowhere"),
        (
            "add-faults nowhere",
            "there is no file `nowhere`, and the catalogue has no window `nowhere`",
        ),
        ("add-faults W030", "W030 ADD-LOST has no plan for transaction version 2"),
    ] {
        let refused = ctl(command).unwrap_err();
        assert!(refused.contains(says), "{command}: {refused}");
    }
    std::fs::remove_file(&plan).unwrap();
    let refused = self::ctl(control, "brokers").unwrap_err();
    assert!(refused.contains("--control-token"), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = output(&["serve", "--port", "0", "--control-port", "0", "--control-bind", "::"]);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("--control-token"), "{message}");
}

/// What is streamed comes while it happens, one JSON object a line.
#[test]
fn ctl_streams_events_and_the_trace() {
    let file = std::env::temp_dir().join(format!("streams-{}.trace", std::process::id()));
    let record = file.display().to_string();
    let (mut child, line) =
        serve(&["serve", "--port", "0", "--control-port", "0", "--record", &record]);
    let (_, control) = line.trim_end().split_once(" control=").unwrap();
    let mut watching = fencepost(&["ctl", "--control", control, "events"]).spawn().unwrap();
    let stdout = BufReader::new(watching.stdout.take().unwrap());
    let (sender, events) = std::sync::mpsc::channel();
    std::thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
    // It says nothing when it begins to watch, so there is something to see until it is seen.
    let commands = (0..1000).map(|_| ctl(control, "throttle 7"));
    let seen = commands.map(|done| done.and(Ok(events.try_recv().ok())));
    let event = seen.filter_map(|event| event.unwrap()).next().expect("it is told");
    assert!(event.contains("throttle by 7 ms") && event.contains(r#""kind":"command""#), "{event}");
    let trace = ctl(control, "trace").unwrap();
    assert!(trace.matches("throttle").count() >= 1 && trace.starts_with('{'), "{trace}");
    for child in [&mut child, &mut watching] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    std::fs::remove_file(&file).unwrap();
}
