//! The engine behind its lock. Every task takes its turn here and hands over what the turn has
//! for other connections; nobody holds the lock over an await.

mod deeds;
mod line;
pub(crate) use line::Line;
mod time;
mod waiting;
mod watching;
pub use watching::{Happening, What};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fencepost_engine::record::{Recorder, encode_answers, recorded_config, recorded_input};
use fencepost_engine::{Engine, Input, Output};
use fencepost_ids::{BrokerId, ConnectionId, PartitionIndex, Rule, Timestamp, TopicName};
use fencepost_model::{Cluster, ClusterConfig, ElectionRefused};
use fencepost_trace::{self as trace, Header, WriteError};
use fencepost_wire::Release;
use tokio::sync::{Notify, watch};

use crate::clock::{Clock, ClockKind};
use crate::mailbox::{Answer, Closing, Mail, Mailbox};
use crate::recording::{RecordedFile, Recording};
use crate::server::RunOptions;
use deeds::Deed;
use waiting::Waiting;
use watching::Watchers;

/// The engine, its clock and its connections.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) release: Release,
    /// The largest frame that is taken, in bytes (FRAME-02).
    pub(crate) frame_limit: u32,
    /// How long a connection may rest (FRAME-15).
    pub(crate) idle_limit: Option<Duration>,
    /// FRAME-07: a connection is not read while one of its requests is in process.
    pub(crate) one_request_in_process: bool,
    /// Whether a recording wants frames, or [`Engine::wants_frames`] said so last.
    wants_frames: AtomicBool,
    pub(crate) clock: Clock,
    state: Mutex<State>,
    /// The timer task is to look again: a timer became due earlier, or the server stops.
    pub(crate) timers_changed: Notify,
    /// A fault took a broker down, or brought one back.
    pub(crate) ports_changed: Notify,
    /// How often faults have fired, all together.
    hits: watch::Sender<u64>,
    /// Processes that faults signal, by the names that plans give them.
    processes: Mutex<BTreeMap<String, u32>>,
    /// The last connection has ended while the server stops.
    drained: Notify,
}

#[derive(Debug)]
struct State {
    engine: Engine,
    /// Empty between turns; kept for its room.
    outputs: Vec<Output>,
    mailboxes: BTreeMap<ConnectionId, Arc<Mailbox>>,
    connections_seen: u64,
    /// How often the cluster was reset to a snapshot.
    resets: u64,
    /// When the timer task will look by itself.
    next_look: Timestamp,
    stopping: bool,
    recording: Option<(Recorder, Recording)>,
    watchers: Watchers,
    waiting: Waiting,
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
    /// When it is told: the clock is moved by commands.
    WhenTold,
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
    /// What faults do outside the cluster.
    deeds: Vec<Deed>,
}

impl Driver {
    /// A driver of a cluster that starts now.
    ///
    /// # Errors
    /// The file to record to cannot be written.
    pub(crate) fn new(config: ClusterConfig, options: &RunOptions) -> Result<Self, WriteError> {
        let clock = Clock::start(options.clock);
        let now = clock.now();
        let recording = match &options.record {
            Some(path) => {
                let kind =
                    if clock.is_manual() { trace::Clock::Manual } else { trace::Clock::Real };
                let mut header = Header::new(recorded_config(&config), now.0, kind);
                header.recorded_at = Some(Clock::start(ClockKind::Real).now().0);
                Some((Recorder::default(), Recording::begin(path, &header)?))
            }
            None => None,
        };
        Ok(Self {
            release: config.release,
            frame_limit: config.settings.socket_request_max_bytes(),
            idle_limit: config.settings.connections_max_idle_ms().map(Duration::from_millis),
            one_request_in_process: config.rules.is_on(Rule::OneRequestInProcess),
            wants_frames: AtomicBool::new(recording.is_some()),
            clock,
            state: Mutex::new(State {
                engine: Engine::new(config, now),
                outputs: Vec::new(),
                mailboxes: BTreeMap::new(),
                connections_seen: 0,
                resets: 0,
                next_look: Timestamp::NEVER,
                stopping: false,
                recording,
                watchers: Watchers::none(),
                waiting: Waiting::default(),
            }),
            timers_changed: Notify::new(),
            ports_changed: Notify::new(),
            hits: watch::Sender::new(0),
            processes: Mutex::new(BTreeMap::new()),
            drained: Notify::new(),
        })
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
        let line = Line { driver: self, id, mailbox };
        self.turn(Input::Connect { connection: id, broker, host }, None).ok()?;
        Some(line)
    }

    /// Whether a request is to come with its frame.
    pub(crate) fn wants_frames(&self) -> bool {
        self.wants_frames.load(Ordering::Relaxed)
    }

