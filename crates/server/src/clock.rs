//! Real time as the model's timestamps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fencepost_ids::Timestamp;
use tokio::time::Instant;

/// A clock that is read off the wall once and then only counts on, so that time never goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(0);
        Self { start: Timestamp(millis), started: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed().as_millis();
        self.start.plus_millis(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }

    /// When a moment comes; one that is far off is brought near, and asked for again then.
    pub(crate) fn instant_of(&self, moment: Timestamp) -> Instant {
        let millis = moment.millis_since(self.start).max(0).unsigned_abs();
        let latest = Instant::now() + FAR_OFF;
        self.started.checked_add(Duration::from_millis(millis)).map_or(latest, |at| at.min(latest))
    }
}

const FAR_OFF: Duration = Duration::from_secs(3600);
