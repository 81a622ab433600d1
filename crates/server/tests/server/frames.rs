//! Frames that are refused, and what the refusal leaves alone.

use fencepost_wire::messages::{ApiVersionsRequest, MetadataRequest};
use fencepost_wire::{ApiKey, Response};

use crate::client::{Client, connect, frame, framed, server, server_with};

/// Sends bytes, and checks that they close that connection unanswered and no other.
async fn closes(bytes: &[u8]) {
    let server = server();
    let mut other = connect(&server);
    other.is_served().await;
    let mut client = connect(&server);
    client.send_raw(bytes).await;
    client.is_closed_unanswered().await;
    other.is_served().await;
}

#[tokio::test]
async fn frame_02_a_negative_length_closes() {
    closes(&(-1_i32).to_be_bytes()).await;
    closes(&i32::MIN.to_be_bytes()).await;
}

#[tokio::test]
async fn frame_02_a_huge_length_closes() {
    closes(&104_857_601_i32.to_be_bytes()).await;
    closes(&i32::MAX.to_be_bytes()).await;
}

#[tokio::test]
async fn frame_02_http_closes() {
    closes(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
}

#[tokio::test]
async fn frame_20_tls_closes() {
    closes(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]).await;
}

#[tokio::test]
async fn frame_02_the_limit_is_socket_request_max_bytes() {
    let server = server_with(&[("socket.request.max.bytes", "100")]);
    let mut client = connect(&server);
    let request = frame(1, 0, ApiVersionsRequest::default());
    let mut padded = framed(&[&request[4..], &[0; 87]].concat());
    assert_eq!(padded.len(), 4 + 100);
    client.send_raw(&padded).await;
    assert!(matches!(client.receive(ApiKey::ApiVersions, 0).await, (1, Response::ApiVersions(_))));
    padded[3] += 1;
    client.send_raw(&padded).await;
    client.is_closed_unanswered().await;
}

#[tokio::test]
async fn frame_08_bytes_after_the_body_are_ignored() {
    let server = server();
    let mut client = connect(&server);
    let request = frame(1, 0, ApiVersionsRequest::default());
    client.send_raw(&framed(&[&request[4..], b"more"].concat())).await;
    client.receive(ApiKey::ApiVersions, 0).await;
    client.is_served().await;
}

#[tokio::test]
async fn frame_09_an_unknown_key_closes() {
    closes(&framed(&[&[3, 231], &[0, 0][..], &[0, 0, 0, 1], &[255, 255]].concat())).await;
}

#[tokio::test]
async fn frame_10_an_unserved_version_closes() {
    let mut metadata = frame(1, 0, MetadataRequest::default());
    metadata[7] = 99;
    closes(&metadata).await;
    let mut old_produce = frame(1, 3, crate::client::produce(1, 10));
    old_produce[7] = 2;
    closes(&old_produce).await;
}

#[tokio::test]
async fn frame_11_an_empty_frame_closes() {
    closes(&framed(b"")).await;
}

#[tokio::test]
async fn frame_11_a_frame_cut_short_closes_wherever_it_is_cut() {
    let whole = frame(1, 9, crate::client::produce(1, 10));
    for cut in 0..whole.len() - 5 {
        closes(&framed(&whole[4..][..cut])).await;
    }
}

#[tokio::test]
async fn frame_11_an_impossible_count_closes() {
    let metadata = frame(1, 1, MetadataRequest::default().with_topics(Some(Vec::new())));
    let (rest, _count) = metadata.split_last_chunk::<4>().unwrap();
    closes(&framed(&[&rest[4..], &[0x7f, 0xff, 0xff, 0xff]].concat())).await;
}

#[tokio::test]
async fn api_09_an_unknown_version_of_api_versions_is_answered_and_the_connection_stays() {
    let server = server();
    let mut client = connect(&server);
    let mut request = frame(7, 0, ApiVersionsRequest::default());
    request[7] = 99;
    // From version 3 on the header has tagged fields.
    request.push(0);
    request[3] += 1;
    client.send_raw(&request).await;
    let (correlation_id, answer) = client.receive(ApiKey::ApiVersions, 0).await;
    let Response::ApiVersions(answer) = answer else { panic!("not an answer to ApiVersions") };
    assert_eq!((correlation_id, answer.error_code), (7, 35));
    let keys: Vec<_> =
        answer.api_keys.iter().map(|key| (key.api_key, key.min_version, key.max_version)).collect();
    assert_eq!(keys, [(18, 0, 5)]);
    client.is_served().await;
}

#[tokio::test]
async fn frame_05_correlation_ids_are_copied_whatever_they_are() {
    let server = server();
    let mut client: Client = connect(&server);
    for correlation_id in [7, 7, -1, i32::MIN] {
        client.send_raw(&frame(correlation_id, 0, ApiVersionsRequest::default())).await;
        assert_eq!(client.receive(ApiKey::ApiVersions, 0).await.0, correlation_id);
    }
}
