//! Broker settings that were changed at run time, kept apart from those given at the start
//! (API-45, KIP-226).

use std::collections::BTreeMap;

use fencepost_ids::BrokerId;

use super::settings::{BrokerSettings, SettingError, SettingRow};

/// Where a value comes from, as DescribeConfigs shows it; the first that there is counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum SettingSource {
    Topic = 1,
    DynamicBroker = 2,
    DynamicDefault = 3,
    StaticBroker = 4,
    Default = 5,
}

/// Whose settings are changed at run time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum BrokerResource {
    /// Those of every broker: the resource without a name.
    Default,
    /// Those of one broker.
    Broker(BrokerId),
}

/// The settings that brokers were started with, and what was changed since.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RuntimeSettings {
    start: BrokerSettings,
    changes: BTreeMap<BrokerResource, BTreeMap<String, String>>,
}

impl RuntimeSettings {
    pub(crate) const fn new(start: BrokerSettings) -> Self {
        Self { start, changes: BTreeMap::new() }
    }

    /// What was changed for a resource.
    pub(crate) fn of(&self, resource: BrokerResource) -> BTreeMap<String, String> {
        self.changes.get(&resource).cloned().unwrap_or_default()
    }

    /// Replaces what was changed for a resource; what is left out goes back to the start.
    pub(crate) fn replace(&mut self, resource: BrokerResource, changes: BTreeMap<String, String>) {
        self.changes.insert(resource, changes);
    }

    /// The settings in effect.
    ///
    /// # Errors
    /// A changed name is unknown, or its value does not fit.
    pub(crate) fn in_effect(&self) -> Result<BrokerSettings, SettingError> {
        let mut settings = self.start.clone();
        for (name, value) in self.changes.values().flatten() {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    /// The settings that brokers were started with.
    pub(crate) fn start_rows(&self) -> Vec<SettingRow> {
        self.start.rows()
    }

    /// Every value that a broker has for a setting, but for the default, the one in effect first.
    pub(crate) fn values(
        &self,
        broker: BrokerId,
        start: &SettingRow,
    ) -> Vec<(String, SettingSource)> {
        let changed = |resource, source| {
            let value = self.changes.get(&resource)?.get(start.name)?;
            Some((value.clone(), source))
        };
        let own = changed(BrokerResource::Broker(broker), SettingSource::DynamicBroker);
        let shared = changed(BrokerResource::Default, SettingSource::DynamicDefault);
        let is_given = start.value != start.default;
        let given = is_given.then(|| (start.value.clone(), SettingSource::StaticBroker));
        [own, shared, given].into_iter().flatten().collect()
    }
}
