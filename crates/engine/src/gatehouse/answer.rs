//! An answer before it leaves.

use std::collections::VecDeque;

use fencepost_faults::{Corruption, Effect, Phase, Subject};
use fencepost_ids::{ConnectionId, Timestamp};
use fencepost_model::{MessageId, Ticket};
use fencepost_wire::{Request, RequestHeader, Response};

use super::bytes_of::encoded;
use super::errors::error_answer;
use super::{Gatehouse, Patience, Waiter};
use crate::{Engine, Output};

/// A request that the cluster has been handed.
#[derive(Clone, Debug)]
pub(super) enum InProcess {
    /// Its answer comes to the gate.
    Awaited(Box<Exchange>),
    /// Nobody hears its answer.
    Unheard(ConnectionId),
}

/// A request whose answer comes to the gate.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    connection: ConnectionId,
    header: RequestHeader,
    request: Request,
    subject: Subject,
    /// What is to happen to its answer.
    todo: VecDeque<Effect>,
}

/// What comes to the gate from the cluster.
#[derive(Clone, Debug)]
pub(super) enum Arrived {
    /// An answer to a client, and the request.
    Answer(Box<(Ticket, Option<Response>, Exchange)>),
    /// An answer to another broker.
    Message(MessageId),
}

/// An answer that has not left yet.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) ticket: Ticket,
    /// None if the request has no answer (API-38).
    pub(super) response: Option<Response>,
    pub(super) header: RequestHeader,
    request: Request,
    todo: VecDeque<Effect>,
    corruptions: Vec<Corruption>,
    fate: Fate,
}

/// What becomes of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Sent,
    Lost,
    /// The connection ends before it.
    Cut,
}

impl InProcess {
    pub(super) fn awaited(
        connection: ConnectionId,
        header: RequestHeader,
        request: Request,
        subject: Subject,
        todo: VecDeque<Effect>,
    ) -> Self {
        Self::Awaited(Box::new(Exchange { connection, header, request, subject, todo }))
    }

    pub(super) fn connection(&self) -> ConnectionId {
        match self {
            Self::Awaited(exchange) => exchange.connection,
            Self::Unheard(connection) => *connection,
        }
    }
}

impl Answered {
    /// The answer to a request that had no effect.
    pub(super) fn new(
        ticket: Ticket,
        response: Option<Response>,
        header: RequestHeader,
        request: Request,
        todo: VecDeque<Effect>,
    ) -> Self {
        let (corruptions, fate) = (Vec::new(), Fate::Sent);
        Self { ticket, response, header, request, todo, corruptions, fate }
    }
}

impl Gatehouse {
    /// The cluster answers: the answer comes to the gate if its request did.
    pub(super) fn arrives(
        &mut self,
        ticket: Ticket,
        response: Option<Response>,
        out: &mut Vec<Output>,
    ) {
        match self.in_process.remove(&ticket.serial) {
            Some(InProcess::Awaited(exchange)) => {
                let answer = Box::new((ticket, response, *exchange));
                self.arrived.push_back(Arrived::Answer(answer));
            }
            Some(InProcess::Unheard(_)) => {}
            None => out.push(match response {
                Some(response) => Output::Respond { ticket, response },
                None => Output::Done { ticket },
            }),
        }
    }
}

impl Engine {
    pub(super) fn answer_arrives(
        &mut self,
        now: Timestamp,
        (ticket, response, exchange): (Ticket, Option<Response>, Exchange),
        out: &mut Vec<Output>,
    ) {
        let Exchange { connection: _, header, request, subject, mut todo } = exchange;
        todo.extend(self.decide(Phase::Applied, &subject, out));
        let answered = Answered::new(ticket, response, header, request, todo);
        self.answer(now, Box::new(answered), out);
    }

    /// What is to happen to an answer happens, until it has to wait.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        mut answered: Box<Answered>,
        out: &mut Vec<Output>,
    ) {
        let ticket = answered.ticket;
        while let Some(effect) = answered.todo.pop_front() {
            match effect {
                Effect::Disconnect(fault) => {
                    self.disconnect(ticket.connection, fault, out);
                    answered.fate = Fate::Cut;
                }
                Effect::Lose if answered.fate == Fate::Cut => {}
                Effect::Lose => answered.fate = Fate::Lost,
                Effect::Delay(ms) => {
                    return self.wait(Patience::after(now, ms), Waiter::Answer(answered));
                }
                Effect::Wait(until) | Effect::Hold(until) => {
                    if !self.is_over(&until) {
                        return self.wait(Patience::Until(until), Waiter::Answer(answered));
                    }
                }
                // A plan that says so is refused: it has been received.
                Effect::Duplicate => {}
                Effect::Error(error) => {
                    let own = answered.response.take();
                    if own.is_some() {
                        let Answered { header, request, .. } = &*answered;
                        answered.response =
                            error_answer(&self.cluster, header, request, own, &error);
                    }
                }
                Effect::Corrupt(corruption) => answered.corruptions.push(corruption),
                Effect::Throttle(ms) => {
                    let version = answered.ticket.version;
                    if let Some(response) = &mut answered.response {
                        response.throttle(version, i32::try_from(ms).unwrap_or(i32::MAX));
                    }
                }
                Effect::Offer(offer) => {
                    let release = self.cluster.config().release;
                    if let Some(house) = &mut self.house {
                        house.offer(&mut answered, offer, release);
                    }
                }
                beside => self.happens_beside(now, beside, out),
            }
        }
        self.leave(*answered, out);
    }

    fn leave(&mut self, answered: Answered, out: &mut Vec<Output>) {
        let Answered { ticket, response, header, corruptions, fate, .. } = answered;
        if let (Some(house), Some(said)) = (&mut self.house, &response)
            && fate == Fate::Sent
        {
            house.note_answer(&header, ticket, said);
        }
        let output = match (fate, response) {
            (Fate::Cut, _) => return,
            (Fate::Lost, _) | (Fate::Sent, None) => Output::Done { ticket },
            (Fate::Sent, Some(response)) if corruptions.is_empty() => {
                Output::Respond { ticket, response }
            }
            (Fate::Sent, Some(response)) => match encoded(ticket, &response, &corruptions) {
                Some(frame) => Output::RespondFrame { ticket, frame },
                None => Output::Respond { ticket, response },
            },
        };
        self.send(output, ticket.connection, out);
    }
}
