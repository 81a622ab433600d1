//! What happens as a stream, and the trace as a download.

use std::io::Cursor;

use fencepost_ids::BrokerId;
use fencepost_server::{Addresses, ControlAddress, RunOptions, Server, What};
use fencepost_trace::Reader;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use crate::client::{Client, base_offset, bounded, config, produce};
use crate::control::{address, exchange, get, post, refused};

async fn events(server: &Server) -> Lines<BufReader<TcpStream>> {
    let url = server.control_url().unwrap();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    while lines.next_line().await.unwrap().expect("it goes on") != ": watching" {}
    lines
}

/// The next event that is no news of a connection.
async fn next(lines: &mut Lines<BufReader<TcpStream>>) -> Value {
    loop {
        let line = bounded(lines.next_line()).await.unwrap().expect("it goes on");
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let event: Value = serde_json::from_str(data).unwrap();
        if event["kind"] != "connected" && event["kind"] != "closed" {
            return event;
        }
    }
}

#[tokio::test]
async fn requests_answers_commands_and_faults_are_told_in_their_order() {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    let mut lines = bounded(events(&server)).await;
    let mut watcher = server.watch().unwrap();
    let mut client = Client::new(TcpStream::connect(address(&server, 0)).await.unwrap());
    base_offset(client.call(9, produce(-1, 1)).await);
    let asked = next(&mut lines).await;
    assert_eq!((&asked["kind"], &asked["api"]), (&json!("request"), &json!("Produce")));
    assert_eq!((&asked["client_id"], &asked["version"]), (&json!("raw"), &json!(9)));
    for kind in ["batch_appended", "high_watermark_moved", "last_stable_offset_moved"] {
        let inside = next(&mut lines).await;
        assert_eq!((&inside["kind"], &inside["event"]["event"]), (&json!("inside"), &json!(kind)));
        assert_eq!(inside["event"]["partition"], "a-0");
    }
    let answered = next(&mut lines).await;
    assert_eq!((&answered["kind"], &answered["is_sent"]), (&json!("answer"), &json!(true)));
    assert_eq!(asked["correlation_id"], answered["correlation_id"]);
    assert_eq!(answered["number"].as_u64(), asked["number"].as_u64().map(|number| number + 4));

    let plan = json!({"fault": [{"name": "cut", "on": "Produce", "do": "disconnect"}]});
    assert_eq!(post(&server, "/faults", &plan).await.0, 200);
    assert_eq!(next(&mut lines).await["command"], "add 1 faults");
    client.send(9, produce(-1, 1)).await;
    assert_eq!(next(&mut lines).await["kind"], "request");
    let fault = next(&mut lines).await;
    assert_eq!((&fault["kind"], &fault["fault"]), (&json!("fault"), &json!("cut")));

    bounded(async {
        loop {
            if let What::Fault { fault, matched } = watcher.next().await.unwrap().what {
                assert_eq!((&*fault, matched), ("cut", 1));
                break;
            }
        }
    })
    .await;
    bounded(server.crash(BrokerId(0))).await.unwrap();
    assert_eq!(next(&mut lines).await["command"], "crash broker 0");
}

#[tokio::test]
async fn a_trace_is_downloaded_as_far_as_it_goes() {
    let path = std::env::temp_dir().join(format!("download-{}.trace", std::process::id()));
    let options = RunOptions { record: Some(path.clone()), ..RunOptions::default() };
    let mut server = Server::listen_by(config(1, &[]), &Addresses::default(), &options).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    let mut client = Client::new(TcpStream::connect(address(&server, 0)).await.unwrap());
    for _ in 0..3 {
        base_offset(client.call(9, produce(-1, 10)).await);
        let request = b"GET /trace HTTP/1.0\r\nhost: localhost\r\n\r\n";
        let answer = bounded(exchange(&server, request)).await;
        let (_, lines) = answer.split_once("\r\n\r\n").unwrap();
        let mut reader = Reader::new(Cursor::new(lines.as_bytes())).unwrap();
        let mut turns = 0;
        while reader.turn().unwrap().is_some() {
            turns += 1;
        }
        assert!(turns >= 2 && !reader.is_complete(), "{turns}");
        assert!(lines.ends_with('\n'));
    }
    std::fs::remove_file(&path).unwrap();
    drop(server);
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    refused(get(&server, "/trace").await, 409, "not recorded");
}
