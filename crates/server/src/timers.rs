//! The task that fires timers when the real clock reaches them.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout_at;

use crate::driver::{Driver, NextLook};

/// Runs until the server stops, or a step of the cluster panicked; then `ended` is dropped.
pub(crate) async fn run(driver: Arc<Driver>, ended: watch::Sender<()>) {
    while let Ok(next) = driver.fire_due() {
        match next {
            NextLook::Now => yield_now().await,
            // Either way it is time to look.
            NextLook::At(moment) => {
                _ = timeout_at(moment, driver.timers_changed.notified()).await;
            }
            NextLook::WhenTold => driver.timers_changed.notified().await,
            NextLook::Never => break,
        }
    }
    drop(ended);
}
