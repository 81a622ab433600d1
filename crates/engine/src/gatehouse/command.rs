//! What the gate is told from outside.

use fencepost_faults::{FaultStatus, Gate, Plan, PlanError};
use fencepost_ids::Timestamp;

use super::Gatehouse;
use super::schedule::Stepping;
use crate::{Engine, GateCommand, Output};

impl Engine {
    /// Whether faults may be added to those that are there.
    ///
    /// # Errors
    /// They could never match, contradict themselves or each other, or name what the cluster has not.
    pub fn check_faults(&self, plan: &Plan) -> Result<(), PlanError> {
        let config = self.cluster.config();
        let brokers: Vec<_> = config.brokers.iter().map(|it| it.id).collect();
        plan.check_cluster(config.release, &brokers)?;
        let mut gate = match &self.house {
            None => Gate::default(),
            Some(house) => house.gate.clone(),
        };
        gate.add(plan.clone()).map(|_| ())
    }

    /// What became of the faults, in the order in which they were added.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultStatus> {
        self.house.as_ref().map(|house| house.gate.list()).unwrap_or_default()
    }

    /// Whether nothing passes but one at a time.
    #[must_use]
    pub fn is_stepped(&self) -> bool {
        self.house.as_ref().is_some_and(|house| house.stepping.is_some())
    }

    pub(crate) fn command(&mut self, now: Timestamp, command: GateCommand, out: &mut Vec<Output>) {
        let house = &mut **self.house.get_or_insert_with(Box::<Gatehouse>::default);
        match command {
            // Whoever adds faults has had them checked.
            GateCommand::Add(plan) => _ = house.gate.add(plan),
            GateCommand::Remove(name) => _ = house.gate.remove(&name),
            GateCommand::Raise(event) => house.gate.raise(&event),
            GateCommand::Release(number) => self.go_on(now, number, out),
            GateCommand::Step => house.stepping = Some(Stepping::by_hand()),
            GateCommand::Follow(schedule) => house.stepping = Some(Stepping::by(schedule)),
            GateCommand::Flow => house.stepping = None,
        }
    }
}
