//! A client's request before it takes effect.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use fencepost_faults::{Effect, ErrorAnswer, Message, Phase, Subject};
use fencepost_ids::{ConnectionId, Timestamp};
use fencepost_model::Input as Step;
use fencepost_wire::{ApiKey, Refusal, Request, RequestHeader, decode_request};

use super::answer::{Answered, InProcess};
use super::bytes_of::{overwritten, unsupported};
use super::errors::error_answer;
use super::{Patience, Waiter};
use crate::{Engine, Output};

/// A request that has not had its effect yet.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) connection: ConnectionId,
    /// Without its length; a request that was read before there was a gate came without it.
    frame: Option<Bytes>,
    pub(super) header: RequestHeader,
    request: Request,
    pub(super) subject: Subject,
    /// What is still to happen to it.
    todo: VecDeque<Effect>,
    /// What is to happen to its answer.
    on_answer: VecDeque<Effect>,
    fate: Fate,
    is_doubled: bool,
    /// It is in the network, and stays there when its connection ends (FRAME-13).
    pub(super) is_held: bool,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
enum Fate {
    /// It has its effect.
    Carried,
    /// It has none, and no answer; the connection stays.
    Lost,
    /// It has none, and the connection ends.
    Cut,
    /// It has none, and the answer is an error.
    Refused(ErrorAnswer),
}

impl Engine {
    /// A request comes to the gate.
    pub(crate) fn request_arrives(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        frame: Option<Bytes>,
        header: RequestHeader,
        request: Request,
        out: &mut Vec<Output>,
    ) {
        // As at the cluster, a request on a connection that is closed is not carried out.
        let Some(broker) = self.cluster.broker_of(connection) else { return };
        if self.is_beyond_offer(connection, &header, out) {
            return;
        }
        let topic_name = |id| self.cluster.topic_name(id).cloned();
        let subject = Subject::of_request(&header, &request, broker, topic_name);
        let mut asked = Box::new(Asked {
            connection,
            frame,
            header,
            request,
            subject,
            todo: VecDeque::new(),
            on_answer: VecDeque::new(),
            fate: Fate::Carried,
            is_doubled: false,
            is_held: false,
        });
        let api = asked.header.api;
        if self.house.as_ref().is_some_and(|house| house.stops(api)) {
            asked.is_held = true;
            return self.wait(Patience::Step, Waiter::Request(asked));
        }
        self.request_received(now, asked, out);
    }

    pub(super) fn request_received(
        &mut self,
        now: Timestamp,
        mut asked: Box<Asked>,
        out: &mut Vec<Output>,
    ) {
        let (first, then): (Vec<_>, Vec<_>) = self
            .decide(Phase::Received, &asked.subject, out)
            .into_iter()
            // A connection that ends does so before its request is held.
            .partition(|effect| matches!(effect, Effect::Disconnect(_)));
        asked.todo = first.into_iter().chain(then).collect();
        self.receive(now, asked, out);
    }

    /// What is to happen to a request happens, until it has to wait.
    pub(super) fn receive(&mut self, now: Timestamp, mut asked: Box<Asked>, out: &mut Vec<Output>) {
        while let Some(effect) = asked.todo.pop_front() {
            match effect {
                Effect::Disconnect(fault) => {
                    self.disconnect(asked.connection, fault, out);
                    asked.fate = Fate::Cut;
                }
                Effect::Lose => asked.meets(Fate::Lost),
                Effect::Delay(ms) => {
                    return self.wait(Patience::after(now, ms), Waiter::Request(asked));
                }
                Effect::Wait(until) => {
                    if !self.is_over(&until) {
                        return self.wait(Patience::Until(until), Waiter::Request(asked));
                    }
                }
                Effect::Hold(until) => {
                    // In the network it outlives the connection on which it came.
                    asked.is_held = true;
                    if matches!(asked.fate, Fate::Cut) {
                        asked.fate = Fate::Carried;
                    }
                    if !self.is_over(&until) {
                        return self.wait(Patience::Until(until), Waiter::Request(asked));
                    }
                }
                Effect::Duplicate => asked.is_doubled = true,
                Effect::Error(answer) => asked.meets(Fate::Refused(answer)),
                Effect::Corrupt(corruption) if corruption.of == Message::Request => {
                    let Some(frame) = asked.bytes() else { continue };
                    let frame = overwritten(&frame, &corruption);
                    let release = self.cluster.config().release;
                    match decode_request(frame.clone(), release) {
                        Ok((header, request)) => {
                            asked.frame = Some(frame);
                            asked.header = header;
                            asked.request = request;
                        }
                        Err(Refusal::Close(reason)) => {
                            self.refuse(asked.connection, &reason.to_string(), out);
                            asked.fate = Fate::Cut;
                        }
                        Err(Refusal::UnsupportedApiVersions { correlation_id }) => {
                            let ticket = self.cluster.issue_ticket(asked.connection, &asked.header);
                            if let Some(frame) = unsupported(correlation_id, release) {
                                out.push(Output::RespondFrame { ticket, frame });
                            }
                            asked.fate = Fate::Cut;
                        }
                    }
                }
                on_answer @ (Effect::Corrupt(_) | Effect::Throttle(_) | Effect::Offer(_)) => {
                    asked.on_answer.push_back(on_answer);
                }
                beside => self.happens_beside(now, beside, out),
            }
        }
        self.end_of_receiving(now, *asked, out);
    }

