//! The versions that Kafka 4.2 has and kafka-protocol cannot read or write yet.
//!
//! `OffsetCommit` and `OffsetFetch` 10 name topics by their ids (KIP-848); `ListOffsets` 11 is laid out
//! as 10; `WriteTxnMarkers` 2 adds a field. What a version has in common with the one before is left to kafka-protocol.

mod offset_commit;
mod offset_fetch;
mod parts;
mod write_txn_markers;
pub use write_txn_markers::{TransactionMarker, WriteTxnMarkersRequest};

use bytes::Bytes;

use crate::frame::FrameBuilder;
use crate::{ApiKey, Request, Response};

/// The version from which offsets are committed and fetched by topic id.
const BY_TOPIC_ID: i16 = 10;
/// The last version of `ListOffsets` that kafka-protocol knows.
const LIST_OFFSETS: i16 = 10;
/// The last version of `WriteTxnMarkers` that kafka-protocol knows.
const WRITE_TXN_MARKERS: i16 = 1;

/// A request of a version that is read here; nothing for all others.
pub(crate) fn decode_request(
    api: ApiKey,
    bytes: &mut Bytes,
    version: i16,
) -> Option<Result<Request, String>> {
    let request = match api {
        ApiKey::OffsetCommit if version == BY_TOPIC_ID => {
            offset_commit::decode_request(bytes).map(Request::OffsetCommit)
        }
        ApiKey::OffsetFetch if version == BY_TOPIC_ID => {
            offset_fetch::decode_request(bytes).map(Request::OffsetFetch)
        }
        ApiKey::ListOffsets if version > LIST_OFFSETS => {
            parts::structure(bytes, LIST_OFFSETS).map(Request::ListOffsets)
        }
        _ => return None,
    };
    Some(request)
}

/// A response of a version that is read here; nothing for all others.
pub(crate) fn decode_response(
    api: ApiKey,
    bytes: &mut Bytes,
    version: i16,
) -> Option<Result<Response, String>> {
    let response = match api {
        ApiKey::OffsetCommit if version == BY_TOPIC_ID => {
            offset_commit::decode_response(bytes).map(Response::OffsetCommit)
        }
        ApiKey::OffsetFetch if version == BY_TOPIC_ID => {
            offset_fetch::decode_response(bytes).map(Response::OffsetFetch)
        }
        ApiKey::ListOffsets if version > LIST_OFFSETS => {
            parts::structure(bytes, LIST_OFFSETS).map(Response::ListOffsets)
        }
        ApiKey::WriteTxnMarkers if version > WRITE_TXN_MARKERS => {
            parts::structure(bytes, WRITE_TXN_MARKERS).map(Response::WriteTxnMarkers)
        }
        _ => return None,
    };
    Some(response)
}

/// Writes a request of a version that is written here; nothing for all others.
pub(crate) fn encode_request(
    request: &Request,
    frame: &mut FrameBuilder,
    version: i16,
) -> Option<Result<(), String>> {
    let out = &mut frame.bytes;
    let written = match request {
        Request::OffsetCommit(body) if version == BY_TOPIC_ID => {
            offset_commit::encode_request(body, out)
        }
        Request::OffsetFetch(body) if version == BY_TOPIC_ID => {
            offset_fetch::encode_request(body, out)
        }
        Request::ListOffsets(body) if version > LIST_OFFSETS => {
            parts::put_structure(out, body, LIST_OFFSETS)
        }
        _ => return None,
    };
    Some(written)
}

/// Writes a response of a version that is written here; nothing for all others.
pub(crate) fn encode_response(
    response: &Response,
    frame: &mut FrameBuilder,
    version: i16,
) -> Option<Result<(), String>> {
    let out = &mut frame.bytes;
    let written = match response {
        Response::OffsetCommit(body) if version == BY_TOPIC_ID => {
            offset_commit::encode_response(body, out)
        }
        Response::OffsetFetch(body) if version == BY_TOPIC_ID => {
            offset_fetch::encode_response(body, out)
        }
        Response::ListOffsets(body) if version > LIST_OFFSETS => {
            parts::put_structure(out, body, LIST_OFFSETS)
        }
        Response::WriteTxnMarkers(body) if version > WRITE_TXN_MARKERS => {
            parts::put_structure(out, body, WRITE_TXN_MARKERS)
        }
        _ => return None,
    };
    Some(written)
}
