//! Watching what happens.

use thiserror::Error;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Server;
use crate::commands::ControlError;
use crate::driver::Happening;

/// One who watches what happens.
#[derive(Debug)]
pub struct Watcher(Receiver<Happening>);

/// Why a watcher has nothing to tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Unwatched {
    /// It was too slow, and missed so much; what follows it tells again.
    #[error("{0} happenings were missed")]
    Missed(u64),
    /// The cluster has ended.
    #[error("the cluster has ended")]
    Ended,
}

impl Watcher {
    /// The next thing that happens.
    ///
    /// # Errors
    /// Something was missed, or nothing happens any more.
    pub async fn next(&mut self) -> Result<Happening, Unwatched> {
        self.0.recv().await.map_err(|error| match error {
            RecvError::Lagged(count) => Unwatched::Missed(count),
            RecvError::Closed => Unwatched::Ended,
        })
    }
}

impl Server {
    /// Watches what happens from now on: requests, answers, connections, commands and faults that
    /// fire, in the order in which they happen. One who reads too slowly misses some.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn watch(&self) -> Result<Watcher, ControlError> {
        Ok(Watcher(self.commands.watch()?))
    }
}
