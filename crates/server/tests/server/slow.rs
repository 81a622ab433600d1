//! Slow clients harm nobody but themselves.

use fencepost_wire::ApiKey;
use fencepost_wire::messages::ApiVersionsRequest;

use crate::client::{base_offset, connect, connect_with_room, frame, produce, server, server_with};

/// The slow client's request arrives byte by byte, and between any two bytes another client is
/// served in full.
#[tokio::test]
async fn a_client_that_sends_byte_by_byte_holds_up_nobody() {
    let server = server();
    let mut slow = connect_with_room(&server, 1);
    let mut other = connect(&server);
    for byte in frame(1, 9, produce(1, 20)) {
        slow.send_raw(&[byte]).await;
        other.is_served().await;
    }
    assert_eq!(base_offset(slow.receive(ApiKey::Produce, 9).await.1), 0);
}

/// The answers to a client that never reads fill its pipe; others are served, and the requests
/// behind the first unread answer are not even read (FRAME-07).
#[tokio::test]
async fn a_client_that_never_reads_holds_up_nobody() {
    let server = server();
    let mut deaf = connect_with_room(&server, 16);
    deaf.send(0, ApiVersionsRequest::default()).await;
    let mut other = connect(&server);
    for offset in 0..100 {
        assert_eq!(base_offset(other.call(9, produce(1, 100)).await), offset);
    }
    // It was only slow, and nothing is lost.
    assert_eq!(deaf.receive(ApiKey::ApiVersions, 0).await.0, 1);
    deaf.is_served().await;
}

#[tokio::test(start_paused = true)]
async fn frame_15_an_idle_connection_is_closed() {
    let server = server_with(&[("connections.max.idle.ms", "30000")]);
    let mut client = connect(&server);
    client.is_served().await;
    client.is_closed_unanswered().await;
}

/// The deaf client did something last before the idle one did, so it is closed before it.
#[tokio::test(start_paused = true)]
async fn frame_15_a_client_that_never_reads_is_idle() {
    let server = server_with(&[("connections.max.idle.ms", "30000")]);
    let mut deaf = connect_with_room(&server, 64);
    deaf.send(0, ApiVersionsRequest::default()).await;
    let mut idle = connect(&server);
    idle.is_served().await;
    idle.is_closed_unanswered().await;
    let begun = deaf.rest().await;
    assert_eq!(begun.len(), 64);
}
