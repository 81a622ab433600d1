//! Topics that come and go, with their logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, ErrorCode};

use crate::append::log_rules;
use crate::config::{BrokerSettings, RuntimeSettings, SettingError, TopicSettings, has_setting};
use crate::metadata::{
    CONSUMER_OFFSETS, CreateError, InternalTopic, PartitionKey, TRANSACTION_STATE, TopicDraft,
    TopicIndex,
};
use crate::step::Step;
use crate::{group, txn};

impl Step<'_> {
    /// Creates a topic that was only asked for: an internal one with its own settings (TLOG-02,
    /// TXOFF-05), any other with the broker's defaults (API-19).
    ///
    /// # Errors
    /// There are fewer live brokers than replicas wanted.
    pub(crate) fn auto_create_topic(&mut self, name: &str) -> Result<(), ErrorCode> {
        let settings = &self.cluster.config.settings;
        let (partitions, replication_factor, overrides) = match name {
            TRANSACTION_STATE => (
                settings.transaction_state_log_num_partitions,
                settings.transaction_state_log_replication_factor,
                vec![
                    ("cleanup.policy", "compact".to_owned()),
                    ("compression.type", "uncompressed".to_owned()),
                    ("min.insync.replicas", settings.transaction_state_log_min_isr.to_string()),
                    ("segment.bytes", settings.transaction_state_log_segment_bytes.to_string()),
                    ("unclean.leader.election.enable", "false".to_owned()),
                ],
            ),
            CONSUMER_OFFSETS => (
                settings.offsets_topic_num_partitions,
                settings.offsets_topic_replication_factor,
                vec![
                    ("cleanup.policy", "compact".to_owned()),
                    ("compression.type", "producer".to_owned()),
                    ("segment.bytes", settings.offsets_topic_segment_bytes.to_string()),
                ],
            ),
            _ => (settings.num_partitions, settings.default_replication_factor, Vec::new()),
        };
        let mut effective = TopicSettings::of(settings);
        let mut given = BTreeMap::new();
        for (name, value) in overrides {
            if effective.set(name, &value).is_ok() {
                given.insert(name.to_owned(), value);
            }
        }
        let draft = self
            .draft_topic(name, partitions, replication_factor, given, effective)
            .map_err(|error| error.code)?;
        self.create_topic(draft);
        Ok(())
    }

    /// Creates an internal topic if there is none yet and there are brokers enough.
    pub(crate) fn create_internal_topic(&mut self, topic: InternalTopic) {
        if self.cluster.metadata.topic(topic.name()).is_none() {
            // Whoever wants it looks whether it is there.
            let _ = self.auto_create_topic(topic.name());
        }
    }

    /// Creates the topics of the configuration.
    pub(crate) fn create_configured_topics(&mut self) {
        for topic in &self.cluster.config.clone().topics {
            let settings = &self.cluster.config.settings;
            let draft = self.draft_topic(
                &topic.name,
                topic.partitions.unwrap_or(settings.num_partitions),
                topic.replication_factor.map_or(settings.default_replication_factor, i32::from),
                BTreeMap::new(),
                TopicSettings::of(settings),
            );
            if let Ok(draft) = draft {
                self.create_topic(draft);
            }
        }
    }

    /// A draft of a topic whose replicas the cluster places.
    pub(crate) fn draft_topic(
        &mut self,
        name: &str,
        partitions: i32,
        replication_factor: i32,
        overrides: BTreeMap<String, String>,
        settings: TopicSettings,
    ) -> Result<TopicDraft, CreateError> {
        let metadata = &self.cluster.metadata;
        let assignment =
            metadata.place(metadata.next_topic(), 0, partitions, replication_factor)?;
        Ok(TopicDraft {
            name: name.into(),
            id: self.cluster.random.topic_id(),
            assignment,
            overrides,
            settings,
        })
    }

    /// Creates a topic with its logs and leaders.
    pub(crate) fn create_topic(&mut self, draft: TopicDraft) -> TopicIndex {
        let index = self.cluster.metadata.create_topic(draft);
        let keys: Vec<_> = self
            .cluster
            .metadata
            .topic_at(index)
            .map(|topic| topic.keys().collect())
            .unwrap_or_default();
        self.open_partitions(&keys);
        group::topics_changed(self);
        index
    }

    /// Adds partitions to a topic.
    pub(crate) fn add_partitions(&mut self, index: TopicIndex, assignment: Vec<Vec<BrokerId>>) {
        let keys = self.cluster.metadata.add_partitions(index, assignment);
        self.open_partitions(&keys);
        group::topics_changed(self);
    }

    /// The settings of a topic with overrides of its own.
    ///
    /// # Errors
    /// An override is unknown, or its value does not fit.
    pub(crate) fn effective_settings(
        &self,
        overrides: &BTreeMap<String, String>,
    ) -> Result<TopicSettings, SettingError> {
        let mut settings = TopicSettings::of(&self.cluster.config.settings);
        for (name, value) in overrides {
            if !has_setting(self.cluster.config.release, name) {
                return Err(SettingError::Unknown(name.clone()));
            }
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    /// Takes the brokers' settings as they are now recorded; they act from the next check on (log
    /// CONF-03), and topics without an override of their own follow.
    pub(crate) fn change_settings(&mut self, recorded: RuntimeSettings, settings: BrokerSettings) {
        self.cluster.metadata.settings = recorded;
        Arc::make_mut(&mut self.cluster.config).settings = settings;
        self.cluster.rules = log_rules(&self.cluster.config);
        let topics: Vec<_> = self
            .cluster
            .metadata
            .topics()
            .map(|topic| (topic.index, topic.overrides.clone()))
            .collect();
        for (index, overrides) in topics {
            if let Ok(effective) = self.effective_settings(&overrides) {
                self.cluster.metadata.set_settings(index, overrides, effective);
            }
        }
        self.wake_cleaners();
    }

    /// Opens the logs of new partitions and lets their leaders take over.
    pub(crate) fn open_partitions(&mut self, keys: &[PartitionKey]) {
        for key in keys {
            let Some(partition) = self.cluster.metadata.partition(*key).cloned() else { continue };
            self.cluster.disk.create(*key, &partition.replicas);
            if let Some(leader) = partition.leader {
                self.become_leader(leader, *key);
            }
        }
    }

    /// Deletes a topic with its logs; requests that wait on it look again and find it gone.
    pub(crate) fn delete_topic(&mut self, index: TopicIndex) {
        let Some(topic) = self.cluster.metadata.remove_topic(index) else { return };
        for key in topic.keys() {
            self.cluster.disk.remove(key);
            let ids: Vec<_> = self.cluster.brokers.keys().copied().collect();
            for id in ids {
                let Some(broker) = self.broker(id) else { continue };
                broker.followers.remove(&key);
                if broker.leaders.remove(&key).is_some() {
                    self.cluster.moved.push((id, key));
                }
            }
        }
        group::topic_deleted(self, &topic.name);
        txn::topic_deleted(self, &topic.name);
        group::topics_changed(self);
    }
}
