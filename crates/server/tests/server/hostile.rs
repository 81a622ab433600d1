//! No bytes panic the server or harm another connection.

use fencepost_server::Server;
use fencepost_wire::messages::{ApiVersionsRequest, MetadataRequest};
use fencepost_wire::{ApiKey, Release};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::client::{bounded, connect, fetch, frame, framed, produce, server};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends bytes on a connection of their own; a step that panics would break every other one.
async fn survives(server: &Server, bytes: &[u8]) {
    let mut hostile = connect(server);
    hostile.send_raw(bytes).await;
    drop(hostile);
    connect(server).is_served().await;
}

/// A frame with the header of a served request and any body.
fn body_of_any_api() -> impl Strategy<Value = Vec<u8>> {
    let served = ApiKey::ALL
        .iter()
        .flat_map(|api| Release::DEFAULT.served_versions(*api).map(move |version| (*api, version)));
    let served: Vec<_> = served.collect();
    (prop::sample::select(served), vec(any::<u8>(), 0..200)).prop_map(|((api, version), body)| {
        let header = [&api.code().to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 1]];
        let client_id: &[u8] = if api.is_flexible(version) { &[0, 0, 0] } else { &[0, 0] };
        framed(&[&header.concat(), client_id, &body].concat())
    })
}

/// A good request with some of its bytes replaced, its length perhaps too.
fn damaged_request() -> impl Strategy<Value = Vec<u8>> {
    let good = [
        frame(1, 9, produce(1, 50)),
        frame(1, 11, fetch(0, 0)),
        frame(1, 9, MetadataRequest::default()),
        frame(1, 3, ApiVersionsRequest::default()),
    ];
    let damage = vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (prop::sample::select(good.to_vec()), damage).prop_map(|(mut bytes, damage)| {
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn frame_11_no_bytes_harm_another_connection(bytes in vec(any::<u8>(), 0..300)) {
        runtime().block_on(async {
            let server = server();
            survives(&server, &bytes).await;
            bounded(server.stop()).await;
        });
    }

    #[test]
    fn frame_11_no_body_harms_another_connection(frames in vec(body_of_any_api(), 1..8)) {
        runtime().block_on(async {
            let server = server();
            for frame in frames {
                survives(&server, &frame).await;
            }
            bounded(server.stop()).await;
        });
    }

    #[test]
    fn frame_11_no_damage_harms_another_connection(frames in vec(damaged_request(), 1..8)) {
        runtime().block_on(async {
            let server = server();
            for frame in frames {
                survives(&server, &frame).await;
            }
            bounded(server.stop()).await;
        });
    }
}
