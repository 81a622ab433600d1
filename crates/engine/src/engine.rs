//! The engine, and how a turn goes.

use fencepost_ids::Timestamp;
use fencepost_model::{
    Channel, Cluster, ClusterConfig, Input as Step, MessageId, Output as Effect, Timer,
};

use crate::gatehouse::Gatehouse;
use crate::snapshots::Snapshots;
use crate::{Delivery, Input, Output, Reached};

/// Steps of the cluster that one turn takes at most. What is left is done by the next
/// [`Input::Tick`], so that a driver can let others in.
const STEPS_AT_ONCE: usize = 10_000;

/// A cluster with all that reaches it from outside. A clone is a fork of its world.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) cluster: Cluster,
    /// Nothing until there is a fault or anything is to wait: then it costs a branch alone.
    pub(crate) house: Option<Box<Gatehouse>>,
    /// Empty between steps; kept for its room.
    effects: Vec<Effect>,
    /// Events are told, whatever the cluster of a snapshot did.
    pub(crate) observes: bool,
    /// The last turn had more to do than one may.
    is_cut: bool,
    /// What every answer asks its client to wait, in milliseconds (FRAME-16).
    pub(crate) throttle_ms: i32,
    pub(crate) snapshots: Snapshots,
}

impl Engine {
    /// An engine whose brokers have just started.
    #[must_use]
    pub fn new(config: ClusterConfig, start: Timestamp) -> Self {
        Self {
            cluster: Cluster::new(config, start),
            house: None,
            effects: Vec::new(),
            observes: false,
            is_cut: false,
            throttle_ms: 0,
            snapshots: Snapshots::default(),
        }
    }

    /// Takes one input in one atomic turn, and with it all that brokers then have to tell each
    /// other, and pushes what the driver must do, in order. `now` is never before that of an
    /// earlier turn, but for [`Input::Reset`].
    pub fn handle(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        let has_gone = matches!(input, Input::Crash(_) | Input::Stop(_));
        let step = match input {
            Input::Connect { connection, broker, host } => {
                Step::Connect { connection, broker, host }
            }
            Input::Disconnect { connection } => match &mut self.house {
                None => Step::Disconnect { connection },
                Some(house) => {
                    house.depart(connection);
                    return self.settle_turn(now, out);
                }
            },
            Input::Request { connection, frame, header, request } => match &self.house {
                None => Step::Request { connection, header, request },
                Some(_) => {
                    self.request_arrives(now, connection, frame, header, request, out);
                    return self.settle_turn(now, out);
                }
            },
            Input::Tick => {
                self.is_cut = !self.fire_due(now, out);
                return;
            }
            Input::Crash(broker) => Step::Crash(broker),
            Input::Stop(broker) => Step::Stop(broker),
            Input::Restart(broker) => Step::Restart(broker),
            Input::CreateInternalTopic(topic) => Step::CreateInternalTopic(topic),
            Input::Elect { topic, partition, leader } => Step::Elect { topic, partition, leader },
            Input::Throttle(time_ms) => {
                self.throttle_ms = time_ms;
                return;
            }
            Input::Snapshot(name) => return self.take_snapshot(now, name),
            Input::Forget(name) => return self.forget_snapshot(&name),
            Input::Reset(name) => {
                self.reset(now, &name, out);
                return self.settle_turn(now, out);
            }
            Input::Gate(command) => {
                self.command(now, command, out);
                return self.settle_turn(now, out);
            }
        };
        self.step(now, step, out);
        if has_gone {
            self.prune();
        }
        self.settle_turn(now, out);
    }

    fn settle_turn(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.is_cut = !self.settle(now, out);
    }

