//! From the bytes of a frame to a request or a response.

use bytes::Bytes;

use crate::guard::{self, Flaw};
use crate::header::{BadHeader, Prefix, skip_tagged_fields};
use crate::reader::Reader;
use crate::refusal::{CloseReason, DecodeError, Malformed, Problem, Refusal, Side};
use crate::{ApiKey, Release, Request, RequestHeader, Response};

/// Reads a request from a frame without its length. The record batches in it are slices of
/// `frame`; bytes after the body are ignored (FRAME-08).
///
/// # Errors
/// A [`Refusal`] says whether the connection is closed or `ApiVersions` is answered with
/// `UNSUPPORTED_VERSION` (API-09, FRAME-09, FRAME-10, FRAME-11).
pub fn decode_request(frame: Bytes, release: Release) -> Result<(RequestHeader, Request), Refusal> {
    let mut reader = Reader::new(&frame, 0);
    let Prefix { key, version } =
        Prefix::read(&mut reader).map_err(|bad| header_refusal("request header", bad))?;
    let api =
        ApiKey::from_code(key).ok_or(Refusal::Close(CloseReason::UnknownApi { key, version }))?;
    let header = RequestHeader::read(api, version, &mut reader)
        .map_err(|bad| header_refusal(&format!("{api} v{version} request header"), bad))?;
    if !release.serves(api, version) {
        return Err(unsupported(&header, release));
    }
    let position = reader.position();
    let request = decode_body(Side::Request, api, version, frame, position, Request::decode)
        .map_err(|malformed| Refusal::Close(malformed.into()))?;
    Ok((header, request))
}

fn unsupported(header: &RequestHeader, release: Release) -> Refusal {
    let (api, version) = (header.api, header.version);
    if matches!(api, ApiKey::ApiVersions) {
        return Refusal::UnsupportedApiVersions { correlation_id: header.correlation_id };
    }
    let served = release.served_versions(api);
    Refusal::Close(CloseReason::UnsupportedVersion { api, version, served })
}

fn header_refusal(message: &str, bad: BadHeader) -> Refusal {
    Refusal::Close(CloseReason::Malformed(Malformed {
        message: message.to_owned(),
        field: bad.field.to_owned(),
        position: bad.position as u32,
        problem: bad.problem,
    }))
}

/// Reads a response, and the correlation id before it, from a frame without its length.
///
/// # Errors
/// If no release has this version, or the bytes are not such a response.
pub fn decode_response(
    api: ApiKey,
    version: i16,
    frame: Bytes,
) -> Result<(i32, Response), DecodeError> {
    if !Release::ALL.iter().any(|release| release.serves(api, version)) {
        return Err(DecodeError::UnknownVersion { api, version });
    }
    let mut reader = Reader::new(&frame, 0);
    let correlation_id = read_response_header(api, version, &mut reader).map_err(|problem| {
        DecodeError::Malformed(Malformed {
            message: format!("{api} v{version} response header"),
            field: "correlation_id".to_owned(),
            position: 0,
            problem,
        })
    })?;
    let position = reader.position();
    let response = decode_body(Side::Response, api, version, frame, position, Response::decode)?;
    Ok((correlation_id, response))
}

fn read_response_header(
    api: ApiKey,
    version: i16,
    reader: &mut Reader<'_>,
) -> Result<i32, Problem> {
    let correlation_id = reader.int32()?;
    if api.has_flexible_response_header(version) {
        skip_tagged_fields(reader)?;
    }
    Ok(correlation_id)
}

/// Guards the body that begins at `position`, and decodes it.
fn decode_body<T>(
    side: Side,
    api: ApiKey,
    version: i16,
    frame: Bytes,
    position: usize,
    decode: impl FnOnce(ApiKey, &mut Bytes, i16) -> Result<T, String>,
) -> Result<T, Malformed> {
    let malformed = |flaw: Flaw| Malformed {
        message: format!("{api} v{version} {side}"),
        field: flaw.path(),
        position: flaw.position as u32,
        problem: flaw.problem,
    };
    guard::check(side, api, version, Reader::new(&frame, position))
        .map_err(|flaw| malformed(*flaw))?;
    decode(api, &mut frame.slice(position..), version)
        .map_err(|text| malformed(Flaw::new(position, Problem::Codec(text))))
}