    /// Something that no connection asked for.
    pub(crate) fn inject(&self, input: Input) -> Result<(), Broken> {
        self.turn(input, None).map(|_| ())
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks at the cluster between two turns.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> Result<T, Broken> {
        Ok(look(self.lock()?.engine.look()))
    }

    /// Has a broker elected, if it may lead: looked up and done in one turn at the lock.
    pub(crate) fn elect(
        &self,
        topic: TopicName,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<Result<(), ElectionRefused>, Broken> {
        let state = self.lock()?;
        if let Err(refused) = state.engine.look().check_election(&topic, partition, leader) {
            return Ok(Err(refused));
        }
        self.turn_with(state, Input::Elect { topic, partition, leader }, None);
        Ok(Ok(()))
    }

    /// Takes one turn. The answer to the asking connection is returned, all else is put into
    /// mailboxes.
    fn turn(&self, input: Input, asking: Option<ConnectionId>) -> Result<Option<Answer>, Broken> {
        Ok(self.turn_with(self.lock()?, input, asking))
    }

    fn turn_with(
        &self,
        mut state: MutexGuard<'_, State>,
        input: Input,
        asking: Option<ConnectionId>,
    ) -> Option<Answer> {
        let mut dispatch = Dispatch { asking, ..Dispatch::default() };
        state.turn(self.clock.now(), input, &mut dispatch);
        let wake = state.must_look_earlier();
        if state.engine.wants_frames() && !self.wants_frames() {
            self.wants_frames.store(true, Ordering::Relaxed);
        }
        drop(state);
        if wake {
            self.timers_changed.notify_one();
        }
        self.deliver(dispatch)
    }

    /// Hands over what a turn has for others, the lock being free again.
    fn deliver(&self, dispatch: Dispatch) -> Option<Answer> {
        for deed in dispatch.deeds {
            self.carry_out(deed);
        }
        for (mailbox, mail) in dispatch.post {
            mailbox.put(mail);
        }
        dispatch.answer
    }

    /// Whether [`Self::stop`] was called.
    pub(crate) fn is_stopping(&self) -> bool {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).stopping
    }

    /// Fires the timers that are due.
    pub(crate) fn fire_due(&self) -> Result<NextLook, Broken> {
        let mut dispatch = Dispatch::default();
        let mut state = self.lock()?;
        if state.stopping {
            return Ok(NextLook::Never);
        }
        let now = self.clock.now();
        if state.engine.next_deadline() <= now {
            state.turn(now, Input::Tick, &mut dispatch);
        }
        state.next_look = state.engine.next_deadline();
        let next = match state.next_look {
            at if at <= now => NextLook::Now,
            at => self.clock.instant_of(at).map_or(NextLook::WhenTold, NextLook::At),
        };
        drop(state);
        self.deliver(dispatch);
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
        self.ports_changed.notify_one();
    }

    /// The file that is recorded to, if there is one.
    pub(crate) fn recorded_file(&self) -> Result<Option<RecordedFile>, Broken> {
        Ok(self.lock()?.recording.as_ref().map(|(_, recording)| recording.file()))
    }

    /// Ends the recording, after [`Self::drained`]; none if there is none.
    pub(crate) fn end_recording(&self) -> Option<Recording> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.recording.take().map(|(_, recording)| recording)
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
    fn turn(&mut self, now: Timestamp, input: Input, dispatch: &mut Dispatch) {
        let Self { engine, outputs, mailboxes, recording, watchers, waiting, .. } = self;
        let asked = watchers.is_watched.then(|| watching::asked(&input));
        let recorded = recording.as_ref().map(|_| recorded_input(&input));
        engine.handle(now, input, outputs);
        if let (Some((recorder, recording)), Some(input)) = (recording, recorded) {
            encode_answers(outputs);
            recording.put(&recorder.turn(now, input, outputs));
        }
        if let Some(asked) = asked {
            watchers.tell(now, asked, outputs);
            if !watchers.is_watched {
                engine.observe(false);
            }
        }
        waiting.look(engine.look());
        for output in outputs.drain(..) {
            let (connection, mail) = match output {
                Output::Respond { ticket, response } => {
                    (ticket.connection, Mail::Answer(Answer::Respond(ticket, response)))
                }
                Output::Done { ticket } => (ticket.connection, Mail::Answer(Answer::Done)),
                Output::Close { connection, reason, fault } => {
                    let ordered = || Closing::Ordered(reason);
                    (connection, Mail::Close(fault.map_or_else(ordered, Closing::ByFault)))
                }
                Output::RespondFrame { ticket, frame } => {
                    (ticket.connection, Mail::Answer(Answer::Frame(frame)))
                }
                beside => {
                    dispatch.deeds.extend(Deed::of(beside));
                    continue;
                }
            };
            match mail {
                // Without FRAME-07 one turn may answer several requests of a connection.
                Mail::Answer(answer)
                    if dispatch.asking == Some(connection) && dispatch.answer.is_none() =>
                {
                    dispatch.answer = Some(answer);
                }
                mail => {
                    if let Some(mailbox) = mailboxes.get(&connection) {
                        dispatch.post.push((Arc::clone(mailbox), mail));
                    }
                }
            }
        }
    }

    /// Whether the timer task would look too late; from then on it will not.
    fn must_look_earlier(&mut self) -> bool {
        let earliest = self.engine.next_deadline();
        let earlier = earliest < self.next_look;
        self.next_look = self.next_look.min(earliest);
        earlier
    }
}
