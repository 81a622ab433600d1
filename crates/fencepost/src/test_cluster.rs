//! A cluster inside a test.

mod builder;
pub use builder::{StartError, TestClusterBuilder};
mod faults;
pub use faults::UnmetFaults;
mod looking;
mod time;
mod waiting;

use std::time::Duration;

use fencepost_ids::{BrokerId, PartitionIndex};
use fencepost_model::{CoordinatorKey, CoordinatorState, PartitionState};
use fencepost_server::{BrokerState, ControlError, Server};
use fencepost_trace::{TraceHash, WriteError};
use tokio::io::{AsyncRead, AsyncWrite};

/// A Kafka cluster inside a test, on free ports of loopback. Dropped, it closes its ports and
/// connections; it panics then if a fault never fired, since such a test shows less than it says, or fired
/// more or less often than its plan says ([`TestClusterBuilder::allow_unfired_faults`]).
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
///
/// With faults, here one that a client meets when its EndTxn has had its effect:
///
/// ```no_run
/// use fencepost::TestCluster;
/// use fencepost::faults::Plan;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let plan = Plan::from_toml(
///     r#"
///     [[fault]]
///     name = "answer lost"
///     on = "EndTxn"
///     when = "applied"
///     do = "disconnect"
///     "#,
/// )?;
/// let cluster = TestCluster::builder().faults(plan).start().await?;
/// // Have a client commit at `cluster.bootstrap_servers()`, and then:
/// cluster.hit("answer lost").await?;
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

/// How a cluster ended.
#[derive(Debug)]
pub struct Stopped {
    /// Whether every fault has fired as often as it is to, unless
    /// [`TestClusterBuilder::allow_unfired_faults`] was called.
    pub faults: Result<(), UnmetFaults>,
    /// The hash of the run if it was recorded, or why it could not be written.
    pub recording: Option<Result<TraceHash, WriteError>>,
}

impl TestCluster {
    /// A cluster to be configured and started.
    #[must_use]
    pub fn builder() -> TestClusterBuilder {
        TestClusterBuilder::new()
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
    /// No such coordinator was asked for or moved yet.
    pub fn coordinator(&self, key: &CoordinatorKey) -> Result<CoordinatorState, ControlError> {
        self.server.coordinator(key)
    }

    /// Moves the coordinator of a transactional id or a group to a broker, and with it those of
    /// all others of its partition; to the present one, it begins a new term. Before the first
    /// client has asked for one, their internal topic is created.
    ///
    /// # Errors
    /// As for [`Self::elect`], or there are too few brokers for the internal topic.
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
    /// A fault did not fire as often as it is to, unless [`TestClusterBuilder::allow_unfired_faults`] was
    /// called.
    pub async fn stop(self) -> Result<(), UnmetFaults> {
        self.finish().await.faults
    }

    /// As [`Self::stop`], for one who wants to know of the recording too.
    pub async fn finish(mut self) -> Stopped {
        let faults = self.verdict();
        // It is told here; dropping does not tell again.
        self.is_strict = false;
        Stopped { faults, recording: self.server.close().await }
    }
}
