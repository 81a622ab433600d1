//! Lengths, chunks, response headers, and errors of encoding.

use fencepost_wire::messages::{HeartbeatRequest, HeartbeatResponse, InitProducerIdRequest};
use fencepost_wire::{
    ApiKey, EncodeError, LooksLike, MAX_FRAME_BYTES, Release, RequestHeader, Response, Side,
    decode_request, encode_request, encode_response, frame_length,
};

fn header(api: ApiKey, version: i16) -> RequestHeader {
    RequestHeader { api, version, correlation_id: 7, client_id: "c".into() }
}

#[test]
fn frame_01_the_length_does_not_count_itself() {
    let request = HeartbeatRequest::default().into();
    let frame = encode_request(&header(ApiKey::Heartbeat, 0), &request).unwrap();
    let chunks: Vec<_> = frame.chunks().collect();
    assert_eq!(chunks.len(), 1);
    let prefix = [chunks[0][0], chunks[0][1], chunks[0][2], chunks[0][3]];
    assert_eq!(frame_length(prefix, MAX_FRAME_BYTES).unwrap() as usize, frame.byte_len() - 4);
    let (read, body) = decode_request(frame.into_payload(), Release::V4_1).unwrap();
    assert_eq!((read, body), (header(ApiKey::Heartbeat, 0), request));
}

#[test]
fn frame_02_a_length_below_0_or_above_the_limit_is_refused() {
    assert_eq!(frame_length([0; 4], MAX_FRAME_BYTES), Ok(0));
    assert_eq!(frame_length(104_857_600i32.to_be_bytes(), MAX_FRAME_BYTES), Ok(MAX_FRAME_BYTES));
    for length in [-1, i32::MIN, 104_857_601, i32::MAX] {
        let refused = frame_length(length.to_be_bytes(), MAX_FRAME_BYTES).unwrap_err();
        assert_eq!((refused.length, refused.looks_like), (length, LooksLike::Nothing));
    }
    assert_eq!(
        frame_length([0xff; 4], MAX_FRAME_BYTES).unwrap_err().to_string(),
        "frame length -1 is outside 0..=104857600"
    );
}

#[test]
fn frame_20_tls_and_http_are_recognised_in_the_log() {
    let text = |prefix: &[u8; 4]| frame_length(*prefix, MAX_FRAME_BYTES).unwrap_err().to_string();
    assert_eq!(
        text(b"\x16\x03\x01\x02"),
        "frame length 369295618 is outside 0..=104857600 (it looks like TLS on a plaintext listener)"
    );
    assert_eq!(
        text(b"GET "),
        "frame length 1195725856 is outside 0..=104857600 (it looks like HTTP)"
    );
}

#[test]
fn frame_04_the_response_header_has_tags_in_flexible_versions_but_for_api_versions() {
    let body = |version| {
        let response = HeartbeatResponse::default().into();
        encode_response(7, version, &response).unwrap().into_payload()
    };
    assert_eq!(&body(3)[..], b"\0\0\0\x07\0\0\0\0\0\0");
    assert_eq!(&body(4)[..], b"\0\0\0\x07\0\0\0\0\0\0\0\0");
}

#[test]
fn api_10_the_header_of_an_api_versions_response_never_has_tags() {
    let response = Response::from(fencepost_wire::messages::ApiVersionsResponse::default());
    let body = encode_response(7, 4, &response).unwrap().into_payload();
    assert_eq!(&body[..], b"\0\0\0\x07\0\0\x01\0\0\0\0\0");
}

#[test]
fn api_01_a_field_that_the_version_lacks_is_an_error_that_names_api_and_version() {
    let request = InitProducerIdRequest::default().with_producer_epoch(4).into();
    let error = encode_request(&header(ApiKey::InitProducerId, 2), &request).unwrap_err();
    assert_eq!((error.api, error.version, error.side), (ApiKey::InitProducerId, 2, Side::Request));
    assert_eq!(
        error.to_string(),
        "cannot encode InitProducerId v2 request: \
         A field is set that is not available on the selected protocol version"
    );
    let mismatch = encode_request(&header(ApiKey::EndTxn, 2), &request).unwrap_err();
    assert_eq!(
        mismatch,
        EncodeError {
            api: ApiKey::InitProducerId,
            version: 2,
            side: Side::Request,
            reason: "the header names EndTxn".to_owned(),
        }
    );
}
