//! The throttle time in responses (KIP-219, FRAME-16).

use crate::{ApiKey, Response};

macro_rules! throttled {
    ($response:expr, $body:ident => $use:expr; none: $($none:ident)*; $($api:ident)*) => {
        match $response {
            $(Response::$none(_) => None,)*
            $(Response::$api($body) => $use,)*
        }
    };
}

macro_rules! with_throttle_time {
    ($response:expr, $body:ident => $use:expr) => {
        throttled! { $response, $body => $use;
            none: SaslHandshake SaslAuthenticate WriteTxnMarkers;
            Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup
            Heartbeat LeaveGroup SyncGroup DescribeGroups ListGroups ApiVersions CreateTopics
            DeleteTopics DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn
            AddOffsetsToTxn EndTxn TxnOffsetCommit DescribeConfigs AlterConfigs CreatePartitions
            DeleteGroups ElectLeaders IncrementalAlterConfigs OffsetDelete UpdateFeatures DescribeCluster
            DescribeProducers DescribeTransactions ListTransactions ConsumerGroupHeartbeat
            ConsumerGroupDescribe DescribeTopicPartitions
        }
    };
}

impl ApiKey {
    /// Whether the response carries a throttle time in this version.
    #[must_use]
    pub fn has_throttle_time(self, version: i16) -> bool {
        let mut fields = self.schema().response.iter();
        fields.any(|field| field.name == "throttle_time_ms" && field.is_in(version))
    }
}

impl Response {
    /// How long the client is asked to wait, in milliseconds; none if no version says so.
    #[must_use]
    pub const fn throttle_time_ms(&self) -> Option<i32> {
        with_throttle_time!(self, body => Some(body.throttle_time_ms))
    }

    /// Asks the client to wait, where the version of the response has a place for it.
    pub fn throttle(&mut self, version: i16, time_ms: i32) {
        if self.api().has_throttle_time(version) {
            let _: Option<()> = with_throttle_time!(self, body => {
                body.throttle_time_ms = time_ms;
                None
            });
        }
    }
}
