//! Errors in answers about transactions.

use fencepost_ids::TopicId;
use kafka_protocol::messages;
use kafka_protocol::messages::describe_transactions_response::TransactionState;

use super::{Refuse, Refuser};
use crate::FromWire;
use crate::newest::TxnOffsetCommitResponse;

impl Refuse for messages::InitProducerIdResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code()).with_producer_epoch(-1);
        }
    }
}

impl Refuse for messages::AddPartitionsToTxnResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        let by_transaction = self.results_by_transaction.iter_mut();
        let topics = by_transaction
            .flat_map(|transaction| &mut transaction.topic_results)
            .chain(&mut self.results_by_topic_v3_and_below);
        for topic in topics {
            for partition in &mut topic.results_by_partition {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    partition.partition_error_code = refuser.code();
                }
            }
        }
    }
}

impl Refuse for messages::WriteTxnMarkersResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in self.markers.iter_mut().flat_map(|marker| &mut marker.topics) {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    partition.error_code = refuser.code();
                }
            }
        }
    }
}

impl Refuse for TxnOffsetCommitResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            let id = TopicId::from_wire(&topic.topic_id);
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, id, partition.partition_index) {
                    partition.error_code = refuser.code();
                }
            }
        }
    }
}

impl Refuse for messages::DescribeTransactionsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for transaction in &mut self.transaction_states {
            if refuser.at_entry() {
                *transaction = TransactionState::default()
                    .with_transactional_id(transaction.transactional_id.clone())
                    .with_error_code(refuser.code());
            }
        }
    }
}
