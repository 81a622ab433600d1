//! ListTransactions (key 66), versions 0 to 2 (DESC-03 to DESC-06, KIP-664, KIP-994, KIP-1152).

use fencepost_ids::{ErrorCode, ProducerId, Timestamp, TransactionalId};
use fencepost_wire::messages::list_transactions_response::TransactionState;
use fencepost_wire::messages::{ListTransactionsRequest, ListTransactionsResponse};
use fencepost_wire::{FromWire, StrBytes, ToWire};
use regex_lite::Regex;

use crate::step::{Call, Step};
use crate::txn::{TxnCoordinator, TxnFields, TxnState};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ListTransactionsRequest) {
    let Some(mut parts) = step.parts(call.broker) else { return };
    let response = list(parts.txn, &request, parts.host.now).unwrap_or_else(|error| {
        ListTransactionsResponse::default().with_error_code(error.to_wire())
    });
    parts.host.respond(call.ticket, response);
}

fn list(
    coordinator: &TxnCoordinator,
    request: &ListTransactionsRequest,
    now: Timestamp,
) -> Result<ListTransactionsResponse, ErrorCode> {
    let filter = Filter::of(request, now)?;
    let states = coordinator.list()?.filter(|(id, fields)| filter.admits(id, fields));
    let states = states.map(|(id, fields)| row(id, fields)).collect();
    Ok(ListTransactionsResponse::default()
        .with_transaction_states(states)
        .with_unknown_state_filters(filter.unknown_states))
}

/// What is asked for; all parts must agree (DESC-04).
struct Filter {
    /// Whether any state was named.
    by_state: bool,
    states: Vec<&'static str>,
    unknown_states: Vec<StrBytes>,
    producer_ids: Vec<ProducerId>,
    /// Transactions that began before this moment (DESC-05).
    started_before: Option<Timestamp>,
    pattern: Option<Regex>,
}

/// States that have a name on the wire and never stand in the log (STATE-03).
const NEVER_STORED: [&str; 2] = ["Dead", "PrepareEpochFence"];

impl Filter {
    fn of(request: &ListTransactionsRequest, now: Timestamp) -> Result<Self, ErrorCode> {
        let mut states = Vec::new();
        let mut unknown_states = Vec::new();
        for wanted in &request.state_filters {
            match TxnState::ALL.into_iter().find(|state| state.name() == wanted.as_str()) {
                Some(state) => states.push(state.name()),
                None if NEVER_STORED.contains(&wanted.as_str()) => {}
                None if unknown_states.contains(wanted) => {}
                None => unknown_states.push(wanted.clone()),
            }
        }
        let pattern = request.transactional_id_pattern.as_ref().filter(|text| !text.is_empty());
        let duration = request.duration_filter;
        Ok(Self {
            by_state: !request.state_filters.is_empty(),
            states,
            unknown_states,
            producer_ids: request.producer_id_filters.iter().map(ProducerId::from_wire).collect(),
            started_before: (duration >= 0).then(|| now.plus_millis(duration.saturating_neg())),
            pattern: pattern.map(|text| whole_match(text)).transpose()?,
        })
    }

    fn admits(&self, id: &TransactionalId, fields: &TxnFields) -> bool {
        (!self.by_state || self.states.contains(&fields.state.name()))
            && (self.producer_ids.is_empty() || self.producer_ids.contains(&fields.producer_id))
            && self.started_before.is_none_or(|moment| fields.start < moment)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(id))
    }
}

/// A pattern that must match the whole id (DESC-06).
fn whole_match(pattern: &str) -> Result<Regex, ErrorCode> {
    // On its own first, so that an unbalanced one does not become valid by what is put around it.
    let compiled = Regex::new(pattern).and_then(|_| Regex::new(&format!("^(?:{pattern})$")));
    compiled.map_err(|_| ErrorCode::InvalidRegularExpression)
}

fn row(id: &TransactionalId, fields: &TxnFields) -> TransactionState {
    TransactionState::default()
        .with_transactional_id(id.to_wire())
        .with_producer_id(fields.producer_id.to_wire())
        .with_transaction_state(StrBytes::from_static_str(fields.state.name()))
}