    fn end_of_receiving(&mut self, now: Timestamp, asked: Asked, out: &mut Vec<Output>) {
        let Asked { connection, header, request, subject, on_answer, fate, is_doubled, .. } = asked;
        if self.cluster.broker_of(connection).is_none() {
            return;
        }
        match fate {
            Fate::Carried => {
                let twin = is_doubled.then(|| (header.clone(), request.clone()));
                let (asked, body) = (header.clone(), request.clone());
                let exchange = InProcess::awaited(connection, asked, body, subject, on_answer);
                self.carry_out(now, connection, header, request, exchange, out);
                if let Some((header, request)) = twin {
                    let unheard = InProcess::Unheard(connection);
                    self.carry_out(now, connection, header, request, unheard, out);
                }
            }
            Fate::Lost => {
                let ticket = self.cluster.issue_ticket(connection, &header);
                self.send(Output::Done { ticket }, connection, out);
            }
            Fate::Cut => {}
            // Without the brokers' own answer it would name no brokers, and no client takes that.
            Fate::Refused(error) if header.api == ApiKey::Metadata => {
                let mut todo = on_answer;
                todo.push_front(Effect::Error(error));
                let (asked, body) = (header.clone(), request.clone());
                let exchange = InProcess::awaited(connection, asked, body, subject, todo);
                self.carry_out(now, connection, header, request, exchange, out);
            }
            Fate::Refused(error) => {
                let ticket = self.cluster.issue_ticket(connection, &header);
                let response = error_answer(&self.cluster, &header, &request, None, &error);
                let answered = Answered::new(ticket, response, header, request, on_answer);
                self.answer(now, Box::new(answered), out);
            }
        }
    }

    /// Hands a request to the cluster, and notes what is to happen to its answer.
    pub(super) fn carry_out(
        &mut self,
        now: Timestamp,
        connection: ConnectionId,
        header: RequestHeader,
        request: Request,
        exchange: InProcess,
        out: &mut Vec<Output>,
    ) {
        let serial = self.cluster.next_serial();
        if let Some(house) = &mut self.house {
            house.in_process.insert(serial, exchange);
        }
        self.step(now, Step::Request { connection, header, request }, out);
    }

    /// Ends a connection as a fault says, unless it has ended.
    pub(super) fn disconnect(
        &mut self,
        connection: ConnectionId,
        fault: Arc<str>,
        out: &mut Vec<Output>,
    ) {
        self.cut(connection, "a fault disconnects it", Some(fault), out);
    }

    /// Ends a connection for what it sent, unless it has ended.
    pub(super) fn refuse(&mut self, connection: ConnectionId, reason: &str, out: &mut Vec<Output>) {
        self.cut(connection, reason, None, out);
    }

    fn cut(
        &mut self,
        connection: ConnectionId,
        reason: &str,
        fault: Option<Arc<str>>,
        out: &mut Vec<Output>,
    ) {
        let Some(house) = &mut self.house else { return };
        if self.cluster.broker_of(connection).is_some() && !house.departed.contains(&connection) {
            house.depart(connection);
            out.push(Output::Close { connection, reason: reason.to_owned(), fault });
        }
    }

    /// Sends something on a connection that has not ended.
    pub(super) fn send(&self, output: Output, connection: ConnectionId, out: &mut Vec<Output>) {
        let departed = self.house.as_ref().is_some_and(|it| it.departed.contains(&connection));
        if !departed && self.cluster.broker_of(connection).is_some() {
            out.push(output);
        }
    }
}

impl Asked {
    /// Nothing is answered on a connection that has ended.
    fn meets(&mut self, fate: Fate) {
        if !matches!(self.fate, Fate::Cut) {
            self.fate = fate;
        }
    }

    /// Its bytes, without the length.
    fn bytes(&self) -> Option<Bytes> {
        let encode = || fencepost_wire::encode_request(&self.header, &self.request).ok();
        self.frame.clone().or_else(|| encode().map(fencepost_wire::Frame::into_payload))
    }
}
