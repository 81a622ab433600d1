//! A cluster that clients can reach.

mod gate;
mod time;
mod waiting;
mod watching;
pub use watching::{Unwatched, Watcher};

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use fencepost_model::{
    BrokerConfig, Cluster, ClusterConfig, CoordinatorKey, CoordinatorState, PartitionState,
};
use fencepost_trace::{TraceHash, WriteError};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::clock::ClockKind;
use crate::commands::{BrokerState, Commands, ControlError};
use crate::connection;
use crate::control::{Access, Control};
use crate::driver::Driver;
use crate::listener::Port;
use crate::{ports, timers};

/// Where brokers listen and what clients are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addresses {
    /// The address to listen on; loopback unless told otherwise.
    pub bind: IpAddr,
    /// The port of the first broker; the following brokers take the next ones. 0 gives each
    /// broker any free port.
    pub first_port: u16,
    /// The host that clients are told; the bound address if not given.
    pub advertise: Option<Arc<str>>,
}

/// How a cluster is run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunOptions {
    /// What it takes for the time.
    pub clock: ClockKind,
    /// The file to record the run to, for `fencepost replay`.
    pub record: Option<PathBuf>,
}

impl Default for Addresses {
    /// Free ports on loopback.
    fn default() -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), first_port: 0, advertise: None }
    }
}

/// Where the control API is served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlAddress {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port, 0 for any free one.
    pub port: u16,
    /// What every request must have in its header `authorization: Bearer TOKEN`. On loopback there need
    /// not be one.
    pub token: Option<String>,
}

impl ControlAddress {
    /// A port of loopback, 0 for any free one, without a token.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), port, token: None }
    }
}

