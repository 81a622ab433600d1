//! What faults do outside the cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use fencepost_engine::Output;
use fencepost_faults::{ProcessId, Signal};
use tokio::sync::watch;
use tracing::{info, warn};

use super::Driver;
use crate::signals;

/// What a fault does outside the cluster.
#[derive(Debug)]
pub(super) enum Deed {
    /// It has fired.
    Hit(Arc<str>),
    /// A broker went down or came back.
    Ports,
    /// The clock moves on by so many milliseconds.
    AdvanceClock(u64),
    /// A process is signalled.
    Signal(Signal),
}

impl Deed {
    /// None for what goes to a connection.
    pub(super) fn of(output: Output) -> Option<Self> {
        match output {
            Output::Hit { fault, matched: _ } => Some(Self::Hit(fault)),
            Output::ClosePort(_) | Output::OpenPort(_) => Some(Self::Ports),
            Output::AdvanceClock(time_ms) => Some(Self::AdvanceClock(time_ms)),
            Output::Signal(signal) => Some(Self::Signal(signal)),
            Output::Respond { .. }
            | Output::RespondFrame { .. }
            | Output::Done { .. }
            | Output::Close { .. } => None,
        }
    }
}

impl Driver {
    pub(super) fn carry_out(&self, deed: Deed) {
        match deed {
            Deed::Hit(fault) => {
                info!(%fault, "a fault fires");
                self.hits.send_modify(|hits| *hits += 1);
            }
            Deed::Ports => self.ports_changed.notify_one(),
            Deed::AdvanceClock(time_ms) => {
                warn!(time_ms, "a fault advances the clock, which is a real one");
            }
            Deed::Signal(signal) => self.signal(signal),
        }
    }

    fn signal(&self, signal: Signal) {
        let process = match signal.process {
            ProcessId::Pid(process) => Some(process),
            ProcessId::Name(name) => {
                let known = self.processes().get(&name).copied();
                if known.is_none() {
                    warn!(name, "a fault signals a process that is not registered");
                }
                known
            }
        };
        if let Some(process) = process {
            signals::send(process, signal.signal);
        }
    }

    /// The processes that have a name.
    pub(crate) fn processes(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        // Nothing panics while it holds them.
        self.processes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Changes whenever a fault fires.
    pub(crate) fn hits(&self) -> watch::Receiver<u64> {
        self.hits.subscribe()
    }
}
