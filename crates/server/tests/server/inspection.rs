//! What the control API shows of a cluster, and its own description.

use fencepost_server::{Addresses, ControlAddress, Server};
use fencepost_wire::StrBytes;
use fencepost_wire::messages::{
    ApiVersionsRequest, FindCoordinatorRequest, GroupId, InitProducerIdRequest,
    OffsetCommitRequest, TransactionalId, offset_commit_request,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, base_offset, bounded, config, produce, produce_in_sequence};
use crate::control::{address, ask, get, refused};

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

#[tokio::test]
async fn a_log_shows_its_records_page_by_page() {
    let server = server();
    let mut client = dial(&server).await;
    for sequence in 0..3 {
        assert_eq!(
            base_offset(client.call(9, produce_in_sequence(sequence)).await),
            i64::from(sequence)
        );
    }
    assert_eq!(base_offset(client.call(9, produce(-1, 2)).await), 3);
    let log = seen(&server, "/topics/a/partitions/0/log?limit=3").await;
    assert_eq!((&log["log_end_offset"], &log["next"]), (&json!(4), &json!(3)));
    let batch = &log["batches"][1];
    assert_eq!(batch["transaction"], "none");
    assert_eq!((&batch["producer_id"], &batch["base_sequence"]), (&json!(9), &json!(1)));
    let record = &batch["records"][0];
    assert_eq!((&record["offset"], &record["key"]), (&json!(1), &Value::Null));
    assert_eq!(record["value"], json!({"base64": "dg==", "text": "v"}));
    assert_eq!(record["decoded"], Value::Null);
    let rest = seen(&server, "/topics/a/partitions/0/log?from=3&replica=0").await;
    assert_eq!((&rest["batches"][0]["producer_id"], &rest["next"]), (&Value::Null, &Value::Null));
    let producers = seen(&server, "/topics/a/partitions/0/producers").await;
    assert_eq!(producers["producers"][0]["batches"].as_array().unwrap().len(), 3);

    bounded(server.crash(0.into())).await.unwrap();
    refused(get(&server, "/topics/a/partitions/0/log").await, 409, "no leader");
    let on_disk = seen(&server, "/topics/a/partitions/0/log?replica=0").await;
    assert_eq!((&on_disk["up"], &on_disk["log_end_offset"]), (&json!(false), &json!(4)));
    for (path, status, says) in [
        ("/topics/a/partitions/1/log", 404, "no partition 1"),
        ("/topics/a/partitions/0/producers?replica=1", 404, "broker 1"),
        ("/topics/a/partitions/0/log?limit=0", 400, "range"),
        ("/topics/a/partitions/0/log?from=-1", 400, "range"),
        ("/topics/a/partitions/0/log?form=1", 400, "form"),
    ] {
        refused(get(&server, path).await, status, says);
    }
}

#[tokio::test]
async fn transactional_ids_and_groups_are_shown() {
    let server = server();
    let mut client = dial(&server).await;
    for (key, key_type) in [("orders-1", 1), ("readers", 0)] {
        let request = FindCoordinatorRequest::default()
            .with_key_type(key_type)
            .with_coordinator_keys(vec![StrBytes::from_static_str(key)]);
        client.call(4, request).await;
    }
    let id = TransactionalId(StrBytes::from_static_str("orders-1"));
    let init = InitProducerIdRequest::default()
        .with_transactional_id(Some(id))
        .with_transaction_timeout_ms(60_000);
    client.call(4, init).await;
    let all = seen(&server, "/transactions").await;
    assert_eq!(all["loading"], json!([]));
    let one = seen(&server, "/transactions/orders-1").await;
    assert_eq!(all["transactions"], json!([one]));
    assert_eq!((&one["state"], &one["timeout_ms"]), (&json!("Empty"), &json!(60_000)));
    assert_eq!((&one["start_ms"], &one["producer_epoch"]), (&Value::Null, &json!(0)));

    let partition = offset_commit_request::OffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(7);
    let topic = offset_commit_request::OffsetCommitRequestTopic::default()
        .with_name(StrBytes::from_static_str("a").into())
        .with_partitions(vec![partition]);
    let commit = OffsetCommitRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("readers")))
        .with_topics(vec![topic]);
    client.call(8, commit).await;
    let group = seen(&server, "/groups/readers").await;
    assert_eq!(seen(&server, "/groups").await["groups"], json!([group]));
    assert_eq!((&group["kind"], &group["state"]), (&json!("classic"), &json!("Empty")));
    assert_eq!(group["committed"][0]["offset"], 7);

    // What the coordinators wrote of that says the same.
    let path = |topic, of: &Value| format!("/topics/{topic}/partitions/{}/log", of["partition"]);
    let log = seen(&server, &path("__transaction_state", &one)).await;
    let record = &log["batches"][0]["records"][0]["decoded"];
    assert_eq!((&record["kind"], &log["log_end_offset"]), (&json!("transaction"), &json!(1)));
    assert_eq!(record["key"], json!({"transactional_id": "orders-1"}));
    for field in ["state", "producer_id", "producer_epoch", "timeout_ms", "start_ms", "partitions"]
    {
        assert_eq!(record["value"][field], one[field], "{field}: {record}");
    }
    let log = seen(&server, &path("__consumer_offsets", &group)).await;
    let record = &log["batches"][0]["records"][0]["decoded"];
    assert_eq!(record["kind"], "offset_commit");
    assert_eq!(record["key"], json!({"group": "readers", "topic": "a", "partition": 0}));
    for field in ["offset", "leader_epoch", "metadata", "commit_ms"] {
        assert_eq!(record["value"][field], group["committed"][0][field], "{field}: {record}");
    }

    refused(get(&server, "/transactions/other").await, 404, "`other`");
    refused(get(&server, "/groups/other").await, 404, "`other`");
}

