//! The cluster behind its lock. Every task takes its step here and hands over what the step has
//! for other connections; nobody holds the lock over an await.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fencepost_ids::{BrokerId, ConnectionId, PartitionIndex, Rule, Timestamp, TopicName};
use fencepost_model::{Cluster, ClusterConfig, ElectionRefused, Input, Output};
use fencepost_wire::{Release, Request, RequestHeader};
use tokio::sync::Notify;
use tracing::error;

use crate::clock::Clock;
use crate::mailbox::{Answer, Closing, Mail, Mailbox};

/// Steps that one holder of the lock takes in a row before it lets others in.
const STEPS_AT_ONCE: usize = 10_000;

/// The cluster, its clock and its connections.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) release: Release,
    /// The largest frame that is taken, in bytes (FRAME-02).
    pub(crate) frame_limit: u32,
    /// How long a connection may rest (FRAME-15).
    pub(crate) idle_limit: Option<Duration>,
    /// FRAME-07: a connection is not read while one of its requests is in process.
    pub(crate) one_request_in_process: bool,
    /// What every answer asks its client to wait, in milliseconds (FRAME-16).
    throttle_ms: AtomicI32,
    clock: Clock,
    state: Mutex<State>,
    /// The timer task is to look again: a timer became due earlier, or the server stops.
    pub(crate) timers_changed: Notify,
    /// The last connection has ended while the server stops.
    drained: Notify,
}

#[derive(Debug)]
struct State {
    cluster: Cluster,
    /// Empty between steps; kept for its room.
    outputs: Vec<Output>,
    mailboxes: BTreeMap<ConnectionId, Arc<Mailbox>>,
    connections_seen: u64,
    /// When the timer task will look by itself.
    next_look: Timestamp,
    stopping: bool,
}

/// A step panicked, so that the state of the cluster can no longer be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Broken;

/// When the timer task is to look again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NextLook {
    /// At once: there is more to do than one holder of the lock may.
    Now,
    /// At this moment.
    At(tokio::time::Instant),
    /// Never: the server stops.
    Never,
}

/// Where the outputs of a turn at the lock go.
#[derive(Default)]
struct Dispatch {
    /// The connection whose request is in this turn.
    asking: Option<ConnectionId>,
    /// Its answer, if the turn has it.
    answer: Option<Answer>,
    /// All else, put into the mailboxes when the lock is free again.
    post: Vec<(Arc<Mailbox>, Mail)>,
}

impl Dispatch {
    fn deliver(self) -> Option<Answer> {
        for (mailbox, mail) in self.post {
            mailbox.put(mail);
        }
        self.answer
    }
}

impl Engine {
    pub(crate) fn new(config: ClusterConfig) -> Self {
        let clock = Clock::start();
        Self {
            release: config.release,
            frame_limit: config.settings.socket_request_max_bytes(),
            idle_limit: config.settings.connections_max_idle_ms().map(Duration::from_millis),
            one_request_in_process: config.rules.is_on(Rule::OneRequestInProcess),
            throttle_ms: AtomicI32::new(0),
            clock,
            state: Mutex::new(State {
                cluster: Cluster::new(config, clock.now()),
                outputs: Vec::new(),
                mailboxes: BTreeMap::new(),
                connections_seen: 0,
                next_look: Timestamp::NEVER,
                stopping: false,
            }),
            timers_changed: Notify::new(),
            drained: Notify::new(),
        }
    }

