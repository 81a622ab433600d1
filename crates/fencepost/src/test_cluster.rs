//! A cluster inside a test.

mod faults;
pub use faults::NeverFired;

use std::time::Duration;

use fencepost_faults::{Plan, PlanError};
use fencepost_ids::{BrokerId, PartitionIndex, Rule, Rules};
use fencepost_model::{
    BrokerSettings, ClusterConfig, CoordinatorKey, CoordinatorState, NewTopic, PartitionState,
    SettingError,
};
use fencepost_server::{Addresses, BrokerState, ControlAddress, ControlError, ListenError, Server};
use fencepost_wire::Release;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

use faults::Stepping;

/// A Kafka cluster inside a test, on free ports of loopback. Dropped, it closes its ports and
/// connections; it panics then if a fault never fired, since such a test shows less than it says
/// ([`TestClusterBuilder::allow_unfired_faults`]).
///
/// ```
/// use fencepost::TestCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = TestCluster::builder()
///     .brokers(3)
///     .replicated_topic("orders", 3, 3)
///     .setting("transaction.max.timeout.ms", "60000")?
///     .start()
///     .await?;
/// let servers = cluster.bootstrap_servers();
/// assert_eq!(servers.split(',').count(), 3);
///
/// // Point any client at `servers`, and then:
/// cluster.crash(1).await?;
/// cluster.restart(1).await?;
/// cluster.elect("orders", 0, 2)?;
/// assert_eq!(cluster.partitions("orders")?[0].leader, Some(2.into()));
/// cluster.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestCluster {
    server: Server,
    /// A fault that never fires is an error.
    is_strict: bool,
}

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
    /// One after another.
    plans: Vec<Plan>,
    stepping: Option<Stepping>,
    is_strict: bool,
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
    Plan(#[from] PlanError),
    /// No port.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

impl TestCluster {
    /// A cluster to be configured and started.
    #[must_use]
    pub fn builder() -> TestClusterBuilder {
        TestClusterBuilder {
            brokers: 1,
            topics: Vec::new(),
            settings: Vec::new(),
            release: Release::DEFAULT,
            transaction_version: None,
            rules: Rules::default(),
            seed: 0,
            addresses: Addresses::default(),
            control: None,
            plans: Vec::new(),
            stepping: None,
            is_strict: true,
        }
    }

    /// The addresses of all brokers, as clients want them in `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        self.server.bootstrap_servers()
    }

    /// Serves a client of a broker on a stream of any kind, such as an in-memory duplex or a
    /// simulated network's, until either side closes. `host` is where the client is.
    pub fn serve_connection<S>(
        &self,
        broker: BrokerId,
        stream: S,
        host: &str,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.server.serve_connection(broker, stream, host)
    }

    /// Crashes a broker: its memory, its connections and its port are gone, its disk stays.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn crash(&self, broker: impl Into<BrokerId>) -> Result<(), ControlError> {
        self.server.crash(broker.into()).await
    }

    /// Stops a broker cleanly: its partitions get other leaders first, and it writes down its
    /// producers and high watermarks.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn stop_broker(&self, broker: impl Into<BrokerId>) -> Result<(), ControlError> {
        self.server.stop_broker(broker.into()).await
    }

    /// Restarts a broker that crashed or stopped: it reads its disk and listens again.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn restart(&self, broker: impl Into<BrokerId>) -> Result<(), ControlError> {
        self.server.restart(broker.into()).await
    }

    /// Where the control API is, as in `http://127.0.0.1:9093`, if a port was asked for.
    #[must_use]
    pub fn control_url(&self) -> Option<String> {
        self.server.control_url()
    }

    /// All brokers, by rising id.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn brokers(&self) -> Result<Vec<BrokerState>, ControlError> {
        self.server.brokers()
    }

    /// The partitions of a topic, in order.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn partitions(&self, topic: &str) -> Result<Vec<PartitionState>, ControlError> {
        self.server.partitions(topic)
    }

    /// Where the coordinator of a transactional id or a group is.
    ///
    /// # Errors
    /// No client has asked for such a coordinator yet.
    pub fn coordinator(&self, key: &CoordinatorKey) -> Result<CoordinatorState, ControlError> {
        self.server.coordinator(key)
    }

    /// Moves the coordinator of a transactional id or a group to a broker, and with it those of
    /// all others of its partition; to the present one, it begins a new term.
    ///
    /// # Errors
    /// As for [`Self::elect`], or no client has asked for such a coordinator yet.
    pub fn move_coordinator(
        &self,
        key: &CoordinatorKey,
        broker: impl Into<BrokerId>,
    ) -> Result<(), ControlError> {
        self.server.move_coordinator(key, broker.into())
    }

    /// Makes a replica the leader of a partition in a new term, also if it leads already.
    /// Electing the leader of a partition of `__transaction_state` or `__consumer_offsets` moves
    /// its coordinator.
    ///
    /// # Errors
    /// There is no such partition, or the broker is down, holds no replica of it, or is out of
    /// sync while `unclean.leader.election.enable` is off.
    pub fn elect(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
        leader: impl Into<BrokerId>,
    ) -> Result<(), ControlError> {
        self.server.elect(topic.into(), partition.into(), leader.into())
    }

    /// From now on every answer asks its client to wait for `time`, and its connection is not read
    /// for as long, as with a quota (KIP-219). Zero ends it.
    pub fn throttle(&self, time: Duration) {
        self.server.throttle(time);
    }

    /// Waits until the cluster can no longer be trusted, because a step of it panicked.
    pub async fn broken(&self) {
        self.server.broken().await;
    }

    /// Closes all ports and connections, and returns when every task has ended.
    ///
    /// # Errors
    /// A fault has never fired, so that the test shows less than it says, unless
    /// [`TestClusterBuilder::allow_unfired_faults`] was called.
    pub async fn stop(mut self) -> Result<(), NeverFired> {
        let verdict = self.verdict();
        // It is told here; dropping does not tell again.
        self.is_strict = false;
        self.server.close().await;
        verdict
    }
}

impl TestClusterBuilder {
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

    /// Starts the cluster; its ports accept clients when this returns.
    ///
    /// # Errors
    /// Something in the configuration does not fit together, or a port could not be taken.
    #[expect(clippy::unused_async, reason = "it needs a runtime, and starting may come to wait")]
    pub async fn start(self) -> Result<TestCluster, StartError> {
        let addresses = self.addresses.clone();
        let control = self.control.clone();
        let (plans, stepping) = (self.plans.clone(), self.stepping.clone());
        let is_strict = self.is_strict;
        let mut server = Server::listen(self.config()?, &addresses)?;
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
