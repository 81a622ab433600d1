//! The APIs that are answered: one table for keys, names, message types and header versions.

use std::fmt;

use bytes::Bytes;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable};

use crate::FetchResponse;
use crate::frame::FrameBuilder;
use crate::newest::{
    self, ApiVersionsRequest, DeleteGroupsResponse, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse, WriteTxnMarkersRequest,
};
use crate::schema::{self, Schema};

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
    ($($api:ident = $key:literal flexible $flexible:expr, $schema:ident, $request:ident => $response:ident;)*) => {
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

            /// The fields of its two messages, in every version.
            #[must_use]
            pub const fn schema(self) -> &'static Schema {
                match self {
                    $(Self::$api => &schema::$schema,)*
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
            /// A request with every field at its default.
            #[cfg(test)]
            pub(crate) fn empty(api: ApiKey) -> Self {
                match api {
                    $(ApiKey::$api => $request::default().into(),)*
                }
            }

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
                if let Some(newest) = newest::decode_request(api, bytes, version) {
                    return newest;
                }
                match api {
                    $(ApiKey::$api => <$request as Body>::decode(bytes, version).map(Self::$api),)*
                }
            }

            pub(crate) fn encode(
                &self,
                frame: &mut FrameBuilder,
                version: i16,
            ) -> Result<(), String> {
                if let Some(newest) = newest::encode_request(self, frame, version) {
                    return newest;
                }
                match self {
                    $(Self::$api(body) => Body::encode(body, frame, version),)*
                }
            }
        }

        impl Response {
            /// A response with every field at its default.
            pub(crate) fn empty(api: ApiKey) -> Self {
                match api {
                    $(ApiKey::$api => $response::default().into(),)*
                }
            }

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
                if let Some(newest) = newest::decode_response(api, bytes, version) {
                    return newest;
                }
                match api {
                    $(ApiKey::$api => <$response as Body>::decode(bytes, version).map(Self::$api),)*
                }
            }

            pub(crate) fn encode(
                &self,
                frame: &mut FrameBuilder,
                version: i16,
            ) -> Result<(), String> {
                if let Some(newest) = newest::encode_response(self, frame, version) {
                    return newest;
                }
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
    Produce = 0 flexible 9, PRODUCE,
        ProduceRequest => ProduceResponse;
    Fetch = 1 flexible 12, FETCH,
        FetchRequest => FetchResponse;
    ListOffsets = 2 flexible 6, LIST_OFFSETS,
        ListOffsetsRequest => ListOffsetsResponse;
    Metadata = 3 flexible 9, METADATA,
        MetadataRequest => MetadataResponse;
    OffsetCommit = 8 flexible 8, OFFSET_COMMIT,
        OffsetCommitRequest => OffsetCommitResponse;
    OffsetFetch = 9 flexible 6, OFFSET_FETCH,
        OffsetFetchRequest => OffsetFetchResponse;
    FindCoordinator = 10 flexible 3, FIND_COORDINATOR,
        FindCoordinatorRequest => FindCoordinatorResponse;
    JoinGroup = 11 flexible 6, JOIN_GROUP,
        JoinGroupRequest => JoinGroupResponse;
    Heartbeat = 12 flexible 4, HEARTBEAT,
        HeartbeatRequest => HeartbeatResponse;
    LeaveGroup = 13 flexible 4, LEAVE_GROUP,
        LeaveGroupRequest => LeaveGroupResponse;
    SyncGroup = 14 flexible 4, SYNC_GROUP,
        SyncGroupRequest => SyncGroupResponse;
    DescribeGroups = 15 flexible 5, DESCRIBE_GROUPS,
        DescribeGroupsRequest => DescribeGroupsResponse;
    ListGroups = 16 flexible 3, LIST_GROUPS,
        ListGroupsRequest => ListGroupsResponse;
    SaslHandshake = 17 flexible NEVER, SASL_HANDSHAKE,
        SaslHandshakeRequest => SaslHandshakeResponse;
    ApiVersions = 18 flexible 3, API_VERSIONS,
        ApiVersionsRequest => ApiVersionsResponse;
    CreateTopics = 19 flexible 5, CREATE_TOPICS,
        CreateTopicsRequest => CreateTopicsResponse;
    DeleteTopics = 20 flexible 4, DELETE_TOPICS,
        DeleteTopicsRequest => DeleteTopicsResponse;
    DeleteRecords = 21 flexible 2, DELETE_RECORDS,
        DeleteRecordsRequest => DeleteRecordsResponse;
    InitProducerId = 22 flexible 2, INIT_PRODUCER_ID,
        InitProducerIdRequest => InitProducerIdResponse;
    OffsetForLeaderEpoch = 23 flexible 4, OFFSET_FOR_LEADER_EPOCH,
        OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse;
    AddPartitionsToTxn = 24 flexible 3, ADD_PARTITIONS_TO_TXN,
        AddPartitionsToTxnRequest => AddPartitionsToTxnResponse;
    AddOffsetsToTxn = 25 flexible 3, ADD_OFFSETS_TO_TXN,
        AddOffsetsToTxnRequest => AddOffsetsToTxnResponse;
    EndTxn = 26 flexible 3, END_TXN,
        EndTxnRequest => EndTxnResponse;
    WriteTxnMarkers = 27 flexible 1, WRITE_TXN_MARKERS,
        WriteTxnMarkersRequest => WriteTxnMarkersResponse;
    TxnOffsetCommit = 28 flexible 3, TXN_OFFSET_COMMIT,
        TxnOffsetCommitRequest => TxnOffsetCommitResponse;
    DescribeConfigs = 32 flexible 4, DESCRIBE_CONFIGS,
        DescribeConfigsRequest => DescribeConfigsResponse;
    AlterConfigs = 33 flexible 2, ALTER_CONFIGS,
        AlterConfigsRequest => AlterConfigsResponse;
    SaslAuthenticate = 36 flexible 2, SASL_AUTHENTICATE,
        SaslAuthenticateRequest => SaslAuthenticateResponse;
    CreatePartitions = 37 flexible 2, CREATE_PARTITIONS,
        CreatePartitionsRequest => CreatePartitionsResponse;
    DeleteGroups = 42 flexible 2, DELETE_GROUPS,
        DeleteGroupsRequest => DeleteGroupsResponse;
    ElectLeaders = 43 flexible 2, ELECT_LEADERS,
        ElectLeadersRequest => ElectLeadersResponse;
    IncrementalAlterConfigs = 44 flexible 1, INCREMENTAL_ALTER_CONFIGS,
        IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse;
    OffsetDelete = 47 flexible NEVER, OFFSET_DELETE,
        OffsetDeleteRequest => OffsetDeleteResponse;
    UpdateFeatures = 57 flexible 0, UPDATE_FEATURES,
        UpdateFeaturesRequest => UpdateFeaturesResponse;
    DescribeCluster = 60 flexible 0, DESCRIBE_CLUSTER,
        DescribeClusterRequest => DescribeClusterResponse;
    DescribeProducers = 61 flexible 0, DESCRIBE_PRODUCERS,
        DescribeProducersRequest => DescribeProducersResponse;
    DescribeTransactions = 65 flexible 0, DESCRIBE_TRANSACTIONS,
        DescribeTransactionsRequest => DescribeTransactionsResponse;
    ListTransactions = 66 flexible 0, LIST_TRANSACTIONS,
        ListTransactionsRequest => ListTransactionsResponse;
    ConsumerGroupHeartbeat = 68 flexible 0, CONSUMER_GROUP_HEARTBEAT,
        ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse;
    ConsumerGroupDescribe = 69 flexible 0, CONSUMER_GROUP_DESCRIBE,
        ConsumerGroupDescribeRequest => ConsumerGroupDescribeResponse;
    DescribeTopicPartitions = 75 flexible 0, DESCRIBE_TOPIC_PARTITIONS,
        DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse;
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
