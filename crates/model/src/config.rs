//! The configuration of a cluster: how many brokers, which release, and Kafka's own settings.

mod release;
pub(crate) use release::has_setting;
mod runtime;
pub(crate) use runtime::{BrokerResource, MIN_INSYNC_REPLICAS, RuntimeSettings, SettingSource};
mod settings;
pub(crate) use settings::SettingRow;
pub use settings::{BrokerSettings, SettingError, TopicSettings};
mod value;
pub use value::CleanupPolicy;
pub(crate) use value::{Compression, MigrationPolicy, SettingKind};

use std::sync::Arc;

use fencepost_ids::{BrokerId, Rules, TopicName};
use fencepost_wire::Release;

use crate::metadata::check_topic_name;

/// Everything that is decided before a cluster starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterConfig {
    /// The brokers, by rising id.
    pub brokers: Vec<BrokerConfig>,
    /// Which release of Kafka the brokers behave as.
    pub release: Release,
    /// The finalized level of `transaction.version` at the start (FEAT-02), one that the release
    /// has.
    pub transaction_version: i16,
    /// Kafka's broker settings, the same on every broker.
    pub settings: BrokerSettings,
    /// Topics that exist from the start.
    pub topics: Vec<NewTopic>,
    /// Where chance begins.
    pub seed: u64,
    /// The safety rules in force.
    pub rules: Rules,
    /// How brokers come by producer ids.
    pub producer_id_blocks: ProducerIdBlocks,
}

/// How a broker comes by its blocks of producer ids (PID-02).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProducerIdBlocks {
    /// There always is one: the controller answers within the step.
    AtHand,
    /// The broker asks when it needs one, and answers 14 to requests until it has it, as a fresh
    /// broker of Kafka does to its first.
    AskedFor,
}

/// One broker and the address that clients are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokerConfig {
    /// Its `node.id`.
    pub id: BrokerId,
    /// The advertised host.
    pub host: Arc<str>,
    /// The advertised port.
    pub port: u16,
}

/// A topic to create at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: TopicName,
    /// How many partitions; `num.partitions` if not given.
    pub partitions: Option<i32>,
    /// How many replicas; `default.replication.factor` if not given.
    pub replication_factor: Option<i16>,
}

impl ClusterConfig {
    /// A cluster of `brokers` brokers with ids from 0 and Kafka's defaults, but for the
    /// replication factors of internal topics, which fit the number of brokers.
    #[must_use]
    pub fn new(brokers: i32) -> Self {
        let replication_factor = brokers.clamp(1, 3);
        let settings = BrokerSettings {
            offsets_topic_replication_factor: replication_factor,
            transaction_state_log_replication_factor: replication_factor,
            transaction_state_log_min_isr: replication_factor.min(2),
            ..BrokerSettings::default()
        };
        Self {
            brokers: (0..brokers)
                .map(|id| BrokerConfig { id: BrokerId(id), host: Arc::from("127.0.0.1"), port: 0 })
                .collect(),
            release: Release::DEFAULT,
            transaction_version: 2,
            settings,
            topics: Vec::new(),
            seed: 0,
            rules: Rules::default(),
            producer_id_blocks: ProducerIdBlocks::AtHand,
        }
    }

    /// Whether a topic can exist from the start, together with those already in `topics`.
    ///
    /// # Errors
    /// What is wrong with it, and what would do.
    pub fn check_topic(&self, topic: &NewTopic) -> Result<(), String> {
        check_topic_name(&topic.name)?;
        if self.topics.iter().any(|other| other.name == topic.name) {
            return Err("it is given twice".to_owned());
        }
        if let Some(partitions) = topic.partitions
            && !(1..=MAX_PARTITIONS).contains(&partitions)
        {
            return Err(format!("{partitions} partitions: give 1 to {MAX_PARTITIONS}"));
        }
        let brokers = self.brokers.len();
        let replicas =
            topic.replication_factor.map_or(self.settings.default_replication_factor, i32::from);
        match usize::try_from(replicas) {
            Ok(count) if (1..=brokers).contains(&count) => Ok(()),
            _ => Err(format!("{replicas} replicas on {brokers} brokers: give 1 to {brokers}")),
        }
    }
}

/// The most partitions of a topic that exists from the start.
const MAX_PARTITIONS: i32 = 10_000;