    /// A client reached the port of a broker. None while the server stops.
    pub(crate) fn connect(&self, broker: BrokerId, host: Arc<str>) -> Option<Line<'_>> {
        let mut state = self.lock().ok()?;
        if state.stopping {
            return None;
        }
        let id = ConnectionId(state.connections_seen);
        state.connections_seen += 1;
        let mailbox = Arc::new(Mailbox::new());
        state.mailboxes.insert(id, Arc::clone(&mailbox));
        drop(state);
        let line = Line { engine: self, id, mailbox };
        self.step(Input::Connect { connection: id, broker, host }, None).ok()?;
        Some(line)
    }

    /// What every answer asks its client to wait, in milliseconds.
    pub(crate) fn throttle_ms(&self) -> i32 {
        self.throttle_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn throttle(&self, time_ms: i32) {
        self.throttle_ms.store(time_ms, Ordering::Relaxed);
    }

    /// Something that no connection asked for.
    pub(crate) fn inject(&self, input: Input) -> Result<(), Broken> {
        self.step(input, None).map(|_| ())
    }

    /// Looks at the cluster between two steps.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> Result<T, Broken> {
        Ok(look(&self.lock()?.cluster))
    }

    /// Has a broker elected, if it may lead: looked up and done in one turn at the lock.
    pub(crate) fn elect(
        &self,
        topic: TopicName,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<Result<(), ElectionRefused>, Broken> {
        let state = self.lock()?;
        if let Err(refused) = state.cluster.check_election(&topic, partition, leader) {
            return Ok(Err(refused));
        }
        self.step_with(state, Input::Elect { topic, partition, leader }, None);
        Ok(Ok(()))
    }

    /// Takes one step, and with it all that brokers have to tell each other. The answer to the
    /// asking connection is returned, all else is put into mailboxes.
    fn step(&self, input: Input, asking: Option<ConnectionId>) -> Result<Option<Answer>, Broken> {
        Ok(self.step_with(self.lock()?, input, asking))
    }

    fn step_with(
        &self,
        mut state: MutexGuard<'_, State>,
        input: Input,
        asking: Option<ConnectionId>,
    ) -> Option<Answer> {
        let mut dispatch = Dispatch { asking, ..Dispatch::default() };
        let now = self.clock.now();
        state.step(now, input, &mut dispatch);
        let all_delivered = state.deliver(now, &mut dispatch);
        let wake = state.must_look_earlier(all_delivered);
        drop(state);
        if wake {
            self.timers_changed.notify_one();
        }
        dispatch.deliver()
    }

    /// Fires the timers that are due.
    pub(crate) fn fire_due(&self) -> Result<NextLook, Broken> {
        let mut dispatch = Dispatch::default();
        let mut state = self.lock()?;
        if state.stopping {
            return Ok(NextLook::Never);
        }
        let now = self.clock.now();
        let mut all_done = state.deliver(now, &mut dispatch);
        let mut steps = 0;
        while all_done && let Some(timer) = state.due(now) {
            state.step(now, Input::Fire(timer), &mut dispatch);
            steps += 1;
            all_done = state.deliver(now, &mut dispatch) && steps < STEPS_AT_ONCE;
        }
        state.next_look = state.earliest();
        let next = match state.next_look {
            _ if !all_done => NextLook::Now,
            at => NextLook::At(self.clock.instant_of(at)),
        };
        drop(state);
        dispatch.deliver();
        Ok(next)
    }

    /// Closes all connections and lets no others in.
    pub(crate) fn stop(&self) {
        // A broken cluster has to end its connections all the same.
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.stopping = true;
        let mailboxes: Vec<_> = state.mailboxes.values().cloned().collect();
        drop(state);
        for mailbox in mailboxes {
            mailbox.put(Mail::Close(Closing::Stopping));
        }
        self.timers_changed.notify_one();
    }

    /// Waits until every connection has ended, after [`Self::stop`].
    pub(crate) async fn drained(&self) {
        while self.has_connections() {
            self.drained.notified().await;
        }
    }

    fn has_connections(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        !state.mailboxes.is_empty()
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, Broken> {
        self.state.lock().map_err(|_| {
            self.timers_changed.notify_one();
            Broken
        })
    }
}

impl State {
    fn step(&mut self, now: Timestamp, input: Input, dispatch: &mut Dispatch) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.cluster.handle(now, input, &mut outputs);
        for output in outputs.drain(..) {
            let (connection, mail) = match output {
                Output::Respond { ticket, response } => {
                    (ticket.connection, Mail::Answer(Answer::Respond(ticket, response)))
                }
                Output::Done { ticket } => (ticket.connection, Mail::Answer(Answer::Done)),
                Output::Close { connection, reason } => {
                    (connection, Mail::Close(Closing::Ordered(reason)))
                }
                Output::Sent(_) => continue,
            };
            match mail {
                // Without FRAME-07 one step may answer several requests of a connection.
                Mail::Answer(answer)
                    if dispatch.asking == Some(connection) && dispatch.answer.is_none() =>
                {
                    dispatch.answer = Some(answer);
                }
                mail => {
                    if let Some(mailbox) = self.mailboxes.get(&connection) {
                        dispatch.post.push((Arc::clone(mailbox), mail));
                    }
                }
            }
        }
        self.outputs = outputs;
    }

    /// Delivers what brokers have to tell each other, until nothing is on its way or there was
    /// too much of it for one turn.
    fn deliver(&mut self, now: Timestamp, dispatch: &mut Dispatch) -> bool {
        for _ in 0..STEPS_AT_ONCE {
            let next = self.cluster.deliverable().next().map(|message| message.id);
            let Some(id) = next else { return true };
            self.step(now, Input::Deliver(id), dispatch);
        }
        false
    }

    fn earliest(&self) -> Timestamp {
        self.cluster.deadlines().next().map_or(Timestamp::NEVER, |deadline| deadline.at)
    }

    fn due(&self, now: Timestamp) -> Option<fencepost_model::Timer> {
        let earliest = self.cluster.deadlines().next()?;
        (earliest.at <= now).then(|| earliest.timer.clone())
    }

    /// Whether the timer task would look too late; from then on it will not.
    fn must_look_earlier(&mut self, all_delivered: bool) -> bool {
        let earliest = if all_delivered { self.earliest() } else { Timestamp(0) };
        let earlier = earliest < self.next_look;
        self.next_look = self.next_look.min(earliest);
        earlier
    }
}

/// A connection's end of the engine. Dropped, it reports that the connection is closed.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    engine: &'a Engine,
    id: ConnectionId,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Line<'_> {
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Hands a request over; without an answer now it comes by the mailbox.
    pub(crate) fn ask(
        &self,
        header: RequestHeader,
        request: Request,
    ) -> Result<Option<Answer>, Broken> {
        self.engine.step(Input::Request { connection: self.id, header, request }, Some(self.id))
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.engine.step(Input::Disconnect { connection: self.id }, None).is_err() {
            error!(connection = self.id.0, "the cluster is broken: a step of it panicked");
        }
        let mut state = self.engine.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.mailboxes.remove(&self.id);
        if state.stopping && state.mailboxes.is_empty() {
            self.engine.drained.notify_one();
        }
    }
}
