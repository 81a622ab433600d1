//! The answer that names all that a request asks for, and says nothing of it yet.

use fencepost_ids::{ErrorCode, PartitionIndex, TopicId, TopicName};
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, DeleteGroupsRequest, FetchRequest,
    JoinGroupResponse, ProduceRequest, ProduceResponse,
};

use crate::newest::{
    DeletableGroupResult, DeleteGroupsResponse, TxnOffsetCommitResponse,
    TxnOffsetCommitResponseTopic,
};
use crate::{FetchResponse, FetchedPartition, FetchedTopic, FromWire, Request, Response};

mod lists;

/// The answer that names all that a request asks for.
pub(super) fn echo(request: &Request, version: i16) -> Response {
    match request {
        Request::Produce(body) => produce(body).into(),
        Request::Fetch(body) => fetch(body).into(),
        Request::ListOffsets(body) => lists::list_offsets(body).into(),
        Request::Metadata(body) => lists::metadata(body, version).into(),
        Request::OffsetCommit(body) => lists::offset_commit(body).into(),
        Request::OffsetFetch(body) => lists::offset_fetch(body).into(),
        Request::FindCoordinator(body) => lists::find_coordinator(body).into(),
        Request::JoinGroup(body) => {
            JoinGroupResponse::default().with_member_id(body.member_id.clone()).into()
        }
        Request::LeaveGroup(body) => lists::leave_group(body).into(),
        Request::DescribeGroups(body) => lists::describe_groups(body).into(),
        Request::CreateTopics(body) => lists::create_topics(body).into(),
        Request::DeleteTopics(body) => lists::delete_topics(body).into(),
        Request::DeleteRecords(body) => lists::delete_records(body).into(),
        Request::OffsetForLeaderEpoch(body) => lists::offset_for_leader_epoch(body).into(),
        Request::AddPartitionsToTxn(body) => add_partitions_to_txn(body).into(),
        Request::WriteTxnMarkers(body) => lists::write_txn_markers(body).into(),
        Request::TxnOffsetCommit(body) => txn_offset_commit(body).into(),
        Request::DescribeConfigs(body) => lists::describe_configs(body).into(),
        Request::AlterConfigs(body) => lists::alter_configs(body).into(),
        Request::IncrementalAlterConfigs(body) => lists::incremental_alter_configs(body).into(),
        Request::CreatePartitions(body) => lists::create_partitions(body).into(),
        Request::DeleteGroups(body) => delete_groups(body).into(),
        Request::ElectLeaders(body) => lists::elect_leaders(body).into(),
        Request::OffsetDelete(body) => lists::offset_delete(body).into(),
        Request::UpdateFeatures(body) => lists::update_features(body).into(),
        Request::DescribeProducers(body) => lists::describe_producers(body).into(),
        Request::DescribeTransactions(body) => lists::describe_transactions(body).into(),
        Request::ConsumerGroupDescribe(body) => lists::consumer_group_describe(body).into(),
        Request::DescribeTopicPartitions(body) => lists::describe_topic_partitions(body).into(),
        Request::Heartbeat(_)
        | Request::SyncGroup(_)
        | Request::ListGroups(_)
        | Request::SaslHandshake(_)
        | Request::ApiVersions(_)
        | Request::InitProducerId(_)
        | Request::AddOffsetsToTxn(_)
        | Request::EndTxn(_)
        | Request::SaslAuthenticate(_)
        | Request::DescribeCluster(_)
        | Request::ListTransactions(_)
        | Request::ConsumerGroupHeartbeat(_) => Response::empty(request.api()),
    }
}

fn produce(request: &ProduceRequest) -> ProduceResponse {
    use kafka_protocol::messages::produce_response::{
        PartitionProduceResponse, TopicProduceResponse,
    };
    let topics = request.topic_data.iter().map(|topic| {
        let partitions = topic.partition_data.iter();
        TopicProduceResponse::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partition_responses(
                partitions
                    .map(|it| PartitionProduceResponse::default().with_index(it.index))
                    .collect(),
            )
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn fetch(request: &FetchRequest) -> FetchResponse {
    let topics = request.topics.iter().map(|topic| FetchedTopic {
        topic: TopicName::from_wire(&topic.topic),
        topic_id: TopicId::from_wire(&topic.topic_id),
        partitions: topic
            .partitions
            .iter()
            .map(|it| FetchedPartition::failed(PartitionIndex(it.partition), ErrorCode::None))
            .collect(),
    });
    FetchResponse { topics: topics.collect(), ..FetchResponse::default() }
}

fn add_partitions_to_txn(request: &AddPartitionsToTxnRequest) -> AddPartitionsToTxnResponse {
    let topics = |topics: &[AddPartitionsToTxnTopic]| {
        let results = topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|index| {
                AddPartitionsToTxnPartitionResult::default().with_partition_index(*index)
            });
            AddPartitionsToTxnTopicResult::default()
                .with_name(topic.name.clone())
                .with_results_by_partition(partitions.collect())
        });
        results.collect::<Vec<_>>()
    };
    let transactions = request.transactions.iter().map(|transaction| {
        AddPartitionsToTxnResult::default()
            .with_transactional_id(transaction.transactional_id.clone())
            .with_topic_results(topics(&transaction.topics))
    });
    AddPartitionsToTxnResponse::default()
        .with_results_by_transaction(transactions.collect())
        .with_results_by_topic_v3_and_below(topics(&request.v3_and_below_topics))
}

fn txn_offset_commit(request: &crate::TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    use kafka_protocol::messages::txn_offset_commit_response::TxnOffsetCommitResponsePartition;
    let topics = request.topics.iter().map(|topic| TxnOffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic
            .partitions
            .iter()
            .map(|it| {
                TxnOffsetCommitResponsePartition::default().with_partition_index(it.partition_index)
            })
            .collect(),
    });
    TxnOffsetCommitResponse { throttle_time_ms: 0, topics: topics.collect() }
}

fn delete_groups(request: &DeleteGroupsRequest) -> DeleteGroupsResponse {
    let results = request.groups_names.iter().map(|group| DeletableGroupResult {
        group_id: group.clone(),
        ..DeletableGroupResult::default()
    });
    DeleteGroupsResponse { throttle_time_ms: 0, results: results.collect() }
}
