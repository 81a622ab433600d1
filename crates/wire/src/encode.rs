//! From a request or a response to the bytes of a frame.

use bytes::BufMut;
use fencepost_ids::ErrorCode;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;

use crate::frame::FrameBuilder;
use crate::refusal::{EncodeError, Side};
use crate::{ApiKey, Frame, Release, Request, RequestHeader, Response};

/// Writes a request as a whole frame.
///
/// # Errors
/// If the header is of another API than the body, or a field is set that the version lacks.
pub fn encode_request(header: &RequestHeader, request: &Request) -> Result<Frame, EncodeError> {
    let (api, version) = (request.api(), header.version);
    let error = |reason| EncodeError { api, version, side: Side::Request, reason };
    if header.api != api {
        return Err(error(format!("the header names {}", header.api)));
    }
    let mut frame = FrameBuilder::new();
    header.write(&mut frame).map_err(error)?;
    request.encode(&mut frame, version).map_err(error)?;
    finish(frame).map_err(error)
}

/// Writes a response to a request of this version as a whole frame. The record batches of a
/// [`FetchResponse`](crate::FetchResponse) become chunks of their own, uncopied, unless they are
/// short.
///
/// # Errors
/// If a field is set that the version lacks: the caller has filled in a field that it must leave
/// at its default for such a client.
pub fn encode_response(
    correlation_id: i32,
    version: i16,
    response: &Response,
) -> Result<Frame, EncodeError> {
    let api = response.api();
    let error = |reason| EncodeError { api, version, side: Side::Response, reason };
    let mut frame = FrameBuilder::new();
    frame.bytes.put_i32(correlation_id);
    if api.has_flexible_response_header(version) {
        frame.bytes.put_u8(0);
    }
    response.encode(&mut frame, version).map_err(error)?;
    finish(frame).map_err(error)
}

/// The answer to `ApiVersions` of an unknown version: version 0, `UNSUPPORTED_VERSION`, and the
/// range of `ApiVersions` alone (API-09).
///
/// # Errors
/// None in practice: the answer is always of version 0.
pub fn encode_unsupported_api_versions(
    correlation_id: i32,
    release: Release,
) -> Result<Frame, EncodeError> {
    let versions = release.versions(ApiKey::ApiVersions);
    let entry = ApiVersion::default()
        .with_api_key(ApiKey::ApiVersions.code())
        .with_min_version(*versions.start())
        .with_max_version(*versions.end());
    let answer = ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(vec![entry]);
    encode_response(correlation_id, 0, &answer.into())
}

fn finish(frame: FrameBuilder) -> Result<Frame, String> {
    frame.finish().map_err(|length| format!("a frame of {length} bytes has no int32 length"))
}
