//! What came of a turn, as a trace holds it.

use fencepost_faults::{ProcessId, SignalKind};
use fencepost_model::Ticket;
use fencepost_trace as trace;
use fencepost_trace::Digest;
use fencepost_wire::{Frame, encode_response};

use crate::Output;

/// How many bytes of a frame say how long it is.
const LENGTH_BYTES: usize = 4;

/// Encodes the answers of a turn, so that [`recorded_outputs`] and the connection need not do it both. One
/// that cannot be encoded stays as it is.
pub fn encode_answers(outputs: &mut [Output]) {
    for output in outputs {
        if let Output::Respond { ticket, response } = output {
            let frame = encode_response(ticket.correlation_id, ticket.version, response);
            if let Ok(frame) = frame {
                *output = Output::RespondFrame { ticket: *ticket, frame };
            }
        }
    }
}

/// The outputs of a turn. An answer is encoded here as it will be for its client; one that cannot be
/// is closed instead, as its connection will do.
#[must_use]
pub fn recorded_outputs(outputs: &[Output]) -> Vec<trace::Output> {
    outputs.iter().filter_map(recorded_output).collect()
}

fn recorded_output(output: &Output) -> Option<trace::Output> {
    Some(match output {
        // It follows from the rest.
        Output::Event(_) | Output::Reached(_) => return None,
        Output::Respond { ticket, response } => {
            match encode_response(ticket.correlation_id, ticket.version, response) {
                Ok(frame) => answer(ticket, &frame),
                Err(error) => trace::Output::Close {
                    connection: ticket.connection.0,
                    reason: error.to_string(),
                },
            }
        }
        Output::Done { ticket } => trace::Output::Done {
            connection: ticket.connection.0,
            correlation_id: ticket.correlation_id,
        },
        Output::Close { connection, reason, .. } => {
            trace::Output::Close { connection: connection.0, reason: reason.clone() }
        }
        Output::RespondFrame { ticket, frame } => answer(ticket, frame),
        Output::ClosePort(broker) => trace::Output::ClosePort { broker: broker.0 },
        Output::OpenPort(broker) => trace::Output::OpenPort { broker: broker.0 },
        Output::AdvanceClock(ms) => trace::Output::AdvanceClock { ms: *ms },
        Output::Signal(signal) => {
            let process = match &signal.process {
                ProcessId::Pid(pid) => pid.to_string(),
                ProcessId::Name(name) => name.clone(),
            };
            let signal = match signal.signal {
                SignalKind::Stop => "STOP",
                SignalKind::Cont => "CONT",
                SignalKind::Term => "TERM",
                SignalKind::Kill => "KILL",
            };
            trace::Output::Signal { process, signal: signal.to_owned() }
        }
        Output::Hit { fault, matched } => {
            trace::Output::Hit { fault: fault.as_ref().to_owned(), matched: *matched }
        }
    })
}

fn answer(ticket: &Ticket, frame: &Frame) -> trace::Output {
    let mut chunks = frame.chunks().map(|chunk| &chunk[..]);
    let head = chunks.next().and_then(|head| head.get(LENGTH_BYTES..)).unwrap_or_default();
    let mut rest = chunks.peekable();
    let digest = match rest.peek() {
        None => Digest::of(head),
        Some(_) => Digest::of_chunks(std::iter::once(head).chain(rest)),
    };
    trace::Output::Answer {
        connection: ticket.connection.0,
        correlation_id: ticket.correlation_id,
        api: ticket.api.name().into(),
        version: ticket.version,
        length: frame.byte_len().saturating_sub(LENGTH_BYTES) as u64,
        digest,
    }
}
