//! What stands in answers as they go over the wire.

use std::time::Duration;

use fencepost_ids::{ClientId, Rule};
use fencepost_server::Server;
use fencepost_wire::messages::{
    ApiVersionsRequest, FindCoordinatorRequest, GroupId, InitProducerIdRequest, JoinGroupRequest,
    MetadataRequest, SaslAuthenticateRequest, SaslHandshakeRequest, TxnOffsetCommitRequest,
};
use fencepost_wire::{ApiKey, Request, RequestHeader, Response, StrBytes, encode_request};
use tokio::time::Instant;

use crate::client::{
    base_offset, config, connect, fetch, fetched_bytes, frame, framed, produce, server,
};

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

/// An ApiVersions request that names its software.
fn api_versions() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(text("raw"))
        .with_client_software_version(text("1.0"))
}

fn int32(bytes: &[u8]) -> i32 {
    i32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// API-08, API-10: byte by byte, at the versions that differ in shape.
#[tokio::test]
async fn api_08_the_shape_of_api_versions() {
    let server = server();
    let mut client = connect(&server);
    let keys = ApiKey::ALL.len();

    client.send(0, ApiVersionsRequest::default()).await;
    let plain = client.receive_raw().await;
    assert_eq!(plain[..6], [0, 0, 0, 1, 0, 0], "correlation id and error, no tags between");
    assert_eq!(int32(&plain[6..]) as usize, keys);
    assert_eq!(plain.len(), 10 + 6 * keys, "no throttle time, no features");

    client.send(1, ApiVersionsRequest::default()).await;
    let throttled = client.receive_raw().await;
    assert_eq!(throttled.len(), 10 + 6 * keys + 4);
    assert_eq!(throttled[4..10 + 6 * keys], plain[4..]);
    assert_eq!(throttled[10 + 6 * keys..], [0; 4]);

    client.send(3, api_versions()).await;
    let flexible = client.receive_raw().await;
    assert_eq!(flexible[4..6], [0, 0], "API-10: still no tags in the header");
    assert_eq!(usize::from(flexible[6]), keys + 1, "a compact array");
    let rest = &flexible[7 + 7 * keys..];
    assert_eq!(rest[..4], [0; 4], "the throttle time");
    assert_eq!(rest[4], 3, "supported features, the epoch and finalized features");
    let mut tags = Vec::new();
    let mut at = 5;
    while at < rest.len() {
        tags.push(rest[at]);
        at += 2 + usize::from(rest[at + 1]);
    }
    assert_eq!(tags, [0, 1, 2], "and no zkMigrationReady");
    assert_eq!(at, rest.len());
}

/// API-15: any number of times, and on a plaintext listener at any time.
#[tokio::test]
async fn api_15_api_versions_is_answered_again_and_again() {
    let server = server();
    let mut client = connect(&server);
    client.is_served().await;
    client.is_served().await;
    client.call(1, MetadataRequest::default()).await;
    client.is_served().await;
}

/// API-48, API-49, API-50: no listener asks for SASL, and each attempt is refused in words that a
/// client understands.
#[tokio::test]
async fn api_48_api_49_and_api_50_sasl_is_refused() {
    let server = server();
    let mut client = connect(&server);
    let handshake = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
    let Response::SaslHandshake(answer) = client.call(1, handshake).await else {
        panic!("not an answer to SaslHandshake")
    };
    assert_eq!((answer.error_code, answer.mechanisms.len()), (34, 0));
    let token = SaslAuthenticateRequest::default().with_auth_bytes("\0user\0word".into());
    let Response::SaslAuthenticate(answer) = client.call(2, token).await else {
        panic!("not an answer to SaslAuthenticate")
    };
    assert_eq!((answer.error_code, answer.session_lifetime_ms), (34, 0));
    assert!(answer.error_message.is_some());
    client.is_served().await;
}

/// API-51: neither of the two keys of telemetry is listed, and asking all the same closes.
#[tokio::test]
async fn api_51_telemetry_is_absent() {
    let server = server();
    let mut client = connect(&server);
    let Response::ApiVersions(answer) = client.call(4, api_versions()).await else {
        panic!("not an answer to ApiVersions")
    };
    assert!(answer.api_keys.iter().all(|key| ![71, 72].contains(&key.api_key)));
    for key in [71, 72] {
        let mut client = connect(&server);
        let header = [0, key, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0];
        client.send_raw(&framed(&[&header[..], &[0; 17]].concat())).await;
        client.is_closed_unanswered().await;
    }
}

/// API-07: a tagged field that nobody knows.
#[tokio::test]
async fn api_07_an_unknown_tag_is_passed_over() {
    let server = server();
    let mut client = connect(&server);
    let mut metadata = frame(1, 12, MetadataRequest::default().with_topics(Some(Vec::new())));
    assert_eq!(metadata.pop(), Some(0), "no tagged fields");
    metadata.extend([1, 99, 3, 7, 7, 7]);
    client.send_raw(&framed(&metadata[4..])).await;
    let (correlation_id, answer) = client.receive(ApiKey::Metadata, 12).await;
    let Response::Metadata(answer) = answer else { panic!("not an answer to Metadata") };
    assert_eq!((correlation_id, answer.brokers.len()), (1, 1));
}

/// FRAME-18: null for the group id, which cannot be null; a topic list that can be null keeps null
/// and empty apart (API-17).
#[tokio::test]
async fn frame_18_null_closes_where_a_value_is_needed() {
    let server = server();
    let mut client = connect(&server);
    let commit = TxnOffsetCommitRequest::default()
        .with_transactional_id(text("t").into())
        .with_group_id(GroupId(text("g")))
        .with_producer_id(1.into());
    let mut commit = frame(1, 0, commit);
    let group = commit.windows(3).position(|bytes| bytes == [0, 1, b'g']).unwrap();
    commit.splice(group..group + 3, [0xff, 0xff]);
    client.send_raw(&framed(&commit[4..])).await;
    client.is_closed_unanswered().await;

    let mut client = connect(&server);
    for (topics, count) in [(Some(Vec::new()), 0), (None, 1)] {
        let request = MetadataRequest::default().with_topics(topics);
        let Response::Metadata(answer) = client.call(12, request).await else {
            panic!("not an answer to Metadata")
        };
        assert_eq!(answer.topics.len(), count);
    }
}

/// FRAME-19: each request has its own client id, and it is in the member ids (GRP-05).
#[tokio::test]
async fn frame_19_client_ids_may_differ_on_one_connection() {
    let server = server();
    let mut client = connect(&server);
    // The first question creates the topic, the second is answered.
    for _ in 0..2 {
        client.call(3, FindCoordinatorRequest::default().with_key(text("g"))).await;
    }
    for (correlation_id, name) in [(1, "one"), (2, "a.b/c d"), (3, "")] {
        let request: Request = JoinGroupRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_session_timeout_ms(10_000)
            .with_protocol_type(text("consumer"))
            .with_protocols(vec![Default::default()])
            .into();
        let header = RequestHeader {
            api: ApiKey::JoinGroup,
            version: 5,
            correlation_id,
            client_id: ClientId::from(name),
        };
        let bytes: Vec<u8> =
            encode_request(&header, &request).unwrap().into_chunks().flatten().collect();
        client.send_raw(&bytes).await;
        let (answered, Response::JoinGroup(answer)) = client.receive(ApiKey::JoinGroup, 5).await
        else {
            panic!("not an answer to JoinGroup")
        };
        assert_eq!((answered, answer.error_code), (correlation_id, 79));
        assert!(answer.member_id.starts_with(&format!("{name}-")), "{}", answer.member_id.as_str());
    }
}

/// FRAME-12: what fails inside a real broker is answered -1 wherever the answer has errors, and a
/// request without an answer closes the connection.
#[tokio::test]
async fn frame_12_an_inner_failure_is_answered_or_closes() {
    let server = server();
    let mut client = connect(&server);
    let null = |acks| {
        let mut request = produce(acks, 1);
        request.topic_data[0].partition_data[0].records = None;
        request
    };
    let Response::Produce(answer) = client.call(9, null(1)).await else {
        panic!("not an answer to Produce")
    };
    assert_eq!(answer.responses[0].partition_responses[0].error_code, -1);
    let mut odd = fetch(0, 0).with_isolation_level(2);
    let Response::Fetch(answer) = client.call(11, odd.clone()).await else {
        panic!("not an answer to Fetch")
    };
    assert_eq!(answer.error_code.code(), -1);
    assert_eq!(answer.topics[0].partitions[0].error_code.code(), -1);
    odd.isolation_level = 0;
    assert_eq!(fetched_bytes(client.call(11, odd).await), 0, "the connection is served on");
    client.send(9, null(0)).await;
    client.is_closed_unanswered().await;
}

/// FRAME-16, API-05: an answer that asks to wait comes at once, and the next request is served when
/// the wait is over; other connections wait for their own answers only. In virtual time.
#[tokio::test(start_paused = true)]
async fn frame_16_a_throttled_connection_is_not_read() {
    let server = server();
    let mut client = connect(&server);
    let throttle = |response| match response {
        Response::Metadata(answer) => answer.throttle_time_ms,
        _ => panic!("not an answer to Metadata"),
    };
    assert_eq!(throttle(client.call(3, MetadataRequest::default()).await), 0);
    server.throttle(Duration::from_millis(1000));
    let begun = Instant::now();
    assert_eq!(throttle(client.call(3, MetadataRequest::default()).await), 1000);
    assert_eq!(begun.elapsed(), Duration::ZERO, "the answer itself does not wait");
    server.throttle(Duration::ZERO);
    let mut other = connect(&server);
    other.is_served().await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    client.is_served().await;
    assert!(begun.elapsed() >= Duration::from_millis(1000), "{:?}", begun.elapsed());
    let later = Instant::now();
    client.is_served().await;
    assert_eq!(later.elapsed(), Duration::ZERO, "it is over");
}

/// FRAME-16: a version without a place for it is not throttled.
#[tokio::test(start_paused = true)]
async fn frame_16_an_answer_without_a_throttle_time_is_not_throttled() {
    let server = server();
    server.throttle(Duration::from_secs(5));
    let mut client = connect(&server);
    let begun = Instant::now();
    client.is_served().await;
    client.is_served().await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// FRAME-14: of two requests in the pipe of a client that closes, the first is carried out, and the
/// second may be or not; here the driver of the cluster decides by when it reads.
#[tokio::test]
async fn frame_14_a_pipelined_request_may_be_lost_with_its_connection() {
    let server = server();
    let mut client = connect(&server);
    client.send(9, produce(-1, 10)).await;
    client.send(9, produce(-1, 10)).await;
    drop(client);
    let mut reader = connect(&server);
    let mut next = 0;
    while next == 0 {
        next = base_offset(reader.call(9, produce(1, 10)).await);
    }
    assert!(next >= 1, "the first one came before this one");
    // A closed connection takes no more: the request behind a parked one is not even read.
    let mut parked = connect(&server);
    let end = base_offset(reader.call(9, produce(1, 10)).await);
    parked.send(11, fetch(end + 1, i32::MAX)).await;
    parked.send(9, produce(1, 10)).await;
    drop(parked);
    assert_eq!(base_offset(reader.call(9, produce(1, 10)).await), end + 1);
}

/// FRAME-07, switched off: the answer to the second request overtakes that to the first.
#[tokio::test]
async fn frame_06_and_frame_07_without_it_answers_overtake_each_other() {
    let order = async |rule_is_on: bool| {
        let mut config = config(1, &[]);
        if !rule_is_on {
            config.rules.without(Rule::OneRequestInProcess);
        }
        let server = Server::without_ports(config);
        let mut client = connect(&server);
        let parked = client.send(11, fetch(0, i32::MAX)).await;
        client.send(9, produce(1, 100)).await;
        client.send(0, InitProducerIdRequest::default().with_transaction_timeout_ms(1)).await;
        if rule_is_on {
            let mut other = connect(&server);
            assert_eq!(base_offset(other.call(9, produce(1, 100)).await), 0);
        }
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(int32(&client.receive_raw().await) - parked);
        }
        seen
    };
    assert_eq!(order(true).await, [0, 1, 2]);
    let off = order(false).await;
    assert_ne!(off, [0, 1, 2]);
    let mut all = off.clone();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2], "none is lost");
}
