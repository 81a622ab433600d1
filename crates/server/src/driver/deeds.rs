//! Faults, and what they do outside the cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use fencepost_engine::{Engine, GateCommand, Input, Output};
use fencepost_faults::{Plan, PlanError, ProcessId, Signal};
use tokio::sync::watch;
use tracing::{info, warn};

use super::{Broken, Driver};
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
            | Output::Event(_)
            | Output::Reached(_)
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
            Deed::AdvanceClock(time_ms) => self.advance(time_ms),
            Deed::Signal(signal) => self.signal(signal),
        }
    }

    fn advance(&self, time_ms: u64) {
        let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
        // A broken cluster tells so elsewhere.
        let Ok(resets) = self.resets() else { return };
        let target = self.clock.now().plus_millis(time_ms);
        // Others may take their turns in between.
        while let Ok(false) = self.advance_towards(target, resets) {}
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

    /// Looks at the engine between two turns.
    pub(crate) fn look_at_engine<T>(&self, look: impl FnOnce(&Engine) -> T) -> Result<T, Broken> {
        Ok(look(&self.lock()?.engine))
    }

    /// Adds faults, if they may be: looked up and done in one turn at the lock.
    pub(crate) fn add_faults(&self, plan: Plan) -> Result<Result<(), PlanError>, Broken> {
        let state = self.lock()?;
        if let Err(refused) = state.engine.check_faults(&plan) {
            return Ok(Err(refused));
        }
        self.turn_with(state, Input::Gate(GateCommand::Add(plan)), None);
        Ok(Ok(()))
    }
}
