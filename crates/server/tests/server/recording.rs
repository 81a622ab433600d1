//! A run is recorded, and replayed it is the same.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use fencepost_engine::{Replay, ReplayError};
use fencepost_model::CoordinatorKey;
use fencepost_server::{Addresses, ClockKind, RunOptions, Server};
use fencepost_trace::{Clock, Input, Output, Reader, TraceHash, Turn};
use fencepost_wire::messages::ApiVersionsRequest;
use tokio::net::TcpStream;

use crate::client::{Client, base_offset, bounded, config, fetch, produce};
use crate::control::address;

/// A file that is gone with its test.
struct TraceFile(PathBuf);

impl TraceFile {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("fencepost-{}-{name}.trace", std::process::id())))
    }

    fn reader(&self) -> Reader<BufReader<File>> {
        Reader::new(BufReader::new(File::open(&self.0).unwrap())).unwrap()
    }

    fn turns(&self) -> Vec<Turn> {
        self.reader().map(Result::unwrap).collect()
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

fn server(file: &TraceFile, clock: ClockKind) -> Server {
    let options = RunOptions { clock, record: Some(file.0.clone()) };
    let settings = [("log.cleaner.min.cleanable.ratio", "0.25"), ("group.max.size", "7")];
    Server::listen_by(config(3, &settings), &Addresses::default(), &options).unwrap()
}

fn readers() -> CoordinatorKey {
    CoordinatorKey::Group("readers".into())
}

/// Appends, a long poll that ends by an append, a crash with its broken connections, an election, a
/// coordinator that is placed, a throttled answer and what a stop leaves: the hash of the run.
async fn run(server: Server) -> TraceHash {
    let mut client = Client::new(bounded(TcpStream::connect(address(&server, 0))).await.unwrap());
    client.is_served().await;
    assert_eq!(base_offset(client.call(9, produce(-1, 20_000)).await), 0);
    let mut reader = Client::new(bounded(TcpStream::connect(address(&server, 0))).await.unwrap());
    reader.is_served().await;
    reader.send(11, fetch(1, 60_000)).await;
    assert_eq!(base_offset(client.call(9, produce(1, 5)).await), 1);
    reader.receive_raw().await;
    bounded(server.crash(1.into())).await.unwrap();
    bounded(server.restart(1.into())).await.unwrap();
    server.elect("a".into(), 0.into(), 0.into()).unwrap();
    server.move_coordinator(&readers(), 2.into()).unwrap();
    server.throttle(std::time::Duration::from_millis(1));
    client.is_served().await;
    bounded(server.crash(0.into())).await.unwrap();
    assert_eq!(client.rest().await, b"");
    bounded(server.stop()).await.expect("it is recorded").expect("it is written")
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_same_outputs() {
    let file = TraceFile::new("same");
    let hash = run(server(&file, ClockKind::Real)).await;
    let mut reader = file.reader();
    assert_eq!(reader.header().clock, Clock::Real);
    assert!(reader.header().recorded_at.is_some());
    let mut replay = Replay::new(reader.header()).unwrap();
    while let Some(turn) = reader.turn().unwrap() {
        replay.turn(&turn).unwrap();
    }
    assert!(reader.is_complete());
    assert_eq!(reader.hash(), hash);
    assert!(!replay.engine().look().is_running(0.into()));
    assert!(replay.engine().look().is_running(1.into()));
    let placed = replay.engine().look().coordinator(&readers()).expect("it was created");
    assert_eq!(placed.broker, Some(2.into()));
}

#[tokio::test]
async fn another_output_than_the_recorded_one_is_told_with_its_turn() {
    let file = TraceFile::new("other");
    run(server(&file, ClockKind::Real)).await;
    let mut turns = file.turns();
    let is_request = |turn: &&mut Turn| matches!(turn.input, Input::Request { .. });
    let changed = turns.iter_mut().filter(is_request).nth(1).unwrap();
    let n = changed.n;
    let Some(Output::Answer { length, .. }) = changed.out.first_mut() else { panic!() };
    *length += 1;
    let mut replay = Replay::new(file.reader().header()).unwrap();
    let first = turns.iter().find_map(|turn| replay.turn(turn).err()).unwrap();
    let ReplayError::Differs { n: at, difference, .. } = &first else { panic!("{first}") };
    assert_eq!((*at, difference.place), (n, 1));
    assert!(first.to_string().contains("recorded: {\"answer\":"), "{first}");
}

/// By the manual clock, in one order of connections, two runs are one.
#[tokio::test]
async fn runs_by_the_manual_clock_have_one_hash() {
    let mut hashes = Vec::new();
    for name in ["one", "two"] {
        let file = TraceFile::new(name);
        let options = RunOptions {
            clock: ClockKind::Manual { start: Some(fencepost_ids::Timestamp(1_700_000_000_000)) },
            record: Some(file.0.clone()),
        };
        let mut cluster = config(1, &[]);
        cluster.brokers[0].port = 1;
        let server = Server::without_ports_by(cluster, &options).unwrap();
        let mut client = crate::client::connect(&server);
        client.is_served().await;
        assert_eq!(base_offset(client.call(9, produce(-1, 100)).await), 0);
        let _ = client.call(3, ApiVersionsRequest::default()).await;
        drop(client);
        hashes.push(bounded(server.stop()).await.unwrap().unwrap());
        assert_eq!(file.turns().len(), 5);
    }
    assert_eq!(hashes[0], hashes[1]);
}
