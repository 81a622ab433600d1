//! The task that fires timers when the real clock reaches them.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout_at;

use crate::engine::{Engine, NextLook};

/// Runs until the server stops, or a step of the cluster panicked; then `ended` is dropped.
pub(crate) async fn run(engine: Arc<Engine>, ended: watch::Sender<()>) {
    while let Ok(next) = engine.fire_due() {
        match next {
            NextLook::Now => yield_now().await,
            // Either way it is time to look.
            NextLook::At(moment) => {
                _ = timeout_at(moment, engine.timers_changed.notified()).await;
            }
            NextLook::Never => break,
        }
    }
    drop(ended);
}
