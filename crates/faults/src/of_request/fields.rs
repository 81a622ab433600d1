//! Which APIs are about what.

use fencepost_wire::ApiKey;

use crate::{Field, MessageKind};

impl Field {
    /// What requests of an API say, in some version.
    #[must_use]
    pub const fn of_request(api: ApiKey) -> &'static [Self] {
        use Field::{Group, Partition, Topic, TransactionalId};
        match api {
            ApiKey::Produce | ApiKey::AddPartitionsToTxn => &[TransactionalId, Topic, Partition],
            ApiKey::Fetch
            | ApiKey::ListOffsets
            | ApiKey::DeleteRecords
            | ApiKey::OffsetForLeaderEpoch
            | ApiKey::WriteTxnMarkers
            | ApiKey::ElectLeaders
            | ApiKey::DescribeProducers => &[Topic, Partition],
            ApiKey::Metadata
            | ApiKey::CreateTopics
            | ApiKey::DeleteTopics
            | ApiKey::CreatePartitions
            | ApiKey::DescribeTopicPartitions => &[Topic],
            ApiKey::OffsetCommit | ApiKey::OffsetFetch | ApiKey::OffsetDelete => {
                &[Group, Topic, Partition]
            }
            ApiKey::FindCoordinator | ApiKey::AddOffsetsToTxn => &[TransactionalId, Group],
            ApiKey::JoinGroup
            | ApiKey::Heartbeat
            | ApiKey::LeaveGroup
            | ApiKey::SyncGroup
            | ApiKey::DescribeGroups
            | ApiKey::DeleteGroups
            | ApiKey::ConsumerGroupHeartbeat
            | ApiKey::ConsumerGroupDescribe => &[Group],
            ApiKey::DescribeConfigs | ApiKey::AlterConfigs | ApiKey::IncrementalAlterConfigs => {
                &[Group, Topic]
            }
            ApiKey::InitProducerId | ApiKey::EndTxn | ApiKey::DescribeTransactions => {
                &[TransactionalId]
            }
            ApiKey::TxnOffsetCommit => &[TransactionalId, Group, Topic, Partition],
            ApiKey::ListGroups
            | ApiKey::SaslHandshake
            | ApiKey::ApiVersions
            | ApiKey::SaslAuthenticate
            | ApiKey::UpdateFeatures
            | ApiKey::DescribeCluster
            | ApiKey::ListTransactions => &[],
        }
    }

    /// What messages between brokers say.
    #[must_use]
    pub const fn of_message(kind: MessageKind) -> &'static [Self] {
        match kind {
            MessageKind::AddPartitionsToTxn => {
                &[Self::TransactionalId, Self::Topic, Self::Partition]
            }
            MessageKind::WriteTxnMarkers | MessageKind::Fetch => &[Self::Topic, Self::Partition],
        }
    }
}
