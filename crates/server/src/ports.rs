//! The task that opens and closes ports when faults bring brokers back or take them down.

use std::sync::{Arc, Weak};

use tracing::error;

use crate::commands::Commands;
use crate::driver::Driver;

/// Runs until the server stops.
pub(crate) async fn run(driver: Arc<Driver>, commands: Weak<Commands>) {
    loop {
        driver.ports_changed.notified().await;
        let Some(commands) = commands.upgrade().filter(|_| !driver.is_stopping()) else { break };
        for (broker, port) in commands.ports.lock().await.iter_mut() {
            let Ok(is_up) = driver.look(|cluster| cluster.is_running(*broker)) else { return };
            let done = if is_up { port.open(&driver, *broker) } else { port.close().await };
            if let Err(error) = done {
                error!(broker = broker.0, "the port is lost: {error}");
            }
        }
    }
}
