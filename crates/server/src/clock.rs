//! The brokers' time: the machine's, or one that moves by commands alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fencepost_ids::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What a cluster takes for the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClockKind {
    /// The machine's time, which runs on by itself.
    #[default]
    Real,
    /// A time that stands still until it is told to move.
    Manual {
        /// Where it starts; at the machine's time if not given.
        start: Option<Timestamp>,
    },
}

/// A clock at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockState {
    /// Whether it moves by commands alone.
    pub is_manual: bool,
    /// The present moment.
    pub now: Timestamp,
    /// When the next timer of the brokers is due, if one runs.
    pub next_deadline: Option<Timestamp>,
}

/// The clock of a running cluster.
#[derive(Debug)]
pub(crate) enum Clock {
    Real(RealClock),
    /// The present moment, for whoever waits for another one.
    Manual(watch::Sender<Timestamp>),
}

/// A clock that is read off the wall once and then only counts on, so that time never goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealClock {
    start: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start(kind: ClockKind) -> Self {
        let wall = RealClock::start();
        match kind {
            ClockKind::Real => Self::Real(wall),
            ClockKind::Manual { start } => {
                Self::Manual(watch::Sender::new(start.unwrap_or(wall.start)))
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real(clock) => clock.now(),
            Self::Manual(now) => *now.borrow(),
        }
    }

    pub(crate) const fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Moves a manual clock; a real one goes its own way.
    pub(crate) fn set(&self, moment: Timestamp) {
        if let Self::Manual(now) = self {
            now.send_replace(moment);
        }
    }

    /// When a moment comes; never, until it is told, by a manual clock.
    pub(crate) fn instant_of(&self, moment: Timestamp) -> Option<Instant> {
        match self {
            Self::Real(clock) => Some(clock.instant_of(moment)),
            Self::Manual(_) => None,
        }
    }

    /// Waits until a moment has come.
    pub(crate) async fn reached(&self, moment: Timestamp) {
        match self {
            Self::Real(clock) => {
                while clock.now() < moment {
                    sleep_until(clock.instant_of(moment)).await;
                }
            }
            Self::Manual(now) => {
                // The sender is this clock's own, and so outlives the wait.
                _ = now.subscribe().wait_for(|now| *now >= moment).await;
            }
        }
    }
}

impl RealClock {
    fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(0);
        Self { start: Timestamp(millis), started: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed().as_millis();
        self.start.plus_millis(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }

    /// One that is far off is brought near, and asked for again then.
    fn instant_of(&self, moment: Timestamp) -> Instant {
        let millis = moment.millis_since(self.start).max(0).unsigned_abs();
        let latest = Instant::now() + FAR_OFF;
        self.started.checked_add(Duration::from_millis(millis)).map_or(latest, |at| at.min(latest))
    }
}

const FAR_OFF: Duration = Duration::from_secs(3600);
