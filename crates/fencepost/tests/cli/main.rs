//! The command line, from outside.

#![cfg(test)]

mod ctl;
mod replay;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest that a process may take.
const BOUND: Duration = Duration::from_secs(60);

fn fencepost(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fencepost"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs work on another thread, and fails if it does not end.
fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(BOUND).expect("it comes to an end")
}

fn output(arguments: &[&str]) -> Output {
    let child = fencepost(arguments).spawn().unwrap();
    bounded(move || child.wait_with_output().unwrap())
}

/// Starts a server and returns it with its ready line, all that it prints until then.
fn serve(arguments: &[&str]) -> (Child, String) {
    let mut child = fencepost(arguments).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (line, stdout) = bounded(move || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        (line, stdout)
    });
    // Kept open for what comes later.
    child.stdout = Some(stdout.into_inner());
    (child, line)
}

fn end_by(signal: &str) {
    let (child, line) = serve(&["serve", "--port", "0", "--brokers", "3", "--topic", "orders:3"]);
    let servers = line.strip_prefix("fencepost ready bootstrap.servers=").unwrap();
    let servers: Vec<_> = servers.strip_suffix('\n').unwrap().split(',').collect();
    assert_eq!(servers.len(), 3);
    // Clients that are still there do not keep the server.
    let clients: Vec<_> = servers
        .iter()
        .map(|server| {
            assert!(server.starts_with("127.0.0.1:"), "{server}");
            TcpStream::connect(server).unwrap()
        })
        .collect();
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let output = bounded(move || child.wait_with_output().unwrap());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    for mut client in clients {
        assert_eq!(client.read(&mut [0]).unwrap_or(0), 0);
    }
}

#[test]
fn serve_is_ready_with_one_line_and_ends_well_on_sigterm() {
    end_by("-TERM");
}

#[test]
fn serve_is_ready_with_one_line_and_ends_well_on_sigint() {
    end_by("-INT");
}

#[test]
fn serve_tells_clients_the_advertised_host() {
    let (mut child, line) =
        serve(&["serve", "--port", "0", "--bind", "0.0.0.0", "--advertise", "broker.example"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("fencepost ready bootstrap.servers=broker.example:"), "{line}");
}

#[test]
fn serve_says_which_port_is_taken() {
    let (mut child, line) = serve(&["serve", "--port", "0"]);
    let port = line.trim().rsplit(':').next().unwrap();
    let refused = output(&["serve", "--port", port]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains(port) && message.contains("--port 0"), "{message}");
}

/// Each bad option, and what its message says of the fault and of the way out.
#[test]
fn serve_refuses_bad_options_and_says_what_to_do() {
    let bad: [(&[&str], &[&str]); 21] = [
        (&["--start", "0"], &["--clock manual"]),
        (&["--clock", "manual", "--start", "noon"], &["'noon'", "2026-01-31T12:00:00Z"]),
        (&["--control-bind", "0.0.0.0"], &["--control-port"]),
        (&["--brokers", "0"], &["'0'", "1..=100"]),
        (&["--brokers", "many"], &["'many'", "--brokers"]),
        (&["--port", "65536"], &["65536", "0..=65535"]),
        (&["--control-port", "x"], &["'x'", "--control-port"]),
        (&["--topic", "orders"], &["'orders'", "orders:3"]),
        (&["--topic", "orders:3:1:1"], &["orders:3:1:1", "orders:3"]),
        (&["--topic", "orders:0"], &["`orders`", "0 partitions", "1 to"]),
        (&["--topic", "orders:1:2"], &["`orders`", "2 replicas on 1 brokers", "1 to 1"]),
        (&["--topic", "or/ders:1"], &["`or/ders`", "letters, digits"]),
        (&["--topic", "a:1", "--topic", "a:1"], &["`a`", "twice"]),
        (&["--config", "num.partitions"], &["'num.partitions'", "num.partitions=3"]),
        (&["--config", "num.partition=3"], &["num.partition", "Kafka's name"]),
        (&["--config", "num.partitions=x"], &["`x`", "whole number from 1"]),
        (&["--kafka-version", "2.8"], &["2.8", "3.9, 4.0, 4.1, 4.2, 4.3 or 4.4"]),
        (&["--transaction-version", "3"], &["'3'", "0..=2"]),
        (&["--without", "IDEM-99"], &["IDEM-99", "fencepost rules"]),
        (&["--bind", "localhost"], &["'localhost'", "--bind"]),
        (&["--bind", "0.0.0.0"], &["0.0.0.0", "--advertise HOST"]),
    ];
    for (arguments, expected) in bad {
        let refused = output(&[&["serve"], arguments].concat());
        let message = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {message}");
        for part in expected {
            assert!(message.contains(part), "{arguments:?}: no `{part}` in: {message}");
        }
    }
}

/// A file with a plan of faults, which is gone when it is dropped.
struct PlanFile(std::path::PathBuf);

impl PlanFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fencepost-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

/// What a server says on stderr when it is told to end, and its exit code.
fn report(arguments: &[&str]) -> (Option<i32>, String) {
    let (child, line) = serve(arguments);
    assert!(line.starts_with("fencepost ready"), "{line}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let output = bounded(move || child.wait_with_output().unwrap());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn serve_says_which_faults_never_fired() {
    let plan = PlanFile::new(
        "hollow.toml",
        "[[fault]]\nname = \"hollow\"\non = \"EndTxn\"\nwhen = \"applied\"\ndo = \"disconnect\"\n",
    );
    let arguments = ["serve", "--port", "0", "--faults", plan.path()];
    let says = "fault hollow: never fired, matched nothing\n";
    assert_eq!(report(&arguments), (Some(0), says.to_owned()));
    let (code, stderr) = report(&[&arguments[..], &["--strict"]].concat());
    assert_eq!((code, stderr.starts_with(says)), (Some(1), true), "{stderr}");
}

/// A fault that did what it says is nothing to warn of; it is told with its name to who wants to know.
#[test]
fn a_disconnect_by_a_fault_is_no_warning() {
    let plan = PlanFile::new(
        "cut.toml",
        "[[fault]]\nname = \"cut\"\non = \"ApiVersions\"\ndo = \"disconnect\"\n",
    );
    let told = |level: &str| {
        let mut command = fencepost(&["serve", "--port", "0", "--strict", "--faults", plan.path()]);
        let mut child = command.env("RUST_LOG", level).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit_once('=').unwrap().1;
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(BOUND)).unwrap();
        // ApiVersions of version 0, without a client id.
        client.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xFF, 0xFF]).unwrap();
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap_or_default(), 0);
        assert!(
            Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let output = bounded(move || child.wait_with_output().unwrap());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(told("warn"), "fault cut: fired 1 time, matched 1 time\n");
    let told = told("fencepost_server=info");
    let line = told.lines().find(|line| line.contains("a fault disconnects it")).expect(&told);
    assert!(line.contains("INFO") && line.contains("cut"), "{line}");
}

