//! What a cluster is made of.

use std::path::PathBuf;

use fencepost_ids::{Rule, Rules, Timestamp};
use fencepost_model::{BrokerSettings, ClusterConfig, NewTopic, SettingError};
use fencepost_server::{
    Addresses, ClockKind, ControlAddress, ControlError, ListenError, RunOptions, Server,
};
use fencepost_wire::Release;
use thiserror::Error;

use super::TestCluster;
use super::faults::{self, Given, Stepping};

/// What a [`TestCluster`] is made of: one broker, no topics and Kafka's defaults unless told
/// otherwise.
#[derive(Clone, Debug)]
pub struct TestClusterBuilder {
    brokers: i32,
    topics: Vec<NewTopic>,
    /// Checked already, in the order given.
    settings: Vec<(String, String)>,
    release: Release,
    transaction_version: Option<i16>,
    rules: Rules,
    seed: u64,
    addresses: Addresses,
    control: Option<ControlAddress>,
    options: RunOptions,
    /// One after another.
    pub(super) plans: Vec<Given>,
    pub(super) stepping: Option<Stepping>,
    pub(super) is_strict: bool,
}

/// Why a cluster did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A cluster has at least one broker.
    #[error("a cluster of {0} brokers: it needs at least 1")]
    Brokers(i32),
    /// The release has no such level.
    #[error("Kafka {release} has no transaction.version {level}: use {first} to {last}",
        first = release.transaction_versions().start(), last = release.transaction_versions().end())]
    TransactionVersion {
        /// The release.
        release: Release,
        /// The level.
        level: i16,
    },
    /// A topic that cannot be created.
    #[error("topic `{name}`: {reason}")]
    Topic {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Faults that could never match, or that contradict themselves or each other.
    #[error("fault plan: {0}")]
    Faults(ControlError),
    /// No port.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

impl TestClusterBuilder {
    pub(super) fn new() -> Self {
        Self {
            brokers: 1,
            topics: Vec::new(),
            settings: Vec::new(),
            release: Release::DEFAULT,
            transaction_version: None,
            rules: Rules::default(),
            seed: 0,
            addresses: Addresses::default(),
            control: None,
            options: RunOptions::default(),
            plans: Vec::new(),
            stepping: None,
            is_strict: true,
        }
    }

    /// How many brokers; their ids count from 0.
    #[must_use]
    pub fn brokers(mut self, count: i32) -> Self {
        self.brokers = count;
        self
    }

    /// A topic with `default.replication.factor` replicas.
    #[must_use]
    pub fn topic(mut self, name: &str, partitions: i32) -> Self {
        self.topics.push(NewTopic {
            name: name.into(),
            partitions: Some(partitions),
            replication_factor: None,
        });
        self
    }

    /// A topic with so many replicas.
    #[must_use]
    pub fn replicated_topic(mut self, name: &str, partitions: i32, replicas: i16) -> Self {
        self.topics.push(NewTopic {
            name: name.into(),
            partitions: Some(partitions),
            replication_factor: Some(replicas),
        });
        self
    }

    /// A setting of all brokers, by Kafka's name for it.
    ///
    /// # Errors
    /// The name is unknown, or the value does not fit it.
    pub fn setting(mut self, name: &str, value: &str) -> Result<Self, SettingError> {
        BrokerSettings::default().set(name, value)?;
        self.settings.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// The release of Kafka that the brokers behave as.
    #[must_use]
    pub fn kafka_version(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// The finalized level of `transaction.version`: 0, 1, or 2 for KIP-890's second part; the
    /// release's highest if nothing is said.
    #[must_use]
    pub fn transaction_version(mut self, level: i16) -> Self {
        self.transaction_version = Some(level);
        self
    }

    /// Switches a safety rule off, to show what it is for.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.rules.without(rule);
        self
    }

    /// Where chance begins: topic ids, member ids, the cluster id.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where the brokers listen, instead of free ports of loopback.
    #[must_use]
    pub fn addresses(mut self, addresses: Addresses) -> Self {
        self.addresses = addresses;
        self
    }

    /// Serves the control API on a port of loopback as well, 0 for any free one.
    #[must_use]
    pub fn control_port(self, port: u16) -> Self {
        self.control(ControlAddress::loopback(port))
    }

    /// Serves the control API as well; off loopback with a token alone.
    #[must_use]
    pub fn control(mut self, address: ControlAddress) -> Self {
        self.control = Some(address);
        self
    }

    /// The brokers' time stands still but for [`TestCluster::advance`]; it starts at the machine's.
    #[must_use]
    pub fn manual_clock(self) -> Self {
        self.clock(ClockKind::Manual { start: None })
    }

    /// The same, with the moment at which it starts. Brokers refuse records that are more than an hour
    /// ahead of them, as `log.message.timestamp.after.max.ms` says.
    #[must_use]
    pub fn manual_clock_from(self, start: Timestamp) -> Self {
        self.clock(ClockKind::Manual { start: Some(start) })
    }

    /// What the brokers take for the time.
    #[must_use]
    pub fn clock(mut self, clock: ClockKind) -> Self {
        self.options.clock = clock;
        self
    }

    /// Records the run to a file, for `fencepost replay`. It is whole when the cluster was stopped by
    /// [`TestCluster::stop`].
    #[must_use]
    pub fn record(mut self, file: impl Into<PathBuf>) -> Self {
        self.options.record = Some(file.into());
        self
    }

    /// Starts the cluster; its ports accept clients when this returns.
    ///
    /// # Errors
    /// Something in the configuration does not fit together, or a port could not be taken.
    #[expect(clippy::unused_async, reason = "it needs a runtime, and starting may come to wait")]
    pub async fn start(self) -> Result<TestCluster, StartError> {
        let addresses = self.addresses.clone();
        let (control, options) = (self.control.clone(), self.options.clone());
        let (plans, stepping) = (self.plans.clone(), self.stepping.clone());
        let is_strict = self.is_strict;
        let mut server = Server::listen_by(self.config()?, &addresses, &options)?;
        faults::begin(&server, plans, stepping)?;
        if let Some(address) = control {
            server.open_control(&address)?;
        }
        Ok(TestCluster { server, is_strict })
    }

    fn config(self) -> Result<ClusterConfig, StartError> {
        if self.brokers < 1 {
            return Err(StartError::Brokers(self.brokers));
        }
        let release = self.release;
        let levels = release.transaction_versions();
        let level = self.transaction_version.unwrap_or(*levels.end());
        if !levels.contains(&level) {
            return Err(StartError::TransactionVersion { release, level });
        }
        let mut config = ClusterConfig::new(self.brokers);
        for (name, value) in &self.settings {
            // It was accepted by the same table before.
            _ = config.settings.set(name, value);
        }
        config.release = release;
        config.transaction_version = level;
        config.seed = self.seed;
        config.rules = self.rules;
        for topic in &self.topics {
            config
                .check_topic(topic)
                .map_err(|reason| StartError::Topic { name: topic.name.to_string(), reason })?;
            config.topics.push(topic.clone());
        }
        Ok(config)
    }
}
