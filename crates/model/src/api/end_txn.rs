//! EndTxn (key 26), versions 0 to 5: END-01 to END-14.

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, TransactionalId};
use fencepost_wire::messages::{EndTxnRequest, EndTxnResponse};
use fencepost_wire::{FromWire, ToWire};

use crate::host::Host;
use crate::step::{Call, Step};
use crate::ticket::Ticket;
use crate::txn::{EndRequest, Identity, Progress, TxnPath};
use fencepost_log::MarkerType;

/// The first version whose client raises its epoch with every transaction (KIP-890).
const FIRST_TV2_VERSION: i16 = 5;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: EndTxnRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let end = EndRequest {
        transactional_id: TransactionalId::from_wire(&request.transactional_id),
        identity: Identity {
            producer_id: ProducerId::from_wire(&request.producer_id),
            epoch: ProducerEpoch::from_wire(&request.producer_epoch),
        },
        outcome: if request.committed { MarkerType::Commit } else { MarkerType::Abort },
        path: if call.ticket.version >= FIRST_TV2_VERSION { TxnPath::Tv2 } else { TxnPath::Tv1 },
    };
    let host = &mut parts.host;
    match parts.txn.end_txn(parts.producer_ids, host, call.ticket, end) {
        Ok(Progress::Writing) => {}
        Ok(Progress::Done(identity)) => answer(host, call.ticket, Ok(identity)),
        Err(error) => answer(host, call.ticket, Err(error)),
    }
}

/// Answers with the identity after completion, which only the TV2 path hears of (END-07), or with
/// an error as the client's version knows it (INIT-17).
pub(crate) fn answer(host: &mut Host<'_>, ticket: Ticket, result: Result<Identity, ErrorCode>) {
    let (error, identity) = match result {
        Ok(identity) => (ErrorCode::None, identity),
        Err(ErrorCode::ProducerFenced) if ticket.version < 2 => {
            (ErrorCode::InvalidProducerEpoch, Identity::NONE)
        }
        Err(error) => (error, Identity::NONE),
    };
    let mut response = EndTxnResponse::default().with_error_code(error.to_wire());
    if ticket.version >= FIRST_TV2_VERSION {
        response = response
            .with_producer_id(identity.producer_id.to_wire())
            .with_producer_epoch(identity.epoch.to_wire());
    }
    host.respond(ticket, response);
}
