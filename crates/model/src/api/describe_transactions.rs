//! DescribeTransactions (key 65), version 0 (DESC-01, DESC-02, KIP-664).

use fencepost_ids::{ErrorCode, TransactionalId};
use fencepost_wire::messages::describe_transactions_response::{TopicData, TransactionState};
use fencepost_wire::messages::{DescribeTransactionsRequest, DescribeTransactionsResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};

use crate::step::{Call, Step};
use crate::txn::TxnFields;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: DescribeTransactionsRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let states = request
        .transactional_ids
        .iter()
        .map(|wire_id| {
            let id = TransactionalId::from_wire(wire_id);
            match parts.txn.describe(&parts.host, id) {
                Ok(fields) => row(fields),
                Err(error) => TransactionState::default().with_error_code(error.to_wire()),
            }
            .with_transactional_id(wire_id.clone())
        })
        .collect();
    let response = DescribeTransactionsResponse::default().with_transaction_states(states);
    parts.host.respond(call.ticket, response);
}

fn row(fields: &TxnFields) -> TransactionState {
    let partitions: Vec<_> = fields.partitions.iter().collect();
    let topics = partitions.chunk_by(|a, b| a.topic == b.topic).map(|of_topic| {
        TopicData::default()
            .with_topic(of_topic[0].topic.to_wire())
            .with_partitions(of_topic.iter().map(|it| it.partition.to_wire()).collect())
    });
    TransactionState::default()
        .with_error_code(ErrorCode::None.to_wire())
        .with_transaction_state(StrBytes::from_static_str(fields.state.name()))
        .with_transaction_timeout_ms(fields.timeout_ms)
        .with_transaction_start_time_ms(fields.start.to_wire())
        .with_producer_id(fields.producer_id.to_wire())
        .with_producer_epoch(fields.epoch.to_wire())
        .with_topics(topics.collect())
}