/// A port could not be taken or opened.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The ports of all brokers do not fit below 65536.
    #[error("{brokers} brokers from port {first_port} on do not fit below 65536")]
    PortRange {
        /// How many brokers.
        brokers: usize,
        /// The first port.
        first_port: u16,
    },
    /// Whoever reaches the port could command the cluster.
    #[error("the control API is served on {0} only with a token, as with --control-token")]
    TokenMissing(IpAddr),
    /// It would not fit into a header.
    #[error("a token consists of visible ASCII characters")]
    TokenUnfit,
    /// The run cannot be recorded.
    #[error(transparent)]
    Record(#[from] WriteError),
    /// The operating system refuses.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A running cluster and its ports. Dropped, it closes all connections without waiting for them.
#[derive(Debug)]
pub struct Server {
    commands: Arc<Commands>,
    control: Option<Control>,
    timers_ended: watch::Receiver<()>,
}

impl Server {
    /// Starts a cluster whose brokers listen. The hosts and ports in `config` are replaced by the
    /// real ones. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// A port is taken, or the address is not this machine's.
    pub fn listen(config: ClusterConfig, addresses: &Addresses) -> Result<Self, ListenError> {
        Self::listen_by(config, addresses, &RunOptions::default())
    }

    /// [`Self::listen`], as the options say.
    ///
    /// # Errors
    /// As for [`Self::listen`], or the file to record to cannot be written.
    pub fn listen_by(
        mut config: ClusterConfig,
        addresses: &Addresses,
        options: &RunOptions,
    ) -> Result<Self, ListenError> {
        let Addresses { bind, first_port, advertise } = addresses;
        let count = config.brokers.len();
        let mut next_port = Some(*first_port);
        let mut ports = BTreeMap::new();
        for broker in &mut config.brokers {
            let range = ListenError::PortRange { brokers: count, first_port: *first_port };
            let number = next_port.ok_or(range)?;
            next_port = if number == 0 { Some(0) } else { number.checked_add(1) };
            let address = SocketAddr::new(*bind, number);
            let refused = |source| ListenError::Refused { address, source };
            let port = Port::hold(address).map_err(refused)?;
            broker.port = port.address.port();
            broker.host = advertise.clone().unwrap_or_else(|| Arc::from(bind.to_string()));
            ports.insert(broker.id, port);
        }
        let (driver, brokers, timers_ended) = begin(config, options)?;
        for (broker, port) in &mut ports {
            let address = port.address;
            let opened = port.open(&driver, *broker);
            opened.map_err(|source| ListenError::Refused { address, source })?;
        }
        let commands = Arc::new(Commands::new(driver, brokers, ports));
        let ports = ports::run(Arc::clone(&commands.driver), Arc::downgrade(&commands));
        tokio::spawn(ports);
        Ok(Self { commands, control: None, timers_ended })
    }

    /// Starts a cluster that is reached by [`Self::serve_connection`] alone. Must be called inside
    /// a tokio runtime.
    #[must_use]
    pub fn without_ports(config: ClusterConfig) -> Self {
        let started = Self::without_ports_by(config, &RunOptions::default());
        started.expect("only a recording can fail")
    }

    /// [`Self::without_ports`], as the options say.
    ///
    /// # Errors
    /// The file to record to cannot be written.
    pub fn without_ports_by(
        config: ClusterConfig,
        options: &RunOptions,
    ) -> Result<Self, WriteError> {
        let (driver, brokers, timers_ended) = begin(config, options)?;
        let commands = Arc::new(Commands::new(driver, brokers, BTreeMap::new()));
        Ok(Self { commands, control: None, timers_ended })
    }

    /// Serves the control API until the server stops. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The port is taken, or the address is not loopback and there is no token.
    pub fn open_control(&mut self, at: &ControlAddress) -> Result<(), ListenError> {
        let ControlAddress { bind, port, token } = at;
        let access = Access::on(*bind, token.clone())?;
        let address = SocketAddr::new(*bind, *port);
        let control = Control::listen(address, Arc::clone(&self.commands), access)
            .map_err(|source| ListenError::Refused { address, source })?;
        self.control = Some(control);
        Ok(())
    }

    /// Where the control API is, as in `http://127.0.0.1:9093`, if it is served.
    #[must_use]
    pub fn control_url(&self) -> Option<String> {
        self.control.as_ref().map(Control::url)
    }

    /// The advertised addresses of all brokers, as clients want them in `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        let addresses: Vec<_> = self.commands.addresses().map(|(_, address)| address).collect();
        addresses.join(",")
    }

    /// Serves a client of a broker on a stream of any kind until either side closes. `host` is
    /// where the client is, as group descriptions show it (GRP-05).
    pub fn serve_connection<S>(
        &self,
        broker: BrokerId,
        stream: S,
        host: &str,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let driver = Arc::clone(&self.commands.driver);
        let host = Arc::from(host);
        async move { connection::serve(&driver, broker, stream, host).await }
    }

    /// All brokers, by rising id.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn brokers(&self) -> Result<Vec<BrokerState>, ControlError> {
        self.commands.brokers()
    }

    /// Crashes a broker: its memory, its connections and its port are gone, its disk stays.
    /// Crashing one that is down changes nothing.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn crash(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.commands.crash(broker).await
    }

    /// Stops a broker cleanly: its partitions get other leaders first, and it writes down its
    /// producers and high watermarks (RECOV-05, RECOV-10). Stopping one that is down changes
    /// nothing.
    ///
    /// # Errors
    /// As for [`Self::crash`].
    pub async fn stop_broker(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.commands.stop(broker).await
    }

    /// Restarts a broker that crashed or stopped: it reads its disk and listens again. Restarting one that
    /// runs changes nothing.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn restart(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.commands.restart(broker).await
    }

    /// Makes a replica the leader of a partition in a new term, also if it leads already; one of
    /// an internal topic moves its coordinator.
    ///
    /// # Errors
    /// There is no such partition, or the broker is down, holds no replica of it, or is out of
    /// sync while `unclean.leader.election.enable` is off.
    pub fn elect(
        &self,
        topic: TopicName,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<(), ControlError> {
        self.commands.elect(topic, partition, leader)
    }

    /// The partitions of a topic, in order.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn partitions(&self, topic: &str) -> Result<Vec<PartitionState>, ControlError> {
        self.commands.topic_state(topic)
    }

    /// Where the coordinator of a transactional id or a group is.
    ///
    /// # Errors
    /// No such coordinator was asked for or moved yet.
    pub fn coordinator(&self, key: &CoordinatorKey) -> Result<CoordinatorState, ControlError> {
        self.commands.coordinator(key)
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
        broker: BrokerId,
    ) -> Result<(), ControlError> {
        self.commands.move_coordinator(key, broker)
    }

    /// From now on every answer asks its client to wait for `time`, and its connection is not read
    /// for as long (FRAME-16). Zero ends it; more than 24 days count as 24.
    pub fn throttle(&self, time: Duration) {
        let time_ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        // A broken cluster answers nobody.
        _ = self.commands.throttle(time_ms);
    }

    /// Looks at the cluster between two steps. Every client waits meanwhile.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> Result<T, ControlError> {
        self.commands.look(look)
    }

    /// Waits until the cluster can no longer be trusted, because a step of it panicked.
    pub async fn broken(&self) {
        let mut ended = self.timers_ended.clone();
        // The task of the timers sends nothing; its end is the news.
        while ended.changed().await.is_ok() {}
    }

    /// Closes all ports and connections, and returns when every task has ended. If the run was
    /// recorded, the recording is whole then: its hash, or why it could not be written.
    pub async fn stop(mut self) -> Option<Result<TraceHash, WriteError>> {
        self.close().await
    }

    /// As [`Self::stop`], for one who wants to look at the cluster afterwards.
    pub async fn close(&mut self) -> Option<Result<TraceHash, WriteError>> {
        // No command comes after it.
        drop(self.control.take());
        for port in self.commands.ports.lock().await.values_mut() {
            // The port is let go of, so it does not matter whether it could be held.
            _ = port.close().await;
        }
        self.commands.driver.stop();
        self.commands.driver.drained().await;
        self.broken().await;
        let recording = self.commands.driver.end_recording()?;
        let finished = tokio::task::spawn_blocking(|| recording.finish()).await;
        Some(finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A command that holds the ports leaves them to the last owner.
        if let Ok(mut ports) = self.commands.ports.try_lock() {
            ports.clear();
        }
        self.commands.driver.stop();
    }
}

type Begun = (Arc<Driver>, Vec<BrokerConfig>, watch::Receiver<()>);

fn begin(config: ClusterConfig, options: &RunOptions) -> Result<Begun, WriteError> {
    let brokers = config.brokers.clone();
    let driver = Arc::new(Driver::new(config, options)?);
    let (ended, timers_ended) = watch::channel(());
    tokio::spawn(timers::run(Arc::clone(&driver), ended));
    Ok((driver, brokers, timers_ended))
}
