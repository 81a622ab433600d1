//! AddPartitionsToTxn (key 24): versions 0 to 3 for clients, one transaction each; 4 and 5 for
//! brokers, any number of them (ADDP-01 to ADDP-06, KIP-890).

use fencepost_ids::{
    ErrorCode, PartitionIndex, ProducerEpoch, ProducerId, TopicName, TransactionalId,
};
use fencepost_wire::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use fencepost_wire::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use fencepost_wire::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse};
use fencepost_wire::{FromWire, ToWire};

use crate::host::Host;
use crate::network::{TransactionAnswer, TransactionQuestion};
use crate::step::{Call, Step};
use crate::ticket::Ticket;
use crate::txn::{Inquirer, TxnPath};

/// The last version of clients.
const LAST_CLIENT_VERSION: i16 = 3;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: AddPartitionsToTxnRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let (path, questions) = if call.ticket.version <= LAST_CLIENT_VERSION {
        (TxnPath::Tv1, vec![client_question(&request)])
    } else {
        (TxnPath::Tv2, request.transactions.iter().map(broker_question).collect())
    };
    let inquirer = Inquirer::Client(call.ticket);
    parts.txn.answer_questions(&mut parts.host, inquirer, path, &questions);
}

fn client_question(request: &AddPartitionsToTxnRequest) -> TransactionQuestion {
    TransactionQuestion {
        transactional_id: TransactionalId::from_wire(&request.v3_and_below_transactional_id),
        producer_id: ProducerId::from_wire(&request.v3_and_below_producer_id),
        producer_epoch: ProducerEpoch::from_wire(&request.v3_and_below_producer_epoch),
        verify_only: false,
        partitions: partitions(&request.v3_and_below_topics),
    }
}

fn broker_question(transaction: &AddPartitionsToTxnTransaction) -> TransactionQuestion {
    TransactionQuestion {
        transactional_id: TransactionalId::from_wire(&transaction.transactional_id),
        producer_id: ProducerId::from_wire(&transaction.producer_id),
        producer_epoch: ProducerEpoch::from_wire(&transaction.producer_epoch),
        verify_only: transaction.verify_only,
        partitions: partitions(&transaction.topics),
    }
}

fn partitions(topics: &[AddPartitionsToTxnTopic]) -> Vec<(TopicName, PartitionIndex)> {
    topics
        .iter()
        .flat_map(|topic| {
            let name = TopicName::from_wire(&topic.name);
            topic.partitions.iter().map(move |index| (name.clone(), PartitionIndex(*index)))
        })
        .collect()
}

/// Answers with a code for each partition, in the order in which they were asked about.
pub(crate) fn answer(host: &mut Host<'_>, ticket: Ticket, answers: Vec<TransactionAnswer>) {
    let response = AddPartitionsToTxnResponse::default();
    let response = if ticket.version <= LAST_CLIENT_VERSION {
        let topics = answers.iter().flat_map(|answer| topic_results(answer, ticket.version));
        response.with_results_by_topic_v3_and_below(topics.collect())
    } else {
        let results = answers.iter().map(|answer| {
            AddPartitionsToTxnResult::default()
                .with_transactional_id(answer.transactional_id.to_wire())
                .with_topic_results(topic_results(answer, ticket.version))
        });
        response.with_results_by_transaction(results.collect())
    };
    host.respond(ticket, response);
}

fn topic_results(answer: &TransactionAnswer, version: i16) -> Vec<AddPartitionsToTxnTopicResult> {
    answer
        .partitions
        .chunk_by(|(topic, ..), (next, ..)| topic == next)
        .map(|partitions| {
            let results = partitions.iter().map(|(_, index, code)| {
                AddPartitionsToTxnPartitionResult::default()
                    .with_partition_index(index.to_wire())
                    .with_partition_error_code(known(*code, version).to_wire())
            });
            AddPartitionsToTxnTopicResult::default()
                .with_name(partitions[0].0.to_wire())
                .with_results_by_partition(results.collect())
        })
        .collect()
}

/// The code as the client's version knows it (INIT-17).
const fn known(code: ErrorCode, version: i16) -> ErrorCode {
    match code {
        ErrorCode::ProducerFenced if version < 2 => ErrorCode::InvalidProducerEpoch,
        code => code,
    }
}
