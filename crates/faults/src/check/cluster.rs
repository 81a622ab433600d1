//! Whether a cluster has what a plan names.

use fencepost_ids::BrokerId;

use crate::lines::default_name;
use crate::{Action, BrokerChoice, Fault, Plan, PlanError, Problem};

impl Plan {
    /// Checks that a cluster of these brokers, by rising id, has those that the plan names.
    ///
    /// # Errors
    /// The first fault that names another.
    pub fn check_cluster(&self, brokers: &[BrokerId]) -> Result<(), PlanError> {
        for (index, fault) in self.faults.iter().enumerate() {
            check_brokers(fault, brokers).map_err(|problem| PlanError {
                line: None,
                fault: Some(fault.name.clone().unwrap_or_else(|| default_name(index))),
                index: Some(index),
                problem,
            })?;
        }
        Ok(())
    }
}

fn check_brokers(fault: &Fault, brokers: &[BrokerId]) -> Result<(), Problem> {
    let receiver = fault.broker.map(|broker| ("broker", BrokerId(broker)));
    let chosen =
        fault.actions.0.iter().filter_map(Action::broker).filter_map(|choice| match choice {
            BrokerChoice::Id(id) => Some(("do", id)),
            _ => None,
        });
    let (first, last) = match brokers {
        [first, .., last] => (*first, *last),
        [only] => (*only, *only),
        [] => return Ok(()),
    };
    match receiver.into_iter().chain(chosen).find(|(_, broker)| !brokers.contains(broker)) {
        Some((key, broker)) => Err(Problem::NoSuchBroker { key, broker, first, last }),
        None => Ok(()),
    }
}
