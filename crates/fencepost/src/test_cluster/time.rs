//! The manual clock, and snapshots to go back to.

use std::time::Duration;

use fencepost_ids::Timestamp;
use fencepost_server::{ClockState, ControlError};

use super::TestCluster;

/// ```
/// use std::time::Duration;
///
/// use fencepost::TestCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = TestCluster::builder().topic("orders", 1).manual_clock().start().await?;
/// let start = cluster.take_snapshot("start")?;
///
/// // A client begins a transaction that may last 15 minutes, and forgets about it.
/// let later = cluster.advance(Duration::from_secs(15 * 60 + 10)).await?;
/// assert_eq!(later.now, start.plus_millis(910_000));
/// // Now it is aborted: `cluster.log("orders", 0)` shows the marker.
///
/// // The next test begins where this one began.
/// assert_eq!(cluster.reset("start").await?, start);
/// assert_eq!(cluster.forget_snapshot("start")?, start);
/// assert!(cluster.snapshots()?.is_empty());
/// # Ok(())
/// # }
/// ```
impl TestCluster {
    /// The brokers' time.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn clock(&self) -> Result<ClockState, ControlError> {
        self.server.clock()
    }

    /// Moves the manual clock on. Every timer that is due on the way fires, in order, each at its own
    /// moment; all of it is done when this returns. More than 31 days count as 31.
    ///
    /// # Errors
    /// The clock is not manual.
    pub async fn advance(&self, by: Duration) -> Result<ClockState, ControlError> {
        self.server.advance(by).await
    }

    /// Moves the manual clock to the next moment at which a timer is due, or a timer of this name as
    /// [`Self::timers`] shows them.
    ///
    /// # Errors
    /// The clock is not manual, or no such timer runs.
    pub async fn advance_to_next(&self, timer: Option<&str>) -> Result<ClockState, ControlError> {
        self.server.advance_to_next(timer).await
    }

    /// Keeps the cluster as it is now under a name; a snapshot of that name is replaced.
    ///
    /// # Errors
    /// The name is empty or has over 100 characters, or there are 100 snapshots already.
    pub fn take_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.server.take_snapshot(name)
    }

    /// The snapshots, by name, with the moments at which they were taken.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn snapshots(&self) -> Result<Vec<(String, Timestamp)>, ControlError> {
        self.server.snapshots()
    }

    /// Forgets a snapshot, and tells when it was taken.
    ///
    /// # Errors
    /// There is no such snapshot.
    pub fn forget_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.server.forget_snapshot(name)
    }

    /// Makes the cluster what it was at a snapshot: all connections are closed, and ports open or
    /// close as the brokers ran then. A manual clock goes back to the snapshot's moment; the real one
    /// goes on, and what came due since happens at once.
    ///
    /// # Errors
    /// There is no such snapshot, or a port was lost to another process.
    pub async fn reset(&self, name: &str) -> Result<Timestamp, ControlError> {
        self.server.reset(name).await
    }
}
