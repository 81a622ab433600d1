//! Where in an answer an error code stands.

use std::fmt;

use fencepost_ids::ErrorCode;

use crate::ApiKey;

/// Where in an answer an error code stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Once, for the whole answer.
    Top,
    /// At each entry of a list of what is neither a topic nor a partition: a coordinator, a group,
    /// a member, a transactional id, a resource, a feature.
    Entry,
    /// At each topic.
    Topic,
    /// At each partition.
    Partition,
}

impl Level {
    /// Every level, the outermost first.
    pub const ALL: &[Self] = &[Self::Top, Self::Entry, Self::Topic, Self::Partition];

    /// The name in plans and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Entry => "entry",
            Self::Topic => "topic",
            Self::Partition => "partition",
        }
    }

    /// The levels at which an answer of this version has a code.
    #[must_use]
    pub const fn of(api: ApiKey, version: i16) -> &'static [Self] {
        use Level::{Entry, Partition, Top, Topic};
        match api {
            ApiKey::Fetch if version >= 7 => &[Top, Partition],
            ApiKey::ElectLeaders if version >= 1 => &[Top, Partition],
            ApiKey::AddPartitionsToTxn if version >= 4 => &[Top, Partition],
            ApiKey::OffsetDelete => &[Top, Partition],
            ApiKey::OffsetFetch if version >= 8 => &[Entry, Partition],
            ApiKey::OffsetFetch if version >= 2 => &[Top, Partition],
            ApiKey::Metadata if version >= 13 => &[Top, Topic, Partition],
            ApiKey::Metadata | ApiKey::DescribeTopicPartitions => &[Topic, Partition],
            ApiKey::Produce
            | ApiKey::Fetch
            | ApiKey::ListOffsets
            | ApiKey::OffsetCommit
            | ApiKey::OffsetFetch
            | ApiKey::DeleteRecords
            | ApiKey::OffsetForLeaderEpoch
            | ApiKey::AddPartitionsToTxn
            | ApiKey::WriteTxnMarkers
            | ApiKey::TxnOffsetCommit
            | ApiKey::ElectLeaders
            | ApiKey::DescribeProducers => &[Partition],
            ApiKey::FindCoordinator if version >= 4 => &[Entry],
            ApiKey::LeaveGroup if version >= 3 => &[Top, Entry],
            ApiKey::UpdateFeatures if version <= 1 => &[Top, Entry],
            ApiKey::FindCoordinator
            | ApiKey::JoinGroup
            | ApiKey::Heartbeat
            | ApiKey::LeaveGroup
            | ApiKey::SyncGroup
            | ApiKey::ListGroups
            | ApiKey::SaslHandshake
            | ApiKey::ApiVersions
            | ApiKey::InitProducerId
            | ApiKey::AddOffsetsToTxn
            | ApiKey::EndTxn
            | ApiKey::SaslAuthenticate
            | ApiKey::UpdateFeatures
            | ApiKey::DescribeCluster
            | ApiKey::ListTransactions
            | ApiKey::ConsumerGroupHeartbeat => &[Top],
            ApiKey::DescribeGroups
            | ApiKey::DescribeConfigs
            | ApiKey::AlterConfigs
            | ApiKey::DeleteGroups
            | ApiKey::IncrementalAlterConfigs
            | ApiKey::DescribeTransactions
            | ApiKey::ConsumerGroupDescribe => &[Entry],
            ApiKey::CreateTopics | ApiKey::DeleteTopics | ApiKey::CreatePartitions => &[Topic],
        }
    }

    /// The level at which a broker puts a code, for those APIs that have more than one.
    #[must_use]
    pub fn usual(api: ApiKey, version: i16, code: ErrorCode) -> Self {
        use ErrorCode as Code;
        let levels = Self::of(api, version);
        let (outermost, innermost) = (levels[0], levels[levels.len() - 1]);
        let is_outermost = match api {
            ApiKey::Fetch => matches!(
                code,
                Code::FetchSessionIdNotFound
                    | Code::InvalidFetchSessionEpoch
                    | Code::FetchSessionTopicIdError
                    | Code::InconsistentClusterId
            ),
            ApiKey::AddPartitionsToTxn | ApiKey::ElectLeaders => {
                code == Code::ClusterAuthorizationFailed
            }
            ApiKey::OffsetFetch => !matches!(
                code,
                Code::UnstableOffsetCommit
                    | Code::UnknownTopicOrPartition
                    | Code::UnknownTopicId
                    | Code::TopicAuthorizationFailed
            ),
            ApiKey::OffsetDelete => !matches!(
                code,
                Code::GroupSubscribedToTopic
                    | Code::UnknownTopicOrPartition
                    | Code::TopicAuthorizationFailed
            ),
            ApiKey::LeaveGroup | ApiKey::UpdateFeatures => true,
            ApiKey::Metadata if code == Code::RebootstrapRequired => true,
            ApiKey::Metadata | ApiKey::DescribeTopicPartitions => return Self::Topic,
            _ => false,
        };
        if is_outermost { outermost } else { innermost }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::schema::{Fields, Kind};

    /// How often a code stands at each depth: of the answer, of its lists, of their lists, ...
    fn depths(fields: Fields, version: i16, depth: usize, found: &mut Vec<usize>) {
        for field in fields.iter().filter(|field| field.is_in(version)) {
            match field.kind {
                Kind::Int16
                    if field.name == "error_code" || field.name == "partition_error_code" =>
                {
                    found.push(depth);
                }
                Kind::Struct(inner) | Kind::Structs(inner) => {
                    depths(inner, version, depth + 1, found);
                }
                _ => (),
            }
        }
    }

    #[test]
    fn an_answer_has_a_code_for_each_of_its_levels_and_no_other() {
        for (api, version) in sample::served() {
            let mut found = Vec::new();
            depths(api.schema().response, version, 0, &mut found);
            let levels = Level::of(api, version);
            assert_eq!(levels.contains(&Level::Top), found.contains(&0), "{api} v{version}");
            assert_eq!(levels.len(), found.len(), "{api} v{version}");
        }
    }

    #[test]
    fn the_usual_level_is_one_that_the_answer_has() {
        for (api, version) in sample::served() {
            for &code in ErrorCode::ALL {
                let usual = Level::usual(api, version, code);
                assert!(Level::of(api, version).contains(&usual), "{api} v{version} {code}");
            }
        }
    }
}
