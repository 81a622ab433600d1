//! One well-formed request of each API.

use bytes::Bytes;
use fencepost_wire::messages::add_partitions_to_txn_request as add_partitions;
use fencepost_wire::messages::*;
use fencepost_wire::{ApiKey, Request, StrBytes, WriteTxnMarkersRequest};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

fn orders() -> TopicName {
    topic("orders")
}

fn group() -> GroupId {
    GroupId(text("group"))
}

fn txn() -> TransactionalId {
    TransactionalId(text("txn-1"))
}

/// One request of each API.
pub(super) fn samples() -> Vec<Request> {
    let samples: Vec<Request> = ApiKey::ALL.iter().map(|api| sample(*api)).collect();
    debug_assert!(samples.iter().zip(ApiKey::ALL).all(|(sample, api)| sample.api() == *api));
    samples
}

fn sample(api: ApiKey) -> Request {
    match api {
        ApiKey::Produce => produce("orders", 0, Bytes::from_static(&[0; 70])),
        ApiKey::Fetch => fetch(),
        ApiKey::ListOffsets => list_offsets(),
        ApiKey::Metadata => metadata(),
        ApiKey::OffsetCommit => offset_commit(),
        ApiKey::OffsetFetch => offset_fetch(),
        ApiKey::FindCoordinator => find_coordinator(0),
        ApiKey::JoinGroup => join_group(StrBytes::default(), Bytes::from_static(b"\0\0\0\0\0\0")),
        ApiKey::Heartbeat => {
            HeartbeatRequest::default().with_group_id(group()).with_member_id(text("m1")).into()
        }
        ApiKey::LeaveGroup => LeaveGroupRequest::default()
            .with_group_id(group())
            .with_members(vec![leave_group_request::MemberIdentity::default()])
            .into(),
        ApiKey::SyncGroup => sync_group(text("m1"), 1, Bytes::new()),
        ApiKey::DescribeGroups => {
            DescribeGroupsRequest::default().with_groups(vec![group()]).into()
        }
        ApiKey::ListGroups => ListGroupsRequest::default()
            .with_states_filter(vec![text("Stable"), text("Reconciling")])
            .into(),
        ApiKey::SaslHandshake => {
            SaslHandshakeRequest::default().with_mechanism(text("PLAIN")).into()
        }
        ApiKey::SaslAuthenticate => SaslAuthenticateRequest::default().into(),
        ApiKey::ApiVersions => ApiVersionsRequest::default()
            .with_client_software_name(text("fuzz"))
            .with_client_software_version(text("1"))
            .into(),
        ApiKey::CreateTopics => create_topics(),
        ApiKey::DeleteTopics => {
            DeleteTopicsRequest::default().with_topic_names(vec![topic("gone")]).into()
        }
        ApiKey::DeleteRecords => delete_records(),
        ApiKey::InitProducerId => init_producer_id(),
        ApiKey::OffsetForLeaderEpoch => offset_for_leader_epoch(),
        ApiKey::AddPartitionsToTxn => add_partitions_to_txn(),
        ApiKey::AddOffsetsToTxn => AddOffsetsToTxnRequest::default()
            .with_transactional_id(txn())
            .with_group_id(group())
            .into(),
        ApiKey::EndTxn => end_txn(),
        ApiKey::WriteTxnMarkers => write_txn_markers(),
        ApiKey::TxnOffsetCommit => txn_offset_commit(),
        ApiKey::DescribeConfigs => describe_configs(),
        ApiKey::CreatePartitions => create_partitions(),
        ApiKey::DeleteGroups => {
            DeleteGroupsRequest::default().with_groups_names(vec![group()]).into()
        }
        ApiKey::ElectLeaders => elect_leaders(),
        ApiKey::AlterConfigs => alter_configs(),
        ApiKey::IncrementalAlterConfigs => incremental_alter_configs(),
        ApiKey::OffsetDelete => offset_delete(),
        ApiKey::UpdateFeatures => update_features(),
        ApiKey::DescribeCluster => DescribeClusterRequest::default().into(),
        ApiKey::DescribeProducers => describe_producers(),
        ApiKey::DescribeTransactions => {
            DescribeTransactionsRequest::default().with_transactional_ids(vec![txn()]).into()
        }
        ApiKey::ListTransactions => {
            ListTransactionsRequest::default().with_state_filters(vec![text("Ongoing")]).into()
        }
        ApiKey::ConsumerGroupHeartbeat => heartbeat_with_regex("o.*"),
        ApiKey::ConsumerGroupDescribe => {
            ConsumerGroupDescribeRequest::default().with_group_ids(vec![group()]).into()
        }
        ApiKey::DescribeTopicPartitions => describe_topic_partitions(),
    }
}

