//! Faults, and what waits at the gate, as one who commands a running cluster sees them.

use fencepost_engine::{GateCommand, Held, Input, Order, Schedule};
use fencepost_faults::{Action, FaultStatus, Plan, WindowChoice};

use crate::commands::{Commands, ControlError};

impl Commands {
    pub(crate) fn add_faults(&self, plan: Plan) -> Result<(), ControlError> {
        let actions = || plan.faults.iter().flat_map(|fault| &fault.actions.0);
        if !self.driver.clock.is_manual()
            && actions().any(|action| matches!(action, Action::AdvanceClock(_)))
        {
            return Err(ControlError::RealClock);
        }
        Ok(self.driver.add_faults(plan)??)
    }

    pub(crate) fn add_window(&self, window: &WindowChoice) -> Result<(), ControlError> {
        let features = self.look(|cluster| cluster.describe().features)?;
        let level = features.iter().find(|(feature, _)| *feature == "transaction.version");
        self.add_faults(window.plan(level.map_or(0, |(_, level)| *level))?)
    }

    pub(crate) fn remove_fault(&self, name: &str) -> Result<FaultStatus, ControlError> {
        let found = self.fault(name)?;
        self.command(GateCommand::Remove(name.to_owned()))?;
        Ok(found)
    }

    pub(crate) fn faults(&self) -> Result<Vec<FaultStatus>, ControlError> {
        Ok(self.driver.look_at_engine(fencepost_engine::Engine::faults)?)
    }

    pub(crate) fn fault(&self, name: &str) -> Result<FaultStatus, ControlError> {
        let found = self.faults()?.into_iter().find(|fault| fault.name == name);
        found.ok_or_else(|| ControlError::UnknownFault(name.to_owned()))
    }

    /// Waits until a fault has fired so many times.
    pub(crate) async fn hit(&self, name: &str, times: u64) -> Result<(), ControlError> {
        let mut hits = self.driver.hits();
        loop {
            hits.mark_unchanged();
            if self.fault(name)?.fired >= times {
                return Ok(());
            }
            hits.changed().await.map_err(|_| ControlError::Broken)?;
        }
    }

    pub(crate) fn held(&self) -> Result<Vec<Held>, ControlError> {
        Ok(self.driver.look_at_engine(fencepost_engine::Engine::held)?)
    }

    pub(crate) fn is_stepped(&self) -> Result<bool, ControlError> {
        Ok(self.driver.look_at_engine(fencepost_engine::Engine::is_stepped)?)
    }

    pub(crate) fn release(&self, number: u64) -> Result<(), ControlError> {
        if !self.held()?.iter().any(|held| held.number == number) {
            return Err(ControlError::NotHeld(number));
        }
        self.command(GateCommand::Release(number))
    }

    pub(crate) fn raise(&self, event: &str) -> Result<(), ControlError> {
        self.command(GateCommand::Raise(event.to_owned()))
    }

    pub(crate) fn step_by_hand(&self) -> Result<(), ControlError> {
        self.command(GateCommand::Step)
    }

    pub(crate) fn follow(&self, schedule: Schedule) -> Result<(), ControlError> {
        self.command(GateCommand::Follow(schedule))
    }

    pub(crate) fn next_turn(&self) -> Result<Option<(u64, String)>, ControlError> {
        Ok(self.driver.look_at_engine(fencepost_engine::Engine::next_turn)?)
    }

    pub(crate) fn order(&self) -> Result<Order, ControlError> {
        Ok(self.driver.look_at_engine(fencepost_engine::Engine::order)?)
    }

    pub(crate) fn flow(&self) -> Result<(), ControlError> {
        self.command(GateCommand::Flow)
    }

    fn command(&self, command: GateCommand) -> Result<(), ControlError> {
        Ok(self.driver.inject(Input::Gate(command))?)
    }
}
