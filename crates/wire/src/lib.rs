//! Frames, headers, version ranges, and the guard against hostile lengths.
//!
//! The way in is [`decode_request`], the way out is [`encode_response`]; [`encode_request`] and
//! [`decode_response`] are the client's side. The message types are kafka-protocol's, re-exported as
//! [`messages`], but for [`FetchResponse`], which is ours so that record batches are not copied, and
//! for those with fields that it lacks yet.
//! This crate knows nothing of brokers, and no byte from outside reaches kafka-protocol before the
//! guard has bounded every length and count in it.

mod api;
pub use api::{ApiKey, Request, Response};
mod release;
pub use release::{Release, UnknownRelease};
mod frame;
pub use frame::{BadLength, Frame, LooksLike, MAX_FRAME_BYTES, frame_length};
mod header;
pub use header::RequestHeader;
mod refusal;
pub use refusal::{CloseReason, DecodeError, EncodeError, Malformed, Problem, Refusal, Side};
mod decode;
pub use decode::{decode_request, decode_response};
mod encode;
pub use encode::{encode_request, encode_response, encode_unsupported_api_versions};
mod error_answer;
pub use error_answer::{Level, NoSuchLevel, Part, error_response, replace_errors};
mod fetch_response;
pub use fetch_response::{
    AbortedTransaction, DivergingEpoch, FetchResponse, FetchedPartition, FetchedTopic,
    LeaderIdAndEpoch, NodeEndpoint,
};
mod convert;
pub use convert::{FromWire, ToWire};
mod guard;
mod newest;
pub use newest::{
    ApiVersionsRequest, DeletableGroupResult, DeleteGroupsResponse, TransactionMarker,
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponseTopic, WriteTxnMarkersRequest,
};
mod reader;
mod schema;
pub use schema::{Field, Fields, Kind, Schema, array, field, structs, structure};
mod throttle;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod sample;

pub use kafka_protocol::messages;
pub use kafka_protocol::protocol::StrBytes;