/// The requests that create the internal topics.
pub(crate) fn coordinators() -> [Request; 2] {
    [find_coordinator(0), find_coordinator(1)]
}

/// Requests that show all that coordinators know.
pub(crate) fn inspection() -> Vec<Request> {
    let apis = [
        ApiKey::ListGroups,
        ApiKey::DescribeGroups,
        ApiKey::ConsumerGroupDescribe,
        ApiKey::OffsetFetch,
        ApiKey::ListTransactions,
        ApiKey::DescribeTransactions,
        ApiKey::InitProducerId,
        ApiKey::EndTxn,
    ];
    apis.map(sample).into()
}

pub(crate) fn produce(name: &str, partition: i32, records: Bytes) -> Request {
    let data = produce_request::PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(records));
    let topic = produce_request::TopicProduceData::default()
        .with_name(topic(name))
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_transactional_id(Some(txn()))
        .with_acks(-1)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![topic])
        .into()
}

fn fetch() -> Request {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic =
        fetch_request::FetchTopic::default().with_topic(orders()).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(100)
        .with_min_bytes(1)
        .with_isolation_level(1)
        .with_topics(vec![topic])
        .into()
}

fn list_offsets() -> Request {
    let partition = list_offsets_request::ListOffsetsPartition::default().with_timestamp(-1);
    let topic = list_offsets_request::ListOffsetsTopic::default()
        .with_name(orders())
        .with_partitions(vec![partition]);
    ListOffsetsRequest::default().with_topics(vec![topic]).into()
}

fn metadata() -> Request {
    let topic = metadata_request::MetadataRequestTopic::default().with_name(Some(orders()));
    MetadataRequest::default().with_topics(Some(vec![topic])).into()
}

fn offset_commit() -> Request {
    let partition = offset_commit_request::OffsetCommitRequestPartition::default()
        .with_committed_offset(7)
        .with_committed_metadata(Some(text("m")));
    let topic = offset_commit_request::OffsetCommitRequestTopic::default()
        .with_name(orders())
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(group())
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
        .into()
}

fn offset_fetch() -> Request {
    let topic = offset_fetch_request::OffsetFetchRequestTopics::default()
        .with_name(orders())
        .with_partition_indexes(vec![0]);
    let group = offset_fetch_request::OffsetFetchRequestGroup::default()
        .with_group_id(group())
        .with_topics(Some(vec![topic]));
    OffsetFetchRequest::default().with_groups(vec![group]).into()
}

fn find_coordinator(key_type: i8) -> Request {
    FindCoordinatorRequest::default()
        .with_key_type(key_type)
        .with_coordinator_keys(vec![text("group")])
        .into()
}

pub(crate) fn join_group(member: StrBytes, metadata: Bytes) -> Request {
    let protocol = join_group_request::JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(metadata);
    JoinGroupRequest::default()
        .with_group_id(group())
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(30_000)
        .with_member_id(member)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
        .into()
}

pub(crate) fn sync_group(member: StrBytes, generation: i32, assignment: Bytes) -> Request {
    let assigned = sync_group_request::SyncGroupRequestAssignment::default()
        .with_member_id(member.clone())
        .with_assignment(assignment);
    SyncGroupRequest::default()
        .with_group_id(group())
        .with_generation_id(generation)
        .with_member_id(member)
        .with_protocol_type(Some(text("consumer")))
        .with_protocol_name(Some(text("range")))
        .with_assignments(vec![assigned])
        .into()
}

fn create_topics() -> Request {
    let config = create_topics_request::CreatableTopicConfig::default()
        .with_name(text("cleanup.policy"))
        .with_value(Some(text("compact")));
    let topic = create_topics_request::CreatableTopic::default()
        .with_name(topic("new"))
        .with_num_partitions(2)
        .with_replication_factor(-1)
        .with_configs(vec![config]);
    CreateTopicsRequest::default().with_topics(vec![topic]).into()
}

fn delete_records() -> Request {
    let partition = delete_records_request::DeleteRecordsPartition::default().with_offset(-1);
    let topic = delete_records_request::DeleteRecordsTopic::default()
        .with_name(orders())
        .with_partitions(vec![partition]);
    DeleteRecordsRequest::default().with_topics(vec![topic]).into()
}

