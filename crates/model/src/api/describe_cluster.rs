//! DescribeCluster (key 60), versions 0 to 2 (API-46).

use fencepost_ids::ErrorCode;
use fencepost_wire::messages::describe_cluster_response::DescribeClusterBroker;
use fencepost_wire::messages::{DescribeClusterRequest, DescribeClusterResponse};
use fencepost_wire::{StrBytes, ToWire};

use super::metadata::{ALL_CLUSTER_OPERATIONS, NOT_ASKED};
use crate::step::{Call, Step};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeClusterRequest) {
    let version = call.ticket.version;
    let response = DescribeClusterResponse::default();
    let refused = match request.endpoint_type {
        _ if version == 0 => None,
        BROKERS => None,
        CONTROLLERS => Some(ErrorCode::MismatchedEndpointType),
        _ => Some(ErrorCode::UnsupportedEndpointType),
    };
    if let Some(error) = refused {
        let response = response
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(error.to_string())))
            .with_endpoint_type(BROKERS);
        return step.respond(call.ticket, response);
    }
    let metadata = &step.cluster.metadata;
    let operations = if request.include_cluster_authorized_operations {
        ALL_CLUSTER_OPERATIONS
    } else {
        NOT_ASKED
    };
    let brokers = metadata
        .brokers()
        .filter(|broker| broker.alive || version >= 2 && request.include_fenced_brokers)
        .map(|broker| {
            DescribeClusterBroker::default()
                .with_broker_id(broker.id.to_wire())
                .with_host(StrBytes::from_string(broker.host.to_string()))
                .with_port(i32::from(broker.port))
                .with_is_fenced(!broker.alive)
        })
        .collect();
    let response = response
        .with_endpoint_type(BROKERS)
        .with_cluster_id(StrBytes::from_string(metadata.cluster_id.to_string()))
        .with_controller_id(metadata.controller().to_wire())
        .with_brokers(brokers)
        .with_cluster_authorized_operations(operations);
    step.respond(call.ticket, response);
}