#[test]
fn serve_says_whether_a_fault_fired_as_often_as_it_is_to() {
    for (fires, code, says) in [
        (0, 0, "fault f: never fired, matched nothing, as expected\n"),
        (1, 1, "fault f: never fired, matched nothing, expected 1 time\n"),
    ] {
        let text =
            format!("[[fault]]\nname = \"f\"\non = \"EndTxn\"\nfires = {fires}\ndo = \"lose\"\n");
        let plan = PlanFile::new(&format!("fires-{fires}.toml"), &text);
        let (found, stderr) =
            report(&["serve", "--port", "0", "--strict", "--faults", plan.path()]);
        assert_eq!((found, stderr.starts_with(says)), (Some(code), true), "{stderr}");
    }
}

#[test]
fn serve_takes_a_window_by_its_name() {
    let arguments = ["serve", "--port", "0", "--faults"];
    let (code, stderr) = report(&[&arguments[..], &["W083 topic=payments"]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    for fault in ["late", "then"] {
        assert!(stderr.contains(&format!("fault {fault}: never fired")), "{stderr}");
    }
    let refused = |window: &str| {
        let output = output(&[&arguments[..], &[window]].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("W999").contains("the catalogue has no window `W999`: they are W001 to W146"));
    assert!(refused("W083 topics=a").contains("`topics=a` says nothing of a window"));
    assert!(refused("W099").contains("W099 MARK-DELAYED-NEXT has no plan"));
}

#[test]
fn serve_refuses_a_plan_with_the_line_and_the_reason() {
    let plan = PlanFile::new("wrong.toml", "[[fault]]\non = \"EndTx\"\ndo = \"lose\"\n");
    let output = output(&["serve", "--port", "0", "--faults", plan.path()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr.contains("wrong.toml: line 2: ") && stderr.contains("did you mean `EndTxn`"),
        "{stderr}"
    );
    let missing = self::output(&["serve", "--port", "0", "--schedule", "no/such/file"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn windows_are_listed_and_shown_with_their_plans() {
    let said = |arguments: &[&str]| {
        let output = output(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let list = said(&["windows"]);
    assert_eq!(list.lines().count(), 146);
    let pages = said(&["windows", "W083", "produce-anr"]);
    assert!(pages.contains("W083 END-DELAYED-NEXT\n") && pages.contains("W049 PRODUCE-ANR\n"));
    let plan = pages.split("# Plan for any transaction version\n").nth(1).unwrap();
    let plan = plan.split("\nW049").next().unwrap();
    assert!(fencepost::faults::Plan::from_toml(plan).is_ok(), "{plan}");
    let about =
        ["--transactional-id", "app", "--topic", "payments", "--partition", "2", "--group", "g"];
    let page = said(&[&["windows", "W083"], &about[..]].concat());
    let plan = page.split("# Plan for any transaction version\n").nth(1).unwrap();
    let plan = fencepost::faults::Plan::from_toml(plan).unwrap();
    assert_eq!(plan.faults[1].partition, Some(2));
    let page = said(&["windows", "W033", "--transaction-version", "1"]);
    assert!(page.contains("# Plan for transaction version 0 or 1") && !page.contains("version 2"));
    assert!(said(&["windows", "--schema"]).contains("\"title\": \"A fault plan of fencepost\""));
    let refused = output(&["windows", "W999"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("`fencepost windows` lists them"));
}
