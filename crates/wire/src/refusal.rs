//! Why bytes are refused, and why a message cannot be written.

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::ApiKey;

/// What a broker does with a request that it does not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The connection is closed, nothing is answered (FRAME-09, FRAME-10, FRAME-11).
    Close(CloseReason),
    /// `ApiVersions` of an unknown version: answered by
    /// [`encode_unsupported_api_versions`](crate::encode_unsupported_api_versions), and the
    /// connection stays open (API-09).
    UnsupportedApiVersions {
        /// The correlation id to answer with.
        correlation_id: i32,
    },
}

/// Why a connection is closed, for the log.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CloseReason {
    /// A key that is not answered on this listener (FRAME-09).
    #[error("unknown API key {key} (version {version})")]
    UnknownApi {
        /// The key that was read.
        key: i16,
        /// The version that was read.
        version: i16,
    },
    /// A version that is not served (FRAME-10, API-02).
    #[error("{api} v{version} is not served: {} to {} are", served.start(), served.end())]
    UnsupportedVersion {
        /// The API that was asked for.
        api: ApiKey,
        /// The version that was asked for.
        version: i16,
        /// The versions that are served.
        served: RangeInclusive<i16>,
    },
    /// A header or body that cannot be read (FRAME-11).
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Bytes that are not the message that they claim to be (FRAME-11).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("malformed {message}: {field} at byte {position}: {problem}")]
pub struct Malformed {
    /// What was being read, such as `Produce v9 request`.
    pub message: String,
    /// The path of the field, such as `topic_data[2].partition_data[0].records`.
    pub field: String,
    /// Where the field begins, in bytes from the start of the frame without its length.
    pub position: u32,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Problem {
    /// The frame ends inside the field.
    #[error("{needed} bytes needed, {left} left")]
    Short {
        /// The bytes that the field takes at least.
        needed: u64,
        /// The bytes that are left in the frame, or in the tagged field.
        left: u64,
    },
    /// An array of more elements than the bytes left can hold.
    #[error("{count} elements of at least {each} bytes, {left} bytes left")]
    Count {
        /// The number of elements claimed.
        count: u64,
        /// The least bytes that one takes.
        each: u64,
        /// The bytes that are left.
        left: u64,
    },
    /// More array elements and unknown tagged fields in one message than are taken.
    #[error("more than {limit} array elements and tagged fields in one message")]
    TooManyElements {
        /// The most that are taken.
        limit: u32,
    },
    /// A null where none is allowed (FRAME-18).
    #[error("null in a field that cannot be null")]
    Null,
    /// A structure that may be null begins with neither 1 nor -1.
    #[error("marker {0} is neither 1 nor -1")]
    Marker(i8),
    /// A negative length other than null.
    #[error("negative length {0}")]
    Negative(i32),
    /// An unsigned varint of more than five bytes (FRAME-17).
    #[error("varint of more than 5 bytes")]
    Varint,
    /// Text longer than an int16 length can say, which compact lengths could smuggle in; Kafka
    /// refuses it too.
    #[error("text of {0} bytes, 32767 at most")]
    LongText(u64),
    /// Text that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A tagged field that this version does not have.
    #[error("tag {0} is not valid in this version")]
    Tag(u32),
    /// A tagged field whose value does not fill its size.
    #[error("{0} bytes left over in a tagged field")]
    TagSize(u64),
    /// Refused by kafka-protocol, in its words.
    #[error("{0}")]
    Codec(String),
}

/// A response that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// No release has this version.
    #[error("{api} v{version} is not known")]
    UnknownVersion {
        /// The API of the response.
        api: ApiKey,
        /// The version that was asked for.
        version: i16,
    },
    /// The bytes are not such a response.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// A message that cannot be written in the version asked for, usually because a field is set that
/// the version lacks.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("cannot encode {api} v{version} {side}: {reason}")]
pub struct EncodeError {
    /// The API of the message.
    pub api: ApiKey,
    /// The version asked for.
    pub version: i16,
    /// Whether it is a request or a response.
    pub side: Side,
    /// What is wrong.
    pub reason: String,
}

/// The two sides of an API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// From the client to the broker.
    Request,
    /// From the broker to the client.
    Response,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}
