//! What comes when on one connection.

use fencepost_wire::messages::{
    ApiVersionsRequest, MetadataRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use fencepost_wire::{ApiKey, Response};

use crate::client::{base_offset, connect, fetch, fetched_bytes, produce, server};

#[tokio::test]
async fn frame_06_pipelined_requests_are_answered_in_order() {
    let server = server();
    let mut client = connect(&server);
    for _ in 0..20 {
        client.send(1, MetadataRequest::default()).await;
        client.send(0, ApiVersionsRequest::default()).await;
        client.send(9, produce(-1, 100)).await;
    }
    for round in 0..20 {
        assert_eq!(client.receive(ApiKey::Metadata, 1).await.0, 3 * round + 1);
        assert_eq!(client.receive(ApiKey::ApiVersions, 0).await.0, 3 * round + 2);
        let (correlation_id, answer) = client.receive(ApiKey::Produce, 9).await;
        assert_eq!((correlation_id, base_offset(answer)), (3 * round + 3, i64::from(round)));
    }
}

/// The fetch waits for a record, and Metadata behind it on the same connection waits with it.
#[tokio::test]
async fn frame_07_a_parked_request_holds_back_what_follows_it() {
    let server = server();
    let mut client = connect(&server);
    let parked = client.send(11, fetch(0, i32::MAX)).await;
    let behind = client.send(1, MetadataRequest::default()).await;

    let mut other = connect(&server);
    other.is_served().await;
    assert_eq!(base_offset(other.call(9, produce(1, 100)).await), 0);

    let (first, answer) = client.receive(ApiKey::Fetch, 11).await;
    assert_eq!(first, parked);
    assert!(fetched_bytes(answer) > 100);
    assert_eq!(client.receive(ApiKey::Metadata, 1).await.0, behind);
}

/// In virtual time: the wait of ten minutes ends by the timer, not by a record.
#[tokio::test(start_paused = true)]
async fn fetch_26_a_parked_fetch_is_answered_when_its_time_is_over() {
    let server = server();
    let mut client = connect(&server);
    client.send(11, fetch(0, 30_000)).await;
    let (_, answer) = client.receive(ApiKey::Fetch, 11).await;
    assert_eq!(fetched_bytes(answer), 0);
}

#[tokio::test]
async fn frame_13_what_was_sent_before_the_client_closed_is_carried_out() {
    let server = server();
    let mut reader = connect(&server);
    reader.send(11, fetch(0, i32::MAX)).await;
    let mut client = connect(&server);
    client.send(9, produce(1, 100)).await;
    drop(client);
    assert!(fetched_bytes(reader.receive(ApiKey::Fetch, 11).await.1) > 100);
}

#[tokio::test]
async fn api_38_a_produce_without_acks_has_no_answer() {
    let server = server();
    let mut client = connect(&server);
    client.send(9, produce(0, 100)).await;
    assert_eq!(base_offset(client.call(9, produce(1, 100)).await), 1);
}

/// Frames longer and shorter than any buffer, in one stream, come out whole.
#[tokio::test]
async fn frame_01_frames_of_all_sizes_share_a_connection() {
    let server = server();
    let mut client = connect(&server);
    let sizes = [1, 8_000, 8_190, 8_191, 8_192, 8_193, 65_535, 65_536, 70_000, 300_000, 1_000_000];
    for (offset, size) in (0..).zip(sizes) {
        assert_eq!(base_offset(client.call(9, produce(1, size)).await), offset);
        client.is_served().await;
    }
    let records: usize = sizes.iter().sum();
    assert!(fetched_bytes(client.call(11, fetch(0, 0)).await) > records);
}

#[tokio::test]
async fn api_47_sasl_is_illegal_on_a_plaintext_listener() {
    let server = server();
    let mut client = connect(&server);
    for version in 0..=1 {
        let answer = client.call(version, SaslHandshakeRequest::default()).await;
        assert!(matches!(answer, Response::SaslHandshake(answer) if answer.error_code == 34));
    }
    for version in 0..=2 {
        let answer = client.call(version, SaslAuthenticateRequest::default()).await;
        assert!(matches!(answer, Response::SaslAuthenticate(answer) if answer.error_code == 34));
    }
    client.is_served().await;
}
