//! Broker settings that were changed at run time, kept apart from those given at the start
//! (API-45, KIP-226).

use std::collections::BTreeMap;

use fencepost_ids::BrokerId;
use fencepost_wire::Release;

use super::release::{has_setting, own_default};
use super::settings::{BrokerSettings, SettingError, SettingRow};

/// The setting that KIP-966 keeps for the whole cluster.
pub(crate) const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

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
    release: Release,
    start: BrokerSettings,
    changes: BTreeMap<BrokerResource, BTreeMap<String, String>>,
}

impl RuntimeSettings {
    pub(crate) const fn new(release: Release, start: BrokerSettings) -> Self {
        Self { release, start, changes: BTreeMap::new() }
    }

    /// What the controller of a new cluster with eligible leader replicas writes: the cluster has
    /// one `min.insync.replicas` (KIP-966).
    #[must_use]
    pub(crate) fn with_eligible_leader_replicas(mut self) -> Self {
        let least = self.start.min_insync_replicas.to_string();
        let changes = BTreeMap::from([(MIN_INSYNC_REPLICAS.to_owned(), least)]);
        self.changes.insert(BrokerResource::Default, changes);
        self
    }

    /// The release whose settings these are.
    pub(crate) const fn release(&self) -> Release {
        self.release
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

    /// The settings that brokers were started with, those that the release has.
    pub(crate) fn start_rows(&self) -> Vec<SettingRow> {
        let mut rows = self.start.rows();
        rows.retain(|row| has_setting(self.release, row.name));
        for row in &mut rows {
            if let Some(own) = own_default(self.release, row.name) {
                if row.value == row.default {
                    own.clone_into(&mut row.value);
                }
                own.clone_into(&mut row.default);
            }
        }
        rows
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
