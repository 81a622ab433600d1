//! Faults, and what waits at the gate.

use fencepost_engine::{Held, Order, Schedule};
use fencepost_faults::{FaultStatus, Plan, WindowChoice};

use super::Server;
use crate::commands::ControlError;

impl Server {
    /// Adds faults to those that there are.
    ///
    /// # Errors
    /// They could never match, or contradict themselves or others; none is added then.
    pub fn add_faults(&self, plan: Plan) -> Result<(), ControlError> {
        self.commands.add_faults(plan)
    }

    /// Adds the faults of a crash window: of its plan for the cluster's transaction version.
    ///
    /// # Errors
    /// There is no such window, or no plan for it at that version; and as for [`Self::add_faults`].
    pub fn add_window(&self, window: &WindowChoice) -> Result<(), ControlError> {
        self.commands.add_window(window)
    }

    /// Takes a fault out, and tells what became of it; what it did stays done.
    ///
    /// # Errors
    /// There is no such fault.
    pub fn remove_fault(&self, name: &str) -> Result<FaultStatus, ControlError> {
        self.commands.remove_fault(name)
    }

    /// What became of the faults, in the order in which they were added.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn faults(&self) -> Result<Vec<FaultStatus>, ControlError> {
        self.commands.faults()
    }

    /// Waits until a fault has fired so many times, for as long as the caller lets it.
    ///
    /// # Errors
    /// There is no such fault.
    pub async fn hit(&self, name: &str, times: u64) -> Result<(), ControlError> {
        self.commands.hit(name, times).await
    }

    /// Raises an event for which requests, answers and messages may wait; it stays raised.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn raise(&self, event: &str) -> Result<(), ControlError> {
        self.commands.raise(event)
    }

    /// What waits: held or delayed by a fault, or for its turn. In the order in which it came.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn held(&self) -> Result<Vec<Held>, ControlError> {
        self.commands.held()
    }

    /// Lets something go on that waits.
    ///
    /// # Errors
    /// Nothing waits under this number.
    pub fn release(&self, number: u64) -> Result<(), ControlError> {
        self.commands.release(number)
    }

    /// Whether every request and every message between brokers waits for its turn.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn is_stepped(&self) -> Result<bool, ControlError> {
        self.commands.is_stepped()
    }

    /// From now on every request and every message between brokers waits until it is released.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn step(&self) -> Result<(), ControlError> {
        self.commands.step_by_hand()
    }

    /// From now on requests and messages between brokers go in the order of a schedule.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn follow(&self, schedule: Schedule) -> Result<(), ControlError> {
        self.commands.follow(schedule)
    }

    /// What has passed in stepped mode: two runs that went the same way have the same hash.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn order(&self) -> Result<Order, ControlError> {
        self.commands.order()
    }

    /// Whose turn it is in a schedule that has not come to its end: its number, from 1, and what
    /// the schedule says of it.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn next_turn(&self) -> Result<Option<(u64, String)>, ControlError> {
        self.commands.next_turn()
    }

    /// Ends [`Self::step`] and [`Self::follow`]: all passes again.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn flow(&self) -> Result<(), ControlError> {
        self.commands.flow()
    }

    /// Gives a process a name, by which faults may signal it.
    pub fn register_process(&self, name: &str, process: u32) {
        self.commands.driver.processes().insert(name.to_owned(), process);
    }
}
