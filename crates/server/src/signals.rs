//! Signals to processes.

use fencepost_faults::SignalKind;
use rustix::process::{Pid, Signal, kill_process};
use tracing::{info, warn};

/// Signals a process.
pub(crate) fn send(process: u32, kind: SignalKind) {
    let signal = match kind {
        SignalKind::Stop => Signal::STOP,
        SignalKind::Cont => Signal::CONT,
        SignalKind::Term => Signal::TERM,
        SignalKind::Kill => Signal::KILL,
    };
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    match pid.map(|pid| kill_process(pid, signal)) {
        Some(Ok(())) => info!(process, ?kind, "a fault signals a process"),
        Some(Err(error)) => warn!(process, ?kind, "a fault cannot signal a process: {error}"),
        None => warn!(process, "a fault cannot signal a process: it is no process id"),
    }
}
