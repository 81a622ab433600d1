//! InitProducerId (key 22), versions 0 to 5: INIT-01 to INIT-18.

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, TransactionalId};
use fencepost_wire::messages::{InitProducerIdRequest, InitProducerIdResponse};
use fencepost_wire::{FromWire, ToWire};

use crate::host::Host;
use crate::step::{Call, Step};
use crate::ticket::Ticket;
use crate::txn::{Identity, InitRequest};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: InitProducerIdRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let max_timeout_ms = parts.host.config.settings.transaction_max_timeout_ms;
    let verdict = match check(&request, max_timeout_ms) {
        Ok(None) => {
            let result = parts
                .producer_ids
                .take(&mut parts.host)
                .map(|producer_id| Identity { producer_id, epoch: ProducerEpoch(0) })
                .ok_or(ErrorCode::CoordinatorLoadInProgress);
            return answer(&mut parts.host, call.ticket, result);
        }
        Ok(Some(init)) => {
            let (ids, host) = (parts.producer_ids, &mut parts.host);
            parts.txn.init_producer_id(ids, host, call.ticket, init)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = verdict {
        answer(&mut parts.host, call.ticket, Err(error));
    }
}

/// Checks the arguments, in the order of INIT-02 to INIT-06; nothing to initialise means that a
/// producer without a transactional id asks for an identity (INIT-03).
fn check(
    request: &InitProducerIdRequest,
    max_timeout_ms: i32,
) -> Result<Option<InitRequest>, ErrorCode> {
    let expected = Identity {
        producer_id: ProducerId::from_wire(&request.producer_id),
        epoch: ProducerEpoch::from_wire(&request.producer_epoch),
    };
    let has_id = expected.producer_id != ProducerId::NONE;
    if has_id != (expected.epoch != ProducerEpoch::NONE) {
        return Err(ErrorCode::InvalidRequest);
    }
    let Some(id) = &request.transactional_id else { return Ok(None) };
    if id.is_empty() {
        return Err(ErrorCode::InvalidRequest);
    }
    let timeout_ms = request.transaction_timeout_ms;
    if timeout_ms <= 0 || timeout_ms > max_timeout_ms {
        return Err(ErrorCode::InvalidTransactionTimeout);
    }
    let transactional_id = TransactionalId::from_wire(id);
    Ok(Some(InitRequest { transactional_id, timeout_ms, expected: has_id.then_some(expected) }))
}

/// Answers with the new identity, or with an error as the client's version knows it (INIT-17).
pub(crate) fn answer(host: &mut Host<'_>, ticket: Ticket, result: Result<Identity, ErrorCode>) {
    let (error, identity) = match result {
        Ok(identity) => (ErrorCode::None, identity),
        Err(ErrorCode::ProducerFenced) if ticket.version < 4 => {
            (ErrorCode::InvalidProducerEpoch, Identity::NONE)
        }
        Err(error) => (error, Identity::NONE),
    };
    let response = InitProducerIdResponse::default()
        .with_error_code(error.to_wire())
        .with_producer_id(identity.producer_id.to_wire())
        .with_producer_epoch(identity.epoch.to_wire());
    host.respond(ticket, response);
}
