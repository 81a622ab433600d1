//! The control API over HTTP.

use std::time::Duration;

use fencepost_model::NewTopic;
use fencepost_server::{Addresses, ControlAddress, Server};
use fencepost_wire::messages::FindCoordinatorRequest;
use fencepost_wire::{Response, StrBytes};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, appended, base_offset, bounded, config, produce_in_sequence};

/// Three brokers, `orders` on all of them, `alone` on the broker of its one replica.
fn server() -> Server {
    let mut config = config(3, &[]);
    for (name, replicas) in [("orders", 3), ("alone", 1)] {
        config.topics.push(NewTopic {
            name: name.into(),
            partitions: Some(2),
            replication_factor: Some(replicas),
        });
    }
    let mut server = Server::listen(config, &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    server
}

/// What comes back for these bytes until the connection closes.
pub(crate) async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let url = server.control_url().unwrap();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    // The server may have refused and closed before it has read all.
    _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

pub(crate) fn parsed(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

pub(crate) async fn ask(server: &Server, line: &str, headers: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    parsed(&bounded(exchange(server, request.as_bytes())).await)
}

pub(crate) async fn get(server: &Server, path: &str) -> (u16, Value) {
    ask(server, &format!("GET {path}"), "", "").await
}

pub(crate) async fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let json = "content-type: application/json\r\n";
    ask(server, &format!("POST {path}"), json, &body.to_string()).await
}

pub(crate) fn address(server: &Server, broker: usize) -> String {
    server.bootstrap_servers().split(',').nth(broker).unwrap().to_owned()
}

/// A refusal has its status, an error that says this, and what to do.
pub(crate) fn refused((status, body): (u16, Value), expected: u16, says: &str) {
    assert_eq!(status, expected, "{body}");
    assert!(body["error"].as_str().unwrap().contains(says), "{body}: no `{says}`");
    assert!(!body["what_to_do"].as_str().unwrap().is_empty(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
}

#[tokio::test]
async fn brokers_crash_and_restart() {
    let server = server();
    let up = |broker| json!({"id": broker, "address": address(&server, broker), "state": "up"});
    let down = |broker| json!({"id": broker, "address": address(&server, broker), "state": "down"});
    assert_eq!(get(&server, "/brokers").await, (200, json!([up(0), up(1), up(2)])));
    for _ in 0..2 {
        assert_eq!(post(&server, "/brokers/1/crash", &json!({})).await, (200, down(1)));
        assert!(bounded(TcpStream::connect(address(&server, 1))).await.is_err());
        assert_eq!(get(&server, "/brokers").await, (200, json!([up(0), down(1), up(2)])));
    }
    for _ in 0..2 {
        assert_eq!(ask(&server, "POST /brokers/1/restart", "", "").await, (200, up(1)));
        let stream = bounded(TcpStream::connect(address(&server, 1))).await.unwrap();
        Client::new(stream).is_served().await;
    }
    refused(post(&server, "/brokers/3/crash", &json!({})).await, 404, "no broker 3");
    refused(post(&server, "/brokers/-1/restart", &json!({})).await, 404, "no broker -1");
    refused(post(&server, "/brokers/one/crash", &json!({})).await, 400, "one");
    refused(get(&server, "/brokers/1/crash").await, 405, "method");
}

/// RECOV-04, RECOV-06: after a clean stop and after a crash a snapshot is read, which keeps one batch of
/// each producer.
#[tokio::test]
async fn a_broker_that_is_stopped_writes_its_producers_down() {
    for command in ["stop", "crash"] {
        let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
        server.open_control(&ControlAddress::loopback(0)).unwrap();
        let dial = async || Client::new(TcpStream::connect(address(&server, 0)).await.unwrap());
        let mut client = dial().await;
        for sequence in 0..5 {
            let answer = client.call(9, produce_in_sequence(sequence)).await;
            assert_eq!(base_offset(answer), i64::from(sequence));
        }
        for _ in 0..2 {
            let (status, broker) =
                ask(&server, &format!("POST /brokers/0/{command}"), "", "").await;
            assert_eq!((status, &broker["state"]), (200, &json!("down")));
        }
        client.is_closed_unanswered().await;
        post(&server, "/brokers/0/restart", &json!({})).await;
        let mut client = dial().await;
        assert_eq!(base_offset(client.call(9, produce_in_sequence(4)).await), 4, "{command}");
        assert_eq!(appended(client.call(9, produce_in_sequence(3)).await), (45, -1), "{command}");
    }
}

#[tokio::test]
async fn a_broker_that_is_stopped_hands_its_partitions_over() {
    let server = server();
    let first = |body: &Value| json!([body[1]["leader"], body[1]["in_sync"]]);
    let path = "/topics/orders/partitions";
    assert_eq!(first(&get(&server, path).await.1), json!([2, [2, 0, 1]]));
    let (status, broker) = post(&server, "/brokers/2/stop", &json!({})).await;
    assert_eq!((status, &broker["state"]), (200, &json!("down")));
    assert!(bounded(TcpStream::connect(address(&server, 2))).await.is_err());
    assert_eq!(first(&get(&server, path).await.1), json!([0, [0, 1]]));
    post(&server, "/brokers/2/restart", &json!({})).await;
    Client::new(TcpStream::connect(address(&server, 2)).await.unwrap()).is_served().await;
    refused(post(&server, "/brokers/3/stop", &json!({})).await, 404, "no broker 3");
    refused(get(&server, "/brokers/1/stop").await, 405, "method");
}

#[tokio::test]
async fn partitions_stand_and_leaders_are_elected() {
    let server = server();
    let partition = |leader: i32, epoch: i32, in_sync: &[i32]| {
        json!({
            "partition": 1, "leader": leader, "leader_epoch": epoch, "replicas": [2, 0, 1],
            "in_sync": in_sync, "log_start_offset": 0, "high_watermark": 0,
            "last_stable_offset": 0, "log_end_offset": 0,
        })
    };
    let first = |(status, body): (u16, Value)| (status, body[1].clone());
    assert_eq!(
        first(get(&server, "/topics/orders/partitions").await),
        (200, partition(2, 0, &[2, 0, 1]))
    );
    let elect = "/topics/orders/partitions/1/elect";
    assert_eq!(
        post(&server, elect, &json!({"leader": 1})).await,
        (200, partition(1, 1, &[2, 0, 1]))
    );

    // Its leader gone, the first replica takes over; the one that is down cannot be elected.
    post(&server, "/brokers/1/crash", &json!({})).await;
    assert_eq!(
        first(get(&server, "/topics/orders/partitions").await),
        (200, partition(2, 2, &[2, 0]))
    );
    refused(post(&server, elect, &json!({"leader": 1})).await, 409, "broker 1 is down");
    post(&server, "/brokers/1/restart", &json!({})).await;
    assert_eq!(
        post(&server, elect, &json!({"leader": 1})).await,
        (200, partition(1, 3, &[2, 0, 1]))
    );

    let alone = server.partitions("alone").unwrap().remove(0).replicas[0].0;
    let stranger = json!({"leader": (alone + 1) % 3});
    let refusal = post(&server, "/topics/alone/partitions/0/elect", &stranger).await;
    refused(refusal, 409, "holds no replica");
    refused(post(&server, elect, &json!({"leader": 7})).await, 404, "no broker 7");
    let absent = "/topics/orders/partitions/2/elect";
    refused(post(&server, absent, &json!({"leader": 1})).await, 404, "no partition 2");
    refused(get(&server, "/topics/nothing/partitions").await, 404, "`nothing`");
}

#[tokio::test]
async fn a_partition_whose_only_replica_is_down_has_no_leader_and_no_offsets() {
    let server = server();
    let alone = server.partitions("alone").unwrap().remove(0).replicas[0];
    bounded(server.crash(alone)).await.unwrap();
    let (_, partitions) = get(&server, "/topics/alone/partitions").await;
    let stands = &partitions[0];
    assert_eq!(stands["leader"], Value::Null);
    assert_eq!(stands["in_sync"], json!([alone.0]));
    assert_eq!(stands["log_end_offset"], Value::Null);
}

#[tokio::test]
async fn coordinators_are_found_where_clients_find_them_and_move() {
    let server = server();
    for (key_type, resource, topic) in
        [(1, "transactions", "__transaction_state"), (0, "groups", "__consumer_offsets")]
    {
        // A slash, a space and a character outside ASCII are escaped in the path.
        let path = format!("/{resource}/a%2Fb%20%C3%A9/coordinator");
        refused(get(&server, &path).await, 409, "no coordinators yet");
        refused(post(&server, &path, &json!({"broker": 9})).await, 404, "no broker 9");
        // Placed before any client has asked for one, it is there for the first.
        post(&server, "/brokers/0/crash", &json!({})).await;
        refused(post(&server, &path, &json!({"broker": 1})).await, 409, "brokers running");
        refused(get(&server, &path).await, 409, "no coordinators yet");
        post(&server, "/brokers/0/restart", &json!({})).await;
        let (status, placed) = post(&server, &path, &json!({"broker": 1})).await;
        assert_eq!((status, &placed["broker"]), (200, &json!(1)), "{placed}");
        let mut client = Client::new(TcpStream::connect(address(&server, 0)).await.unwrap());
        let request = FindCoordinatorRequest::default()
            .with_key_type(key_type)
            .with_coordinator_keys(vec![StrBytes::from_static_str("a/b é")]);
        let first = client.call(4, request.clone()).await;
        let Response::FindCoordinator(first) = first else { panic!("{first:?}") };
        assert_eq!(first.coordinators[0].node_id.0, 1);
        for broker in [2, 0, 1] {
            let (status, moved) = post(&server, &path, &json!({"broker": broker})).await;
            assert_eq!((status, &moved["topic"]), (200, &json!(topic)));
            assert_eq!(get(&server, &path).await, (200, moved.clone()));
            let Response::FindCoordinator(found) = client.call(4, request.clone()).await else {
                panic!("not an answer to FindCoordinator")
            };
            assert_eq!(found.coordinators[0].error_code, 0);
            assert_eq!(
                (&moved["broker"], found.coordinators[0].node_id.0),
                (&json!(broker), broker)
            );
        }
        refused(post(&server, &path, &json!({"broker": 9})).await, 404, "no broker 9");
        post(&server, "/brokers/1/crash", &json!({})).await;
        refused(post(&server, &path, &json!({"broker": 1})).await, 409, "broker 1 is down");
        let (_, found) = get(&server, &path).await;
        assert_ne!(found["broker"], json!(1));
        post(&server, "/brokers/1/restart", &json!({})).await;
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_json() {
    let server = server();
    let elect = "POST /topics/orders/partitions/0/elect";
    let json = "content-type: application/json\r\n";
    let deep = "[".repeat(60_000);
    let long = format!("{{\"leader\": 1{}}}", " ".repeat(70_000));
    for (line, headers, body, status, says) in [
        ("GET /", "", "", 404, "nothing"),
        ("GET /topics//partitions", "", "", 404, "no topic"),
        ("GET /topics/%FF/partitions", "", "", 400, "UTF-8"),
        ("DELETE /brokers", "", "", 405, "method"),
        ("POST /topics/orders/partitions/x/elect", json, "{\"leader\": 1}", 400, "x"),
        (elect, "", "{\"leader\": 1}", 415, "application/json"),
        (elect, json, "", 400, "EOF"),
        (elect, json, "{\"leader\": ", 400, "EOF"),
        (elect, json, "{}", 422, "leader"),
        (elect, json, "{\"leader\": \"1\"}", 422, "whole number"),
        (elect, json, "{\"leader\": 3000000000}", 422, "whole number"),
        (elect, json, "{\"leader\": 1, \"broker\": 1}", 422, "broker"),
        (elect, json, "\"1\"", 422, "string"),
        (elect, json, &deep, 422, "sequence"),
        (elect, json, &long, 413, "length limit"),
        ("POST /brokers/1/crash", "origin: http://page.example\r\n", "", 403, "browser"),
    ] {
        refused(ask(&server, line, headers, body).await, status, says);
    }
    assert!(server.brokers().unwrap().iter().all(|broker| broker.is_up));
}

#[tokio::test]
async fn bytes_that_are_no_request_harm_nothing() {
    let server = server();
    let long_head = format!("GET /brokers HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("GET /brokers HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    for bytes in [
        b"\0\0\0\x10\0\x12\0\0".as_slice(),
        b"\x16\x03\x01\x02\0\x01",
        b"GET\r\n\r\n",
        b"POST /brokers/1/crash HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /brokers/1/crash HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        long_head.as_bytes(),
        many.as_bytes(),
    ] {
        let answer = bounded(exchange(&server, bytes)).await;
        assert!(answer.is_empty() || (400..500).contains(&parsed(&answer).0), "{answer}");
    }
    let (status, brokers) = get(&server, "/brokers").await;
    assert_eq!(status, 200);
    assert!(brokers.as_array().unwrap().iter().all(|broker| broker["state"] == "up"));
}

/// Time stands still but for what waits for it.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = server();
    let head = "POST /topics/orders/partitions/0/elect HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 13\r\n\r\n{";
    let began = tokio::time::Instant::now();
    refused(parsed(&exchange(&server, head.as_bytes()).await), 408, "too long");
    assert!(began.elapsed() < Duration::from_secs(120));
    // Nor is a head.
    assert!(!exchange(&server, b"GET /brokers HTTP/1.1\r\n").await.starts_with("HTTP/1.1 200"));
    assert!(began.elapsed() < Duration::from_secs(120));
}

#[tokio::test]
async fn its_port_closes_with_the_server() {
    let server = server();
    let url = server.control_url().unwrap();
    let address = url.strip_prefix("http://").unwrap();
    let mut resting = TcpStream::connect(address).await.unwrap();
    bounded(server.stop()).await;
    assert_eq!(bounded(resting.read(&mut [0])).await.unwrap_or(0), 0);
    assert!(bounded(TcpStream::connect(address)).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let server = server();
    let port = server.control_url().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let mut other = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    let refused = other.open_control(&ControlAddress::loopback(port)).unwrap_err();
    assert!(refused.to_string().contains(&port.to_string()), "{refused}");
}
