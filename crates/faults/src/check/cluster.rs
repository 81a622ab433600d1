//! Whether a cluster has what a plan names.

use fencepost_ids::BrokerId;
use fencepost_wire::Release;

use crate::lines::default_name;
use crate::{Action, BrokerChoice, Fault, Offered, Plan, PlanError, Problem};

impl Plan {
    /// Checks that a cluster of these brokers, by rising id, and of this release has what the plan
    /// names.
    ///
    /// # Errors
    /// The first fault that names another broker, or has one offer what the release has not.
    pub fn check_cluster(&self, release: Release, brokers: &[BrokerId]) -> Result<(), PlanError> {
        for (index, fault) in self.faults.iter().enumerate() {
            let checked = check_brokers(fault, brokers).and_then(|()| check_offers(fault, release));
            checked.map_err(|problem| PlanError {
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

fn check_offers(fault: &Fault, release: Release) -> Result<(), Problem> {
    let offers = fault.actions.0.iter().filter_map(|action| match action {
        Action::Offer(offer) => Some(&offer.0),
        _ => None,
    });
    for (api, offered) in offers.flatten() {
        if let Offered::Versions(asked) = *offered
            && !asked.is_of(release, *api)
        {
            let (first, last) = release.served_versions(*api).into_inner();
            let release = Some(release);
            return Err(Problem::NotServed { release, api: *api, asked, first, last });
        }
    }
    Ok(())
}
