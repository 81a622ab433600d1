//! The lists of answers, element for element as those of their requests.

use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup as Described;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::describe_producers_response::{PartitionResponse, TopicResponse};
use kafka_protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use kafka_protocol::messages::describe_transactions_response::TransactionState;
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as Altered;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::update_features_response::UpdatableFeatureResult;
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::*;

pub(super) fn list_offsets(request: &ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition_index);
        ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(
            partitions
                .map(|index| ListOffsetsPartitionResponse::default().with_partition_index(index))
                .collect(),
        )
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

pub(super) fn offset_commit(request: &OffsetCommitRequest) -> OffsetCommitResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition_index);
        OffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(
                partitions
                    .map(|index| {
                        OffsetCommitResponsePartition::default().with_partition_index(index)
                    })
                    .collect(),
            )
    });
    OffsetCommitResponse::default().with_topics(topics.collect())
}

pub(super) fn delete_records(request: &DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition_index);
        DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(
            partitions
                .map(|index| DeleteRecordsPartitionResult::default().with_partition_index(index))
                .collect(),
        )
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

pub(super) fn offset_for_leader_epoch(
    request: &OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition);
        OffsetForLeaderTopicResult::default().with_topic(topic.topic.clone()).with_partitions(
            partitions.map(|index| EpochEndOffset::default().with_partition(index)).collect(),
        )
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

pub(super) fn offset_delete(request: &OffsetDeleteRequest) -> OffsetDeleteResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|it| it.partition_index);
        OffsetDeleteResponseTopic::default().with_name(topic.name.clone()).with_partitions(
            partitions
                .map(|index| OffsetDeleteResponsePartition::default().with_partition_index(index))
                .collect(),
        )
    });
    OffsetDeleteResponse::default().with_topics(topics.collect())
}

pub(super) fn describe_producers(request: &DescribeProducersRequest) -> DescribeProducersResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partition_indexes.iter().copied();
        TopicResponse::default().with_name(topic.name.clone()).with_partitions(
            partitions
                .map(|index| PartitionResponse::default().with_partition_index(index))
                .collect(),
        )
    });
    DescribeProducersResponse::default().with_topics(topics.collect())
}

pub(super) fn elect_leaders(request: &ElectLeadersRequest) -> ElectLeadersResponse {
    let topics = request.topic_partitions.iter().flatten().map(|topic| {
        let partitions = topic.partitions.iter().copied();
        ReplicaElectionResult::default().with_topic(topic.topic.clone()).with_partition_result(
            partitions.map(|index| PartitionResult::default().with_partition_id(index)).collect(),
        )
    });
    ElectLeadersResponse::default().with_replica_election_results(topics.collect())
}

/// The first version of `Metadata` whose answer may name a topic by its id alone.
const BY_ID_ALONE: i16 = 12;

pub(super) fn metadata(request: &MetadataRequest, version: i16) -> MetadataResponse {
    let topics = request.topics.iter().flatten().map(|topic| {
        let named = (version < BY_ID_ALONE).then(TopicName::default);
        MetadataResponseTopic::default()
            .with_name(topic.name.clone().or(named))
            .with_topic_id(topic.topic_id)
    });
    MetadataResponse::default().with_topics(topics.collect())
}

pub(super) fn describe_topic_partitions(
    request: &DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let topics = request.topics.iter().map(|topic| {
        DescribeTopicPartitionsResponseTopic::default().with_name(Some(topic.name.clone()))
    });
    DescribeTopicPartitionsResponse::default().with_topics(topics.collect())
}

pub(super) fn create_topics(request: &CreateTopicsRequest) -> CreateTopicsResponse {
    let topics = request.topics.iter();
    CreateTopicsResponse::default().with_topics(
        topics.map(|it| CreatableTopicResult::default().with_name(it.name.clone())).collect(),
    )
}

pub(super) fn delete_topics(request: &DeleteTopicsRequest) -> DeleteTopicsResponse {
    let named = request.topic_names.iter();
    let named = named.map(|name| DeletableTopicResult::default().with_name(Some(name.clone())));
    let topics = request.topics.iter().map(|topic| {
        DeletableTopicResult::default().with_name(topic.name.clone()).with_topic_id(topic.topic_id)
    });
    DeleteTopicsResponse::default().with_responses(named.chain(topics).collect())
}