#[tokio::test]
async fn the_cluster_its_connections_and_its_timers_are_shown() {
    let server = server();
    let cluster = seen(&server, "/cluster").await;
    assert_eq!((&cluster["brokers"], &cluster["controller"]), (&json!(1), &json!(0)));
    assert_eq!((&cluster["connections"], &cluster["rules_off"]), (&json!(0), &json!([])));
    let mut client = dial(&server).await;
    client.is_served().await;
    let connections = seen(&server, "/connections").await;
    let open = |number: u64, client_id: Option<&str>, software: Value| {
        json!({
            "connection": number, "broker": 0, "host": "127.0.0.1",
            "client_id": client_id, "software": software,
        })
    };
    assert_eq!(connections, json!([open(0, Some("raw"), Value::Null)]));
    let mut named = dial(&server).await;
    let name = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("a-client"))
        .with_client_software_version(StrBytes::from_static_str("1.2"));
    named.call(3, name).await;
    let silent = dial(&server).await;
    let connections = bounded(async {
        loop {
            let connections = seen(&server, "/connections").await;
            if connections.as_array().unwrap().len() == 3 {
                break connections;
            }
        }
    });
    let software = json!({"name": "a-client", "version": "1.2"});
    assert_eq!(
        connections.await,
        json!([
            open(0, Some("raw"), Value::Null),
            open(1, Some("raw"), software),
            open(2, None, Value::Null),
        ])
    );
    drop(silent);
    assert_eq!(seen(&server, "/messages").await, json!([]));
    let timers = seen(&server, "/timers").await;
    assert!(timers.as_array().unwrap().iter().any(|it| it["timer"] == "LogRetention"), "{timers}");
    let topics = seen(&server, "/topics").await;
    assert_eq!((&topics[0]["name"], &topics[0]["partitions"]), (&json!("a"), &json!(1)));
}

/// Every path, parameter, answer and property is described, and every reference leads somewhere.
#[tokio::test]
async fn the_description_is_whole() {
    let server = server();
    let described = seen(&server, "/openapi.json").await;
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() > 15, "{}", paths.len());
    let words = |value: &Value, of: &str| {
        // What may be null is described beside its schema.
        let value = value["oneOf"].as_array().map_or(value, |either| &either[0]);
        assert!(value["description"].as_str().is_some_and(|text| text.len() > 3), "{of}: {value}");
    };
    let mut ids = std::collections::BTreeSet::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let of = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{of}");
            assert!(ids.insert(operation["operationId"].to_string()), "{of}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                words(parameter, &of);
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("200") && responses.contains_key("500"), "{of}");
            for response in responses.values() {
                words(response, &of);
            }
        }
    }
    let schemas = described["components"]["schemas"].as_object().unwrap();
    // Those of plans are the faults' own.
    for (name, schema) in schemas.iter().filter(|(name, _)| !name.starts_with("Plan")) {
        words(schema, name);
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            words(schema, &format!("{name}.{property}"));
        }
    }
    let text = described.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(described.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

/// The plans that the description gives as examples are taken, and the schema of plans is that of the faults.
#[tokio::test]
async fn plans_are_described_by_a_schema_and_by_examples() {
    let server = server();
    let described = seen(&server, "/openapi.json").await;
    let contents = &described["paths"]["/faults"]["post"]["requestBody"]["content"];
    for (content_type, content) in contents.as_object().unwrap() {
        let example = &content["example"];
        let plan = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let headers = format!("content-type: {content_type}\r\n");
        let (status, answer) = ask(&server, "POST /faults", &headers, &plan).await;
        assert_eq!(status, 200, "{content_type}: {answer}");
    }
    assert_eq!(seen(&server, "/faults").await.as_array().unwrap().len(), 2);
    let schema = seen(&server, "/fault-plan.schema.json").await;
    assert_eq!(schema, serde_json::from_str::<Value>(&fencepost_faults::json_schema()).unwrap());
}

#[tokio::test]
async fn off_loopback_and_wherever_there_is_a_token_it_is_asked_for() {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    let everywhere = ControlAddress { bind: [0, 0, 0, 0].into(), port: 0, token: None };
    let refusal = server.open_control(&everywhere).unwrap_err().to_string();
    assert!(refusal.contains("--control-token"), "{refusal}");
    let unfit = ControlAddress { token: Some("a b".to_owned()), ..everywhere.clone() };
    assert!(server.open_control(&unfit).is_err());
    let with_token = ControlAddress { token: Some("s3cret".to_owned()), ..everywhere };
    server.open_control(&ControlAddress { bind: [127, 0, 0, 1].into(), ..with_token }).unwrap();
    for wrong in ["", "authorization: Bearer s3creT\r\n", "authorization: Basic s3cret\r\n"] {
        refused(ask(&server, "GET /brokers", wrong, "").await, 401, "token");
        refused(ask(&server, "GET /openapi.json", wrong, "").await, 401, "token");
    }
    let (status, _) = ask(&server, "GET /brokers", "authorization: bearer s3cret\r\n", "").await;
    assert_eq!(status, 200);
}
