//! Where the gate stands: what it is to decide on, what waits there, and what has passed. All of it
//! is data, so that a clone of an engine waits for the same things.

mod beside;
mod bytes_of;
mod command;
mod errors;
mod listing;
pub use listing::{Crossing, Held, Patience};
mod answer;
mod message;
mod offering;
mod order;
pub use order::Order;
mod request;
mod schedule;
pub use schedule::{Schedule, ScheduleError};
mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fencepost_faults::{Gate, Offer, Phase, Subject};
use fencepost_ids::{ConnectionId, Timestamp};
use fencepost_model::{Cluster, Input as Step, MessageId, Output as Effect};

use answer::{Answered, Arrived, InProcess};
use message::Passing;
use request::Asked;
use schedule::Stepping;
use world::Surroundings;

use crate::{Engine, Output};

/// The gate with all that stands around it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Gatehouse {
    pub(crate) gate: Gate,
    /// Requests that the cluster has been handed, by the serial numbers of their tickets.
    in_process: BTreeMap<u64, InProcess>,
    /// Answers that the cluster gave and that have not come to the gate yet.
    arrived: VecDeque<Arrived>,
    /// What waits, by the number that names it.
    waiting: BTreeMap<u64, Waiting>,
    /// How many have waited.
    numbered: u64,
    /// Messages between brokers that wait, each the first of its channel or an answer behind it.
    kept: BTreeSet<MessageId>,
    /// Connections that have ended, of which the cluster has not been told yet: it carries out the
    /// requests of theirs that are held (FRAME-13).
    departed: BTreeSet<ConnectionId>,
    /// What connections were offered, where that is less than there is.
    offers: BTreeMap<ConnectionId, Offer>,
    /// Nothing passes but one at a time.
    pub(crate) stepping: Option<Stepping>,
    order: Order,
}

/// Something that waits, and what for.
#[derive(Clone, Debug)]
struct Waiting {
    patience: Patience,
    what: Waiter,
}

#[derive(Clone, Debug)]
enum Waiter {
    Request(Box<Asked>),
    Answer(Box<Answered>),
    Message(Box<Passing>),
}

impl Waiting {
    /// Whether it stays when its connection ends.
    fn outlives(&self, connection: ConnectionId) -> bool {
        match &self.what {
            Waiter::Request(asked) => asked.is_held || asked.connection != connection,
            Waiter::Answer(answered) => answered.ticket.connection != connection,
            Waiter::Message(_) => true,
        }
    }

    fn is_request_of(&self, connection: ConnectionId) -> bool {
        matches!(&self.what, Waiter::Request(asked) if asked.connection == connection)
    }
}

impl Gatehouse {
    /// When the first delay is over.
    pub(crate) fn next_deadline(&self) -> Timestamp {
        let moments = self.waiting.values().filter_map(|waiting| match waiting.patience {
            Patience::At(at) => Some(at),
            Patience::Until(_) | Patience::Step => None,
        });
        moments.min().unwrap_or(Timestamp::NEVER)
    }

    /// Whether a message may not be delivered, though it is the first of its channel.
    pub(crate) fn keeps(&self, message: MessageId) -> bool {
        self.kept.contains(&message)
    }

    /// What a step of the cluster did comes to the gate, or goes on to the driver.
    pub(crate) fn sort(&mut self, cluster: &Cluster, effect: Effect, out: &mut Vec<Output>) {
        match effect {
            Effect::Respond { ticket, response } => self.arrives(ticket, Some(response), out),
            Effect::Done { ticket } => self.arrives(ticket, None, out),
            Effect::Close { connection, reason } => {
                self.departed.remove(&connection);
                self.waiting.retain(|_, waiting| {
                    waiting.outlives(connection) && !waiting.is_request_of(connection)
                });
                self.forget(connection);
                out.push(Output::Close { connection, reason, fault: None });
            }
            Effect::Sent(id) => {
                if cluster.message(id).is_some_and(message::is_answer) {
                    self.arrived.push_back(Arrived::Message(id));
                }
            }
        }
    }

    /// A connection has ended. What is held of it is carried out all the same (FRAME-13).
    pub(crate) fn depart(&mut self, connection: ConnectionId) {
        self.waiting.retain(|_, waiting| waiting.outlives(connection));
        self.departed.insert(connection);
    }

    /// A connection is closed at the cluster as well: nothing more is answered on it.
    fn forget(&mut self, connection: ConnectionId) {
        self.in_process.retain(|_, exchange| exchange.connection() != connection);
        self.offers.remove(&connection);
    }

