//! One file for each API, named as the API: they translate requests into the model's own terms
//! and its verdicts into responses.

pub(crate) mod add_offsets_to_txn;
pub(crate) mod add_partitions_to_txn;
mod alter_configs;
mod api_versions;
mod consumer_group_describe;
pub(crate) mod consumer_group_heartbeat;
mod create_partitions;
mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_producers;
mod describe_topic_partitions;
mod describe_transactions;
mod elect_leaders;
pub(crate) mod end_txn;
pub(crate) mod fetch;
mod find_coordinator;
pub(crate) mod heartbeat;
mod incremental_alter_configs;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
mod list_groups;
mod list_offsets;
mod list_transactions;
mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
mod offset_for_leader_epoch;
pub(crate) mod produce;
mod refused_first;
mod sasl_authenticate;
mod sasl_handshake;
pub(crate) mod sync_group;
pub(crate) mod txn_offset_commit;
mod update_features;
pub(crate) mod write_txn_markers;

use fencepost_ids::ConnectionId;
use fencepost_wire::{Request, RequestHeader};

use crate::step::{Call, Step};
use crate::ticket::Ticket;

/// Hands a request to the API that serves it. A request on a connection that is closed, or whose
/// broker is down, is not carried out.
pub(crate) fn dispatch(
    step: &mut Step<'_>,
    connection: ConnectionId,
    header: RequestHeader,
    request: Request,
) {
    let Some(open) = step.cluster.connections.get_mut(&connection) else { return };
    open.note_client_id(&header.client_id);
    let broker = open.broker;
    let ticket = Ticket {
        serial: step.cluster.serials,
        connection,
        api: header.api,
        version: header.version,
        correlation_id: header.correlation_id,
    };
    step.cluster.serials += 1;
    let call = Call { broker, ticket, client_id: header.client_id };
    match request {
        Request::Produce(request) => produce::handle(step, &call, request),
        Request::Fetch(request) => fetch::handle(step, &call, request),
        Request::ListOffsets(request) => list_offsets::handle(step, &call, request),
        Request::Metadata(request) => metadata::handle(step, &call, request),
        Request::OffsetCommit(request) => offset_commit::handle(step, &call, request),
        Request::OffsetFetch(request) => offset_fetch::handle(step, &call, request),
        Request::FindCoordinator(request) => find_coordinator::handle(step, &call, request),
        Request::JoinGroup(request) => join_group::handle(step, &call, request),
        Request::Heartbeat(request) => heartbeat::handle(step, &call, request),
        Request::LeaveGroup(request) => leave_group::handle(step, &call, request),
        Request::SyncGroup(request) => sync_group::handle(step, &call, request),
        Request::DescribeGroups(request) => describe_groups::handle(step, &call, request),
        Request::ListGroups(request) => list_groups::handle(step, &call, request),
        Request::SaslHandshake(_) => sasl_handshake::handle(step, &call),
        Request::ApiVersions(request) => api_versions::handle(step, &call, request),
        Request::CreateTopics(request) => create_topics::handle(step, &call, request),
        Request::DeleteTopics(request) => delete_topics::handle(step, &call, request),
        Request::DeleteRecords(request) => delete_records::handle(step, &call, request),
        Request::InitProducerId(request) => init_producer_id::handle(step, &call, request),
        Request::OffsetForLeaderEpoch(request) => {
            offset_for_leader_epoch::handle(step, &call, request);
        }
        Request::AddPartitionsToTxn(request) => add_partitions_to_txn::handle(step, &call, request),
        Request::AddOffsetsToTxn(request) => add_offsets_to_txn::handle(step, &call, request),
        Request::EndTxn(request) => end_txn::handle(step, &call, request),
        Request::WriteTxnMarkers(request) => write_txn_markers::handle(step, &call, request),
        Request::TxnOffsetCommit(request) => txn_offset_commit::handle(step, &call, request),
        Request::DescribeConfigs(request) => describe_configs::handle(step, &call, request),
        Request::AlterConfigs(request) => alter_configs::handle(step, &call, request),
        Request::SaslAuthenticate(_) => sasl_authenticate::handle(step, &call),
        Request::CreatePartitions(request) => create_partitions::handle(step, &call, request),
        Request::DeleteGroups(request) => delete_groups::handle(step, &call, request),
        Request::ElectLeaders(request) => elect_leaders::handle(step, &call, request),
        Request::IncrementalAlterConfigs(request) => {
            incremental_alter_configs::handle(step, &call, request);
        }
        Request::OffsetDelete(request) => offset_delete::handle(step, &call, request),
        Request::UpdateFeatures(request) => update_features::handle(step, &call, request),
        Request::DescribeCluster(request) => describe_cluster::handle(step, &call, request),
        Request::DescribeProducers(request) => describe_producers::handle(step, &call, request),
        Request::DescribeTransactions(request) => {
            describe_transactions::handle(step, &call, request);
        }
        Request::ListTransactions(request) => list_transactions::handle(step, &call, request),
        Request::ConsumerGroupHeartbeat(request) => {
            consumer_group_heartbeat::handle(step, &call, request);
        }
        Request::ConsumerGroupDescribe(request) => {
            consumer_group_describe::handle(step, &call, request);
        }
        Request::DescribeTopicPartitions(request) => {
            describe_topic_partitions::handle(step, &call, request);
        }
    }
}
