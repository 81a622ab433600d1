//! The manual clock, and snapshots to go back to.

use std::time::Duration;

use fencepost_ids::Timestamp;

use super::Server;
use crate::clock::ClockState;
use crate::commands::{ADVANCE_MS_MAX, ControlError};

impl Server {
    /// The brokers' time.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn clock(&self) -> Result<ClockState, ControlError> {
        self.commands.clock()
    }

    /// Moves the manual clock on. Every timer that is due on the way fires, in order, each at its own
    /// moment; all of it is done when this returns. More than 31 days count as 31.
    ///
    /// # Errors
    /// The clock is not manual.
    pub async fn advance(&self, by: Duration) -> Result<ClockState, ControlError> {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.commands.advance(by_ms.min(ADVANCE_MS_MAX)).await
    }

    /// Moves the manual clock to the next moment at which a timer is due, or a timer of this name as
    /// [`Timer::name`](fencepost_model::Timer::name) has it.
    ///
    /// # Errors
    /// The clock is not manual, or no such timer runs.
    pub async fn advance_to_next(&self, timer: Option<&str>) -> Result<ClockState, ControlError> {
        self.commands.advance_to_next(timer).await
    }

    /// Keeps the cluster as it is now under a name; a snapshot of that name is replaced.
    ///
    /// # Errors
    /// The name is empty or has over 100 characters, or there are 100 snapshots already.
    pub fn take_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.commands.take_snapshot(name)
    }

    /// The snapshots, by name, with the moments at which they were taken.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn snapshots(&self) -> Result<Vec<(String, Timestamp)>, ControlError> {
        self.commands.snapshots()
    }

    /// Forgets a snapshot, and tells when it was taken.
    ///
    /// # Errors
    /// There is no such snapshot.
    pub fn forget_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.commands.forget_snapshot(name)
    }

    /// Makes the cluster what it was at a snapshot: all connections are closed, and ports open or
    /// close as the brokers ran then. A manual clock goes back to the snapshot's moment; the real one
    /// goes on, and what came due since happens at once.
    ///
    /// # Errors
    /// There is no such snapshot, or a port was lost to another process.
    pub async fn reset(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.commands.reset(name).await
    }
}
