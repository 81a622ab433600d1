//! Faults, what waits, and stepped mode over HTTP.

use fencepost_faults::Plan;
use fencepost_server::{Addresses, ControlAddress, Server};
use fencepost_wire::{ApiKey, ApiVersionsRequest, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, base_offset, bounded, config, produce};
use crate::control::{address, ask, get, post, refused};

fn server() -> Server {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    server
}

async fn dial(server: &Server) -> Client<TcpStream> {
    Client::new(bounded(TcpStream::connect(address(server, 0))).await.unwrap())
}

async fn seen(server: &Server, path: &str) -> Value {
    let (status, body) = get(server, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// What waits, as soon as something does.
async fn waiting(server: &Server) -> Value {
    bounded(async {
        loop {
            let held = seen(server, "/held").await;
            if held != json!([]) {
                return held;
            }
        }
    })
    .await
}

#[tokio::test]
async fn faults_are_added_counted_waited_for_and_removed() {
    let server = server();
    assert_eq!(seen(&server, "/faults").await, json!([]));
    let toml = "content-type: application/toml\r\n";
    let plan = "[[fault]]\nname = \"once\"\non = \"Produce\"\nnth = 2\nwhen = \"applied\"\ndo = \"disconnect\"\n";
    let (status, faults) = ask(&server, "POST /faults", toml, plan).await;
    assert_eq!(status, 200, "{faults}");
    assert_eq!((&faults[0]["name"], &faults[0]["fired"]), (&json!("once"), &json!(0)));
    let second = json!({"fault": [{"name": "late", "on": "Fetch", "do": "lose"}]});
    let (status, faults) = post(&server, "/faults", &second).await;
    assert_eq!((status, faults.as_array().unwrap().len()), (200, 2), "{faults}");

    let too_late = get(&server, "/faults/once/hits?within_ms=0").await;
    refused(too_late, 408, "0 times");
    let mut client = dial(&server).await;
    base_offset(client.call(9, produce(-1, 1)).await);
    let wait = get(&server, "/faults/once/hits");
    let hit = async {
        client.send(9, produce(-1, 1)).await;
        client.is_closed_unanswered().await;
    };
    let ((status, fault), ()) = tokio::join!(bounded(wait), hit);
    assert_eq!((status, &fault["fired"], &fault["as_expected"]), (200, &json!(1), &json!(true)));
    let late = seen(&server, "/faults/late/hits?times=0").await;
    assert_eq!(
        (&late["as_expected"], &late["summary"]),
        (&json!(false), &json!("never fired, matched nothing"))
    );
    assert_eq!(seen(&server, "/topics/a/partitions/0/log").await["log_end_offset"], 2);

    let (status, gone) = ask(&server, "DELETE /faults/late", "", "").await;
    assert_eq!((status, &gone["name"], &gone["matched"]), (200, &json!("late"), &json!(0)));
    refused(ask(&server, "DELETE /faults/late", "", "").await, 404, "`late`");
    refused(get(&server, "/faults/late/hits").await, 404, "`late`");
    refused(get(&server, "/faults/once/hits?within_ms=25001").await, 400, "0 to 25000");
    let wrong =
        ask(&server, "POST /faults", toml, "[[fault]]\non = \"Produse\"\ndo = \"lose\"\n").await;
    refused(wrong, 422, "line 2");
    refused(post(&server, "/faults", &json!({"fault": 1})).await, 422, "line 1");
    for untyped in [plan, "{\"window\": \"W083\"}"] {
        refused(ask(&server, "POST /faults", "", untyped).await, 415, "TOML");
    }
    let clock = json!({"fault": [{"on": "Produce", "do": {"advance-clock": {"ms": 1}}}]});
    refused(post(&server, "/faults", &clock).await, 409, "clock");
    let (status, process) =
        ask(&server, "PUT /processes/app", "content-type: application/json\r\n", "{\"pid\": 4}")
            .await;
    assert_eq!((status, process), (200, json!({"pid": 4})));
}

#[tokio::test]
async fn a_plan_that_comes_over_http_signals_processes_by_their_names() {
    let server = server();
    let plan = |process: Value| {
        json!({"fault": [
            {"on": "Produce", "do": {"signal": {"process": process, "signal": "CONT"}}},
        ]})
    };
    refused(post(&server, "/faults", &plan(json!(1))).await, 422, "process 1 by its number");
    assert_eq!(seen(&server, "/faults").await, json!([]));
    let (status, faults) = post(&server, "/faults", &plan(json!("app"))).await;
    assert_eq!(status, 200, "{faults}");
    // Whoever starts the server says what it may signal.
    server.add_faults(Plan::from_json(&plan(json!(1)).to_string()).unwrap()).unwrap();
}

#[tokio::test]
async fn a_crash_window_is_added_by_its_name() {
    let server = server();
    let window = json!({"window": "W033", "topic": "a", "transactional_id": "app"});
    let (status, faults) = post(&server, "/faults", &window).await;
    assert_eq!(status, 200, "{faults}");
    let fault = &faults[0]["fault"];
    assert_eq!((&fault["from"], &fault["topic"]), (&json!("broker"), &json!("a")));
    assert_eq!(fault["transactional_id"], "app");
    let before_2 = json!({"window": "add-anr", "transaction_version": 1});
    let (_, faults) = post(&server, "/faults", &before_2).await;
    assert_eq!(faults[1]["fault"]["from"], json!(null));
    refused(post(&server, "/faults", &json!({"window": "W999"})).await, 422, "W001 to W146");
    refused(post(&server, "/faults", &json!({"window": "W030"})).await, 422, "0 or 1");
    refused(
        post(&server, "/faults", &json!({"window": "W083", "topics": "a"})).await,
        422,
        "topics",
    );
}

/// API-09, FRAME-10: at a client's connection, as at a broker that never had more.
#[tokio::test]
async fn what_is_not_offered_is_not_served() {
    let server = server();
    let offer = json!({"ApiVersions": {"from": 0, "to": 2}, "Produce": {"from": 3, "to": 8}});
    let plan = json!({"fault": [
        {"on": "ApiVersions", "every": 1, "when": "applied", "do": {"offer": offer}},
    ]});
    assert_eq!(post(&server, "/faults", &plan).await.0, 200);
    let mut client = dial(&server).await;
    // It is not read: a broker of version 4 would refuse it, since it names no software.
    let sent = client.send(4, ApiVersionsRequest::default()).await;
    let (correlation_id, answer) = client.receive(ApiKey::ApiVersions, 0).await;
    let Response::ApiVersions(answer) = answer else { panic!("{answer:?}") };
    assert_eq!((correlation_id, answer.error_code, answer.api_keys.len()), (sent, 35, 1));
    client.is_served().await;
    base_offset(client.call(8, produce(-1, 1)).await);
    client.send(9, produce(-1, 1)).await;
    client.is_closed_unanswered().await;
}

#[tokio::test]
async fn what_is_held_is_listed_and_released() {
    let server = server();
    let plan = json!({
        "events": ["go"],
        "fault": [{"on": "Produce", "nth": 1, "do": {"hold": {"event": "go"}}}],
    });
    let (status, answer) = post(&server, "/faults", &plan).await;
    assert_eq!(status, 200, "{answer}");
    let mut client = dial(&server).await;
    client.send(9, produce(-1, 1)).await;
    let held = waiting(&server).await;
    assert_eq!((&held[0]["api"], &held[0]["answer"]), (&json!("Produce"), &json!(false)));
    assert_eq!((&held[0]["client_id"], &held[0]["broker"]), (&json!("raw"), &json!(0)));
    assert_eq!((&held[0]["waits_for"], &held[0]["until"]), (&json!("event"), &json!("go")));
    assert_eq!(post(&server, "/raised/go", &json!({})).await, (200, json!([])));
    base_offset(client.receive(ApiKey::Produce, 9).await.1);
    refused(post(&server, "/held/99/release", &json!({})).await, 404, "99");
}

#[tokio::test]
async fn in_stepped_mode_each_request_is_released_by_hand() {
    let server = server();
    let put = async |body: &str| {
        ask(&server, "PUT /stepped", "content-type: application/json\r\n", body).await
    };
    let empty = "0000000000000000";
    let state = |stepped: bool, next: Value| json!({"stepped": stepped, "turns": 0, "order": empty, "next": next});
    assert_eq!(seen(&server, "/stepped").await, state(false, Value::Null));
    assert_eq!(put("{\"stepped\": true}").await, (200, state(true, Value::Null)));
    let (mut one, mut other) = (dial(&server).await, dial(&server).await);
    one.send(9, produce(-1, 1)).await;
    let first = waiting(&server).await[0]["number"].as_u64().unwrap();
    other.send(9, produce(-1, 1)).await;
    let held = bounded(async {
        loop {
            let held = seen(&server, "/held").await;
            if held.as_array().unwrap().len() == 2 {
                return held;
            }
        }
    })
    .await;
    assert_eq!(held[1]["waits_for"], "step");
    let second = held[1]["number"].as_u64().unwrap();
    let (status, left) = post(&server, &format!("/held/{second}/release"), &json!({})).await;
    assert_eq!(
        (status, &left[0]["number"], left.as_array().unwrap().len()),
        (200, &json!(first), 1)
    );
    assert_eq!(base_offset(other.receive(ApiKey::Produce, 9).await.1), 0);
    let (_, now) = put("{\"stepped\": false}").await;
    assert_eq!((&now["stepped"], &now["turns"]), (&json!(false), &json!(1)));
    assert_ne!(now["order"], empty);
    assert_eq!(base_offset(one.receive(ApiKey::Produce, 9).await.1), 1);
    refused(put("{\"stepped\": true, \"schedule\": \"Produse\"}").await, 422, "line 1");
    let schedule = "{\"stepped\": true, \"schedule\": \"Produce client=raw\"}";
    let (status, now) = put(schedule).await;
    assert_eq!(status, 200, "{now}");
    assert_eq!(now["next"], json!({"number": 1, "turn": "Produce client=raw"}));
    assert_eq!(base_offset(one.call(9, produce(-1, 1)).await), 2);
}
