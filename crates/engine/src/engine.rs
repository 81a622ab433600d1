//! The engine, and how a turn goes.

use fencepost_ids::Timestamp;
use fencepost_model::{Cluster, ClusterConfig, Input as Step, Output as Effect};

use crate::snapshots::Snapshots;
use crate::{Input, Output};

/// Steps of the cluster that one turn takes at most. What is left is done by the next
/// [`Input::Tick`], so that a driver can let others in.
const STEPS_AT_ONCE: usize = 10_000;

/// A cluster with all that reaches it from outside. A clone is a fork of its world.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) cluster: Cluster,
    /// Empty between steps; kept for its room.
    effects: Vec<Effect>,
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
            effects: Vec::new(),
            is_cut: false,
            throttle_ms: 0,
            snapshots: Snapshots::default(),
        }
    }

    /// Takes one input in one atomic turn, and with it all that brokers then have to tell each
    /// other, and pushes what the driver must do, in order. `now` is never before that of an
    /// earlier turn, but for [`Input::Reset`].
    pub fn handle(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        let step = match input {
            Input::Connect { connection, broker, host } => {
                Step::Connect { connection, broker, host }
            }
            Input::Disconnect { connection } => Step::Disconnect { connection },
            Input::Request { connection, frame: _, header, request } => {
                Step::Request { connection, header, request }
            }
            Input::Tick => {
                self.is_cut = !self.fire_due(now, out);
                return;
            }
            Input::Crash(broker) => Step::Crash(broker),
            Input::Stop(broker) => Step::Stop(broker),
            Input::Restart(broker) => Step::Restart(broker),
            Input::Elect { topic, partition, leader } => Step::Elect { topic, partition, leader },
            Input::Throttle(time_ms) => {
                self.throttle_ms = time_ms;
                return;
            }
            Input::Snapshot(name) => return self.take_snapshot(now, name),
            Input::Forget(name) => return self.forget_snapshot(&name),
            Input::Reset(name) => {
                self.reset(now, &name, out);
                self.is_cut = !self.deliver(now, out);
                return;
            }
        };
        self.step(now, step, out);
        self.is_cut = !self.deliver(now, out);
    }

    /// When the next [`Input::Tick`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Timestamp {
        if self.is_cut {
            return Timestamp(0);
        }
        self.cluster.deadlines().next().map_or(Timestamp::NEVER, |deadline| deadline.at)
    }

    /// Whether requests are to come with their frames.
    #[must_use]
    pub fn wants_frames(&self) -> bool {
        false
    }

    /// Looks at the cluster between two turns.
    #[must_use]
    pub fn look(&self) -> &Cluster {
        &self.cluster
    }

    pub(crate) fn step(&mut self, now: Timestamp, step: Step, out: &mut Vec<Output>) {
        let mut effects = std::mem::take(&mut self.effects);
        self.cluster.handle(now, step, &mut effects);
        for effect in effects.drain(..) {
            out.push(match effect {
                Effect::Respond { ticket, mut response } => {
                    if self.throttle_ms > 0 {
                        response.throttle(ticket.version, self.throttle_ms);
                    }
                    Output::Respond { ticket, response }
                }
                Effect::Done { ticket } => Output::Done { ticket },
                Effect::Close { connection, reason } => Output::Close { connection, reason },
                Effect::Sent(_) => continue,
            });
        }
        self.effects = effects;
    }

    /// Delivers what brokers have to tell each other, until nothing is on its way or there was
    /// too much of it for one turn.
    fn deliver(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        for _ in 0..STEPS_AT_ONCE {
            let next = self.cluster.deliverable().next().map(|message| message.id);
            let Some(id) = next else { return true };
            self.step(now, Step::Deliver(id), out);
        }
        false
    }

    /// Fires the timers that are due; false if there were too many of them for one turn.
    fn fire_due(&mut self, now: Timestamp, out: &mut Vec<Output>) -> bool {
        let mut all_done = self.deliver(now, out);
        let mut steps = 0;
        while all_done && let Some(timer) = self.due(now) {
            self.step(now, Step::Fire(timer), out);
            steps += 1;
            all_done = self.deliver(now, out) && steps < STEPS_AT_ONCE;
        }
        all_done
    }

    fn due(&self, now: Timestamp) -> Option<fencepost_model::Timer> {
        let earliest = self.cluster.deadlines().next()?;
        (earliest.at <= now).then(|| earliest.timer.clone())
    }
}
