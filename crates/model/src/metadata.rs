//! What the controller knows: brokers, topics, partitions and their leaders.
//!
//! It survives every crash of a broker, as the metadata log of a KRaft quorum does, and every
//! broker sees it at once.

mod topic;
pub(crate) use topic::{Partition, Topic};
pub use topic::{PartitionKey, TopicIndex};
mod create;
pub(crate) use create::{CreateError, TopicDraft, check_topic_name};
mod election;

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, PartitionIndex, ProducerId, Rule, Rules, TopicId, TopicName};

use crate::config::{ClusterConfig, RuntimeSettings, TopicSettings};
use crate::features::Features;

/// The name of the transaction coordinators' log.
pub(crate) const TRANSACTION_STATE: &str = "__transaction_state";
/// The log of the share coordinators, which nobody writes here (IDEM-24).
pub(crate) const SHARE_GROUP_STATE: &str = "__share_group_state";
/// The name of the group coordinators' log.
pub(crate) const CONSUMER_OFFSETS: &str = "__consumer_offsets";

/// A topic whose leaders are coordinators.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InternalTopic {
    /// `__transaction_state`, of the transaction coordinators.
    TransactionState,
    /// `__consumer_offsets`, of the group coordinators.
    ConsumerOffsets,
}

impl InternalTopic {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransactionState => TRANSACTION_STATE,
            Self::ConsumerOffsets => CONSUMER_OFFSETS,
        }
    }

    /// The internal topic of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::TransactionState, Self::ConsumerOffsets].into_iter().find(|it| it.name() == name)
    }
}

/// How many producer ids a broker gets at a time (PID-01).
pub(crate) const PRODUCER_ID_BLOCK: i64 = 1000;

/// A broker as the cluster knows it.
#[derive(Clone, Debug)]
pub(crate) struct BrokerRecord {
    pub(crate) id: BrokerId,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    pub(crate) alive: bool,
}

/// The cluster's metadata.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) cluster_id: Arc<str>,
    pub(crate) features: Features,
    /// The brokers' settings as the controller records them.
    pub(crate) settings: RuntimeSettings,
    brokers: Vec<BrokerRecord>,
    topics: BTreeMap<TopicIndex, Arc<Topic>>,
    by_name: BTreeMap<TopicName, TopicIndex>,
    by_id: BTreeMap<TopicId, TopicIndex>,
    next_topic: u32,
    next_producer_id: i64,
}

impl Metadata {
    pub(crate) fn new(config: &ClusterConfig, cluster_id: String) -> Self {
        let brokers = config
            .brokers
            .iter()
            .map(|broker| BrokerRecord {
                id: broker.id,
                host: broker.host.clone(),
                port: broker.port,
                alive: true,
            })
            .collect();
        let features = Features::new(config.release, config.transaction_version);
        let mut settings = RuntimeSettings::new(config.release, config.settings.clone());
        if features.has_eligible_leader_replicas() {
            settings = settings.with_eligible_leader_replicas();
        }
        Self {
            cluster_id: Arc::from(cluster_id),
            features,
            settings,
            brokers,
            topics: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_id: BTreeMap::new(),
            next_topic: 0,
            next_producer_id: 0,
        }
    }

    /// All brokers, by rising id; one that is down is fenced.
    pub(crate) fn brokers(&self) -> impl Iterator<Item = &BrokerRecord> {
        self.brokers.iter()
    }

    /// Live brokers, by rising id.
    pub(crate) fn live_brokers(&self) -> impl Iterator<Item = &BrokerRecord> {
        self.brokers().filter(|broker| broker.alive)
    }

    /// A broker, if it is alive.
    pub(crate) fn live_broker(&self, id: BrokerId) -> Option<&BrokerRecord> {
        self.live_brokers().find(|broker| broker.id == id)
    }

    /// The broker that answers as the controller: the live one with the lowest id (API-18).
    pub(crate) fn controller(&self) -> BrokerId {
        self.live_brokers().next().map_or(BrokerId::NONE, |broker| broker.id)
    }

    /// All topics, by name.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.by_name.values().map(|index| &*self.topics[index])
    }

    pub(crate) fn topic(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name).map(|index| &*self.topics[index])
    }

    pub(crate) fn topic_by_id(&self, id: TopicId) -> Option<&Topic> {
        self.by_id.get(&id).map(|index| &*self.topics[index])
    }

    pub(crate) fn topic_at(&self, index: TopicIndex) -> Option<&Topic> {
        self.topics.get(&index).map(|topic| &**topic)
    }

    pub(crate) fn partition(&self, key: PartitionKey) -> Option<&Partition> {
        self.topic_at(key.topic)?.partition(key.partition)
    }

    /// The key of a partition known by name.
    pub(crate) fn key(&self, topic: &str, partition: PartitionIndex) -> Option<PartitionKey> {
        let topic = self.topic(topic)?;
        topic.partition(partition).map(|_| PartitionKey { topic: topic.index, partition })
    }

    /// The live leader of a partition.
    pub(crate) fn leader(&self, key: PartitionKey) -> Option<BrokerId> {
        self.partition(key)?.leader
    }

    pub(crate) fn set_settings(
        &mut self,
        index: TopicIndex,
        overrides: BTreeMap<String, String>,
        settings: TopicSettings,
    ) {
        if let Some(topic) = self.topics.get_mut(&index) {
            let topic = Arc::make_mut(topic);
            topic.overrides = overrides;
            topic.settings = settings;
        }
    }

    /// Removes a topic; its partitions' logs are the caller's to drop.
    pub(crate) fn remove_topic(&mut self, index: TopicIndex) -> Option<Arc<Topic>> {
        let topic = self.topics.remove(&index)?;
        self.by_name.remove(&topic.name);
        self.by_id.remove(&topic.id);
        Some(topic)
    }

    /// Hands a block of producer ids to a broker: the first id of the block (PID-01).
    pub(crate) fn allocate_producer_ids(&mut self, rules: Rules) -> ProducerId {
        let first = self.next_producer_id;
        if rules.is_on(Rule::UniqueProducerIds) {
            self.next_producer_id += PRODUCER_ID_BLOCK;
        }
        ProducerId(first)
    }
}
