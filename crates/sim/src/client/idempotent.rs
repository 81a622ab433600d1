//! A producer without transactions: idempotent (CLIENT-12), or with fewer acknowledgements than all
//! and then without an identity.

use std::collections::VecDeque;

use fencepost_ids::{BrokerId, ErrorCode, ProducerEpoch, ProducerId};
use fencepost_oracle::Place;
use fencepost_wire::Response;
use fencepost_wire::messages::InitProducerIdRequest;

use super::directory::Directory;
use super::sender::{Sender, Sent};
use super::{BACKOFF_MS, BatchTag, Io, Part, Signal, Tag, Wait, error_of, is_retriable};

/// Sends batches to its partitions, each until it is acknowledged.
#[derive(Debug)]
pub(crate) struct Idempotent {
    directory: Directory,
    sender: Sender,
    /// Batches still to make: lane and number of records.
    plan: VecDeque<(usize, usize)>,
    /// Whether a batch had to be sent again, so that a leader may have read later batches without
    /// earlier ones.
    was_disturbed: bool,
    failed: bool,
}

/// Batches that may lie in the sender at a time.
const AHEAD: usize = 8;

impl Idempotent {
    pub(crate) fn new(places: Vec<Place>, plan: VecDeque<(usize, usize)>, acks: i16) -> Self {
        let lanes = places.len();
        Self {
            directory: Directory::new(Part::Output, places),
            sender: Sender::new(9, None, lanes, acks),
            plan,
            was_disturbed: false,
            failed: false,
        }
    }

    /// Whether it asks for fewer acknowledgements than all.
    pub(crate) fn is_lenient(&self) -> bool {
        !self.sender.is_idempotent()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.failed || (self.plan.is_empty() && self.sender.is_idle())
    }

    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) {
        match signal {
            Signal::Start => {
                self.directory.ask(io);
                ask_for_identity(io);
            }
            Signal::Reply(Tag::Metadata(_), response) => {
                self.directory.learn(response, io);
                self.work(io);
            }
            Signal::Broken(Tag::Metadata(_)) => self.directory.broken(io),
            Signal::Wake(Wait::Metadata(_)) => self.directory.ask(io),
            Signal::Reply(Tag::InitProducerId, response) => self.identified(&response, io),
            Signal::Broken(Tag::InitProducerId) => io.wait(BACKOFF_MS, Wait::Start),
            Signal::Wake(Wait::Start) => ask_for_identity(io),
            Signal::Reply(Tag::Produce(tag), response) => {
                match self.sender.answered(tag, &response, &mut self.directory, io) {
                    Sent::Acknowledged(records) => {
                        for record in records {
                            io.history.acknowledged(record);
                        }
                        self.work(io);
                    }
                    Sent::Again => self.was_disturbed = true,
                    // A partition that never saw the producer takes any first sequence (IDEM-16):
                    // the batches before it are refused for ever, and the application is told.
                    Sent::Failed(ErrorCode::OutOfOrderSequenceNumber) if self.was_disturbed => {
                        self.failed = true;
                    }
                    Sent::Failed(error) => {
                        self.failed = true;
                        io.history.complained(io.actor, format!("a batch was refused: {error}"));
                    }
                }
            }
            Signal::Unanswered(Tag::Produce(tag)) => {
                self.drop_batch(tag, io);
            }
            // It cannot know whether the batch was written, and would write it twice.
            Signal::Broken(Tag::Produce(tag)) if self.is_lenient() => {
                self.drop_batch(tag, io);
                self.directory.forget(tag.lane(), io);
            }
            Signal::Broken(Tag::Produce(tag)) => {
                self.was_disturbed = true;
                self.sender.broken(tag, &mut self.directory, io);
            }
            Signal::Wake(Wait::Send) => self.sender.wake(&mut self.directory, io),
            Signal::Reply(..) | Signal::Unanswered(_) | Signal::Broken(_) | Signal::Wake(_) => {}
        }
    }

    fn drop_batch(&mut self, tag: BatchTag, io: &mut Io<'_>) {
        for record in self.sender.drop_batch(tag) {
            if self.sender.asks_for_nothing() {
                io.history.acknowledged(record);
            }
        }
        self.work(io);
    }

    fn identified(&mut self, response: &Response, io: &mut Io<'_>) {
        let Response::InitProducerId(response) = response else { return };
        match error_of(response.error_code) {
            ErrorCode::None => {
                let id = ProducerId(response.producer_id.0);
                self.sender.identify(id, ProducerEpoch(response.producer_epoch));
                self.work(io);
            }
            error if is_retriable(error) => io.wait(BACKOFF_MS, Wait::Start),
            error => {
                self.failed = true;
                io.history.complained(io.actor, format!("InitProducerId was refused: {error}"));
            }
        }
    }

    fn work(&mut self, io: &mut Io<'_>) {
        if self.sender.identity().is_none() || self.failed {
            return;
        }
        while self.sender.depth() < AHEAD
            && let Some((lane, count)) = self.plan.pop_front()
        {
            let place = self.directory.places()[lane].clone();
            let records =
                (0..count).map(|_| io.history.sent(io.actor, place.clone(), None, None)).collect();
            self.sender.push(lane, records, io);
        }
        self.sender.pump(&mut self.directory, io);
    }
}

/// Any broker gives an identity to a producer without a transactional id (INIT-03).
fn ask_for_identity(io: &mut Io<'_>) {
    let broker = BrokerId(io.chance.below(io.brokers as usize) as i32);
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1);
    io.request(broker, 4, request, Tag::InitProducerId);
}
