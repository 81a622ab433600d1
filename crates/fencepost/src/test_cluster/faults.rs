//! Faults in a test, and what waits at the gate.

use std::thread;

use fencepost_engine::{Held, Order, Schedule};
use fencepost_faults::{Fault, FaultStatus, Plan, WindowChoice};
use fencepost_server::{ControlError, Server};
use thiserror::Error;

use super::{StartError, TestCluster, TestClusterBuilder};

/// Faults that did not fire as often as they are to. A test with a fault that never fired shows less than
/// it says.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}", list(.faults))]
pub struct UnmetFaults {
    /// What became of each of them.
    pub faults: Vec<FaultStatus>,
}

fn list(faults: &[FaultStatus]) -> String {
    let each = faults.iter().map(|fault| format!("fault `{}`: {fault}", fault.name));
    each.collect::<Vec<_>>().join("; ")
}

/// What a cluster begins with.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Plan(Plan),
    Window(WindowChoice),
}

/// How a cluster begins in which nothing passes but one at a time.
#[derive(Clone, Debug)]
pub(super) enum Stepping {
    ByHand,
    By(Schedule),
}

pub(super) fn begin(
    server: &Server,
    plans: Vec<Given>,
    stepping: Option<Stepping>,
) -> Result<(), StartError> {
    for given in plans {
        match given {
            Given::Plan(plan) => server.add_faults(plan),
            Given::Window(window) => server.add_window(&window),
        }
        .map_err(StartError::Faults)?;
    }
    match stepping {
        Some(Stepping::ByHand) => server.step(),
        Some(Stepping::By(schedule)) => server.follow(schedule),
        None => Ok(()),
    }
    .map_err(StartError::Faults)
}

impl TestClusterBuilder {
    /// Begins with the faults of a plan, after those of plans that were given before.
    #[must_use]
    pub fn faults(mut self, plan: Plan) -> Self {
        self.plans.push(Given::Plan(plan));
        self
    }

    /// Begins with the faults of a crash window as well: of its plan for the cluster's transaction
    /// version, as in `.window("W083 topic=payments".parse()?)`.
    #[must_use]
    pub fn window(mut self, window: WindowChoice) -> Self {
        self.plans.push(Given::Window(window));
        self
    }

    /// Lets a test succeed in which a fault did not fire as often as it is to.
    #[must_use]
    pub fn allow_unfired_faults(mut self) -> Self {
        self.is_strict = false;
        self
    }

    /// Begins with every request and every message between brokers waiting until it is released.
    #[must_use]
    pub fn stepped(mut self) -> Self {
        self.stepping = Some(Stepping::ByHand);
        self
    }

    /// Begins with requests and messages between brokers going in the order of a schedule.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.stepping = Some(Stepping::By(schedule));
        self
    }
}

impl TestCluster {
    /// Adds a fault after those that there are.
    ///
    /// # Errors
    /// It could never match, or contradicts itself or others.
    pub fn add_fault(&self, fault: Fault) -> Result<(), ControlError> {
        self.add_faults(Plan { faults: vec![fault], ..Plan::default() })
    }

    /// Adds the faults of a plan after those that there are.
    ///
    /// # Errors
    /// One could never match, or they contradict themselves or others; none is added then.
    pub fn add_faults(&self, plan: Plan) -> Result<(), ControlError> {
        self.server.add_faults(plan)
    }

    /// Adds the faults of a crash window: of its plan for the cluster's transaction version.
    ///
    /// # Errors
    /// There is no such window, or no plan for it at that version; and as for [`Self::add_faults`].
    pub fn add_window(&self, window: &WindowChoice) -> Result<(), ControlError> {
        self.server.add_window(window)
    }

    /// Takes a fault out, and tells what became of it; what it did stays done.
    ///
    /// # Errors
    /// There is no such fault.
    pub fn remove_fault(&self, name: &str) -> Result<FaultStatus, ControlError> {
        self.server.remove_fault(name)
    }

    /// What became of the faults, in the order in which they were added.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn faults(&self) -> Result<Vec<FaultStatus>, ControlError> {
        self.server.faults()
    }

    /// How often a fault has fired.
    ///
    /// # Errors
    /// There is no such fault.
    pub fn fault_hits(&self, name: &str) -> Result<u64, ControlError> {
        let found = self.faults()?.into_iter().find(|fault| fault.name == name);
        found.map(|fault| fault.fired).ok_or_else(|| ControlError::UnknownFault(name.to_owned()))
    }

    /// Waits until a fault has fired, which it may have done before; for as long as the caller
    /// lets it.
    ///
    /// # Errors
    /// There is no such fault.
    pub async fn hit(&self, name: &str) -> Result<(), ControlError> {
        self.server.hit(name, 1).await
    }

    /// As [`Self::hit`], until it has fired so many times.
    ///
    /// # Errors
    /// There is no such fault.
    pub async fn hits(&self, name: &str, times: u64) -> Result<(), ControlError> {
        self.server.hit(name, times).await
    }

    /// Raises an event for which requests, answers and messages may wait; it stays raised.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn raise(&self, event: &str) -> Result<(), ControlError> {
        self.server.raise(event)
    }

    /// What waits: held or delayed by a fault, or for its turn. In the order in which it came.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn held(&self) -> Result<Vec<Held>, ControlError> {
        self.server.held()
    }

    /// Lets something go on that waits, by its number.
    ///
    /// # Errors
    /// Nothing waits under this number.
    pub fn release(&self, number: u64) -> Result<(), ControlError> {
        self.server.release(number)
    }

    /// Whether every request and every message between brokers waits for its turn.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn is_stepped(&self) -> Result<bool, ControlError> {
        self.server.is_stepped()
    }

    /// From now on every request and every message between brokers waits until it is released, as with
    /// [`TestClusterBuilder::stepped`] from the start.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn step(&self) -> Result<(), ControlError> {
        self.server.step()
    }

    /// From now on requests and messages between brokers go in the order of a schedule, as with
    /// [`TestClusterBuilder::schedule`] from the start.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn follow(&self, schedule: Schedule) -> Result<(), ControlError> {
        self.server.follow(schedule)
    }

    /// What has passed in stepped mode: two runs that went the same way have the same hash.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn order(&self) -> Result<Order, ControlError> {
        self.server.order()
    }

    /// Whose turn it is in a schedule that has not come to its end: its number, from 1, and what
    /// the schedule says of it.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn next_turn(&self) -> Result<Option<(u64, String)>, ControlError> {
        self.server.next_turn()
    }

    /// Lets all pass that waits for its turn, now and later.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn flow(&self) -> Result<(), ControlError> {
        self.server.flow()
    }

    /// Gives a process a name, by which faults may signal it.
    pub fn register_process(&self, name: &str, process: u32) {
        self.server.register_process(name, process);
    }

    /// Whether every fault has fired as often as it is to, where that is asked for.
    pub(super) fn verdict(&self) -> Result<(), UnmetFaults> {
        if !self.is_strict {
            return Ok(());
        }
        // A cluster that is broken has told so already.
        let mut faults = self.faults().unwrap_or_default();
        faults.retain(|fault| !fault.is_as_expected());
        if faults.is_empty() { Ok(()) } else { Err(UnmetFaults { faults }) }
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        if let Err(unmet) = self.verdict()
            && !thread::panicking()
        {
            panic!("{unmet}");
        }
    }
}
