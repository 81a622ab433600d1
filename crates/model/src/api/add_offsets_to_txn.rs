//! AddOffsetsToTxn (key 25), versions 0 to 4 (ADDP-07).

use fencepost_ids::{
    ErrorCode, ProducerEpoch, ProducerId, TopicPartition, TransactionalId, partition_of,
};
use fencepost_wire::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use fencepost_wire::{FromWire, ToWire};

use crate::host::Host;
use crate::metadata::CONSUMER_OFFSETS;
use crate::step::{Call, Step};
use crate::ticket::Ticket;
use crate::txn::{Identity, Progress};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: AddOffsetsToTxnRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let host = &mut parts.host;
    let count = host
        .metadata
        .topic(CONSUMER_OFFSETS)
        .map_or(host.config.settings.offsets_topic_num_partitions, |topic| topic.partition_count());
    let partition =
        TopicPartition::new(CONSUMER_OFFSETS, partition_of(request.group_id.as_str(), count));
    let id = TransactionalId::from_wire(&request.transactional_id);
    let identity = Identity {
        producer_id: ProducerId::from_wire(&request.producer_id),
        epoch: ProducerEpoch::from_wire(&request.producer_epoch),
    };
    match parts.txn.add_offsets(host, call.ticket, id, identity, partition) {
        Ok(Progress::Writing) => {}
        Ok(Progress::Done(())) => answer(host, call.ticket, Ok(())),
        Err(error) => answer(host, call.ticket, Err(error)),
    }
}

/// Answers, with an error as the client's version knows it (INIT-17).
pub(crate) fn answer(host: &mut Host<'_>, ticket: Ticket, result: Result<(), ErrorCode>) {
    let error = match result {
        Ok(()) => ErrorCode::None,
        Err(ErrorCode::ProducerFenced) if ticket.version < 2 => ErrorCode::InvalidProducerEpoch,
        Err(error) => error,
    };
    host.respond(ticket, AddOffsetsToTxnResponse::default().with_error_code(error.to_wire()));
}
