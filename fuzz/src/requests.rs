//! Frames of requests and of responses.

use bytes::Bytes;
use fencepost_wire::{
    ApiKey, Release, decode_request, decode_response, encode_request, encode_response, frame_length,
};

/// A frame without its length, read as every release reads it; what is accepted is written again.
pub(crate) fn request(data: &[u8]) {
    if let Some(prefix) = data.first_chunk() {
        let _ = frame_length(*prefix, u32::MAX);
    }
    for release in Release::ALL {
        let Ok((header, request)) = decode_request(Bytes::copy_from_slice(data), *release) else {
            continue;
        };
        // Two fields of one meaning can make a request that was read unwritable.
        let Ok(frame) = encode_request(&header, &request) else { continue };
        let again = decode_request(frame.into_payload(), *release);
        assert!(again.is_ok(), "a request that was written is read: {again:?}");
    }
}

/// An API key, a version and a frame: what a client is answered.
pub(crate) fn response(data: &[u8]) {
    let Some((head, frame)) = data.split_first_chunk::<2>() else { return };
    let [key, version] = head.map(i16::from);
    let Some(api) = ApiKey::from_code(key) else { return };
    let frame = Bytes::copy_from_slice(frame);
    if let Ok((correlation_id, response)) = decode_response(api, version, frame) {
        let _ = encode_response(correlation_id, version, &response);
    }
}
