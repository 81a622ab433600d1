//! The APIs that are answered: one table for keys, names, message types and header versions.

use std::fmt;

use bytes::Bytes;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable};

use crate::FetchResponse;
use crate::frame::FrameBuilder;

/// A message body that this crate can read and write; errors are kafka-protocol's text.
pub(crate) trait Body: Sized {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self, String>;
    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<(), String>;
}

impl<M: Decodable + Encodable> Body for M {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self, String> {
        <M as Decodable>::decode(bytes, version).map_err(|error| error.to_string())
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<(), String> {
        Encodable::encode(self, &mut frame.bytes, version).map_err(|error| error.to_string())
    }
}

macro_rules! apis {
    ($($api:ident = $key:literal flexible $flexible:expr, $request:ident => $response:ident;)*) => {
        /// An API that a broker answers (API-01).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(i16)]
        pub enum ApiKey {
            $(#[doc = concat!("`", stringify!($api), "` (", $key, ")")] $api = $key,)*
        }

        impl ApiKey {
            /// Every API, in rising order of keys.
            pub const ALL: &[Self] = &[$(Self::$api,)*];

            /// The API that a key on the wire stands for, if it is answered.
            #[must_use]
            pub const fn from_code(code: i16) -> Option<Self> {
                match code {
                    $($key => Some(Self::$api),)*
                    _ => None,
                }
            }

            /// The name in Kafka's own spelling.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$api => stringify!($api),)*
                }
            }

            /// The first version with compact lengths and tagged fields (FRAME-17).
            pub(crate) const fn first_flexible(self) -> i16 {
                match self {
                    $(Self::$api => $flexible,)*
                }
            }
        }

        /// The body of a request.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Request {
            $(#[doc = concat!("A request of `", stringify!($api), "`")] $api($request),)*
        }

        /// The body of a response.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Response {
            $(#[doc = concat!("A response of `", stringify!($api), "`")] $api($response),)*
        }

        impl Request {
            /// The API that this is a request of.
            #[must_use]
            pub const fn api(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => ApiKey::$api,)*
                }
            }

            pub(crate) fn decode(
                api: ApiKey,
                bytes: &mut Bytes,
                version: i16,
            ) -> Result<Self, String> {
                match api {
                    $(ApiKey::$api => <$request as Body>::decode(bytes, version).map(Self::$api),)*
                }
            }

            pub(crate) fn encode(
                &self,
                frame: &mut FrameBuilder,
                version: i16,
            ) -> Result<(), String> {
                match self {
                    $(Self::$api(body) => Body::encode(body, frame, version),)*
                }
            }
        }

        impl Response {
            /// The API that this is a response of.
            #[must_use]
            pub const fn api(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => ApiKey::$api,)*
                }
            }

            pub(crate) fn decode(
                api: ApiKey,
                bytes: &mut Bytes,
                version: i16,
            ) -> Result<Self, String> {
                match api {
                    $(ApiKey::$api => <$response as Body>::decode(bytes, version).map(Self::$api),)*
                }
            }

            pub(crate) fn encode(
                &self,
                frame: &mut FrameBuilder,
                version: i16,
            ) -> Result<(), String> {
                match self {
                    $(Self::$api(body) => Body::encode(body, frame, version),)*
                }
            }
        }

        $(
            impl From<$request> for Request {
                fn from(body: $request) -> Self {
                    Self::$api(body)
                }
            }

            impl From<$response> for Response {
                fn from(body: $response) -> Self {
                    Self::$api(body)
                }
            }
        )*
    };
}

/// The first flexible version of an API that has none.
const NEVER: i16 = i16::MAX;

