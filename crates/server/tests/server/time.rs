//! The manual clock, and snapshots.

use std::time::Duration;

use fencepost_ids::{ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{BatchBuilder, TransactionBit};
use fencepost_server::{Addresses, ClockKind, ControlAddress, RunOptions, Server};
use fencepost_wire::messages::{FindCoordinatorRequest, InitProducerIdRequest, TransactionalId};
use fencepost_wire::{ApiKey, Response, StrBytes};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{
    Client, append, appended, base_offset, bounded, config, fetch, fetched_bytes, produce,
};
use crate::control::{address, ask, get, post, refused};

const START: Timestamp = Timestamp(1_700_000_000_000);

fn server(settings: &[(&str, &str)]) -> Server {
    let clock = ClockKind::Manual { start: Some(START) };
    let options = RunOptions { clock, ..RunOptions::default() };
    let mut server =
        Server::listen_by(config(1, settings), &Addresses::default(), &options).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    server
}

async fn dial(server: &Server) -> Client<TcpStream> {
    Client::new(bounded(TcpStream::connect(address(server, 0))).await.unwrap())
}

async fn told(server: &Server, path: &str, body: Value) -> Value {
    let (status, answer) = post(server, path, &body).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn seen(server: &Server, path: &str) -> Value {
    let (status, body) = get(server, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A transaction of `t` with one record in `a`-0, that may last 15 minutes.
async fn transaction(client: &mut Client<TcpStream>) {
    let id = StrBytes::from_static_str("t");
    let find =
        FindCoordinatorRequest::default().with_key_type(1).with_coordinator_keys(vec![id.clone()]);
    client.call(4, find).await;
    let init = InitProducerIdRequest::default()
        .with_transactional_id(Some(TransactionalId(id.clone())))
        .with_transaction_timeout_ms(900_000);
    let Response::InitProducerId(producer) = client.call(4, init).await else { panic!() };
    assert_eq!(producer.error_code, 0);
    let batch = BatchBuilder::new()
        .producer(ProducerId(producer.producer_id.0), ProducerEpoch(0), Sequence(0))
        .transaction(TransactionBit::Transactional);
    let request = append(-1, batch, START, b"v").with_transactional_id(Some(TransactionalId(id)));
    assert_eq!(appended(client.call(12, request).await), (0, 0));
}

/// TIMEOUT-01, TIMEOUT-02: the scan runs every ten seconds, and its marker has its moment.
#[tokio::test]
async fn a_transaction_timeout_of_15_minutes_is_one_call() {
    let server = server(&[]);
    let mut client = dial(&server).await;
    transaction(&mut client).await;
    let state = async || seen(&server, "/transactions/t").await["state"].clone();
    told(&server, "/clock/advance", json!({"ms": 899_999})).await;
    assert_eq!(state().await, "Ongoing");
    let clock = told(&server, "/clock/advance", json!({"ms": 60_001})).await;
    assert_eq!(clock["now_ms"], START.0 + 960_000);
    assert_eq!(state().await, "CompleteAbort");
    let log = seen(&server, "/topics/a/partitions/0/log").await;
    assert_eq!(log["batches"][0]["transaction"], "aborted");
    let marker = &log["batches"][1]["records"][0];
    assert_eq!(marker["marker"]["outcome"], "abort");
    let at = marker["timestamp_ms"].as_i64().unwrap() - START.0;
    assert!((900_000..=910_000).contains(&at) && at % 10_000 == 0, "{at}");
}

#[tokio::test]
async fn a_long_poll_waits_for_the_clock() {
    let server = server(&[]);
    let mut client = dial(&server).await;
    client.send(11, fetch(0, 500)).await;
    // Another request shows that the first one was taken, since one turn follows the other.
    let parked = async || {
        let timers = seen(&server, "/timers").await;
        timers.as_array().unwrap().iter().find(|timer| timer["timer"] == "ParkedRequest").cloned()
    };
    let timer = bounded(async {
        loop {
            if let Some(timer) = parked().await {
                break timer;
            }
        }
    });
    assert_eq!(timer.await["in_ms"], 500);
    told(&server, "/clock/advance", json!({"ms": 499})).await;
    assert_eq!(parked().await.unwrap()["in_ms"], 1);
    let clock = told(&server, "/clock/next", json!({})).await;
    assert_eq!(clock["now_ms"], START.0 + 500);
    assert_eq!(parked().await, None);
    let (_, answer) = client.receive(ApiKey::Fetch, 11).await;
    assert_eq!(fetched_bytes(answer), 0);
}

/// FRAME-15, FRAME-16.
#[tokio::test]
async fn connections_rest_by_the_clock() {
    let server = server(&[("connections.max.idle.ms", "60000")]);
    let mut client = dial(&server).await;
    told(&server, "/throttle", json!({"ms": 3_600_000})).await;
    base_offset(client.call(9, produce(-1, 1)).await);
    told(&server, "/throttle", json!({"ms": 0})).await;
    client.send(9, produce(-1, 1)).await;
    let mut other = dial(&server).await;
    other.is_served().await;
    assert_eq!(seen(&server, "/topics/a/partitions/0/log").await["log_end_offset"], 1);
    bounded(server.advance(Duration::from_millis(60_000))).await.unwrap();
    // The one is not read and the other says nothing: both have rested for a minute.
    client.is_closed_unanswered().await;
    other.is_closed_unanswered().await;
}

#[tokio::test]
async fn timers_are_gone_to_by_name() {
    let server = server(&[]);
    let clock = told(&server, "/clock/next", json!({"timer": "OffsetExpiration"})).await;
    assert_eq!(clock["now_ms"], START.0 + 600_000);
    assert_eq!(
        (&clock["kind"], &clock["next_deadline_ms"]),
        (&json!("manual"), &json!(START.0 + 605_000))
    );
    refused(post(&server, "/clock/next", &json!({"timer": "Alarm"})).await, 404, "timer");
    refused(post(&server, "/clock/advance", &json!({"ms": 2_678_400_001_i64})).await, 422, "range");
    refused(post(&server, "/clock/advance", &json!({"ms": -1})).await, 422, "-1");
}

/// The advance is one of more timers than one holder of the lock fires, and the fault fires early on the way.
#[tokio::test]
async fn a_clock_that_a_fault_moves_further_does_not_go_back() {
    let server = server(&[]);
    let plan = json!({"fault": [
        {"on": "Produce", "do": {"delay": {"ms": 500}}},
        {"on": "Produce", "when": "applied", "do": {"advance-clock": {"ms": 10_800_000}}},
    ]});
    told(&server, "/faults", plan).await;
    let mut client = dial(&server).await;
    client.send(9, produce(-1, 1)).await;
    bounded(async { while seen(&server, "/held").await == json!([]) {} }).await;
    let clock = told(&server, "/clock/advance", json!({"ms": 7_200_000})).await;
    let now = clock["now_ms"].as_i64().unwrap() - START.0;
    assert!(now >= 10_800_000, "{now}");
    base_offset(client.receive(ApiKey::Produce, 9).await.1);
}

#[tokio::test]
async fn the_real_clock_is_not_moved() {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    assert_eq!(seen(&server, "/clock").await["kind"], "real");
    refused(post(&server, "/clock/advance", &json!({"ms": 1})).await, 409, "real");
    refused(post(&server, "/clock/next", &json!({})).await, 409, "real");
}

#[tokio::test]
async fn a_reset_takes_the_cluster_and_its_clock_back() {
    let server = server(&[]);
    let mut client = dial(&server).await;
    base_offset(client.call(9, produce(-1, 1)).await);
    let (status, snapshot) = ask(&server, "PUT /snapshots/one%20record", "", "").await;
    assert_eq!((status, &snapshot), (200, &json!({"name": "one record", "at_ms": START.0})));
    assert_eq!(seen(&server, "/snapshots").await, json!([snapshot]));
    for _ in 0..2 {
        assert!(base_offset(client.call(9, produce(-1, 1)).await) >= 1);
        told(&server, "/clock/advance", json!({"ms": 86_400_000})).await;
        told(&server, "/brokers/0/crash", json!({})).await;
        let was = told(&server, "/snapshots/one%20record/reset", json!({})).await;
        assert_eq!(was, snapshot);
        client.rest().await;
        assert_eq!(seen(&server, "/clock").await["now_ms"], START.0);
        assert_eq!(seen(&server, "/connections").await, json!([]));
        assert_eq!(seen(&server, "/topics/a/partitions/0/log").await["log_end_offset"], 1);
        client = dial(&server).await;
        assert_eq!(base_offset(client.call(9, produce(-1, 1)).await), 1);
    }
    // A broker that was down is down again.
    told(&server, "/brokers/0/crash", json!({})).await;
    ask(&server, "PUT /snapshots/down", "", "").await;
    told(&server, "/brokers/0/restart", json!({})).await;
    told(&server, "/snapshots/down/reset", json!({})).await;
    assert_eq!(seen(&server, "/brokers").await[0]["state"], "down");
    assert!(bounded(TcpStream::connect(address(&server, 0))).await.is_err());

    assert_eq!(ask(&server, "DELETE /snapshots/down", "", "").await.0, 200);
    refused(ask(&server, "DELETE /snapshots/down", "", "").await, 404, "`down`");
    refused(post(&server, "/snapshots/down/reset", &json!({})).await, 404, "`down`");
    let long = format!("PUT /snapshots/{}", "x".repeat(101));
    refused(ask(&server, &long, "", "").await, 400, "100");
    for number in 1..100 {
        assert_eq!(ask(&server, &format!("PUT /snapshots/{number}"), "", "").await.0, 200);
    }
    refused(ask(&server, "PUT /snapshots/more", "", "").await, 409, "100");
    assert_eq!(ask(&server, "PUT /snapshots/99", "", "").await.0, 200);
}

/// What came due since the snapshot happens at once.
#[tokio::test]
async fn the_real_clock_goes_on_when_the_cluster_is_reset() {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    let at = server.take_snapshot("empty").unwrap();
    let mut client = dial(&server).await;
    base_offset(client.call(9, produce(-1, 1)).await);
    let before = server.clock().unwrap().now;
    assert_eq!(bounded(server.reset("empty")).await.unwrap(), at);
    assert!(server.clock().unwrap().now >= before);
    client.is_closed_unanswered().await;
    assert_eq!(seen(&server, "/topics/a/partitions/0/log").await["log_end_offset"], 0);
    let mut client = dial(&server).await;
    assert_eq!(base_offset(client.call(9, produce(-1, 1)).await), 0);
}