pub(super) fn create_partitions(request: &CreatePartitionsRequest) -> CreatePartitionsResponse {
    let topics = request.topics.iter();
    CreatePartitionsResponse::default().with_results(
        topics
            .map(|it| CreatePartitionsTopicResult::default().with_name(it.name.clone()))
            .collect(),
    )
}

pub(super) fn offset_fetch(request: &OffsetFetchRequest) -> OffsetFetchResponse {
    let topics = request.topics.iter().flatten().map(|topic| {
        let partitions = topic.partition_indexes.iter();
        OffsetFetchResponseTopic::default().with_name(topic.name.clone()).with_partitions(
            partitions
                .map(|index| OffsetFetchResponsePartition::default().with_partition_index(*index))
                .collect(),
        )
    });
    let groups = request.groups.iter().map(|group| {
        let topics = group.topics.iter().flatten().map(|topic| {
            let partitions = topic
                .partition_indexes
                .iter()
                .map(|index| OffsetFetchResponsePartitions::default().with_partition_index(*index));
            OffsetFetchResponseTopics::default()
                .with_name(topic.name.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions.collect())
        });
        OffsetFetchResponseGroup::default()
            .with_group_id(group.group_id.clone())
            .with_topics(topics.collect())
    });
    OffsetFetchResponse::default().with_topics(topics.collect()).with_groups(groups.collect())
}

pub(super) fn find_coordinator(request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
    let keys = request.coordinator_keys.iter();
    FindCoordinatorResponse::default()
        .with_coordinators(keys.map(|key| Coordinator::default().with_key(key.clone())).collect())
}

pub(super) fn leave_group(request: &LeaveGroupRequest) -> LeaveGroupResponse {
    let members = request.members.iter().map(|member| {
        MemberResponse::default()
            .with_member_id(member.member_id.clone())
            .with_group_instance_id(member.group_instance_id.clone())
    });
    LeaveGroupResponse::default().with_members(members.collect())
}

pub(super) fn describe_groups(request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
    let groups = request.groups.iter();
    DescribeGroupsResponse::default().with_groups(
        groups.map(|group| DescribedGroup::default().with_group_id(group.clone())).collect(),
    )
}

pub(super) fn consumer_group_describe(
    request: &ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let groups = request.group_ids.iter();
    ConsumerGroupDescribeResponse::default().with_groups(
        groups.map(|group| Described::default().with_group_id(group.clone())).collect(),
    )
}

pub(super) fn describe_transactions(
    request: &DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let states = request
        .transactional_ids
        .iter()
        .map(|id| TransactionState::default().with_transactional_id(id.clone()));
    DescribeTransactionsResponse::default().with_transaction_states(states.collect())
}

pub(super) fn write_txn_markers(
    request: &crate::WriteTxnMarkersRequest,
) -> WriteTxnMarkersResponse {
    let markers = request.markers.iter().map(|marker| {
        let topics = marker.marker.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| {
                WritableTxnMarkerPartitionResult::default().with_partition_index(*index)
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        WritableTxnMarkerResult::default()
            .with_producer_id(marker.marker.producer_id)
            .with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(markers.collect())
}

pub(super) fn describe_configs(request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
    let resources = request.resources.iter().map(|resource| {
        DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    DescribeConfigsResponse::default().with_results(resources.collect())
}

pub(super) fn alter_configs(request: &AlterConfigsRequest) -> AlterConfigsResponse {
    let resources = request.resources.iter().map(|resource| {
        AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    AlterConfigsResponse::default().with_responses(resources.collect())
}

pub(super) fn incremental_alter_configs(
    request: &IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let resources = request.resources.iter().map(|resource| {
        Altered::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    IncrementalAlterConfigsResponse::default().with_responses(resources.collect())
}

pub(super) fn update_features(request: &UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    let updates = request.feature_updates.iter();
    UpdateFeaturesResponse::default().with_results(
        updates
            .map(|it| UpdatableFeatureResult::default().with_feature(it.feature.clone()))
            .collect(),
    )
}