apis! {
    Produce = 0 flexible 9, ProduceRequest => ProduceResponse;
    Fetch = 1 flexible 12, FetchRequest => FetchResponse;
    ListOffsets = 2 flexible 6, ListOffsetsRequest => ListOffsetsResponse;
    Metadata = 3 flexible 9, MetadataRequest => MetadataResponse;
    OffsetCommit = 8 flexible 8, OffsetCommitRequest => OffsetCommitResponse;
    OffsetFetch = 9 flexible 6, OffsetFetchRequest => OffsetFetchResponse;
    FindCoordinator = 10 flexible 3, FindCoordinatorRequest => FindCoordinatorResponse;
    JoinGroup = 11 flexible 6, JoinGroupRequest => JoinGroupResponse;
    Heartbeat = 12 flexible 4, HeartbeatRequest => HeartbeatResponse;
    LeaveGroup = 13 flexible 4, LeaveGroupRequest => LeaveGroupResponse;
    SyncGroup = 14 flexible 4, SyncGroupRequest => SyncGroupResponse;
    DescribeGroups = 15 flexible 5, DescribeGroupsRequest => DescribeGroupsResponse;
    ListGroups = 16 flexible 3, ListGroupsRequest => ListGroupsResponse;
    ApiVersions = 18 flexible 3, ApiVersionsRequest => ApiVersionsResponse;
    CreateTopics = 19 flexible 5, CreateTopicsRequest => CreateTopicsResponse;
    DeleteTopics = 20 flexible 4, DeleteTopicsRequest => DeleteTopicsResponse;
    DeleteRecords = 21 flexible 2, DeleteRecordsRequest => DeleteRecordsResponse;
    InitProducerId = 22 flexible 2, InitProducerIdRequest => InitProducerIdResponse;
    OffsetForLeaderEpoch = 23 flexible 4, OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse;
    AddPartitionsToTxn = 24 flexible 3, AddPartitionsToTxnRequest => AddPartitionsToTxnResponse;
    AddOffsetsToTxn = 25 flexible 3, AddOffsetsToTxnRequest => AddOffsetsToTxnResponse;
    EndTxn = 26 flexible 3, EndTxnRequest => EndTxnResponse;
    WriteTxnMarkers = 27 flexible 1, WriteTxnMarkersRequest => WriteTxnMarkersResponse;
    TxnOffsetCommit = 28 flexible 3, TxnOffsetCommitRequest => TxnOffsetCommitResponse;
    DescribeConfigs = 32 flexible 4, DescribeConfigsRequest => DescribeConfigsResponse;
    CreatePartitions = 37 flexible 2, CreatePartitionsRequest => CreatePartitionsResponse;
    DeleteGroups = 42 flexible 2, DeleteGroupsRequest => DeleteGroupsResponse;
    IncrementalAlterConfigs = 44 flexible 1, IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse;
    OffsetDelete = 47 flexible NEVER, OffsetDeleteRequest => OffsetDeleteResponse;
    UpdateFeatures = 57 flexible 0, UpdateFeaturesRequest => UpdateFeaturesResponse;
    DescribeCluster = 60 flexible 0, DescribeClusterRequest => DescribeClusterResponse;
    DescribeProducers = 61 flexible 0, DescribeProducersRequest => DescribeProducersResponse;
    DescribeTransactions = 65 flexible 0, DescribeTransactionsRequest => DescribeTransactionsResponse;
    ListTransactions = 66 flexible 0, ListTransactionsRequest => ListTransactionsResponse;
    ConsumerGroupHeartbeat = 68 flexible 0, ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse;
    ConsumerGroupDescribe = 69 flexible 0, ConsumerGroupDescribeRequest => ConsumerGroupDescribeResponse;
    DescribeTopicPartitions = 75 flexible 0, DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse;
}

impl ApiKey {
    /// The key on the wire.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// Whether a version has compact lengths and tagged fields (FRAME-17).
    #[must_use]
    pub const fn is_flexible(self, version: i16) -> bool {
        version >= self.first_flexible()
    }

    /// Whether the header of a response has tagged fields; never for `ApiVersions`, since its
    /// client does not know yet what the broker speaks (FRAME-04, API-10).
    #[must_use]
    pub const fn has_flexible_response_header(self, version: i16) -> bool {
        self.is_flexible(version) && !matches!(self, Self::ApiVersions)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