pub(super) fn init_producer_id() -> Request {
    InitProducerIdRequest::default()
        .with_transactional_id(Some(txn()))
        .with_transaction_timeout_ms(60_000)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1)
        .into()
}

fn offset_for_leader_epoch() -> Request {
    let partition = offset_for_leader_epoch_request::OffsetForLeaderPartition::default();
    let topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
        .with_topic(orders())
        .with_partitions(vec![partition]);
    OffsetForLeaderEpochRequest::default().with_topics(vec![topic]).into()
}

fn add_partitions_to_txn() -> Request {
    let topic = add_partitions::AddPartitionsToTxnTopic::default()
        .with_name(orders())
        .with_partitions(vec![0]);
    let transaction = add_partitions::AddPartitionsToTxnTransaction::default()
        .with_transactional_id(txn())
        .with_topics(vec![topic]);
    AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]).into()
}

pub(super) fn end_txn() -> Request {
    EndTxnRequest::default().with_transactional_id(txn()).with_committed(true).into()
}

fn write_txn_markers() -> Request {
    let topic = write_txn_markers_request::WritableTxnMarkerTopic::default()
        .with_name(orders())
        .with_partition_indexes(vec![0]);
    let marker = write_txn_markers_request::WritableTxnMarker::default().with_topics(vec![topic]);
    WriteTxnMarkersRequest::default().with_markers(vec![marker]).into()
}

fn txn_offset_commit() -> Request {
    let partition = txn_offset_commit_request::TxnOffsetCommitRequestPartition::default()
        .with_committed_offset(7);
    let topic = txn_offset_commit_request::TxnOffsetCommitRequestTopic::default()
        .with_name(orders())
        .with_partitions(vec![partition]);
    TxnOffsetCommitRequest::default()
        .with_transactional_id(txn())
        .with_group_id(group())
        .with_generation_id(-1)
        .with_topics(vec![topic])
        .into()
}

fn describe_configs() -> Request {
    let resource = describe_configs_request::DescribeConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("orders"))
        .with_configuration_keys(None);
    DescribeConfigsRequest::default().with_resources(vec![resource]).into()
}

fn create_partitions() -> Request {
    let topic = create_partitions_request::CreatePartitionsTopic::default()
        .with_name(orders())
        .with_count(3)
        .with_assignments(None);
    CreatePartitionsRequest::default().with_topics(vec![topic]).into()
}

fn elect_leaders() -> Request {
    let topic = elect_leaders_request::TopicPartitions::default()
        .with_topic(orders())
        .with_partitions(vec![0]);
    ElectLeadersRequest::default().with_topic_partitions(Some(vec![topic])).into()
}

fn alter_configs() -> Request {
    let config = alter_configs_request::AlterableConfig::default()
        .with_name(text("retention.ms"))
        .with_value(Some(text("1000")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("orders"))
        .with_configs(vec![config]);
    AlterConfigsRequest::default().with_resources(vec![resource]).into()
}

fn incremental_alter_configs() -> Request {
    let config = incremental_alter_configs_request::AlterableConfig::default()
        .with_name(text("max.message.bytes"))
        .with_value(Some(text("1000")));
    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("orders"))
        .with_configs(vec![config]);
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource]).into()
}

pub(crate) fn offset_delete() -> Request {
    let topic = offset_delete_request::OffsetDeleteRequestTopic::default()
        .with_name(orders())
        .with_partitions(vec![Default::default()]);
    OffsetDeleteRequest::default().with_group_id(group()).with_topics(vec![topic]).into()
}

fn update_features() -> Request {
    let update = update_features_request::FeatureUpdateKey::default()
        .with_feature(text("transaction.version"))
        .with_max_version_level(1)
        .with_upgrade_type(2);
    UpdateFeaturesRequest::default().with_feature_updates(vec![update]).into()
}

fn describe_producers() -> Request {
    let topic = describe_producers_request::TopicRequest::default()
        .with_name(orders())
        .with_partition_indexes(vec![0]);
    DescribeProducersRequest::default().with_topics(vec![topic]).into()
}

pub(crate) fn heartbeat_with_regex(pattern: &str) -> Request {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group())
        .with_member_id(text("m1"))
        .with_rebalance_timeout_ms(30_000)
        .with_subscribed_topic_regex(Some(text(pattern)))
        .with_topic_partitions(Some(Vec::new()))
        .into()
}

fn describe_topic_partitions() -> Request {
    let topic = describe_topic_partitions_request::TopicRequest::default().with_name(orders());
    DescribeTopicPartitionsRequest::default().with_topics(vec![topic]).into()
}