    /// When the next [`Input::Tick`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Timestamp {
        if self.is_cut {
            return Timestamp(0);
        }
        let timers = self.cluster.deadlines().next().map_or(Timestamp::NEVER, |timer| timer.at);
        match &self.house {
            None => timers,
            Some(house) => timers.min(house.next_deadline()),
        }
    }

    /// Whether requests are to come with their frames.
    #[must_use]
    pub fn wants_frames(&self) -> bool {
        self.house.is_some()
    }

    /// Whether the cluster tells its events from now on, among the outputs ([`Output::Event`]).
    pub fn observe(&mut self, on: bool) {
        self.observes = on;
        self.cluster.observe(on);
    }

    /// Looks at the cluster between two turns.
    #[must_use]
    pub fn look(&self) -> &Cluster {
        &self.cluster
    }

    pub(crate) fn step(&mut self, now: Timestamp, step: Step, out: &mut Vec<Output>) {
        let mut effects = std::mem::take(&mut self.effects);
        if self.observes {
            out.extend(self.reached(&step).map(Output::Reached));
        }
        self.cluster.handle(now, step, &mut effects);
        out.extend(self.cluster.take_events().into_iter().map(Output::Event));
        for mut effect in effects.drain(..) {
            if self.throttle_ms > 0
                && let Effect::Respond { ticket, response } = &mut effect
            {
                response.throttle(ticket.version, self.throttle_ms);
            }
            match &mut self.house {
                None => out.extend(outside(effect)),
                Some(house) => house.sort(&self.cluster, effect, out),
            }
        }
        self.effects = effects;
    }

    /// What a step has reach the one that it is for.
    fn reached(&self, step: &Step) -> Option<Reached> {
        let (id, delivery) = match step {
            Step::Request { connection, header, .. } => {
                let (connection, correlation_id) = (*connection, header.correlation_id);
                return Some(Reached::Request { connection, correlation_id });
            }
            Step::Deliver(id) => (*id, Delivery::Done),
            Step::Lose(id) => (*id, Delivery::Lost),
            Step::Refuse { message, code } => (*message, Delivery::Refused(*code)),
            _ => return None,
        };
        let message = self.cluster.message(id)?;
        let follows = matches!(message.body.channel(), Channel::Replication(_));
        (!follows || delivery != Delivery::Done)
            .then(|| Reached::Message { message: Box::new(message.clone()), delivery })
    }

    /// Does all that follows without the clock: what waits at the gate goes on if it may, and what
    /// brokers have to tell each other is delivered, until nothing is left or there was too much
    /// of it for one turn.
    fn settle(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        for _ in 0..STEPS_AT_ONCE {
            if self.house.is_some() && self.attend(now, out) {
                continue;
            }
            match (self.next_message(), &self.house) {
                (Some(id), None) => self.step(now, Step::Deliver(id), out),
                (Some(id), Some(_)) => self.message_arrives(now, id, out),
                (None, None) => return true,
                // A turn comes when all that followed from the one before is done, so that it does
                // not matter whether its request was there already.
                (None, Some(_)) => {
                    if self.due(now).is_some() || !self.take_turn(now, out) {
                        return true;
                    }
                }
            }
        }
        false
    }

    fn next_message(&self) -> Option<MessageId> {
        let mut messages = self.cluster.deliverable().map(|message| message.id);
        match &self.house {
            None => messages.next(),
            Some(house) => messages.find(|id| !house.keeps(*id)),
        }
    }

    /// Fires the timers that are due, and lets go on what was delayed; false if there was too much
    /// of it for one turn.
    fn fire_due(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        let mut all_done = self.settle(now, out);
        let mut steps = 0;
        while all_done && let Some(due) = self.due(now) {
            match due {
                Due::Timer(timer) => self.step(now, Step::Fire(timer), out),
                Due::Delayed(number) => self.go_on(now, number, out),
            }
            steps += 1;
            all_done = self.settle(now, out) && steps < STEPS_AT_ONCE;
        }
        all_done
    }

    /// The earliest of what is due; of two at once, the timer.
    fn due(&self, now: Timestamp) -> Option<Due> {
        let timer = self.cluster.deadlines().next().filter(|deadline| deadline.at <= now);
        let delayed = self.house.as_ref().and_then(|house| house.next_due(now));
        match (timer, delayed) {
            (Some(timer), Some((at, number))) if at < timer.at => Some(Due::Delayed(number)),
            (Some(timer), _) => Some(Due::Timer(timer.timer.clone())),
            (None, delayed) => delayed.map(|(_, number)| Due::Delayed(number)),
        }
    }
}

/// What is due.
enum Due {
    Timer(Timer),
    /// Something that was delayed at the gate.
    Delayed(u64),
}

/// What a step did that the driver must do.
fn outside(effect: Effect) -> Option<Output> {
    match effect {
        Effect::Respond { ticket, response } => Some(Output::Respond { ticket, response }),
        Effect::Done { ticket } => Some(Output::Done { ticket }),
        Effect::Close { connection, reason } => {
            Some(Output::Close { connection, reason, fault: None })
        }
        Effect::Sent(_) => None,
    }
}