    /// Drops what is known of messages that are gone, as with a broker that crashed.
    pub(crate) fn prune(&mut self, cluster: &Cluster) {
        self.kept.retain(|id| cluster.message(*id).is_some());
        self.waiting.retain(|_, waiting| match &waiting.what {
            Waiter::Message(passing) => cluster.message(passing.id).is_some(),
            Waiter::Request(_) | Waiter::Answer(_) => true,
        });
    }

    /// All connections end at once, and what is held of them goes with them.
    pub(crate) fn drop_connections(&mut self) {
        self.waiting.retain(|_, waiting| matches!(waiting.what, Waiter::Message(_)));
        self.in_process.clear();
        self.offers.clear();
        self.arrived.clear();
        self.departed.clear();
    }

    fn wait(&mut self, patience: Patience, what: Waiter) {
        self.numbered += 1;
        self.waiting.insert(self.numbered, Waiting { patience, what });
    }

    /// A connection that has ended, and of which nothing is held any more.
    fn next_departure(&self) -> Option<ConnectionId> {
        let is_free = |connection: &ConnectionId| {
            !self.waiting.values().any(|waiting| waiting.is_request_of(*connection))
        };
        self.departed.iter().copied().find(is_free)
    }

    /// What has waited for something that has happened meanwhile.
    fn next_over(&self) -> Option<u64> {
        let is_over = |patience: &Patience| match patience {
            Patience::Until(until) => self.gate.is_over(until),
            Patience::At(_) | Patience::Step => false,
        };
        self.waiting.iter().find(|(_, waiting)| is_over(&waiting.patience)).map(|(id, _)| *id)
    }

    /// The earliest of what waits for a moment that has come.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let moments = self.waiting.iter().filter_map(|(number, waiting)| match waiting.patience {
            Patience::At(at) if at <= now => Some((at, *number)),
            Patience::At(_) | Patience::Until(_) | Patience::Step => None,
        });
        moments.min()
    }
}

impl Engine {
    /// Does one thing that is due at the gate, if there is any: an answer passes, what waited goes
    /// on, the cluster is told of a connection that ended.
    pub(crate) fn attend(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        let Some(house) = &mut self.house else { return false };
        if let Some(arrived) = house.arrived.pop_front() {
            match arrived {
                Arrived::Answer(answered) => self.answer_arrives(now, *answered, out),
                Arrived::Message(id) => self.message_answered(now, id, out),
            }
            return true;
        }
        if let Some(number) = house.next_over() {
            self.go_on(now, number, out);
            return true;
        }
        if let Some(connection) = house.next_departure() {
            house.departed.remove(&connection);
            house.forget(connection);
            self.step(now, Step::Disconnect { connection }, out);
            return true;
        }
        false
    }

    /// Lets go on what has its turn, if anything has.
    pub(crate) fn take_turn(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        let next = self.house.as_mut().and_then(|house| house.next_scheduled(&self.cluster));
        if let Some(number) = next {
            self.go_on(now, number, out);
        }
        next.is_some()
    }

    /// Something has waited for long enough, or is released by hand.
    pub(crate) fn go_on(&mut self, now: Timestamp, number: u64, out: &mut Vec<Output>) {
        let Some(house) = &mut self.house else { return };
        let waits = house.waiting.get(&number);
        let was_stepped = waits.is_some_and(|waiting| waiting.patience == Patience::Step);
        if was_stepped {
            self.note_turn(number);
        }
        let Some(house) = &mut self.house else { return };
        let Some(Waiting { what, .. }) = house.waiting.remove(&number) else { return };
        match what {
            Waiter::Request(asked) if was_stepped => self.request_received(now, asked, out),
            Waiter::Request(asked) => self.receive(now, asked, out),
            Waiter::Answer(answered) => self.answer(now, answered, out),
            Waiter::Message(passing) if was_stepped => {
                self.message_received(now, passing.id, out);
            }
            Waiter::Message(passing) => self.pass(now, *passing, out),
        }
    }

    /// Asks the gate, and tells of the faults that fire.
    fn decide(
        &mut self,
        phase: Phase,
        subject: &Subject,
        out: &mut Vec<Output>,
    ) -> VecDeque<fencepost_faults::Effect> {
        let Some(house) = &mut self.house else { return VecDeque::new() };
        let hits = house.gate.decide(phase, subject, &Surroundings(&self.cluster));
        let mut effects = VecDeque::new();
        for hit in hits {
            out.push(Output::Hit { fault: hit.fault, matched: hit.matched });
            effects.extend(hit.effects);
        }
        effects
    }

    fn wait(&mut self, patience: Patience, what: Waiter) {
        if let Some(house) = &mut self.house {
            house.wait(patience, what);
        }
    }

    fn is_over(&self, until: &fencepost_faults::Until) -> bool {
        self.house.as_ref().is_none_or(|house| house.gate.is_over(until))
    }
}
