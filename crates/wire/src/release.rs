//! The release of Kafka that is played, and the version ranges that it advertises.
//!
//! The ranges are those of the message schemas of 3.9.1, 4.0.1, 4.1.1, 4.2.0, 4.3.1 and 4.4.0; a version that a
//! release calls unstable is not advertised (`InitProducerId` 6; `OffsetCommit` 10, `OffsetFetch` 10
//! and `ListOffsets` 11 in 4.1). They differ from the real release in one place, since a version
//! that cannot be encoded is not advertised (API-01): 3.9 begins where 4.0 does, so that the versions
//! that KIP-896 removed are not served.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;

use crate::ApiKey;

/// A release line of Apache Kafka.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Release {
    /// 3.9, in KRaft mode.
    V3_9,
    /// 4.0.
    V4_0,
    /// 4.1.
    V4_1,
    /// 4.2.
    V4_2,
    /// 4.3.
    V4_3,
    /// 4.4.
    V4_4,
}

/// A text that names no release.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("unknown Kafka version `{0}`: expected 3.9, 4.0, 4.1, 4.2, 4.3 or 4.4")]
pub struct UnknownRelease(String);

impl Release {
    /// Every release, oldest first.
    pub const ALL: &[Self] =
        &[Self::V3_9, Self::V4_0, Self::V4_1, Self::V4_2, Self::V4_3, Self::V4_4];

    /// The release that is played if none is named.
    pub const DEFAULT: Self = Self::V4_4;

    /// The levels of `transaction.version` that this release can finalize (FEAT-02): 3.9 has the
    /// feature only as an unstable one, and does not tell clients of it.
    #[must_use]
    pub const fn transaction_versions(self) -> RangeInclusive<i16> {
        match self {
            Self::V3_9 => 0..=0,
            Self::V4_0 | Self::V4_1 | Self::V4_2 | Self::V4_3 | Self::V4_4 => 0..=2,
        }
    }

    /// The versions of an API that this release advertises (API-01).
    #[must_use]
    pub const fn versions(self, api: ApiKey) -> RangeInclusive<i16> {
        let (first, last) = match self {
            Self::V3_9 => range_in_3_9(api),
            Self::V4_0 => range_in_4_0(api),
            Self::V4_1 => range_in_4_1(api),
            Self::V4_2 | Self::V4_3 => range_in_4_2(api),
            Self::V4_4 => range_in_4_4(api),
        };
        first..=last
    }

    /// The versions of an API that are answered: all that are advertised but `Produce` 0 to 2, which
    /// stand in the list for the sake of older clients alone (API-02).
    #[must_use]
    pub const fn served_versions(self, api: ApiKey) -> RangeInclusive<i16> {
        let versions = self.versions(api);
        match api {
            ApiKey::Produce => 3..=*versions.end(),
            _ => versions,
        }
    }

    /// Whether a request of this version is answered.
    #[must_use]
    pub fn serves(self, api: ApiKey, version: i16) -> bool {
        self.served_versions(api).contains(&version)
    }
}

const fn range_in_4_4(api: ApiKey) -> (i16, i16) {
    match api {
        ApiKey::ApiVersions => (0, 5),
        ApiKey::TxnOffsetCommit => (0, 6),
        ApiKey::DeleteGroups => (0, 3),
        same => range_in_4_2(same),
    }
}

const fn range_in_4_2(api: ApiKey) -> (i16, i16) {
    match api {
        ApiKey::ListOffsets => (1, 11),
        ApiKey::OffsetCommit => (2, 10),
        ApiKey::OffsetFetch => (1, 10),
        ApiKey::WriteTxnMarkers => (1, 2),
        same => range_in_4_1(same),
    }
}

const fn range_in_4_1(api: ApiKey) -> (i16, i16) {
    match api {
        ApiKey::Produce => (0, 13),
        ApiKey::Fetch => (4, 18),
        ApiKey::ListOffsets => (1, 10),
        ApiKey::Metadata => (0, 13),
        ApiKey::OffsetCommit => (2, 9),
        ApiKey::OffsetFetch => (1, 9),
        ApiKey::FindCoordinator => (0, 6),
        ApiKey::JoinGroup => (0, 9),
        ApiKey::Heartbeat => (0, 4),
        ApiKey::LeaveGroup => (0, 5),
        ApiKey::SyncGroup => (0, 5),
        ApiKey::DescribeGroups => (0, 6),
        ApiKey::ListGroups => (0, 5),
        ApiKey::SaslHandshake => (0, 1),
        ApiKey::ApiVersions => (0, 4),
        ApiKey::CreateTopics => (2, 7),
        ApiKey::DeleteTopics => (1, 6),
        ApiKey::DeleteRecords => (0, 2),
        ApiKey::InitProducerId => (0, 5),
        ApiKey::OffsetForLeaderEpoch => (2, 4),
        ApiKey::AddPartitionsToTxn => (0, 5),
        ApiKey::AddOffsetsToTxn => (0, 4),
        ApiKey::EndTxn => (0, 5),
        ApiKey::WriteTxnMarkers => (1, 1),
        ApiKey::TxnOffsetCommit => (0, 5),
        ApiKey::DescribeConfigs => (1, 4),
        ApiKey::AlterConfigs => (0, 2),
        ApiKey::SaslAuthenticate => (0, 2),
        ApiKey::CreatePartitions => (0, 3),
        ApiKey::DeleteGroups | ApiKey::ElectLeaders => (0, 2),
        ApiKey::IncrementalAlterConfigs => (0, 1),
        ApiKey::OffsetDelete => (0, 0),
        ApiKey::UpdateFeatures => (0, 2),
        ApiKey::DescribeCluster => (0, 2),
        ApiKey::DescribeProducers => (0, 0),
        ApiKey::DescribeTransactions => (0, 0),
        ApiKey::ListTransactions => (0, 2),
        ApiKey::ConsumerGroupHeartbeat => (0, 1),
        ApiKey::ConsumerGroupDescribe => (0, 1),
        ApiKey::DescribeTopicPartitions => (0, 0),
    }
}

const fn range_in_4_0(api: ApiKey) -> (i16, i16) {
    match api {
        ApiKey::Produce => (0, 12),
        ApiKey::Fetch => (4, 17),
        ApiKey::ListTransactions => (0, 1),
        same => range_in_4_1(same),
    }
}

const fn range_in_3_9(api: ApiKey) -> (i16, i16) {
    match api {
        ApiKey::Produce => (0, 11),
        ApiKey::ListOffsets => (1, 9),
        ApiKey::Metadata => (0, 12),
        ApiKey::DescribeGroups => (0, 5),
        ApiKey::EndTxn | ApiKey::TxnOffsetCommit => (0, 4),
        ApiKey::UpdateFeatures | ApiKey::DescribeCluster => (0, 1),
        ApiKey::ConsumerGroupHeartbeat | ApiKey::ConsumerGroupDescribe => (0, 0),
        same => range_in_4_0(same),
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V3_9 => "3.9",
            Self::V4_0 => "4.0",
            Self::V4_1 => "4.1",
            Self::V4_2 => "4.2",
            Self::V4_3 => "4.3",
            Self::V4_4 => "4.4",
        })
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        Self::ALL
            .iter()
            .copied()
            .find(|release| release.to_string() == text)
            .ok_or_else(|| UnknownRelease(text.to_owned()))
    }
}
