//! Every version that is served, of every API, there and back.

use bytes::Bytes;
use fencepost_ids::ClientId;

use crate::sample::{self, Tags};
use crate::{
    ApiKey, Release, Request, RequestHeader, Response, Side, decode_request, decode_response,
    encode_request, encode_response,
};

const CORRELATION_ID: i32 = -7;

fn release_of(api: ApiKey, version: i16) -> Release {
    let serving = |release: &&Release| release.serves(api, version);
    *Release::ALL.iter().find(serving).expect("a release serves what is sampled")
}

fn header(api: ApiKey, version: i16) -> RequestHeader {
    RequestHeader { api, version, correlation_id: CORRELATION_ID, client_id: ClientId::from("c") }
}

fn with_header(side: Side, api: ApiKey, version: i16, body: &[u8]) -> Bytes {
    let mut frame = Vec::new();
    if side == Side::Request {
        frame.extend(api.code().to_be_bytes());
        frame.extend(version.to_be_bytes());
    }
    frame.extend(CORRELATION_ID.to_be_bytes());
    let flexible = match side {
        Side::Request => {
            frame.extend(*b"\0\x01c");
            api.is_flexible(version)
        }
        Side::Response => api.has_flexible_response_header(version),
    };
    if flexible {
        frame.push(0);
    }
    frame.extend(body);
    frame.into()
}

#[derive(Clone, PartialEq, Debug)]
enum Message {
    Request(RequestHeader, Request),
    Response(i32, Response),
}

fn decode(side: Side, api: ApiKey, version: i16, frame: Bytes) -> Message {
    match side {
        Side::Request => {
            let (header, body) = decode_request(frame, release_of(api, version))
                .unwrap_or_else(|refusal| panic!("{api} v{version}: {refusal:?}"));
            Message::Request(header, body)
        }
        Side::Response => {
            let (correlation_id, body) =
                decode_response(api, version, frame).unwrap_or_else(|error| panic!("{error}"));
            Message::Response(correlation_id, body)
        }
    }
}

fn encode(version: i16, message: &Message) -> Bytes {
    let frame = match message {
        Message::Request(header, body) => encode_request(header, body),
        Message::Response(correlation_id, body) => encode_response(*correlation_id, version, body),
    };
    frame.unwrap_or_else(|error| panic!("{error}")).into_payload()
}

/// Decodes and encodes what the schema draws, for each version, on both sides.
fn check(tags: Tags, compare: impl Fn(&str, &Bytes, &Bytes)) {
    let mut messages = 0;
    for (api, version) in sample::served() {
        for side in [Side::Request, Side::Response] {
            for seed in 0..40 {
                let body = sample::body(side, api, version, tags, seed);
                let frame = with_header(side, api, version, &body);
                let message = decode(side, api, version, frame.clone());
                let again = encode(version, &message);
                compare(&format!("{api} v{version} {side} seed {seed}"), &frame, &again);
                assert_eq!(decode(side, api, version, again), message);
                messages += 1;
            }
        }
    }
    assert!(messages > 8000, "{messages} messages");
}

#[test]
fn api_01_every_served_version_round_trips_byte_for_byte() {
    check(Tags::None, |name, drawn, again| assert!(drawn == again, "{name}\n{drawn:?}\n{again:?}"));
}

#[test]
fn api_01_known_tagged_fields_round_trip() {
    check(Tags::Known, |_, _, _| ());
}

#[test]
fn api_07_unknown_tagged_fields_are_skipped() {
    check(Tags::KnownAndUnknown, |_, _, _| ());
}

#[test]
fn frame_08_bytes_after_the_body_are_ignored() {
    for (api, version) in sample::served() {
        let body = sample::body(Side::Request, api, version, Tags::Known, 3);
        let frame = with_header(Side::Request, api, version, &body);
        let longer = Bytes::from([&frame[..], b"rest"].concat());
        assert_eq!(
            decode(Side::Request, api, version, longer),
            decode(Side::Request, api, version, frame)
        );
    }
}

#[test]
fn frame_03_the_header_is_flexible_when_the_version_is() {
    for (api, version) in sample::served() {
        let body = sample::body(Side::Request, api, version, Tags::None, 1);
        let frame = with_header(Side::Request, api, version, &body);
        let Message::Request(read, _) = decode(Side::Request, api, version, frame) else {
            panic!("a request was decoded");
        };
        assert_eq!(read, header(api, version));
    }
}

#[test]
fn api_01_default_messages_round_trip_in_every_served_version() {
    for (api, version) in sample::served() {
        let request = Message::Request(header(api, version), Request::empty(api));
        let response = Message::Response(CORRELATION_ID, Response::empty(api));
        for (side, message) in [(Side::Request, request), (Side::Response, response)] {
            assert_eq!(decode(side, api, version, encode(version, &message)), message);
        }
    }
}
