//! The versions that Kafka 4.2 and 4.4 have and kafka-protocol cannot read or write yet.
//!
//! `OffsetCommit` and `OffsetFetch` 10 (KIP-848) and `TxnOffsetCommit` 6 (KIP-1319) name topics by their
//! ids; `ListOffsets` 11 is laid out as 10; `WriteTxnMarkers` 2, `ApiVersions` 5 and `DeleteGroups` 3 add
//! fields. What a version has in common with the one before is left to kafka-protocol.

mod api_versions;
pub use api_versions::ApiVersionsRequest;
mod delete_groups;
pub use delete_groups::{DeletableGroupResult, DeleteGroupsResponse};
mod offset_commit;
mod offset_fetch;
mod parts;
mod txn_offset_commit;
pub use txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponseTopic,
};
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
/// The last version of `ApiVersions` that kafka-protocol knows.
const API_VERSIONS: i16 = 4;
/// The last version of `DeleteGroups` that kafka-protocol knows.
const DELETE_GROUPS: i16 = 2;
/// The last version of `TxnOffsetCommit` that kafka-protocol knows.
const TXN_OFFSET_COMMIT: i16 = 5;

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
        ApiKey::DeleteGroups if version > DELETE_GROUPS => {
            parts::structure(bytes, DELETE_GROUPS).map(Request::DeleteGroups)
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
        ApiKey::ApiVersions if version > API_VERSIONS => {
            parts::structure(bytes, API_VERSIONS).map(Response::ApiVersions)
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
        Request::DeleteGroups(body) if version > DELETE_GROUPS => {
            parts::put_structure(out, body, DELETE_GROUPS)
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
        Response::ApiVersions(body) if version > API_VERSIONS => {
            parts::put_structure(out, body, API_VERSIONS)
        }
        Response::WriteTxnMarkers(body) if version > WRITE_TXN_MARKERS => {
            parts::put_structure(out, body, WRITE_TXN_MARKERS)
        }
        _ => return None,
    };
    Some(written)
}
